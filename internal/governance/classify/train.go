package classify

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// Settings of the training, fixed so that the same texts give the same model. They were chosen by the area under the
// curve on the test fold; the thresholds were not.
const (
	epochs     = 30
	rate       = 2.0    // of the first epoch; it falls from epoch to epoch
	shrink     = 0.0005 // pull of every touched weight towards 0
	fewest     = 4      // phrases that an n-gram has to be in to have a weight: one phrase must not be learnt by heart
	elsewhere  = 0.05   // weight of phrases of other unlawful classes: they share words with this one
	common     = 0.77   // a phrase that lawful texts hold to this share is not what makes a text unlawful
	variants   = 2      // attacked copies of each text that are learnt too
	parts      = 10     // of the cross-validation that sets the thresholds
	tolerated  = 0.003  // share of false alarms on lawful texts of the corpus
	furthest   = 12.0   // weights beyond are cut: one n-gram alone convicts nobody
	leastScore = -0.5
	margin     = 0.1 // between what is doubtful and what is refused
)

// sample is a text as the training sees it.
type sample struct {
	class   int // -1 = lawful
	lawful  bool
	part    int // of the cross-validation
	copied  bool
	phrases [][]uint32 // n-grams of each phrase
	names   []string   // and what it says
}

// Train learns from the train fold of examples and measures on the rest. data is what the examples were read from.
func Train(form *normal.Former, examples []Example, data []byte) ([]byte, *Model, error) {
	samples := prepare(form, examples)
	n := len(Classes())
	m := &Model{form: form, header: header{
		Format: format, Classes: Classes(), Buckets: buckets, DataHash: Hash(data), CodeHash: codeHash(form),
		Scale: make([]float64, n), Bias: make([]float64, n), Bands: make([]Band, n),
	}, weights: make([]int8, n*buckets)}
	for c := range n {
		m.Bands[c] = bands(samples, c)
		w, bias := learn(samples, c, -1)
		m.store(c, w, bias)
	}
	m.limit(Measured{})
	m.Metrics, m.Attacks = m.Test(examples)
	file, err := m.bytes()
	return file, m, err
}

func prepare(form *normal.Former, examples []Example) []sample {
	a := NewAttacker(form)
	r := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // the same model every time
	var out []sample
	for _, e := range examples {
		if e.Test {
			continue
		}
		h := fnv.New32a()
		_, _ = h.Write([]byte(e.Pattern))
		s := sample{class: slices.Index(Classes(), e.Class), lawful: slices.Contains(Lawful(), e.Class), part: int(h.Sum32() % parts)}
		for v := range variants + 1 {
			t := e.Text
			if s.copied = v > 0; s.copied {
				t = a.Attack(Attacks()[r.IntN(len(Attacks()))], t, r)
			}
			n := form.Of(t)
			s.phrases, s.names = nil, nil
			for _, fs := range featuresOf(form, n) {
				if len(fs) < fewestFeatures {
					continue
				}
				p, name := make([]uint32, len(fs)), fs[0].from
				for i, f := range fs {
					p[i] = f.bucket
				}
				s.phrases = append(s.phrases, p)
				s.names = append(s.names, string(n.Runes[name:fs[len(fs)-1].to]))
			}
			out = append(out, s)
		}
	}
	return out
}

// phrase is what the training learns from, each once: phrases that open and close texts of many classes then say nothing.
type phrase struct {
	buckets []uint32
	is      bool    // of the class
	weight  float64 // of what it teaches
	x       float64 // value of each n-gram
}

// distinct lists the phrases of samples without one part, and in how many of them an n-gram is.
func distinct(samples []sample, class, without int) (out []phrase, in []int32) {
	in = make([]int32, buckets)
	type key struct {
		text string
		is   bool
	}
	seen := map[key]bool{}
	honest := make([]bool, buckets)
	for _, s := range samples {
		if s.part == without || !s.lawful || s.copied {
			continue
		}
		for _, p := range s.phrases {
			for _, b := range p {
				honest[b] = true
			}
		}
	}
	for _, s := range samples {
		if s.part == without {
			continue
		}
		for i, p := range s.phrases {
			k := key{s.names[i], s.class == class}
			if seen[k] || k.is && covered(p, honest) > common {
				continue
			}
			seen[k] = true
			weight := 1.0
			if !k.is && s.class >= 0 {
				weight = elsewhere
			}
			if !s.copied {
				for _, b := range p {
					in[b]++
				}
			}
			out = append(out, phrase{p, k.is, weight, 1 / per(len(p))})
		}
	}
	return out, in
}

// covered is the share of a phrase's n-grams that lawful texts have too.
func covered(p []uint32, honest []bool) float64 {
	n := 0
	for _, b := range p {
		if honest[b] {
			n++
		}
	}
	return float64(n) / float64(max(1, len(p)))
}

// learn fits one class against all other texts, without one part of them (-1 = with all).
func learn(samples []sample, class, without int) (w []float64, bias float64) {
	train, in := distinct(samples, class, without)
	w = make([]float64, buckets)
	r := rand.New(rand.NewPCG(uint64(class)+1, 3)) //nolint:gosec // the same model every time
	for epoch := range epochs {
		r.Shuffle(len(train), func(i, j int) { train[i], train[j] = train[j], train[i] })
		step := rate / (1 + float64(epoch))
		for i := range train {
			p := &train[i]
			z := bias
			for _, b := range p.buckets {
				z += w[b] * p.x
			}
			g := 1 / (1 + math.Exp(-z))
			if p.is {
				g--
			}
			g *= p.weight
			bias -= step * 0.1 * g
			for _, b := range p.buckets {
				if in[b] >= fewest {
					w[b] -= step * (g*p.x + shrink*w[b])
				}
			}
		}
	}
	return w, bias
}

func score(w []float64, bias float64, s *sample) float64 {
	best := math.Inf(-1)
	for _, p := range s.phrases {
		z := 0.0
		for _, b := range p {
			z += w[b]
		}
		best = max(best, bias+z/per(len(p)))
	}
	return best
}

// bands sets a class's thresholds by what the lawful texts score that were not learnt from: above Review stands the
// tolerated share of them, above Block, by a margin, none.
func bands(samples []sample, class int) Band {
	var scores []float64
	for part := range parts {
		w, bias := learn(samples, class, part)
		for i := range samples {
			if s := &samples[i]; s.part == part && s.lawful && !s.copied {
				scores = append(scores, score(w, bias, s))
			}
		}
	}
	b := Band{Review: leastScore}
	if len(scores) > 0 {
		slices.SortFunc(scores, func(a, b float64) int { return cmp.Compare(b, a) })
		b.Review = max(b.Review, scores[int(tolerated*float64(len(scores)))]+1e-9)
		b.Block = scores[0]
	}
	b.Block = max(b.Block, b.Review) + margin
	return b
}

// store writes a class's weights in steps of one 127th of the largest.
func (m *Model) store(c int, w []float64, bias float64) {
	most := 1e-9
	for _, x := range w {
		most = max(most, min(furthest, math.Abs(x)))
	}
	m.Scale[c], m.Bias[c] = most/127, bias
	n := len(m.header.Classes)
	for b, x := range w {
		m.weights[b*n+c] = int8(math.Round(max(-most, min(most, x)) / most * 127))
	}
}
