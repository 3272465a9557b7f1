package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/governance/classify"
	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/normal"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// ceilingDecision is the time within which 19 of 20 messages have to be decided with 10,000 words in the lexicon.
const ceilingDecision = 100 * time.Microsecond

// guarding measures the content decision: the whole pipeline over messages of 100 characters, with as many words as
// a lexicon may have.
func guarding(context.Context) error {
	p, err := policy.Load()
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // equal text on every machine
	form := normal.New()
	words := guard.Entry{Class: "gambling", Source: "bench"}
	for len(words.Terms) < 10_000 {
		w := make([]rune, 3+r.IntN(4))
		for i := range w {
			w[i] = rune(0x4e00 + int(r.ExpFloat64()*300)%3000)
		}
		if n := form.Of(string(w)); len(n.Runes) > 1 {
			words.Terms = append(words.Terms, n.String)
		}
	}
	g, err := guard.New(p, words)
	if err != nil {
		return err
	}
	examples, err := classify.ReadExamples(classify.Corpus())
	if err != nil {
		return err
	}
	var ordinary, near []string
	for _, e := range examples {
		if slices.Contains(classify.Lawful(), e.Class) && e.Evasion == "none" {
			ordinary = append(ordinary, e.Text)
		}
	}
	for i := range p.Rules {
		near = append(near, p.Rules[i].Examples.Allowed...)
	}
	decide(g, r, "content decision, lawful messages, 10,000 words", ordinary)
	decide(g, r, "the same, of texts that are near to every rule", near)
	return nil
}

// decide measures the decisions about messages that are put together of pieces. Each is decided fifteen times and its best
// time counts: a machine at work interrupts the others.
func decide(g *guard.Guard, r *rand.Rand, name string, pieces []string) {
	const messages, rounds, length = 2_000, 15, 100
	took := make([]time.Duration, messages)
	texts := make([]guard.Field, messages)
	for i := range texts {
		var b strings.Builder
		for utf8.RuneCountInString(b.String()) < length {
			b.WriteString(pieces[r.IntN(len(pieces))])
			b.WriteString("。")
		}
		texts[i] = guard.Field{Name: "text", Text: string([]rune(b.String())[:length])}
	}
	for round := range rounds {
		for i, f := range texts {
			began := time.Now()
			g.Check("marketing", "mass_customer", f)
			if d := time.Since(began); round == 0 || d < took[i] {
				took[i] = d
			}
		}
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Nanoseconds()) / 1000
	}
	fmt.Printf("%-52s %10.0f us p50, %.0f us p95, %.0f us p99     bound: p95 %.0f us\n", name, at(0.50), at(0.95), at(0.99),
		float64(ceilingDecision.Microseconds()))
}
