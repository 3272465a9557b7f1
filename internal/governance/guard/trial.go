package guard

import (
	"zhiyin.dev/zhiyin/internal/governance/classify"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// Trial is a check of one text with everything that led to it: what the try-out shows.
type Trial struct {
	Check
	Normal  string   // the text as the rules read it
	Changes []Change // what was undone to get there
	Sounds  string   // how it is heard
	Scores  []Score  // what the classifier makes of it
}

// Change is a piece of the original, in UTF-16 units, that reads otherwise.
type Change struct {
	Start, End int
	Was, Now   string
}

// Score is what the classifier makes of a text about one class.
type Score struct {
	classify.Judged
	RuleID string
	Grams  []classify.Gram // what speaks for it most
}

// Try reads a text as Check does, and tells how.
func (g *Guard) Try(about About, text string) Trial {
	t := Trial{Check: g.CheckFor(about, Field{Name: "text", Text: text}), Changes: []Change{}}
	n := g.form.Of(text)
	t.Normal, t.Sounds = n.String, g.form.Spell(g.form.Sounds(n).IDs)
	for _, c := range n.Changes(text) {
		t.Changes = append(t.Changes, Change{utf16Len(text[:c.From]), utf16Len(text[:c.To]), text[c.From:c.To], c.Now})
	}
	reading := g.model.Read(n)
	for _, j := range reading.Judge() {
		s := Score{Judged: j, Grams: reading.Top(j, mostGrams)}
		for i := range g.rules {
			if g.rules[i].check.Model == j.Class {
				s.RuleID = g.rules[i].ID
				s.Action = policy.Milder(g.rules[i].Does(), j.Action)
			}
		}
		t.Scores = append(t.Scores, s)
	}
	return t
}

// Plain is a text in the form in which the rules read it.
func (g *Guard) Plain(text string) string { return g.form.Of(text).String }
