package classify

import (
	_ "embed" // the texts
	"fmt"
	"slices"
	"strings"
)

//go:embed data/corpus.tsv
var corpusFile []byte

// Example is one labelled text.
type Example struct {
	Class   string // one of Classes or of Lawful
	Test    bool   // kept apart: no phrase of it is in what is learnt from
	Pattern string // texts of one pattern share their main phrase
	Evasion string // how its words are hidden, or none
	Text    string
}

// Corpus is the built-in set, as a file.
func Corpus() []byte { return corpusFile }

// ReadExamples reads labelled texts: class, fold (train or test), pattern, evasion and text, apart by tabs, one a line;
// lines that begin with # are for people.
func ReadExamples(file []byte) ([]Example, error) {
	var out []Example
	n := 0
	for line := range strings.Lines(string(file)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 5 || f[1] != "train" && f[1] != "test" || f[4] == "" {
			return nil, fmt.Errorf("read examples, line %d: want class, train or test, pattern, evasion and text, apart by tabs", n)
		}
		if !known(f[0]) {
			return nil, fmt.Errorf("read examples, line %d: unknown class %q; known are %s and %s", n, f[0], strings.Join(Classes(), ", "), strings.Join(Lawful(), ", "))
		}
		out = append(out, Example{Class: f[0], Test: f[1] == "test", Pattern: f[2], Evasion: f[3], Text: f[4]})
	}
	return out, nil
}

func known(class string) bool {
	return slices.Contains(Classes(), class) || slices.Contains(Lawful(), class)
}
