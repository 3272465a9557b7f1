package governance

import "zhiyin.dev/zhiyin/internal/errs"

// Sensitive is a class of personal data that needs a consent of its own (LAW-07), and the words that tell it.
type Sensitive struct {
	Class string
	Title errs.Text
	Words string // in normal form
}

// Sensitive says what sensitive data a name of a few words, of a tag, tells of somebody. It reads words: what is said otherwise it
// does not see.
func (g *Governor) Sensitive(name string) (Sensitive, bool) {
	c, words := g.book.guard.Sensitive(name)
	if c == nil {
		return Sensitive{}, false
	}
	return Sensitive{Class: c.ID, Title: c.Title.Text(), Words: words}, true
}
