package guard

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"zhiyin.dev/zhiyin/internal/governance/classify"
)

// Report is what the whole guard does with texts, as it is, for people and the documents: with its own texts kept apart and
// with foreign sets, and with the paraphrases that nothing was mended by.
func (g *Guard) Report(lang string, foreign []classify.Set) (string, error) {
	examples, err := classify.ReadExamples(classify.Corpus())
	if err != nil {
		return "", err
	}
	paraphrases, err := Paraphrases()
	if err != nil {
		return "", err
	}
	say := func(zh, en string) string {
		if lang == "zh" {
			return zh
		}
		return en
	}
	var b strings.Builder
	row := func(cells ...any) { fmt.Fprintf(&b, strings.Repeat("| %v ", len(cells))+"|\n", cells...) }
	line := func(n int) { b.WriteString(strings.Repeat("| --- ", n) + "|\n") }
	percent := func(n, of int) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(1, of))) }

	row(say("整套内容规则：词、句式、链接与分类器", "the whole guard: words, patterns, links and the classifier"), say("类别", "class"), say("条数", "texts"),
		say("拦下", "refused"), say("交人复核", "a person looks"), say("提示", "warned"))
	line(6)
	for _, sets := range [][]classify.Set{classify.Kept(examples), foreign} {
		for _, t := range g.Tallies(sets) {
			class := t.Class
			if class == "" {
				class = say("合法", "lawful")
			}
			row(t.Set, class, t.Texts, percent(t.Refused, t.Texts), percent(t.Doubted, t.Texts), percent(t.Warned, t.Texts))
		}
	}
	b.WriteString("\n")

	row(say("躲避方式", "attack"), say("自有留出的违规文本：拦下或交人复核", "own unlawful texts kept apart: refused, or a person looks"))
	line(2)
	attacker := classify.NewAttacker(g.form)
	for _, way := range append([]string{"none"}, classify.Attacks()...) {
		r := rand.New(rand.NewPCG(5, 5)) //nolint:gosec // the same attack every time
		n, held := 0, 0
		for _, s := range classify.Kept(examples) {
			if s.Class == "" {
				continue
			}
			for i := range s.Texts {
				s.Texts[i] = attacker.Attack(way, s.Texts[i], r)
			}
			t := g.Tallies([]classify.Set{s})[0]
			n, held = n+t.Texts, held+t.Refused+t.Doubted
		}
		row(way, percent(held, n))
	}
	b.WriteString("\n")

	row(say("别人按规则的标题与理由写的、没有用来改词与句式的说法", "wordings that others wrote by a rule's title and reason, and that words and patterns were not mended by"), say("条数", "texts"), say("判对", "decided rightly"))
	line(3)
	for _, k := range []struct {
		refused bool
		name    string
	}{
		{true, say("违反规则的：由那条规则认出", "breaking the rule: found by that rule")},
		{false, say("只是用词相近的：放行", "only near it: left alone")},
	} {
		n, right := 0, 0
		for _, p := range paraphrases {
			if p.Fold != FoldKept || p.Refused != k.refused {
				continue
			}
			n++
			if g.Right(p) {
				right++
			}
		}
		row(k.name, n, percent(right, n))
	}
	return b.String(), nil
}
