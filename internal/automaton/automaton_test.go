package automaton

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// naive finds occurrences by trying every pattern at every place: slow, and obviously right.
func naive(patterns []string, text []rune) []Hit {
	var hits []Hit
	for end := 1; end <= len(text); end++ {
		for p, pat := range patterns {
			r := []rune(pat)
			if n := len(r); n > 0 && n <= end && slices.Equal(text[end-n:end], r) {
				hits = append(hits, Hit{Pattern: int32(p), Start: int32(end - n), End: int32(end)})
			}
		}
	}
	return hits
}

func byPlace(a, b Hit) int {
	if a.End != b.End {
		return int(a.End - b.End)
	}
	return int(a.Pattern - b.Pattern)
}

func TestAutomatonFindsWhatTryingEverythingFinds(t *testing.T) {
	t.Parallel()
	letters := []rune{'a', 'b', '进', '群', '人', '工', '\U0001F338', ' '}
	word := rapid.StringOfN(rapid.RuneFrom(letters), 0, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		patterns := rapid.SliceOfN(word, 0, 40).Draw(t, "patterns")
		text := []rune(rapid.StringOfN(rapid.RuneFrom(letters), 0, 60, -1).Draw(t, "text"))
		got := New(patterns).Find(text, nil)
		slices.SortFunc(got, byPlace)
		if diff := cmp.Diff(naive(patterns, text), got); diff != "" {
			t.Fatalf("patterns %q in %q (-naive +automaton):\n%s", patterns, string(text), diff)
		}
	})
}

func TestAutomatonOfNothingFindsNothing(t *testing.T) {
	t.Parallel()
	if got := New(nil).Find([]rune("进群"), nil); len(got) != 0 {
		t.Fatalf("found %v", got)
	}
	if got := New([]string{""}).Find([]rune("进群"), nil); len(got) != 0 {
		t.Fatalf("an empty pattern found %v", got)
	}
}
