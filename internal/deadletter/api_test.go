package deadletter_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/deadletter"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

func TestDeadLettersAreShownAndTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		nc, stop, err := bus.Connect("", t.TempDir(), "n")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		b, err := bus.New(bus.Config{DB: d, World: clock.NewManual(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)), Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{}, 2)
		fail := make(chan struct{}, 1)
		fail <- struct{}{}
		b.Perform("greet", func(context.Context, bus.Work) (bus.Settle, error) {
			select {
			case <-fail:
				return nil, bus.Permanent(errors.New("WeCom said no\nstack"))
			default:
				done <- struct{}{}
				return nil, nil
			}
		})
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Stop(context.WithoutCancel(t.Context())) })
		err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := b.Put(ctx, tx, bus.Item{CorpID: webtest.CorpID, Lane: bus.Intent, Kind: "greet", Key: "k", OrderKey: "customer/wm1", Payload: map[string]string{"text": "canary"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s := deadletter.New(deadletter.Config{Bus: b, CorpID: webtest.CorpID, Zone: time.UTC})
		id := waitForOne(t, b)
		api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "reader": webtest.Who(web.All, "S01", "deadletter.read"), "own": webtest.Who(web.Own, "S02", "*")})
		s.RegisterAPI(api)
		webtest.Run(t, api,
			webtest.Scenario{Name: "is shown without payload and stack", As: "reader", Path: "/dead-letters", Status: 200, Has: []string{`"kind":"greet"`, "WeCom said no", "customer/wm1", `"total":1`}, Not: []string{"canary", "stack"}},
			webtest.Scenario{Name: "a narrow scope sees none", As: "own", Path: "/dead-letters", Status: 403},
			webtest.Scenario{Name: "a reader tries nothing again", As: "reader", Method: "POST", Path: "/dead-letters/" + id + "/retry", Status: 403},
			webtest.Scenario{Name: "0 is nobody, not all", As: "admin", Method: "POST", Path: "/dead-letters/0/retry", Status: 404},
			webtest.Scenario{Name: "an id of nobody", As: "admin", Method: "POST", Path: "/dead-letters/77/retry", Status: 404},
			webtest.Scenario{Name: "is tried again", As: "admin", Method: "POST", Path: "/dead-letters/" + id + "/retry", Status: 200, Has: []string{`"retried":1`}},
			webtest.Scenario{Name: "nothing is left to try", As: "admin", Method: "POST", Path: "/dead-letters/retry", Status: 200, Has: []string{`"retried":0`}},
		)
		select {
		case <-done:
		case <-time.After(clocktest.Patience):
			t.Fatal("the letter was not done")
		}
		if n, err := s.Count(t.Context()); err != nil || n != 0 {
			t.Errorf("%d left, %v", n, err)
		}
	})
}

func waitForOne(t *testing.T, b *bus.Bus) string {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(clocktest.Patience)
	for {
		rows, _, err := b.DeadLetters(t.Context(), webtest.CorpID, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) == 1 { // the count may be younger than the rows
			return string(web.IDOf(rows[0].ID))
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("no dead letter")
		}
	}
}
