package review_test

import (
	"testing"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
)

// What a reviewer gives back as fraud is kept as evidence, and what holds the words is frozen; other labels do neither.
func TestAReviewerWhoSeesFraudFreezesIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		for _, c := range []struct{ noun, ref, label string }{{"broadcast", "1", "claim"}, {"broadcast", "2", "fraud"}, {"welcome", "3", "fraud"}, {"kf", "m1", "fraud"}} {
			k.saw(c.noun, c.ref, doubtful, 250, governance.ByWords)
			i := k.queue()[0]
			if _, err := k.Return(t.Context(), i.ID, "S02", "冒充银行", c.label, false); err != nil {
				t.Fatal(err)
			}
		}
		cases, err := k.gov.Frauds(t.Context(), "c", 50)
		if err != nil || len(cases) != 3 {
			t.Fatalf("%d cases, %v", len(cases), err)
		}
		for i, want := range []string{"", "welcome/3", "broadcast/2"} { // the newest first; one answer is no campaign
			c := cases[i]
			if c.CampaignID != want || c.Source != "review" || c.FoundBy != "S02" || c.Author != "S01" || (c.StepID != 0) != (want != "") {
				t.Errorf("%s: %+v", want, c)
			}
		}
	})
}
