package guard

import (
	"testing"

	"zhiyin.dev/zhiyin/internal/governance/classify"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// What a class names as its examples is found in it, and what it names as lawful in no class at all.
func TestNamesThatTellSensitiveDataAreFoundAndLawfulOnesAreNot(t *testing.T) {
	t.Parallel()
	p, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	g := load(t)
	for _, s := range p.Sensitive {
		for _, name := range s.Examples.Refused {
			if got, _ := g.Sensitive(name); got == nil || got.ID != s.ID {
				t.Errorf("%s: %q is not found (%+v)", s.ID, name, got)
			}
		}
		for _, name := range s.Examples.Allowed {
			if got, words := g.Sensitive(name); got != nil {
				t.Errorf("%s: %q is taken for %s by %q", s.ID, name, got.ID, words)
			}
		}
	}
	for _, hidden := range []string{"糖 尿 病", "糖尿病★", "徵信不良", "ＨＩＶ"} { // as everywhere, hiding words does not help
		if got, _ := g.Sensitive(hidden); got == nil {
			t.Errorf("%q is not found", hidden)
		}
	}
}

// In a message only what speaks of the reader's own state is for a second look: on the lawful texts of the project's corpus that is none.
func TestWordsAboutTheReadersOwnStateAlarmOnNoLawfulText(t *testing.T) {
	t.Parallel()
	g := load(t)
	examples, err := classify.ReadExamples(classify.Corpus())
	if err != nil {
		t.Fatal(err)
	}
	lawful := map[string]bool{"exempt": true, "marketing": true, "private": true, "service": true}
	n := 0
	for _, e := range examples {
		if !lawful[e.Class] {
			continue
		}
		n++
		for _, f := range g.Check("marketing", "mass_customer", Field{"text", e.Text}).Findings {
			if f.RuleID == "LAW-07" {
				t.Errorf("%q: %q", e.Text, f.Text)
			}
		}
	}
	if n < 1800 {
		t.Fatalf("%d lawful texts", n)
	}
}
