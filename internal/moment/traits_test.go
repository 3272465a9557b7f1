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

// WeCom shows a Moment by tag. Who refuses to be chosen by tags does not carry the one of a Moment that is aimed so, or loses it
// before a member publishes; one for everybody still shows.
func TestAMomentAimedByATagLeavesOutWhoRefusesThat(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := start(t, databaseURL, nil)
		w := tagged(p, t)
		refuse := func(id string) {
			t.Helper()
			err := p.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				return p.Governor.SetPreference(ctx, tx, governance.Preference{CorpID: p.CorpID, CustomerID: id, NoTraits: true, Via: "page", ByWhom: "customer"})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		q := audience()
		q.TagIDs = w.Audience.Tags
		aimed, err := p.Customers.Audience(t.Context(), q)
		if err != nil || len(aimed) < 3 {
			t.Fatal(aimed, err)
		}
		before, meanwhile := aimed[0].CustomerID, aimed[1].CustomerID
		refuse(before)
		plan, err := p.Moments.Plan(t.Context(), 0, "S01", w, nil)
		if err != nil || plan.Reachable != len(aimed)-1 || len(plan.Reasons) != 1 || plan.Reasons[0].RuleID != "LAW-12" {
			t.Fatalf("the plan: %+v %v", plan, err)
		}
		m := publish(t, p, w)
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
		refuse(meanwhile)
		apptest.Eventually(t, "the tag to go", func() bool { return !carriers()[meanwhile] })
		for range 10 {
			if _, err := p.Box.Act([]byte(`{"act":"publish_moment","moment":"` + m.PostID + `"}`)); err != nil {
				break
			}
		}
		until(t, p, m.ID, moment.Done, 10*time.Minute)
		if seen := seenBy(p, m.PostID); seen[before]+seen[meanwhile] != 0 || len(seen) == 0 {
			t.Errorf("they saw it, or nobody did: %v", seen)
		}
		open, err := p.Moments.Plan(t.Context(), 0, "S01", words("护理课"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range open.Reasons {
			if r.RuleID == "LAW-12" {
				t.Errorf("one for everybody: %+v", r)
			}
		}
	})
}
