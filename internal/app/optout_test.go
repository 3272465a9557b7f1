package app_test

import (
	"testing"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/web"
)

func TestACustomerWhoWritesStopGetsAConfirmationAndNoMarketing(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, databaseURL string) {
		box, a := platform(t, small(), databaseURL)
		synced(t, a)
		scan := act(t, box, map[string]any{"act": "scan_contact_way"})
		customer := scan["customer"].(string)
		act(t, box, map[string]any{"act": "open_kf", "customer": customer})
		act(t, box, map[string]any{"act": "customer_says", "customer": customer, "text": "退订"})
		eventually(t, "the opt-out", func() bool {
			out, err := a.Governor.OptOutOf(t.Context(), a.CorpID, customer)
			if err != nil {
				t.Fatal(err)
			}
			return len(out) == 1 && out[customer].Via == "keyword"
		})
		eventually(t, "the confirmation", func() bool {
			for _, d := range box.Deliveries(0) {
				if d.Kind == "kf" && d.Customer == customer && d.Origin == "api" {
					return true
				}
			}
			return false
		})
		ctx := web.WithCaller(t.Context(), web.Who{CorpID: a.CorpID, User: "admin", Scope: web.All})
		plan, err := a.Broadcasts.Plan(ctx, 0, "admin", broadcast.Words{Name: "活动", Text: "周末到店有新品试用。不想再收到请回复退订。"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		held := false
		for _, r := range plan.Reasons {
			held = held || r.RuleID == "LAW-24" && r.Count == 1
		}
		if !held {
			t.Fatalf("the plan does not hold the customer back: %+v", plan.Reasons)
		}
	})
}
