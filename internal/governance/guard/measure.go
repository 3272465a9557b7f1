package guard

import (
	"bytes"
	_ "embed" // the texts
	"encoding/json"
	"fmt"
	"io"

	"zhiyin.dev/zhiyin/internal/governance/classify"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

//go:embed data/paraphrases.jsonl
var paraphraseFile []byte

// The folds of the paraphrases.
const (
	FoldSeen = "seen" // patterns and words were mended by them
	FoldKept = "kept" // they were not, and measure
)

// Paraphrase is a text that somebody who knew a rule's title, reason and examples, and not how it looks for what it is about,
// wrote against it or just beside it.
type Paraphrase struct {
	Rule    string `json:"rule"`
	Fold    string `json:"fold"`
	Refused bool   `json:"refused"` // it breaks the rule; else no rule may ask for anything but a second thought
	Class   string `json:"class"`   // that it is sent in
	Text    string `json:"text"`
}

// Paraphrases lists the built-in ones.
func Paraphrases() ([]Paraphrase, error) {
	var out []Paraphrase
	d := json.NewDecoder(bytes.NewReader(paraphraseFile))
	for {
		var p Paraphrase
		switch err := d.Decode(&p); {
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("read the paraphrases: %w", err)
		}
		out = append(out, p)
	}
}

// Right says whether the guard decides about p as it should: the rule itself finds what breaks it, and nothing refuses or
// doubts what breaks none.
func (g *Guard) Right(p Paraphrase) bool {
	about := About{Class: p.Class, Own: g.Own(paraphrased())}
	if r := g.rule(p.Rule); r != nil {
		about.Automatic = r.check.Automatic
	}
	c := g.CheckFor(about, Field{Name: "text", Text: p.Text})
	if p.Refused {
		return c.finds(p.Rule)
	}
	return !c.finds(p.Rule) && policy.Stricter(c.Verdict, policy.Warn) == policy.Warn
}

// paraphrased is what is on record of the corp that the paraphrases are of.
func paraphrased() Record {
	return Record{Sites: []string{"shop.example", "shop.example.com"}, Penalties: []Penalty{{Host: "stopped.example.com", Repair: true}}}
}

func (c Check) finds(rule string) bool {
	_, ok := c.first(func(f Finding) bool { return f.RuleID == rule })
	return ok
}

func (g *Guard) rule(id string) *rule {
	for i := range g.rules {
		if g.rules[i].ID == id {
			return &g.rules[i]
		}
	}
	return nil
}

// Tally counts what the guard did with the texts of a set.
type Tally struct {
	Set                             string
	Class                           string // that the texts are of; empty = lawful
	Texts, Refused, Doubted, Warned int
}

// Tallies reads sets of texts as messages of the class that such texts are sent as, by what they say: where links lead is
// a matter of the record, and what a message has to add (a name, a way to stop) is no property of a sentence.
func (g *Guard) Tallies(sets []classify.Set) []Tally {
	out := make([]Tally, len(sets))
	for i, s := range sets {
		t := Tally{Set: s.Name, Class: s.Class, Texts: len(s.Texts)}
		for _, text := range s.Texts {
			verdict := policy.Allow
			for _, f := range g.Check(s.Sent, "", Field{Name: "text", Text: text}).Findings {
				if r := g.rule(f.RuleID); len(r.check.Sites)+len(r.check.AllOf) == 0 {
					verdict = policy.Stricter(verdict, f.Severity)
				}
			}
			switch {
			case verdict.Refuses():
				t.Refused++
			case verdict == policy.Review:
				t.Doubted++
			case verdict == policy.Warn:
				t.Warned++
			}
		}
		out[i] = t
	}
	return out
}
