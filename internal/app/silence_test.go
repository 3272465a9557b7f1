package app_test

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/governance"
)

// What WeCom tells of a customer's own acts ends their silence. What they do at Moments is looked at in package moment.
func TestWhatCustomersDoEndsTheirSilence(t *testing.T) {
	t.Parallel()
	box, a := platform(t, small(), "")
	customer := act(t, box, map[string]any{"act": "scan_contact_way"})["customer"].(string)
	did := func(what string, want governance.Act) {
		t.Helper()
		eventually(t, what, func() bool {
			v, err := a.Governor.SilenceOf(t.Context(), a.CorpID, customer)
			if err != nil {
				t.Fatal(err)
			}
			return v.Act == want && v.ActedAt != 0
		})
	}
	did("that they added a member", governance.Added)
	if err := box.Advance(t.Context(), time.Minute); err != nil { // WeCom tells the seconds
		t.Fatal(err)
	}
	act(t, box, map[string]any{"act": "open_kf", "customer": customer})
	act(t, box, map[string]any{"act": "customer_says", "customer": customer, "text": "还有货吗"})
	did("that they wrote", governance.Wrote)
}
