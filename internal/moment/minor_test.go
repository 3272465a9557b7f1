package moment_test

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/moment"
)

// Who is marked as under 14 does not carry the tag by which a Moment is shown, or loses it before a member publishes (LAW-08).
func TestAMomentLeavesOutWhoIsAMinor(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := start(t, databaseURL, nil)
		mark := func(id string) {
			t.Helper()
			err := p.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := p.Governor.MarkAge(ctx, tx, governance.AgeMark{CorpID: p.CorpID, CustomerID: id, Age: governance.Under14, Reason: "家长到店说的", SetBy: "S01"})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		all, err := p.Customers.Audience(t.Context(), audience())
		if err != nil || len(all) < 3 {
			t.Fatal(all, err)
		}
		before, meanwhile := all[0].CustomerID, all[1].CustomerID
		mark(before)
		plan, err := p.Moments.Plan(t.Context(), 0, "S01", words("护理课"), nil)
		if err != nil || len(plan.Reasons) != 1 || plan.Reasons[0].RuleID != "LAW-08" || plan.Reasons[0].Count != 1 {
			t.Fatalf("the plan: %+v %v", plan, err)
		}
		m := publish(t, p, words("护理课"))
		m = until(t, p, m.ID, moment.Open, time.Second)
		carriers := func() map[string]bool {
			out := map[string]bool{}
			list, err := p.Customers.Carriers(t.Context(), m.TagID)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list {
				out[c.CustomerID] = true
			}
			return out
		}
		if c := carriers(); c[before] || !c[meanwhile] {
			t.Fatalf("the Moment's tag: %v", c)
		}
		mark(meanwhile)
		apptest.Eventually(t, "the tag to go", func() bool { return !carriers()[meanwhile] })
	})
}
