package likeness

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/governance/classify"
	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// most is the policy's number (FTG-14): up to it two messages are nearly the same.
const most = 8

type sample struct{ pattern, text string }

// corpus are the lawful texts that the project's own corpus holds, without evasions.
func corpus(t *testing.T) []sample {
	t.Helper()
	const shortest = 30 // characters: of fewer, a word of two is too much to be nearly the same
	var out []sample
	for line := range strings.Lines(string(classify.Corpus())) {
		c := strings.Split(strings.TrimSpace(line), "\t")
		if len(c) == 5 && (c[0] == "marketing" || c[0] == "service") && c[3] == "none" && utf8.RuneCountInString(c[4]) >= shortest {
			out = append(out, sample{c[2], c[4]})
		}
	}
	if len(out) < 500 {
		t.Fatalf("%d texts: this test proves nothing", len(out))
	}
	return out
}

func TestTheSameWordsInAnotherDressAreTheSame(t *testing.T) {
	t.Parallel()
	form := normal.New()
	of := func(texts ...string) Print { return Of(form, texts) }
	a := of("周末护理课开放预约，前 30 位送小样！")
	for _, same := range []string{"周末护理课开放预约 前30位送小样", "週末護理課開放預約，前３０位送小樣！！！", "周末护理课🎉开放预约～前 30 位送小样🎁"} {
		if d := a.Distance(of(same)); d != 0 {
			t.Errorf("%q differs by %d", same, d)
		}
	}
	if a != of("周末护理课开放预约，前 30 位送小样！", "https://shop.example.com/a?x=1") {
		t.Error("an address changes the print")
	}
	if p := of("", "🎉", "https://shop.example.com"); p != 0 || p.Distance(p) != 64 {
		t.Errorf("no words have the print %x", p)
	}
	if d := a.Distance(of("您的订单已发货，单号 123，预计明天到")); d <= most {
		t.Errorf("other words differ by %d", d)
	}
}

// The figures for the number that the policy sets: how many small changes are still seen as nearly the same, and that messages of
// different patterns are not.
func TestNearlyTheSameIsNear(t *testing.T) {
	t.Parallel()
	form, all, r := normal.New(), corpus(t), rand.New(rand.NewPCG(1, 2))
	put := func(text string, at int, with string) string {
		rs := []rune(text)
		at = min(at, len(rs)-1)
		return string(rs[:at]) + with + string(rs[min(at+len([]rune(with)), len(rs)):])
	}
	changes := []struct {
		name  string
		least float64 // share that has to be seen
		to    func(text string) string
	}{
		{"somebody's name in front", 0.75, func(s string) string { return "我是小王" + s }},
		{"one character", 0.75, func(s string) string { return put(s, r.IntN(len([]rune(s))), "7") }},
		{"a word of two", 0.65, func(s string) string { return put(s, r.IntN(len([]rune(s))), "绣球") }},
	}
	prints := make([]Print, len(all))
	for i, s := range all {
		prints[i] = Of(form, []string{s.text})
	}
	for _, c := range changes {
		seen := 0
		for i, s := range all {
			if prints[i].Distance(Of(form, []string{c.to(s.text)})) <= most {
				seen++
			}
		}
		share := float64(seen) / float64(len(all))
		t.Logf("%s: %.1f %% of %d texts are seen as nearly the same", c.name, 100*share, len(all))
		if share < c.least {
			t.Errorf("%s: only %.1f %%", c.name, 100*share)
		}
	}
	pairs, wrong := 0, 0
	for i := range all {
		for j := range i {
			if all[i].pattern == all[j].pattern {
				continue
			}
			if pairs++; prints[i].Distance(prints[j]) <= most {
				wrong++
				t.Logf("taken for nearly the same:\n%s\n%s", all[i].text, all[j].text)
			}
		}
	}
	t.Logf("of %d pairs of texts of different patterns %d are taken for nearly the same", pairs, wrong)
	if wrong > 1 { // pairs that share half of their words
		t.Errorf("%d false alarms", wrong)
	}
}

func TestDistanceIsOne(t *testing.T) {
	t.Parallel()
	err := quick.Check(func(a, b, c uint64) bool {
		p, q, o := Print(a|1), Print(b|1), Print(c|1)
		return p.Distance(p) == 0 && p.Distance(q) == q.Distance(p) && p.Distance(o) <= p.Distance(q)+q.Distance(o)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}
