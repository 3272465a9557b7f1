package inbound_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/inbound"
)

// jumpy is a world that is elsewhere: it stands still here until somebody asks.
type jumpy struct {
	*clock.Manual
	present clock.Time
}

func (j *jumpy) Ask(context.Context) error {
	j.Set(j.present)
	return nil
}

// A sandbox that is advanced stamps a callback hours after the clock that we heard of last. It is no recording played
// again; refusing it would cost a second each, and the callback after three.
func TestAClockThatMayHaveJumpedIsAskedBeforeACallbackIsRefused(t *testing.T) {
	t.Parallel()
	world := &jumpy{clock.NewManual(noon), clock.At(noon.Add(3 * time.Hour))}
	d := open(t, dbtest.SQLite(t), secret, aesKey, corp, func(c *inbound.Config) { c.World = world })
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{3 * time.Hour, http.StatusOK}, {0, http.StatusForbidden}, {7 * time.Hour, http.StatusForbidden}} {
		ts := strconv.FormatInt(noon.Add(c.after).Unix(), 10)
		body, err := d.crypto.Seal([]byte(added("wm"+ts)), ts, "n1")
		if err != nil {
			t.Fatal(err)
		}
		sig := sign(secret, ts, "n1", between(string(body), "<Encrypt>", "</Encrypt>"))
		if status, answer := d.post(sig, ts, "n1", body); status != c.want {
			t.Errorf("stamped %s after what was heard of last: %d %s, want %d", c.after, status, answer, c.want)
		}
	}
}
