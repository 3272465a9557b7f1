package broadcast_test

import (
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/wecom"
)

// A mass message to customers ends with the address at which they say that they want no more: at WeCom, in the ledger, in the plan and
// in the length. One into a group does not.
func TestAMassMessageEndsWithTheWayOut(t *testing.T) {
	t.Parallel()
	const address = "https://crm.example.com" + governance.PreferencesPath
	box := newBox(t, tuesday)
	box.public = "https://crm.example.com"
	n := newNode(t, box, dbtest.SQLite(t), "a")
	w := broadcast.Words{Name: "秋款", Text: "【知音门店】秋款到店，立减 50 元", Benefit: "秋款的价"}
	b, err := n.sends.Create(t.Context(), "S01", w)
	n.must(err)
	p, err := n.sends.Plan(t.Context(), b.ID, "S01", w, nil)
	n.must(err)
	if !strings.HasSuffix(p.Closing, address) || p.Check.Verdict.Refuses() {
		t.Errorf("the plan ends with %q, and the rules say %s: %+v", p.Closing, p.Check.Verdict, p.Check.Findings)
	}
	_, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, p.Reachable)
	n.must(err)
	n.allOpen(b.ID)
	made, _, err := n.wecom.GroupMsgs(t.Context(), wecom.GroupMsgFilter{
		Kind: wecom.MassCustomers, By: wecom.MassByCorp, Start: tuesday.Unix(), End: tuesday.Add(24 * time.Hour).Unix(), Limit: 100,
	})
	n.must(err)
	for _, m := range made {
		if m.Text.Content != w.Text+"\n"+p.Closing {
			t.Errorf("WeCom got %q", m.Text.Content)
		}
	}
	if len(made) == 0 {
		t.Error("WeCom got nothing")
	}
	w.Text = strings.Repeat("字", broadcast.MaxText/3)
	if _, err := n.sends.Create(t.Context(), "S01", w); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "last line") {
		t.Errorf("a text that leaves no room for the line: %v", err)
	}
	w.Kind = broadcast.ToGroups
	if _, err := n.sends.Create(t.Context(), "S01", w); err != nil {
		t.Errorf("a text into a group needs none: %v", err)
	}
}
