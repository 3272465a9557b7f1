package broadcast_test

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestAStopTakesBackWhatIsOpen(t *testing.T) {
	t.Parallel()
	for name, everybody := range map[string]bool{"everybody's": true, "one member's": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n := newNode(t, newBox(t, tuesday), d, "n1")
				b := n.submit("会员日")
				n.allOpen(b.ID)
				n.must(n.box.Advance(t.Context(), 3*time.Second)) // WeCom deals the tasks out
				tasks, err := n.sends.Tasks(t.Context(), b.ID)
				n.must(err)
				staff, theirs := tasks[0].StaffID, tasks[0].Customers
				if everybody {
					staff, theirs = "", 60
				}
				n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					return n.gov.HaltSending(ctx, tx, testCorp, staff, "S02", "内容出错")
				}))
				n.eventually("the tasks to be taken back", func() bool { return n.counts(b.ID).Cancelled == theirs })
				n.confirmAll()
				want := broadcast.Done
				if everybody {
					want = broadcast.Cancelled
				}
				n.eventually("the end", func() bool { return n.state(b.ID) == want && n.counts(b.ID).Waiting == 0 })
				if got := n.massDeliveries(); len(got) != n.counts(b.ID).Sent || len(got) > 60-theirs {
					t.Fatalf("%d got it, %d of the stopped", len(got), theirs)
				}
				n.agrees()
			})
		})
	}
}
