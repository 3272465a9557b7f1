package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/normal"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// ceilingDecision is the time within which 19 of 20 messages have to be decided with 10,000 words in the lexicon.
const ceilingDecision = 100 * time.Microsecond

// guarding measures the content decision: the whole pipeline over messages of about 100 characters, with as many words as
// a lexicon may have. Each message is decided fifteen times and its best time counts.
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
	var pieces []string
	for i := range p.Rules {
		pieces = append(pieces, p.Rules[i].Examples.Allowed...)
	}
	const messages, rounds = 2_000, 15
	took := make([]time.Duration, messages) // the best of the rounds: a machine at work interrupts the others
	texts := make([]guard.Field, messages)
	for i := range texts {
		var b strings.Builder
		for b.Len() < 300 {
			b.WriteString(pieces[r.IntN(len(pieces))])
			b.WriteString("。")
		}
		texts[i] = guard.Field{Name: "text", Text: b.String()}
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
	fmt.Printf("%-52s %10.0f us p50, %.0f us p95, %.0f us p99     bound: p95 %.0f us\n", "content decision, 10,000 words", at(0.50), at(0.95), at(0.99),
		float64(ceilingDecision.Microseconds()))
	return nil
}
