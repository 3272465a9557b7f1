package staff_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/staff"
	"zhiyin.dev/zhiyin/sandbox"
)

func TestHowManyAMemberAddedIsToldOnceADay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := eight(t)
		s, _ := connectedTo(t, d, box, box.URL)
		world := s.World.(*clock.Manual)
		var (
			mu   sync.Mutex
			told []staff.Adding
		)
		s.OnAdding = append(s.OnAdding, func(_ context.Context, _ *db.Tx, e staff.Adding) error {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, e)
			return nil
		})
		if _, err := s.ReadStaff(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 { // two nodes start
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, body := range []string{`{"act":"staff_adds_customer","staff":"S02"}`, `{"act":"staff_adds_customer","staff":"S02","pending":true}`} {
			if _, err := box.Act([]byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		day := clock.At(time.Date(2026, 11, 24, 0, 0, 0, 0, sandbox.Zone))
		world.Advance(18*time.Hour + time.Second) // 04:00 of the next day
		rest := func(kind string) (n int) {
			err := d.Read().NewRaw("SELECT COUNT(*) FROM work WHERE kind = ? AND state <> 'done'", kind).Scan(t.Context(), &n)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(told) > 0
		})
		eventually(t, func() bool { return rest("staff.member_adding") == 0 && rest("staff.adding") == 1 }) // the next day waits
		mu.Lock()
		defer mu.Unlock()
		if diff := cmp.Diff([]staff.Adding{{CorpID: s.CorpID, StaffID: "S02", Day: day, Requests: 2, Added: 1}}, told); diff != "" {
			t.Fatal(diff)
		}
	})
}
