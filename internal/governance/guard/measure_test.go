package guard

import (
	"regexp/syntax"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/governance/classify"
)

// What others wrote against the rules is found, and what they wrote beside them is left alone: all of it that the patterns
// were mended by, and of the rest as much as was measured when they last were.
func TestTheGuardDecidesAboutParaphrases(t *testing.T) {
	t.Parallel()
	g := load(t)
	all, err := Paraphrases()
	if err != nil {
		t.Fatal(err)
	}
	type set struct {
		fold    string
		refused bool
	}
	n, right := map[set]int{}, map[set]int{}
	for _, p := range all {
		if g.rule(p.Rule) == nil || p.Text == "" || p.Fold != FoldSeen && p.Fold != FoldKept {
			t.Fatalf("paraphrase %+v", p)
		}
		s := set{p.Fold, p.Refused}
		n[s]++
		switch {
		case g.Right(p):
			right[s]++
		case p.Fold == FoldSeen:
			t.Logf("%s, refused %t: %q", p.Rule, p.Refused, p.Text)
		}
	}
	for s, share := range map[set]float64{{FoldSeen, true}: 1, {FoldSeen, false}: 0.98, {FoldKept, true}: 0.65, {FoldKept, false}: 0.95} {
		if got := float64(right[s]) / float64(n[s]); n[s] < 100 || got < share {
			t.Errorf("%s, refused %t: %d of %d are right, want %.0f %%", s.fold, s.refused, right[s], n[s], 100*share)
		}
	}
}

// No more of the lawful texts that nothing was learnt from is refused than when it was last measured, and no less of the
// unlawful ones is held.
func TestTheWholeGuardOnTextsKeptApart(t *testing.T) {
	t.Parallel()
	examples, err := classify.ReadExamples(classify.Corpus())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range load(t).Tallies(classify.Kept(examples)) {
		refused, held := float64(x.Refused)/float64(x.Texts), float64(x.Refused+x.Doubted)/float64(x.Texts)
		switch {
		case x.Class == "" && refused > 0.04:
			t.Errorf("%s: %.1f %% of %d lawful texts are refused", x.Set, 100*refused, x.Texts)
		case x.Class != "" && held < 0.6:
			t.Errorf("%s: only %.1f %% of %d texts are held", x.Set, 100*held, x.Texts)
		}
	}
}

// Whatever a pattern is taken apart into compiles, also what is compiled only when it is first tried.
func TestEveryPieceOfAPatternCompiles(t *testing.T) {
	t.Parallel()
	g := load(t)
	pieces := 0
	for i := range g.rules {
		for _, list := range [][]pattern{g.rules[i].anyOf, g.rules[i].allOf, g.rules[i].noneOf} {
			for k := range list {
				list[k].whole.get()
				for _, one := range list[k].asks {
					one.get()
					pieces++
				}
			}
		}
	}
	if pieces < len(g.rules) {
		t.Errorf("%d pieces", pieces)
	}
}

// What a branch needs stands in everything that it matches, in that order.
func TestBranchesOfPatterns(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]branch{
		`(转发|分享).{0,8}(领|送)`: {{{"转发", "分享"}, {"送", "领"}}},
		`红包|(加|扫).{0,4}群`:    {{{"红包"}}, {{"加", "扫"}, {"群"}}},
		`a?b+[0-9]{2}`:       {{{"b"}, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}}},
		`.*`:                 nil,
		`甲.?乙.?丙.?丁.?戊.?己.?庚.?辛.?壬`: {{{"乙"}, {"丙"}, {"丁"}, {"戊"}, {"己"}, {"庚"}, {"辛"}, {"壬"}}},
	} {
		p, err := newPattern(source)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, p.branches); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
	if _, err := newPattern(`(`); err == nil {
		t.Error("a broken pattern compiles")
	}
	if got := texts(&syntax.Regexp{Op: syntax.OpEmptyMatch}); len(got) != 1 || got[0] != "" {
		t.Errorf("nothing matches %q", got)
	}
}
