package classify

import (
	"cmp"
	"math"
	"slices"
)

// Gram is an n-gram and what it adds to a score: for a linear model this is exact.
type Gram struct {
	Text   string
	Weight float64
}

// Top lists the n-grams of the worst phrase that speak most for a class, each text once.
func (r Reading) Top(j Judged, n int) []Gram {
	c := slices.Index(r.m.header.Classes, j.Class)
	if c < 0 || j.phrase >= len(r.phrases) {
		return nil
	}
	fs := r.phrases[j.phrase]
	sum := map[string]float64{}
	for _, f := range fs {
		sum[string(r.text.Runes[f.from:f.to])] += r.weight(f, c, len(fs))
	}
	out := make([]Gram, 0, len(sum))
	for t, w := range sum {
		if w > 0 {
			out = append(out, Gram{t, w})
		}
	}
	slices.SortFunc(out, func(a, b Gram) int { return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Text, b.Text)) })
	return out[:min(n, len(out))]
}

func (r Reading) weight(f feature, c, of int) float64 {
	return float64(r.m.weights[int(f.bucket)*len(r.m.header.Classes)+c]) * r.m.Scale[c] / per(of)
}

// fewestSpan is how many runes a span holds at least: a single character says nothing to a reader.
const fewestSpan = 4

// Span answers the runes [from, to) of the worst phrase without which it would score below limit: it grows from the rune
// that speaks most for the class towards the stronger side.
func (r Reading) Span(j Judged, limit float64) (from, to int) {
	c := slices.Index(r.m.header.Classes, j.Class)
	if c < 0 || j.phrase >= len(r.phrases) {
		return 0, 0
	}
	fs := r.phrases[j.phrase]
	first, last := int(fs[0].from), 0
	for _, f := range fs {
		first, last = min(first, int(f.from)), max(last, int(f.to))
	}
	speaks := make([]float64, last-first)
	for _, f := range fs {
		w := r.weight(f, c, len(fs)) / float64(f.to-f.from)
		for i := int(f.from); i < int(f.to); i++ {
			speaks[i-first] += w
		}
	}
	at := 0
	for i := range speaks {
		if speaks[i] > speaks[at] {
			at = i
		}
	}
	from, to = first+at, first+at+1
	for to-from < last-first && (to-from < fewestSpan || r.without(fs, c, from, to) >= limit) {
		left, right := math.Inf(-1), math.Inf(-1)
		if from > first {
			left = speaks[from-1-first]
		}
		if to < last {
			right = speaks[to-first]
		}
		if left > right {
			from--
		} else {
			to++
		}
	}
	return from, to
}

// without is the score of a phrase when the n-grams that touch the runes [from, to) are not there. What the rest would form
// anew where it meets is not counted.
func (r Reading) without(fs []feature, c, from, to int) float64 {
	sum, kept := 0.0, 0
	for _, f := range fs {
		if int(f.to) <= from || int(f.from) >= to {
			sum += float64(r.m.weights[int(f.bucket)*len(r.m.header.Classes)+c])
			kept++
		}
	}
	if kept < fewestFeatures {
		return math.Inf(-1) // too short to be judged
	}
	return r.m.Bias[c] + sum*r.m.Scale[c]/per(kept)
}
