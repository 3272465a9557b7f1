package governance

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func loadGuard(t testing.TB) *guard {
	t.Helper()
	g, err := newGuard()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// classFor is the class in which a rule's examples are meant.
func classFor(r contentRule) Class {
	if len(r.Classes) > 0 {
		return r.Classes[0]
	}
	return ""
}

func found(c Check, rule string) *Finding {
	for i := range c.Findings {
		if c.Findings[i].RuleID == rule {
			return &c.Findings[i]
		}
	}
	return nil
}

func TestEveryContentRuleFindsItsExamplesAndLeavesTheOthers(t *testing.T) {
	t.Parallel()
	g := loadGuard(t)
	for _, r := range g.rules {
		if len(r.Examples.Refused) == 0 || len(r.Examples.Allowed) == 0 || r.Reason.ZH == "" || r.Reason.EN == "" || r.WayOut.ZH == "" || r.WayOut.EN == "" {
			t.Errorf("%s lacks examples or words", r.ID)
		}
		for _, s := range r.Examples.Refused {
			f := found(g.check(classFor(r), "", []Field{{"text", s}}), r.ID)
			if f == nil {
				t.Errorf("%s does not find %q", r.ID, s)
			} else if r.Scope != "message" && !strings.Contains(s, f.Text) {
				t.Errorf("%s shows %q, which is not in %q", r.ID, f.Text, s)
			}
		}
		for _, s := range r.Examples.Allowed {
			if f := found(g.check(classFor(r), "", []Field{{"text", s}}), r.ID); f != nil {
				t.Errorf("%s objects to %q in %q", r.ID, f.Text, s)
			}
		}
	}
}

func TestHiddenWordsAreFoundAndShownInTheOriginal(t *testing.T) {
	t.Parallel()
	g := loadGuard(t)
	for name, c := range map[string]struct{ text, rule, shown string }{
		"zero width":       {"高\u200b仿大牌包", "LNK-26", "高\u200b仿"},
		"full width":       {"下载ＡＰＰ即可", "LNK-07", "下载ＡＰＰ即可"},
		"marks in between": {"高·仿 大牌", "LNK-26", "高·仿"},
		"traditional":      {"轉發領紅包", "LNK-01", "轉發領紅包"},
		"look-alikes":      {"复制打开аpp", "LNK-08", "复制打开аpp"},
		"after an emoji":   {"🎁🎁 高仿", "LNK-26", "高仿"},
	} {
		f := found(g.check(Marketing, "", []Field{{"text", c.text}}), c.rule)
		if f == nil {
			t.Errorf("%s: %s does not find %q", name, c.rule, c.text)
		} else if f.Text != c.shown {
			t.Errorf("%s: shows %q, want %q", name, f.Text, c.shown)
		}
	}
}

func TestSpansCountAsABrowserDoes(t *testing.T) {
	t.Parallel()
	f := found(loadGuard(t).check("", "", []Field{{"text", "🎁高仿"}}), "LNK-26")
	if f == nil || f.Start != 2 || f.End != 4 {
		t.Fatalf("got %+v, want 2 to 4", f)
	}
}

func TestNoRuleMatchesAcrossSentences(t *testing.T) {
	t.Parallel()
	g := loadGuard(t)
	for _, s := range []string{"感谢分享。明天送您到店", "请转发给同事\n领取号码请到前台"} {
		if c := g.check("", "", []Field{{"text", s}}); len(c.Findings) != 0 {
			t.Errorf("%q: %+v", s, c.Findings)
		}
	}
}

func TestMarketingInsideServiceIsRefusedExceptAWelcomesOneBenefit(t *testing.T) {
	t.Parallel()
	g := loadGuard(t)
	field := []Field{{"text", "您好，我是门店顾问。新客立减 20 元"}}
	if c := g.check(Service, KF, field); c.Verdict != Block || found(c, ruleService) == nil {
		t.Errorf("in kf: %+v", c)
	}
	if c := g.check(Service, Welcome, field); c.Verdict != Allow {
		t.Errorf("in a welcome: %+v", c)
	}
}

func TestNormalFormIsTotalIdempotentAndMapsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		alphabet := []rune("高仿转發领红包 ·-.。，\u200b\ufe0fＡａеа①㈠1３é́哈🎁🇨🇳\n(（")
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom(alphabet))).Draw(t, "text")
		n := normalize(s)
		if again := normalize(n.text); again.text != n.text {
			t.Fatalf("%q becomes %q, and that %q", s, n.text, again.text)
		}
		if len(n.from) != len(n.text) || len(n.to) != len(n.text) || !utf8.ValidString(n.text) {
			t.Fatalf("%q: the map does not fit", s)
		}
		for i := range n.from {
			if n.from[i] < 0 || n.to[i] > len(s) || n.from[i] > n.to[i] || i > 0 && n.from[i] < n.from[i-1] {
				t.Fatalf("%q: the map is out of range or runs back at %d", s, i)
			}
		}
	})
}

func TestHidingNeverMakesADecisionMilder(t *testing.T) {
	t.Parallel()
	g := loadGuard(t)
	var samples []string
	for _, r := range g.rules {
		if r.Scope != "message" && len(r.Classes) == 0 {
			samples = append(samples, r.Examples.Refused...)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(samples).Draw(t, "text")
		before := g.check("", "", []Field{{"text", s}}).Verdict
		rs := []rune(s)
		var b strings.Builder
		for i, r := range rs {
			b.WriteRune(r)
			han := func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }
			if i+1 < len(rs) && han(r) && han(rs[i+1]) {
				b.WriteString(rapid.SampledFrom([]string{"", "", "\u200b", "·", " ", "🎁", "_", "\ufe0f"}).Draw(t, "hidden by"))
			}
		}
		if after := g.check("", "", []Field{{"text", b.String()}}).Verdict; after.rank() < before.rank() {
			t.Fatalf("%q is %s, %q is %s", s, before, b.String(), after)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	g := loadGuard(b)
	f := []Field{{"text", strings.Repeat("周末护理课开放预约，名额有限，到店请出示会员码。", 4)}}
	for b.Loop() {
		g.check(Marketing, MassCustomer, f)
	}
}
