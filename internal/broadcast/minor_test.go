package broadcast_test

import (
	"context"
	"slices"
	"testing"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
)

// Who is marked as under 14 is left out of the preview; of a task that a member already has they are taken out (LAW-08).
func TestAMarkOfAgeTakesACustomerOutOfWhatIsOpen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		members, err := n.audience(t.Context(), customer.AudienceQuery{})
		n.must(err)
		mark := func(who string, age governance.Age) {
			n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := n.gov.MarkAge(ctx, tx, governance.AgeMark{CorpID: testCorp, CustomerID: who, Age: age, Reason: "家长到店说的", SetBy: "S01"})
				return err
			}))
		}
		before, meanwhile, teen := members[0].CustomerID, members[1].CustomerID, members[2].CustomerID
		mark(before, governance.Under14)
		mark(teen, governance.Under18)
		p, err := n.sends.Plan(t.Context(), 0, "S01", broadcast.Words{Text: "周末护理课开放预约。"}, nil)
		n.must(err)
		if p.Reachable != 59 || len(p.Reasons) != 1 || p.Reasons[0].RuleID != "LAW-08" || p.Reasons[0].Count != 1 {
			t.Fatalf("the plan: %+v", p.Tally)
		}
		b := n.submit("会员日")
		n.allOpen(b.ID)
		mark(meanwhile, governance.Under14)
		n.eventually("the task to be made again", func() bool {
			tasks, err := n.sends.Tasks(t.Context(), b.ID)
			n.must(err)
			return slices.ContainsFunc(tasks, func(t broadcast.Task) bool { return t.Round == 2 && t.State == broadcast.TaskOpen })
		})
		n.eventually("the results", func() bool {
			n.confirmAll()
			return n.state(b.ID) == broadcast.Done
		})
		got := n.massDeliveries()
		if got[before] != 0 || got[meanwhile] != 0 || got[teen] != 1 {
			t.Fatalf("they got it %d, %d and %d times of %d", got[before], got[meanwhile], got[teen], len(got))
		}
		n.agrees()
	})
}
