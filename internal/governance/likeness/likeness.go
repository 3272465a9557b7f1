// Package likeness says how alike two messages are, out of 64 bits kept of each (a simhash): a touch keeps its message's, so that the
// same words, or nearly the same, are noticed whoever sends them.
//
// Callers: internal/governance. It knows no rule: how alike is too alike is the policy's.
package likeness

import (
	"math/bits"
	"strings"
	"unicode"

	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// Print is what is kept of a message; 0 = it has no words to compare.
type Print uint64

// sizes are how many characters its features have. Single characters and pairs tell texts of thirty characters apart and forgive a
// name, a number or a word; longer ones forgive next to nothing in so short a text (TestNearlyTheSameIsNear prints the figures).
var sizes = [...]int{1, 2}

// Of makes the print of a message out of all its strings. Case, width, traditional forms, punctuation, spaces and emoji do not matter,
// nor do links: the same words with another address are the same words.
func Of(form *normal.Former, texts []string) Print {
	var sum [64]int
	any := false
	for _, text := range texts {
		if link(text) {
			continue
		}
		letters := lettersOf(form, text)
		any = any || len(letters) > 0
		for _, n := range sizes {
			for i := 0; i+n <= len(letters); i++ {
				h := mix(letters[i : i+n])
				for b := range sum {
					sum[b] += int(h>>b&1)<<1 - 1
				}
			}
		}
	}
	if !any {
		return 0
	}
	var p Print
	for b, n := range sum {
		if n > 0 {
			p |= 1 << b
		}
	}
	return max(p, 1) // of words, whatever they are
}

// Distance is in how many of the 64 bits two prints differ: 0 for the same words, about 32 for words that have nothing in common.
// Messages without words are unlike all others.
func (p Print) Distance(o Print) int {
	if p == 0 || o == 0 {
		return 64
	}
	return bits.OnesCount64(uint64(p ^ o))
}

func link(text string) bool {
	t := strings.ToLower(strings.TrimSpace(text))
	return strings.HasPrefix(t, "http://") || strings.HasPrefix(t, "https://")
}

func lettersOf(form *normal.Former, text string) []rune {
	var out []rune
	for _, r := range form.Of(text).Runes {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, r)
		}
	}
	return out
}

// mix is a hash whose bits all depend on all characters (FNV-1a, then the finish of MurmurHash3).
func mix(rs []rune) uint64 {
	h := uint64(14695981039346656037)
	for _, r := range rs {
		for s := 0; s < 32; s += 8 {
			h = (h ^ uint64(byte(r>>s))) * 1099511628211
		}
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
