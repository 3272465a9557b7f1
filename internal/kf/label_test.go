package kf_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/kf"
)

// B2: nobody takes a rule for a person.
func TestTheFirstAutomaticWordsOfAConversationSaySo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		n.rule(autoreply.Rule{Name: "营业时间", Patterns: contains("几点"), Answer: text("每天 10:00–22:00。")})
		n.rule(autoreply.Rule{Name: "自己说", Patterns: contains("你是谁"), Answer: text("我是智能助手，回复“人工”可转接。")})
		n.rule(autoreply.Rule{Name: "说得太满", Patterns: contains("全部"), Answer: text(strings.Repeat("长", 676))})
		account, customer := n.says("", "", "几点关门")
		n.quiet()
		n.says(account, customer, "周末几点关门")
		n.quiet()
		if diff := cmp.Diff([]string{autoreply.Label + "每天 10:00–22:00。", "每天 10:00–22:00。"}, n.received(customer)); diff != "" {
			t.Fatalf("one conversation (-want +got):\n%s", diff)
		}
		n.pass(2 * time.Hour) // it has ended
		n.says(account, customer, "几点关门")
		n.quiet()
		if got := n.received(customer); got[2] != autoreply.Label+"每天 10:00–22:00。" {
			t.Errorf("the next conversation begins with %q", got[2])
		}
		other := n.other(customer)
		n.says(account, other, "你是谁")
		n.quiet()
		if got := n.received(other); len(got) != 1 || strings.Contains(got[0], autoreply.Label) {
			t.Errorf("what says it by itself: %q", got)
		}
		third := n.other(customer, other)
		n.says(account, third, "全部说一遍")
		n.quiet()
		if got := n.received(third); len(got) != 1 || !strings.HasPrefix(got[0], autoreply.Label) || len(got[0]) > 2048 {
			t.Errorf("long words: %q", got)
		}
		// A person's words carry no mark, whoever was first.
		fourth := n.other(customer, other, third)
		n.says(account, fourth, "人工")
		n.quiet()
		if _, err := n.kf.Write(t.Context(), n.session(fourth).ID, "您好，我是小林", "k", "S01"); err != nil {
			t.Fatal(err)
		}
		n.quiet()
		if diff := cmp.Diff([]string{autoreply.Label + handoff, "您好，我是小林"}, n.received(fourth)); diff != "" {
			t.Errorf("a person (-want +got):\n%s", diff)
		}
	})
}

func TestAComplaintIsNotedAndCallsAPerson(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, n *node) {
		told := map[string]int{}
		n.kf.OnComplained = append(n.kf.OnComplained, func(_ context.Context, _ *db.Tx, e kf.Complained) error {
			if e.SessionID == 0 || e.At == 0 {
				t.Errorf("told %+v", e)
			}
			told[e.CustomerID]++
			return nil
		})
		account, customer := n.says("", "", "投诉：上周买的面霜过敏了")
		n.quiet()
		v := n.session(customer)
		if told[customer] != 1 || v.State != kf.Waiting || v.Reason != kf.ReasonComplaint {
			t.Fatalf("told %v, conversation %+v", told, v)
		}
		if got := n.received(customer); len(got) != 1 || !strings.Contains(got[0], "已收到您的投诉，24 小时内") || !strings.HasPrefix(got[0], autoreply.Label) {
			t.Fatalf("answered %q", got)
		}
		n.says(account, customer, "我要投诉！") // a person has it by now: noted again, nothing said
		n.quiet()
		if got := n.received(customer); told[customer] != 2 || len(got) != 1 {
			t.Fatalf("told %v, said %q", told, got)
		}
		other := n.other(customer)
		n.says(account, other, "你们收到过投诉吗")
		n.quiet()
		if told[other] != 0 {
			t.Error("a question about complaints is none")
		}
	})
}
