package broadcast_test

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
)

// A rule that the corp makes after the approval and before the hour holds for what has not gone yet.
func TestANewRuleOfTheCorpTakesBackWhatWaits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		expression string
		action     governance.Severity
		gone       bool
	}{
		"it blocks":               {`text contains "护理课" and audience >= 60`, governance.Block, true},
		"it is about others":      {`text contains "抽奖"`, governance.Block, false},
		"it only warns":           {`text contains "护理课"`, governance.Warn, false},
		"it is for fewer persons": {`audience < 60`, governance.Block, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				n := newNode(t, newBox(t, tuesday), d, "n1")
				at := tuesday.Add(24 * time.Hour)
				w := broadcast.Words{Name: "护理课", Text: "【花间】周末护理课开放预约。", Benefit: "可以预约护理课", SendAt: clock.At(at)}
				b, err := n.sends.Create(t.Context(), "S01", w)
				n.must(err)
				b, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, 60)
				n.must(err)
				n.eventually("everybody to be reserved", func() bool { return n.counts(b.ID).Waiting == 60 })
				_, err = n.gov.SaveHouse(t.Context(), governance.HouseRule{
					CorpID: testCorp, Name: "护理课停办", Expression: c.expression, Action: c.action, Reason: "课程停办，先问店长", Enabled: true, MadeBy: "S02",
				})
				n.must(err)
				n.until(at.Add(time.Minute))
				if !c.gone {
					n.allOpen(b.ID)
					return
				}
				n.eventually("it to be taken back", func() bool { return n.state(b.ID) == broadcast.Cancelled && n.counts(b.ID).Cancelled == 60 })
				var rules []string
				n.must(d.Read().NewRaw("SELECT DISTINCT rule_id FROM touch").Scan(t.Context(), &rules))
				if len(rules) != 1 || rules[0] != "HR-1" {
					t.Errorf("the ledger names %v, want HR-1", rules)
				}
				if got := n.massDeliveries(); len(got) != 0 {
					t.Errorf("%d got it", len(got))
				}
				n.agrees()
			})
		})
	}
}
