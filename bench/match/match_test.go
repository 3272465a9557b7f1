package match

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	cloudflare "github.com/cloudflare/ahocorasick"
	petar "github.com/petar-dambovaliev/aho-corasick"

	"zhiyin.dev/zhiyin/internal/automaton"
)

// words draws characters of 3,000 common ones by Zipf's law, as Chinese texts do.
type words struct {
	r *rand.Rand
	z *rand.Zipf
}

func newWords(seed uint64) *words {
	r := rand.New(rand.NewPCG(seed, 1))
	return &words{r, rand.NewZipf(r, 1.05, 20, 2999)}
}

func (w *words) text(runes int) string {
	out := make([]rune, runes)
	for i := range out {
		out[i] = rune(0x4e00 + w.z.Uint64())
	}
	return string(out)
}

// patterns draws n different words of 2 to 5 characters.
func (w *words) patterns(n int) []string {
	seen := make(map[string]bool, n)
	out := make([]string, 0, n)
	for len(out) < n {
		if p := w.text(2 + w.r.IntN(4)); !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

func (w *words) messages() []string {
	out := make([]string, 256)
	for i := range out {
		out[i] = w.text(100)
	}
	return out
}

var sizes = []int{1_000, 10_000, 100_000}

// BenchmarkMatch finds all occurrences of all patterns in messages of 100 characters. cloudflare's answers only which
// patterns occur, not where; at 100k patterns it needs over 4 GB and runs only with MATCH_LARGE set.
func BenchmarkMatch(b *testing.B) {
	for _, n := range sizes {
		w := newWords(uint64(n))
		patterns, messages := w.patterns(n), w.messages()
		b.Run(fmt.Sprintf("zhiyin/%d", n), func(b *testing.B) {
			a := automaton.New(patterns)
			var hits []automaton.Hit
			found := 0
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				hits = a.Find([]rune(messages[i%len(messages)]), hits[:0])
				found += len(hits)
			}
			b.ReportMetric(float64(found)/float64(b.N), "hits/op")
		})
		b.Run(fmt.Sprintf("petar/%d", n), func(b *testing.B) {
			builder := petar.NewAhoCorasickBuilder(petar.Opts{MatchKind: petar.StandardMatch})
			a := builder.Build(patterns)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				for it := a.IterOverlapping(messages[i%len(messages)]); it.Next() != nil; {
				}
			}
		})
		if n > 10_000 && os.Getenv("MATCH_LARGE") == "" {
			continue
		}
		b.Run(fmt.Sprintf("cloudflare/%d", n), func(b *testing.B) {
			a := cloudflare.NewStringMatcher(patterns)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				a.Match([]byte(messages[i%len(messages)]))
			}
		})
	}
}

// TestAllAgree compares the three on the same texts: a fast answer that is wrong is none.
func TestAllAgree(t *testing.T) {
	w := newWords(7)
	patterns, messages := w.patterns(2_000), w.messages()
	own := automaton.New(patterns)
	builder := petar.NewAhoCorasickBuilder(petar.Opts{MatchKind: petar.StandardMatch})
	other := builder.Build(patterns)
	third := cloudflare.NewStringMatcher(patterns)
	found := 0
	for _, m := range messages {
		hits := own.Find([]rune(m), nil)
		found += len(hits)
		n := 0
		for it := other.IterOverlapping(m); it.Next() != nil; n++ {
		}
		if n != len(hits) {
			t.Fatalf("%d occurrences, petar-dambovaliev finds %d in %s", len(hits), n, m)
		}
		which := map[int32]bool{}
		for _, h := range hits {
			which[h.Pattern] = true
		}
		if got := len(third.Match([]byte(m))); got != len(which) {
			t.Fatalf("%d patterns, cloudflare finds %d in %s", len(which), got, m)
		}
	}
	if found < len(messages)/10 || math.MaxInt32 < found {
		t.Fatalf("only %d occurrences in %d messages: the comparison proves little", found, len(messages))
	}
}
