package broadcast_test

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/sandbox"
)

func TestAMembersReceiversAreSpreadOverTheHours(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBoxOf(t, time.Date(2026, 11, 24, 18, 30, 0, 0, sandbox.Zone), 40), d, "n1")
		caps, _, err := n.gov.Caps(t.Context(), testCorp)
		n.must(err)
		caps.StaffHour = 3
		_, err = n.gov.SetCaps(t.Context(), testCorp, "S01", caps)
		n.must(err)
		w := broadcast.Words{Name: "会员日", Text: "【花间】周末护理课开放预约。", Benefit: "可以预约护理课"}
		p, err := n.sends.Plan(t.Context(), 0, "S01", w, nil)
		n.must(err)
		over := 0
		for _, all := range p.PerStaff {
			over += max(all-9, 0) // three at 18:30, 19:30 and 20:30
		}
		last := p.LastAt.In(sandbox.Zone).Format("15:04")
		if over == 0 || p.Over != over || last < "20:30" || last >= "21:00" { // the world goes on a minute in a second of a slow machine
			t.Fatalf("the forecast: last at %s, %d over, want %d; %v", last, p.Over, over, p.PerStaff)
		}
		b := n.submit("会员日")
		most := func(until int) { // many steps take a while of the world's time
			t.Helper()
			n.eventually("the part to be made", func() bool {
				var rows []struct {
					StaffID string
					N       int
				}
				n.must(d.Read().NewRaw("SELECT staff_id, SUM(customers) AS n FROM broadcast_task WHERE broadcast_id = ? GROUP BY staff_id", b.ID).Scan(t.Context(), &rows))
				full := len(rows) == len(p.PerStaff)
				for _, r := range rows {
					if want := min(p.PerStaff[r.StaffID], until); r.N > want {
						t.Fatalf("%s has %d receivers in tasks, want %d", r.StaffID, r.N, want)
					} else if r.N < want {
						full = false
					}
				}
				return full
			})
			n.allOpen(b.ID)
			n.quiet()
		}
		most(3)
		n.until(time.Date(2026, 11, 24, 19, 45, 0, 0, sandbox.Zone))
		most(6)
		n.until(time.Date(2026, 11, 24, 20, 52, 0, 0, sandbox.Zone))
		most(9)
		n.confirmAll()
		n.until(time.Date(2026, 11, 24, 21, 1, 0, 0, sandbox.Zone))
		n.eventually("the end", func() bool { return n.state(b.ID) == broadcast.Done })
		var late int
		n.must(d.Read().NewRaw("SELECT COUNT(*) FROM broadcast_receiver WHERE broadcast_id = ? AND state = 'unconfirmed' AND rule_id = 'FTG-17'", b.ID).Scan(t.Context(), &late))
		if c := n.counts(b.ID); late != over || c.Sent != 40-over {
			t.Errorf("%d had no turn, want %d; %+v", late, over, c)
		}
		n.agrees()
	})
}
