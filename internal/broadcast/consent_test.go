package broadcast_test

import (
	"context"
	"testing"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// A corp that asks for consent reaches who gave it, and nobody else; who takes it back before a member confirms is taken out.
func TestAMassMessageReachesOnlyWhoConsented(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		members, err := n.audience(t.Context(), customer.AudienceQuery{})
		n.must(err)
		caps, _, err := n.gov.Caps(t.Context(), testCorp)
		n.must(err)
		caps.OnlyConsented = true
		_, err = n.gov.SetCaps(t.Context(), testCorp, "S01", caps)
		n.must(err)
		consented := map[string]bool{}
		n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for _, m := range members[:20] {
				consented[m.CustomerID] = true
				if err := n.gov.OptIn(ctx, tx, testCorp, m.CustomerID, "到店时说愿意收到活动消息", "S01"); err != nil {
					return err
				}
			}
			return nil
		}))
		p, err := n.sends.Plan(t.Context(), 0, "S01", broadcast.Words{Text: "周末护理课开放预约。"}, nil)
		n.must(err)
		if p.Reachable != 20 || len(p.Reasons) != 1 || p.Reasons[0].RuleID != "LAW-21" || p.Reasons[0].Count != 40 {
			t.Fatalf("the plan: %+v", p.Tally)
		}
		b := n.submit("会员日")
		n.allOpen(b.ID)
		gone := members[0].CustomerID
		n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return n.gov.OptOut(ctx, tx, testCorp, gone, "page", "customer")
		}))
		n.eventually("the results", func() bool {
			n.confirmAll()
			return n.state(b.ID) == broadcast.Done
		})
		got := n.massDeliveries()
		for id := range got {
			if !consented[id] {
				t.Errorf("%s did not consent and got it", id)
			}
		}
		if len(got) == 0 {
			t.Error("nobody got it")
		}
		if c := n.counts(b.ID); c.Held < 40 || c.Sent+c.Held+c.NotFriend != 60 {
			t.Errorf("counts %+v", c)
		}
		n.agrees()
	})
}
