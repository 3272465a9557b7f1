package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func load(t *testing.T) *Policy {
	t.Helper()
	p, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryRuleIsComplete(t *testing.T) {
	t.Parallel()
	p := load(t)
	if len(p.Rules) != 137 {
		t.Errorf("%d rules, want 137", len(p.Rules))
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		for what, w := range map[string]Words{"title": r.Title, "reason": r.Reason, "way_out": r.WayOut} {
			if w.ZH == "" || w.EN == "" {
				t.Errorf("%s: %s is not said in both languages", r.ID, what)
			}
		}
		if r.Missing != nil && (r.Missing.ZH == "" || r.Missing.EN == "") {
			t.Errorf("%s: missing is not said in both languages", r.ID)
		}
		if r.Version < 1 || len(r.Sources) == 0 || r.AppliesTo == "" {
			t.Errorf("%s lacks a version, a source or what it applies to", r.ID)
		}
		if r.Check != nil && (len(r.Examples.Refused) == 0 || len(r.Examples.Allowed) == 0) {
			t.Errorf("%s has a check but no examples of both sorts", r.ID)
		}
	}
}

// What a rule says makes it true has to be there.
func TestWhatEnforcesARuleExists(t *testing.T) {
	t.Parallel()
	for _, r := range load(t).Rules {
		for _, e := range r.EnforcedBy {
			file, name, ok := strings.Cut(e, "#")
			b, err := os.ReadFile(filepath.Join("../../..", file))
			if err != nil || !ok {
				t.Errorf("%s is enforced by %s, which is not there", r.ID, e)
				continue
			}
			if !strings.Contains(string(b), "func "+name+"(") && !strings.Contains(string(b), ") "+name+"(") && !strings.Contains(string(b), "\t"+name+" ") {
				t.Errorf("%s is enforced by %s, and %s declares no %s", r.ID, e, file, name)
			}
		}
	}
}

func TestTheStrictestActionWins(t *testing.T) {
	t.Parallel()
	for i, a := range Actions() {
		for j, b := range Actions() {
			want := a
			if j > i {
				want = b
			}
			if got := Stricter(a, b); got != want {
				t.Errorf("of %s and %s: %s", a, b, got)
			}
		}
	}
}

func TestTheTableNamesEveryRule(t *testing.T) {
	t.Parallel()
	p := load(t)
	for _, lang := range []string{"zh", "en"} {
		table := p.Markdown(lang)
		for _, r := range p.Rules {
			if !strings.Contains(table, "| "+r.ID+" ") {
				t.Errorf("%s: the table lacks %s", lang, r.ID)
			}
		}
	}
}
