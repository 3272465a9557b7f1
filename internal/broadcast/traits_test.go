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

// Who does not want to be chosen by tags is held back from an audience of a tag: in the preview, when it is reserved, and when a
// member already has the task. What goes to everybody reaches them.
func TestAnAudienceOfATagLeavesOutWhoRefusesThat(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		members, err := n.audience(t.Context(), customer.AudienceQuery{})
		n.must(err)
		refuse := func(who string) {
			n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				return n.gov.SetPreference(ctx, tx, governance.Preference{CorpID: testCorp, CustomerID: who, NoTraits: true, Via: "page", ByWhom: "customer"})
			}))
		}
		before, meanwhile := members[0].CustomerID, members[1].CustomerID
		refuse(before)
		w := broadcast.Words{Name: "护肤课", Text: "【花间】护肤课：周末开放预约。", Benefit: "可以预约", Audience: broadcast.Audience{Tags: []string{"et1"}}}
		leaving := w
		leaving.Audience = broadcast.Audience{ExcludeTags: []string{"et1"}}
		for _, w := range []broadcast.Words{w, leaving} {
			p, err := n.sends.Plan(t.Context(), 0, "S01", w, nil)
			n.must(err)
			if p.Reachable != 59 || len(p.Reasons) != 1 || p.Reasons[0].RuleID != "LAW-12" || p.Reasons[0].Count != 1 {
				t.Fatalf("the plan: %+v", p.Tally)
			}
		}
		byMember := w
		byMember.Audience = broadcast.Audience{Staff: []string{members[0].StaffID}}
		if p, err := n.sends.Plan(t.Context(), 0, "S01", byMember, nil); err != nil || p.Held != 0 {
			t.Fatalf("chosen by member: %+v %v", p, err)
		}
		b, err := n.sends.Create(t.Context(), "S01", w)
		n.must(err)
		b, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, 59)
		n.must(err)
		n.allOpen(b.ID)
		refuse(meanwhile)
		n.eventually("the task to be made again", func() bool {
			tasks, err := n.sends.Tasks(t.Context(), b.ID)
			n.must(err)
			return slices.ContainsFunc(tasks, func(t broadcast.Task) bool { return t.Round == 2 && t.State == broadcast.TaskOpen })
		})
		n.confirmAll()
		n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
		got := n.massDeliveries()
		if got[before] != 0 || got[meanwhile] != 0 || len(got) == 0 {
			t.Fatalf("they got it %d and %d times of %d", got[before], got[meanwhile], len(got))
		}
		if c := n.counts(b.ID); c.Held != 2 || c.Sent != len(got) {
			t.Fatalf("counts %+v, %d got it", c, len(got))
		}
		n.agrees()

		p, err := n.sends.Plan(t.Context(), 0, "S01", broadcast.Words{Text: "明天门店照常营业，欢迎来坐坐。"}, nil)
		n.must(err)
		if p.Reachable != 60-len(got) { // everybody but those who have had today's: both of them, too
			t.Fatalf("to everybody: %+v, %d had theirs", p.Tally, len(got))
		}
	})
}
