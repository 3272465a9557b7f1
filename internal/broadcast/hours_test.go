package broadcast_test

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/sandbox"
)

// lives says where customers live.
func (n *node) lives(zones map[string]string) {
	n.t.Helper()
	n.must(n.d.Tx(n.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := n.gov.SetZones(ctx, tx, testCorp, "staff", "S01", zones)
		return err
	}))
}

// 10:00 of the corp is 08:00 in Urumqi, 11:00 in Tokyo and 21:00 of the evening before in New York.
func TestEachZoneHasItsTasksInItsOwnHours(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBoxOf(t, tuesday, 12), d, "n1")
		members, err := n.audience(t.Context(), customer.AudienceQuery{})
		n.must(err)
		early, late, never, moved := members[0].CustomerID, members[1].CustomerID, members[2].CustomerID, members[3].CustomerID
		n.lives(map[string]string{early: "Asia/Tokyo", late: "Asia/Urumqi", never: "America/New_York"})
		b := n.submit("会员日")
		n.allOpen(b.ID)
		if c := n.counts(b.ID); c.Held != 1 || c.Reachable != 11 {
			t.Fatalf("%+v", c)
		}
		state := func(id string) (r broadcast.Receiver) {
			n.must(d.Read().NewSelect().Model(&r).Where("broadcast_id = ? AND customer_id = ?", b.ID, id).Scan(t.Context()))
			return r
		}
		at := func(hour, minute int) time.Time { return time.Date(2026, 11, 24, hour, minute, 0, 0, sandbox.Zone) }
		if r := state(never); r.State != broadcast.Held || r.RuleID != "FTG-05" || r.NextAt != clock.At(at(22, 0)) {
			t.Errorf("New York: %+v", r)
		}
		if r := state(late); r.State != broadcast.Reserved || r.NextAt != clock.At(at(11, 0)) {
			t.Errorf("Urumqi, before its hours: %+v", r)
		}
		// A zone that becomes known while a task is open: it is made again without whose hours are over.
		n.quiet()
		n.lives(map[string]string{moved: "Europe/London"})
		n.eventually("the task to be made without them", func() bool {
			r := state(moved)
			return r.State == broadcast.Held && r.RuleID == "FTG-05"
		})
		n.until(at(11, 1))
		n.eventually("the task for Urumqi", func() bool { return state(late).State == broadcast.Tasked })
		n.until(at(20, 1))
		n.eventually("the end of Tokyo's day", func() bool { return state(early).State == broadcast.Unconfirmed })
		if n.state(b.ID) != broadcast.Open {
			t.Fatalf("the others' tasks: %s", n.state(b.ID))
		}
		n.confirmAll()
		n.eventually("the end", func() bool { return n.state(b.ID) == broadcast.Done })
		got := n.massDeliveries()
		for id, want := range map[string]int{early: 0, late: 1, never: 0, moved: 0, members[4].CustomerID: 1} {
			if got[id] != want {
				t.Errorf("%s got it %d times, want %d", id, got[id], want)
			}
		}
		if len(got) != 9 {
			t.Errorf("%d customers got it, want 9", len(got))
		}
		n.agrees()
	})
}
