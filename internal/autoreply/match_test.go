package autoreply

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func rule(id int64, priority int, kind Kind, values ...string) Rule {
	r := Rule{ID: id, Name: "rule", Enabled: true, Priority: priority, Answer: Answer{Kind: Text, Text: "ok"}}
	for _, v := range values {
		r.Patterns = append(r.Patterns, Pattern{kind, v})
	}
	return r
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.FixedZone("+08", 8*3600)) // a Tuesday

func TestMatchKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		p    Pattern
		text string
		want bool
	}{
		{"exact is the whole message", Pattern{Exact, "人工"}, "人工", true},
		{"exact ignores punctuation around", Pattern{Exact, "人工"}, " 人工！！", true},
		{"exact is not a part", Pattern{Exact, "人工"}, "人工客服在吗", false},
		{"contains is a part", Pattern{Contains, "进群"}, "我想进群可以吗", true},
		{"contains folds width and case", Pattern{Contains, "VIP"}, "怎么成为ｖｉｐ", true},
		{"contains folds white space", Pattern{Contains, "a b"}, "A 　\n b", true},
		{"regex finds a shape", Pattern{Regex, `订单\s*\d{4,}`}, "查一下订单 20261124", true},
		{"regex folds case", Pattern{Regex, `VIP\d`}, "vip1", true},
		{"pinyin hears a homophone", Pattern{Pinyin, "进群"}, "我要近群", true},
		{"pinyin hears letters", Pattern{Pinyin, "进群"}, "我要jinqun", true},
		{"pinyin hears spaced letters", Pattern{Pinyin, "进群"}, "jin qun", true},
		{"pinyin pattern may be letters", Pattern{Pinyin, "jinqun"}, "进群", true},
		{"pinyin wants whole syllables", Pattern{Pinyin, "an"}, "我在西安门口等了半天还没看见", true}, // xi-an holds the syllable an
		{"pinyin refuses half a syllable", Pattern{Pinyin, "an"}, "看看", false},
		{"nothing matches nothing", Pattern{Contains, "进群"}, "  ", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, got := newMatcher([]Rule{rule(1, 0, tt.p.Kind, tt.p.Value)}).match(tt.text, "wk1", noon); got != tt.want {
				t.Fatalf("%q against %+v: %v, want %v", tt.text, tt.p, got, tt.want)
			}
		})
	}
}

func TestTheStrongerRuleAnswersThenTheOlder(t *testing.T) {
	t.Parallel()
	m := newMatcher([]Rule{rule(3, 5, Contains, "进群"), rule(1, 1, Exact, "我要进群"), rule(2, 5, Contains, "群")})
	got, ok := m.match("我要进群", "wk1", noon)
	if !ok || got.Rule.ID != 2 {
		t.Fatalf("answered by %+v, want rule 2: priority 5 and older than rule 3", got.Rule)
	}
}

func TestARuleKeepsToItsAccountsAndHours(t *testing.T) {
	t.Parallel()
	r := rule(1, 0, Contains, "进群")
	r.Accounts = []string{"wk1"}
	r.Hours = []Hours{{From: "21:00", To: "02:00", Weekdays: []int{1}}}
	m := newMatcher([]Rule{r})
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, noon.Location()) }
	tests := []struct {
		name    string
		account string
		t       time.Time
		want    bool
	}{
		{"Monday 22:00", "wk1", at(23, 22), true},
		{"after midnight still belongs to Monday", "wk1", at(24, 1), true},
		{"Tuesday noon", "wk1", at(24, 12), false},
		{"Tuesday 22:00", "wk1", at(24, 22), false},
		{"another account", "wk2", at(23, 22), false},
	}
	for _, tt := range tests {
		if _, got := m.match("进群", tt.account, tt.t); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestExplainTellsEveryRule(t *testing.T) {
	t.Parallel()
	off, other := rule(2, 9, Contains, "进群"), rule(3, 8, Contains, "进群")
	off.Enabled, other.Accounts = false, []string{"wk2"}
	m := newMatcher([]Rule{rule(1, 1, Exact, "进群"), off, other, rule(4, 0, Pinyin, "jinqun"), rule(5, 0, Contains, "退款")})
	var got []string
	for _, w := range m.explain("进群", "wk1", noon) {
		got = append(got, w.Reason.EN)
	}
	want := []string{
		"A keyword fits, but the rule is switched off.", "A keyword fits, but the rule is not for this kf account.",
		`Matches "进群".`, "A keyword fits, but a rule above it goes first.", "None of its keywords occurs.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func(r *Rule)
		want bool
	}{
		{"a good rule", func(*Rule) {}, false},
		{"no name", func(r *Rule) { r.Name = " " }, true},
		{"no pattern", func(r *Rule) { r.Patterns = nil }, true},
		{"a pattern of punctuation alone", func(r *Rule) { r.Patterns = []Pattern{{Exact, "！！"}} }, true},
		{"a regex that cannot be read", func(r *Rule) { r.Patterns = []Pattern{{Regex, "("}} }, true},
		{"a regex that matches everything", func(r *Rule) { r.Patterns = []Pattern{{Regex, ".*"}} }, true},
		{"a regex that is too large", func(r *Rule) { r.Patterns = []Pattern{{Regex, "((a{1,30}){1,30}b){1,20}"}} }, true},
		{"pinyin of nothing", func(r *Rule) { r.Patterns = []Pattern{{Pinyin, "？"}} }, true},
		{"no text", func(r *Rule) { r.Answer.Text = "" }, true},
		{"a group answer without a code", func(r *Rule) { r.Answer = Answer{Kind: Joinway, As: AsPage} }, true},
		{"hours that are none", func(r *Rule) { r.Hours = []Hours{{From: "9", To: "10"}} }, true},
		{"an eighth weekday", func(r *Rule) { r.Hours = []Hours{{From: "09:00", To: "10:00", Weekdays: []int{8}}} }, true},
	}
	for _, tt := range tests {
		r := rule(1, 0, Contains, "进群")
		tt.make(&r)
		if err := r.Check(); (err != nil) != tt.want {
			t.Errorf("%s: %v, want refused=%v", tt.name, err, tt.want)
		}
	}
}
