// Package review is the queue of texts that a person looks at: mass messages and Moments that wait for a second person, service
// texts that a rule doubts (they are never held: they are in use while they stand here, and giving one back withdraws it), and a
// blind sample of what passed, which shows what the rules miss.
//
//	open ─pass──▶ passed
//	  ├──give back──▶ returned
//	  ├──give back as grave──▶ second ─another agrees──▶ returned, and its author is stopped
//	  │                          └─another does not──▶ returned
//	  └──its author takes it back, or changes it──▶ withdrawn
//
// The queue is ordered by harm, audience and age. A reviewer sees the words, what objects to them and what was decided about
// words like them; who wrote a sample, and what the rules said to it, shows after the decision. Every decision becomes an
// example, which zhiyin guard train --extra reads.
//
// It is not: the decision of a rule (governance), or what becomes of a mass message or Moment (their own rooms do that, and tell
// here). Callers: rooms through governance.Reviews, internal/app.
package review

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// State of a text in the queue.
type State string

// The states.
const (
	Open      State = "open"
	Second    State = "second" // given back as grave: another person has to agree
	Passed    State = "passed"
	Returned  State = "returned"
	Withdrawn State = "withdrawn"
)

// sampleOneIn is the share of what passed that is looked at: 2 %.
const sampleOneIn = 50

// sampled says whether the blind sample falls on a text. The key is secret, so nobody can tell beforehand, and the same text is
// always in or always out.
func sampled(key []byte, noun, text string) bool {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(noun + "\x00" + text))
	return binary.BigEndian.Uint64(mac.Sum(nil))%sampleOneIn == 0
}

// harmOf is how bad it would be if the strictest finding were right.
func harmOf(actions []string) int {
	weights := map[string]int{"warn": 2, "review": 4, "block": 8, "suspend": 16}
	most := 1
	for _, a := range actions {
		most = max(most, weights[a])
	}
	return most
}

// bigrams of a text in normal form.
func bigrams(s string) map[string]bool {
	runes := []rune(s)
	out := map[string]bool{}
	for i := range len(runes) - 1 {
		out[string(runes[i:i+2])] = true
	}
	return out
}

// likeness of two texts is what their bigrams share, 0 to 1.
func likeness(a, b map[string]bool) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	both := 0
	for g := range a {
		if b[g] {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

// mark finds in which fold an example belongs: one in five is kept apart for tests, and the same pattern always falls alike.
func mark(pattern string) string {
	sum := sha256.Sum256([]byte(pattern))
	if sum[0]%5 == 0 {
		return "test"
	}
	return "train"
}

// oneLine makes a text fit into a line of a file of examples.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// known says whether a label is one that can be learnt from.
func known(label string, labels ...[]string) bool {
	return slices.Contains(slices.Concat(labels...), label)
}
