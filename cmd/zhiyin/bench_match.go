package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"zhiyin.dev/zhiyin/internal/automaton"
)

// matching measures the automaton of keyword rules on random Chinese text of 100 characters.
func matching(context.Context) error {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // equal text on every machine
	letters := func(n int) string {
		out := make([]rune, n)
		for i := range out {
			out[i] = rune(0x4e00 + int(r.ExpFloat64()*300)%3000)
		}
		return string(out)
	}
	for _, size := range []struct {
		n       int
		ceiling float64
	}{{1_000, 2_000}, {10_000, 3_700}, {100_000, 9_600}} {
		patterns := make([]string, size.n)
		for i := range patterns {
			patterns[i] = letters(2 + r.IntN(4))
		}
		a := automaton.New(patterns)
		texts := make([][]rune, 200)
		for i := range texts {
			texts[i] = []rune(letters(100))
		}
		var hits []automaton.Hit
		const rounds = 50
		began := time.Now()
		for range rounds {
			for _, t := range texts {
				hits = a.Find(t, hits[:0])
			}
		}
		ns := float64(time.Since(began).Nanoseconds()) / float64(rounds*len(texts))
		fmt.Printf("%-52s %10.0f %-12s %3.0f %% of the speed at %.0f ns\n", fmt.Sprintf("keyword matching, %d patterns", size.n), ns, "ns a message", 100*size.ceiling/ns, size.ceiling)
	}
	return nil
}
