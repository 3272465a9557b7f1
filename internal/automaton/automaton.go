// Package automaton finds every occurrence of many patterns in one pass over a text (Aho-Corasick over runes).
//
// It knows nothing of rules and imports nothing, so that bench/match can measure it alone. Callers: internal/autoreply for
// keywords, internal/governance/guard for words that may not be sent.
package automaton

import "slices"

// Automaton is the compiled form of many patterns.
//
// Its states are numbered breadth first, so the children of state s are the neighbours child[s] .. child[s+1]-1, and an
// edge needs no target of its own: the rune that enters state i is label[i]. That is the whole trie in two arrays, built
// from sorted patterns without a map. The root, where most runes of a text fall back to, has a direct table for the
// first 65,536 runes, which hold nearly all Chinese text.
//
// An automaton is never changed after it was built; any number of goroutines may use it.
type Automaton struct {
	label []rune  // rune that enters the state
	child []int32 // first child of a state; child[s+1] ends it
	fail  []int32 // state of the longest proper suffix that is in the trie
	link  []int32 // nearest state over fail that ends a pattern, 0 = none
	end   []int32 // first entry in ends of a state; end[s+1] ends it
	ends  []int32 // patterns that end in a state
	size  []int32 // length of a pattern in runes
	root  []int32 // state after one rune below 65,536
}

// Hit is one occurrence: the pattern's index, and where it starts and ends in the text (runes, end excluded).
type Hit struct{ Pattern, Start, End int32 }

const rootTable = 1 << 16

// New builds the automaton of patterns. Empty patterns never match; equal patterns all do.
func New(patterns []string) *Automaton {
	text := make([][]rune, len(patterns))
	order := make([]int32, 0, len(patterns))
	a := &Automaton{size: make([]int32, len(patterns)), root: make([]int32, rootTable)}
	for i, p := range patterns {
		text[i] = []rune(p)
		a.size[i] = int32(len(text[i]))
		if len(text[i]) > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(x, y int32) int { return slices.Compare(text[x], text[y]) })
	a.grow(text, order)
	a.fall()
	return a
}

// grow numbers the states of the trie breadth first. A state is a run of the sorted patterns that share a prefix.
func (a *Automaton) grow(text [][]rune, order []int32) {
	type run struct{ lo, hi, depth int32 }
	queue := []run{{0, int32(len(order)), 0}}
	a.label = append(a.label, 0)
	for s := 0; s < len(queue); s++ {
		r := queue[s]
		a.child = append(a.child, int32(len(queue)))
		a.end = append(a.end, int32(len(a.ends)))
		i := r.lo
		for ; i < r.hi && a.size[order[i]] == r.depth; i++ {
			a.ends = append(a.ends, order[i])
		}
		for i < r.hi {
			c, j := text[order[i]][r.depth], i+1
			for j < r.hi && text[order[j]][r.depth] == c {
				j++
			}
			if s == 0 && c < rootTable {
				a.root[c] = int32(len(queue))
			}
			queue = append(queue, run{i, j, r.depth + 1})
			a.label = append(a.label, c)
			i = j
		}
	}
	a.child = append(a.child, int32(len(queue)))
	a.end = append(a.end, int32(len(a.ends)))
}

// fall computes where a state goes on when a rune does not fit; parents come before children, so one pass does it.
func (a *Automaton) fall() {
	n := len(a.label)
	a.fail, a.link = make([]int32, n), make([]int32, n)
	for s := range int32(n) {
		for c := a.child[s]; c < a.child[s+1]; c++ {
			if s != 0 {
				a.fail[c] = a.step(a.fail[s], a.label[c])
			}
			if f := a.fail[c]; a.end[f] < a.end[f+1] {
				a.link[c] = f
			} else {
				a.link[c] = a.link[f]
			}
		}
	}
}

// step is the state after reading r in state s.
func (a *Automaton) step(s int32, r rune) int32 {
	for s != 0 {
		if t := a.edge(s, r); t != 0 {
			return t
		}
		s = a.fail[s]
	}
	if uint32(r) < rootTable {
		return a.root[r]
	}
	return a.edge(0, r)
}

// edge is the child of s under r, or 0.
func (a *Automaton) edge(s int32, r rune) int32 {
	lo, hi := a.child[s], a.child[s+1]
	for hi-lo > 8 {
		mid := int32(uint32(lo+hi) >> 1)
		if a.label[mid] <= r {
			lo = mid
		} else {
			hi = mid
		}
	}
	for ; lo < hi; lo++ {
		if a.label[lo] == r {
			return lo
		}
	}
	return 0
}

// Find appends every occurrence of every pattern in text to hits, ordered by where it ends.
func (a *Automaton) Find(text []rune, hits []Hit) []Hit {
	s := int32(0)
	for i, r := range text {
		s = a.step(s, r)
		for at := s; at != 0; at = a.link[at] {
			for _, p := range a.ends[a.end[at]:a.end[at+1]] {
				hits = append(hits, Hit{Pattern: p, Start: int32(i+1) - a.size[p], End: int32(i + 1)})
			}
		}
	}
	return hits
}
