package guard

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/governance/normal"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

func load(t testing.TB) *Guard {
	t.Helper()
	g, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func text(s string) Field { return Field{Name: "text", Text: s} }

// classFor is the class in which a rule's examples are meant.
func classFor(r rule) string {
	if len(r.check.Classes) > 0 {
		return r.check.Classes[0]
	}
	return ""
}

func found(c Check, rule string) *Finding {
	if i := slices.IndexFunc(c.Findings, func(f Finding) bool { return f.RuleID == rule }); i >= 0 {
		return &c.Findings[i]
	}
	return nil
}

func TestEveryRuleWithACheckFindsItsExamplesAndLeavesTheOthers(t *testing.T) {
	t.Parallel()
	g := load(t)
	for _, r := range g.rules {
		about := About{Class: classFor(r), Automatic: r.check.Automatic, Own: g.Own(Record{Penalties: []Penalty{{Host: "stopped.example.com", Repair: true}}})}
		for _, s := range r.Examples.Refused {
			f := found(g.CheckFor(about, text(s)), r.ID)
			if about.Automatic && found(g.Check(about.Class, "", text(s)), r.ID) != nil {
				t.Errorf("%s objects to %q of a person", r.ID, s)
			}
			if f == nil {
				t.Errorf("%s does not find %q", r.ID, s)
			} else if r.check.Scope != "message" && (f.Text == "" || !strings.Contains(s, f.Text)) {
				t.Errorf("%s shows %q, which is not in %q", r.ID, f.Text, s)
			}
		}
		for _, s := range r.Examples.Allowed {
			if f := found(g.CheckFor(about, text(s)), r.ID); f != nil {
				t.Errorf("%s objects to %q in %q", r.ID, f.Text, s)
			}
		}
	}
}

// What needs a paper is refused without it and let go with it; with the wrong one it is refused all the same.
func TestALicenceOnRecordLetsItsHolderSpeak(t *testing.T) {
	t.Parallel()
	g := load(t)
	examples := 0
	for _, r := range g.rules {
		for _, x := range r.Examples.Licensed {
			examples++
			say := func(p Paper) *Finding {
				return found(g.CheckFor(About{Class: x.Class, Own: g.Own(Record{Papers: []Paper{p}})}, text(x.Text)), r.ID)
			}
			if f := found(g.Check(x.Class, "", text(x.Text)), r.ID); f == nil || f.Severity != r.Does() {
				t.Errorf("%s without a paper: %+v for %q", r.ID, f, x.Text)
			}
			if f := say(Paper{Kind: x.Kind, Holder: x.Holder, Number: x.Number}); f != nil {
				t.Errorf("%s with the paper: %+v for %q", r.ID, f, x.Text)
			}
			if f := say(Paper{Kind: "none", Holder: x.Holder, Number: x.Number}); f == nil {
				t.Errorf("%s with another paper lets %q go", r.ID, x.Text)
			}
			if f := say(Paper{Kind: "identity", Holder: "青禾花店", Number: "1"}); f == nil {
				t.Errorf("%s with the identity of a florist lets %q go", r.ID, x.Text)
			}
		}
		for _, s := range r.Examples.Refused { // what nobody may say stays refused whatever is on record
			if len(r.check.Licensed) == 0 || len(r.check.AnyOf) == 0 || !strings.Contains(s, "根治") && !strings.Contains(s, "稳赚") && !strings.Contains(s, "黑户") {
				continue
			}
			var all []Paper
			for _, l := range r.check.Licensed {
				for _, k := range l.Kinds {
					all = append(all, Paper{Kind: k, Holder: "青禾", Number: "1"})
				}
			}
			if f := found(g.CheckFor(About{Class: "marketing", Own: g.Own(Record{Papers: all})}, text(s)), r.ID); f == nil || f.Severity != r.Does() {
				t.Errorf("%s with every paper: %+v for %q", r.ID, f, s)
			}
		}
	}
	if examples < 8 {
		t.Errorf("only %d examples of licensed texts", examples)
	}
}

func TestWhoHoldsThePaperHasToSayWhatItAsks(t *testing.T) {
	t.Parallel()
	g := load(t)
	own := g.Own(Record{Papers: []Paper{{Kind: "medical", Holder: "青禾医院", Number: "粤医广【2026】第0101号"}, {Kind: "finance", Holder: "青禾银行", Number: "B1"}}})
	for s, rule := range map[string]string{"本院治疗湿疹，欢迎预约": "LAW-26", "近一年年化收益12%": "LAW-27"} {
		c := g.CheckFor(About{Class: "marketing", Own: own}, text(s))
		f := found(c, rule)
		if f == nil || f.Severity != policy.Review || f.Reason.ZH == "" || f.WayOut.EN == "" || f.Text == "" {
			t.Errorf("%q: %+v", s, c.Findings)
		}
	}
	split := g.CheckFor(About{Class: "marketing", Own: own}, text("本院治疗湿疹"), Field{"attachments/0", "粤医广〔2026〕第0101号 粤医广【2026】第0101号"})
	if f := found(split, "LAW-26"); f != nil {
		t.Errorf("the number may stand in the card: %+v", f)
	}
}

func TestHiddenWordsAreFoundAndShownInTheOriginal(t *testing.T) {
	t.Parallel()
	g := load(t)
	for name, c := range map[string]struct{ text, rule, shown string }{
		"zero width":       {"高\u200b仿大牌包", "LNK-26", "高\u200b仿"},
		"full width":       {"下载ＡＰＰ即可", "LNK-07", "下载ＡＰＰ即可"},
		"marks in between": {"高·仿 大牌", "LNK-26", "高·仿"},
		"traditional":      {"轉發領紅包", "LNK-01", "轉發領紅包"},
		"look-alikes":      {"复制打开аpp", "LNK-08", "复制打开аpp"},
		"after an emoji":   {"🎁🎁 高仿", "LNK-26", "高仿"},
		"by sound":         {"来玩百嘉乐呀", "LNK-14", "百嘉乐"},
		"in letters":       {"来玩baijiale呀", "LNK-14", "baijiale"},
		"in two parts":     {"仿真木仓有货", "LNK-15", "仿真木仓"},
		"a repeated word":  {"刷刷刷单日结佣金", "LNK-16", "刷刷刷单"},
	} {
		f := found(g.Check("marketing", "", text(c.text)), c.rule)
		if f == nil {
			t.Errorf("%s: %s does not find %q", name, c.rule, c.text)
		} else if f.Text != c.shown {
			t.Errorf("%s: shows %q, want %q", name, f.Text, c.shown)
		}
	}
}

func TestSpansCountAsABrowserDoes(t *testing.T) {
	t.Parallel()
	f := found(load(t).Check("", "", text("🎁高仿")), "LNK-26")
	if f == nil || f.Start != 2 || f.End != 4 {
		t.Fatalf("got %+v, want 2 to 4", f)
	}
}

// N5: what is taken apart by the end of a sentence, a line or a field stays apart.
func TestNothingIsFoundAcrossSentencesLinesAndFields(t *testing.T) {
	t.Parallel()
	g := load(t)
	for _, s := range []string{"感谢分享。明天送您到店", "请转发给同事\n领取号码请到前台", "他姓高。仿古建筑", "排名上百。家乐", "百\n家乐"} {
		if c := g.Check("", "", text(s)); len(c.Findings) != 0 {
			t.Errorf("%q: %+v", s, c.Findings)
		}
	}
	if c := g.Check("", "", Field{"text", "转发给同事"}, Field{"attachments/0", "领红包"}); len(c.Findings) != 0 {
		t.Errorf("over two fields: %+v", c.Findings)
	}
}

func TestMarketingInsideServiceIsRefusedExceptAWelcomesOneBenefit(t *testing.T) {
	t.Parallel()
	g := load(t)
	field := text("您好，我是门店顾问。新客立减 20 元")
	if c := g.Check("service", "kf", field); c.Verdict != policy.Block || found(c, "FTG-04") == nil {
		t.Errorf("in kf: %+v", c)
	}
	if c := g.Check("service", "welcome", field); c.Verdict != policy.Allow {
		t.Errorf("in a welcome: %+v", c)
	}
}

func TestLinksAreKnownByHostAndScheme(t *testing.T) {
	t.Parallel()
	g := load(t)
	for _, c := range []struct{ text, rule string }{
		{"看 https://m.tb.cn/h.abc", "LNK-24"},
		{"看 https://ｄｗｚ．ｃｎ/abc", "LNK-22"},
		{"http://198.51.100.7:8080/x", "LNK-22"},
		{"http://xn--fiq228c.example/", "LNK-22"},
		{"点 snssdk1128://user/1 打开", "LNK-28"},
		{"装 https://x.example/app.apk", "LNK-28"},
		{"https://nottaobao.com.example.org/a", ""},
		{"版本 10.2.1.3 已上线", ""},
		{"写信到 help@shop.example.com", ""},
		{"3.5折，共2.5公斤", ""},
	} {
		got := g.Check("", "", text(c.text))
		if c.rule == "" && len(got.Findings) > 0 || c.rule != "" && found(got, c.rule) == nil {
			t.Errorf("%q: %+v, want %q", c.text, got.Findings, c.rule)
		}
	}
}

// The triggers only save time: what a pattern finds it finds with them too.
func TestTriggersLoseNothing(t *testing.T) {
	t.Parallel()
	p, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	fast := load(t)
	slow, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	var pieces []string
	written, err := Paraphrases()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range written {
		pieces = append(pieces, p.Text)
	}
	slow.needs.idle = true
	for i := range slow.rules {
		slow.rules[i].untriggered = true
		pieces = append(pieces, slow.rules[i].Examples.Refused...)
		pieces = append(pieces, slow.rules[i].Examples.Allowed...)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := []rune(rapid.SampledFrom(pieces).Draw(t, "a")), []rune(rapid.SampledFrom(pieces).Draw(t, "b"))
		s := string(a[:rapid.IntRange(0, len(a)).Draw(t, "cut")]) + string(b[rapid.IntRange(0, len(b)).Draw(t, "from"):])
		class := rapid.SampledFrom([]string{"", "marketing", "service"}).Draw(t, "class")
		if diff := cmp.Diff(slow.Check(class, "", text(s)), fast.Check(class, "", text(s))); diff != "" {
			t.Fatalf("%q (-without triggers +with):\n%s", s, diff)
		}
	})
}

// N4: hiding never makes a decision milder.
func TestHidingNeverMakesADecisionMilder(t *testing.T) {
	t.Parallel()
	g := load(t)
	var samples []string
	for _, r := range g.rules {
		if r.check.Scope != "message" && len(r.check.Classes) == 0 {
			samples = append(samples, r.Examples.Refused...)
		}
	}
	traditional := map[rune]string{'发': "發", '领': "領", '红': "紅", '费': "費", '单': "單", '兑': "兌", '买': "買", '贷': "貸", '钱': "錢", '资': "資"}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(samples).Draw(t, "text")
		before := g.Check("", "", text(s)).Verdict
		rs := []rune(s)
		var b strings.Builder
		for i, r := range rs {
			switch {
			case r > ' ' && r < 0x7f && rapid.Bool().Draw(t, "full width") && !strings.Contains(s, "://"):
				b.WriteRune(r + 0xfee0)
			case traditional[r] != "" && rapid.Bool().Draw(t, "traditional"):
				b.WriteString(traditional[r])
			default:
				b.WriteRune(r)
			}
			han := func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }
			if i+1 < len(rs) && han(r) && han(rs[i+1]) {
				b.WriteString(rapid.SampledFrom([]string{"", "", "\u200b", "·", " ", "🎁", "_", "\ufe0f", "~", "★"}).Draw(t, "hidden by"))
			}
		}
		after := g.Check("", "", text(b.String())).Verdict
		if policy.Stricter(before, after) != after {
			t.Fatalf("%q is %s, %q is %s", s, before, b.String(), after)
		}
	})
}

// N6: one more rule never makes a decision milder.
func TestOneMoreRuleNeverMakesADecisionMilder(t *testing.T) {
	t.Parallel()
	p, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	lexicon, err := loadLexicon()
	if err != nil {
		t.Fatal(err)
	}
	form := normal.New()
	full, err := compile(form, p, lexicon)
	if err != nil {
		t.Fatal(err)
	}
	var samples []string
	for _, r := range full.rules {
		samples = append(samples, r.Examples.Refused...)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, dropped := range full.rules {
		fewer := &policy.Policy{}
		var words []Entry
		for _, r := range p.Rules {
			if r.ID != dropped.ID {
				fewer.Rules = append(fewer.Rules, r)
				for _, e := range lexicon {
					if r.Check != nil && e.Class == r.Check.Lexicon {
						words = append(words, e)
					}
				}
			}
		}
		less, err := compile(form, fewer, words)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range slices.Concat(dropped.Examples.Refused, []string{samples[r.IntN(len(samples))], samples[r.IntN(len(samples))]}) {
			a, b := less.Check("marketing", "", text(s)).Verdict, full.Check("marketing", "", text(s)).Verdict
			if policy.Stricter(a, b) != b {
				t.Errorf("%q is %s without %s and %s with it", s, a, dropped.ID, b)
			}
		}
	}
}

// N3, for findings: what is shown lies in the original, and N7: asked again, the answer is the same.
func FuzzCheck(f *testing.F) {
	g := load(f)
	for _, r := range g.rules {
		for _, s := range r.Examples.Refused {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := g.Check("marketing", "mass_customer", text(s), text("第二段"))
		for _, x := range c.Findings {
			if x.Field == "text" && (!strings.Contains(s+"第二段", x.Text) || x.Start > x.End || x.End > utf16Len(s)+3) {
				t.Fatalf("%q: %+v", s, x)
			}
		}
		if diff := cmp.Diff(c, g.Check("marketing", "mass_customer", text(s), text("第二段"))); diff != "" {
			t.Fatalf("%q decided twice:\n%s", s, diff)
		}
	})
}

func TestALexiconThatIsWrittenWrongIsRefused(t *testing.T) {
	t.Parallel()
	form := normal.New()
	for _, e := range []Entry{
		{Class: "porn", Terms: []string{"約炮"}},
		{Class: "porn", Terms: []string{"约"}},
		{Class: "porn", Terms: []string{"约炮"}, View: "sound"},
		{Class: "porn", Terms: []string{"约炮"}, View: "smell"},
		{Class: "porn", Terms: []string{"约。炮"}},
	} {
		if err := new(rule).take(form, e); err == nil {
			t.Errorf("%+v is taken", e)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	g := load(b)
	f := text(strings.Repeat("周末护理课开放预约，名额有限，到店请出示会员码。", 4))
	for b.Loop() {
		g.Check("marketing", "mass_customer", f)
	}
}
