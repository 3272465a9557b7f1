package classify

import (
	"math/rand/v2"
	"slices"

	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// Alarms counts texts of a set over a class's thresholds.
type Alarms struct {
	Set    string `json:"set"`
	Texts  int    `json:"texts"`
	Review int    `json:"review"` // at or over the threshold of review
	Block  int    `json:"block"`  // at or over that of block
}

func (a *Alarms) count(j Judged) {
	a.Texts++
	if j.Score >= j.Band.Review {
		a.Review++
	}
	if j.Score >= j.Band.Block {
		a.Block++
	}
}

// Metric is what a class does on the test fold.
type Metric struct {
	Class     string   `json:"class"`
	Found     Alarms   `json:"found"` // of its own texts
	Lawful    []Alarms `json:"lawful"`
	Unlawful  Alarms   `json:"unlawful"`  // of the texts of other classes
	Precision float64  `json:"precision"` // at review, against lawful texts
	Recall    float64  `json:"recall"`
	AUC       float64  `json:"auc"`      // against lawful texts
	Faithful  float64  `json:"faithful"` // share of found texts that fall below the threshold without the span shown
}

// AttackRow is how many texts of all classes are still found at review when their words are hidden in one way.
type AttackRow struct {
	Attack string `json:"attack"`
	Texts  int    `json:"texts"`
	Found  int    `json:"found"`
}

// judge says what a class makes of a text, and the reading to explain it.
func (m *Model) judge(text string) ([]Judged, Reading) {
	r := m.Read(m.form.Of(text))
	return r.Judge(), r
}

// Test measures the model on the test fold of examples.
func (m *Model) Test(examples []Example) ([]Metric, []AttackRow) {
	out := make([]Metric, len(m.header.Classes))
	own, lawful := make([][]float64, len(out)), make([][]float64, len(out))
	for c := range out {
		out[c] = Metric{Class: m.header.Classes[c], Found: Alarms{Set: m.header.Classes[c]}, Unlawful: Alarms{Set: "other classes"}}
		for _, l := range Lawful() {
			out[c].Lawful = append(out[c].Lawful, Alarms{Set: l})
		}
	}
	faithful := make([]int, len(out))
	for _, e := range examples {
		if !e.Test {
			continue
		}
		judged, r := m.judge(e.Text)
		for c, j := range judged {
			switch l := slices.Index(Lawful(), e.Class); {
			case l >= 0:
				out[c].Lawful[l].count(j)
				lawful[c] = append(lawful[c], j.Score)
			case e.Class != j.Class:
				out[c].Unlawful.count(j)
			default:
				out[c].Found.count(j)
				own[c] = append(own[c], j.Score)
				if j.Score >= j.Band.Review {
					if from, to := r.Span(j, j.Band.Review); r.without(r.phrases[j.phrase], c, from, to) < j.Band.Review {
						faithful[c]++
					}
				}
			}
		}
	}
	for c := range out {
		x := &out[c]
		alarms := 0
		for _, l := range x.Lawful {
			alarms += l.Review
		}
		x.Precision = share(x.Found.Review, x.Found.Review+alarms)
		x.Recall = share(x.Found.Review, x.Found.Texts)
		x.AUC = auc(own[c], lawful[c])
		x.Faithful = share(faithful[c], x.Found.Review)
	}
	return out, m.attacked(examples)
}

func (m *Model) attacked(examples []Example) []AttackRow {
	a := NewAttacker(m.form)
	var out []AttackRow
	for _, way := range append([]string{"none"}, Attacks()...) {
		r := rand.New(rand.NewPCG(5, 5)) //nolint:gosec // the same attack every time
		row := AttackRow{Attack: way}
		for _, e := range examples {
			c := slices.Index(m.header.Classes, e.Class)
			if !e.Test || c < 0 {
				continue
			}
			judged, _ := m.judge(a.Attack(way, e.Text, r))
			row.Texts++
			if judged[c].Score >= judged[c].Band.Review {
				row.Found++
			}
		}
		out = append(out, row)
	}
	return out
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// auc is the chance that a text of the class scores above a lawful one.
func auc(own, lawful []float64) float64 {
	if len(own) == 0 || len(lawful) == 0 {
		return 0
	}
	wins := 0.0
	for _, a := range own {
		for _, b := range lawful {
			if a > b {
				wins++
			} else if a == b {
				wins += 0.5
			}
		}
	}
	return wins / float64(len(own)*len(lawful))
}

// Measured is what a model does on foreign texts, kept beside it: figures, never the texts.
type Measured struct {
	Model    string      `json:"model"` // hash of the weights that were measured
	Classes  []ClassSets `json:"classes"`
	Attacked []AttackRow `json:"attacked"`  // recall of what is unlawful under attacks, on the foreign sets
	AnyClass []Alarms    `json:"any_class"` // texts that some class finds
}

// ClassSets are the alarms of one class on foreign sets.
type ClassSets struct {
	Class  string   `json:"class"`
	Lawful []Alarms `json:"lawful"`
	Own    []Alarms `json:"own"` // sets that are about the class
}

// Beyond tooMany false alarms of review on a large lawful set a class only warns: work for reviewers that finds nothing.
const (
	tooMany     = 0.02
	mostRefused = 0.005
	largeSet    = 1000 // texts; of a smaller one a single pattern is more than tooMany
)

// limit sets the ceilings, by figures alone: a class may block when it was measured on foreign lawful texts and, over its
// block threshold, neither they nor the model's own lawful texts hold more false alarms than mostRefused; it may ask for
// review unless a large lawful set holds tooMany; then it only warns.
func (m *Model) limit(x Measured) {
	for c := range m.Bands {
		b := &m.Bands[c]
		b.Ceiling = policy.Review
		sets, foreign := m.lawfulSets(c, x)
		if foreign {
			b.Ceiling = policy.Block
		}
		for _, s := range sets {
			if share(s.Block, s.Texts) > mostRefused {
				b.Ceiling = policy.Milder(b.Ceiling, policy.Review)
			}
			if s.Texts >= largeSet && share(s.Review, s.Texts) > tooMany {
				b.Ceiling = policy.Milder(b.Ceiling, policy.Warn)
			}
		}
	}
}

func (m *Model) lawfulSets(c int, x Measured) (sets []Alarms, foreign bool) {
	for _, metric := range m.Metrics {
		if metric.Class == m.header.Classes[c] {
			sets = append(sets, metric.Lawful...)
		}
	}
	if x.Model == m.Weights && m.Weights != "" {
		for _, s := range x.Classes {
			if s.Class == m.header.Classes[c] {
				sets, foreign = append(sets, s.Lawful...), true
			}
		}
	}
	return sets, foreign
}
