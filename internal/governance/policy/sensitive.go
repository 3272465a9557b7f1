package policy

import (
	"fmt"
	"slices"
)

// Sensitive is a class of personal data that the law asks a consent of its own for (LAW-07), as names of tags tell it.
type Sensitive struct {
	ID       string   `json:"id"`
	Title    Words    `json:"title"`
	AnyOf    []string `json:"any_of"`  // patterns over the normal form
	NoneOf   []string `json:"none_of"` // lawful words, taken out before
	Examples Examples `json:"examples"`
}

// SensitiveClass answers a class by its id, or nil.
func (p *Policy) SensitiveClass(id string) *Sensitive {
	if i := slices.IndexFunc(p.Sensitive, func(s Sensitive) bool { return s.ID == id }); i >= 0 {
		return &p.Sensitive[i]
	}
	return nil
}

func (p *Policy) readSensitive() error {
	if err := read("sensitive.json", &p.Sensitive); err != nil {
		return err
	}
	for _, s := range p.Sensitive {
		if s.ID == "" || s.Title.ZH == "" || s.Title.EN == "" || len(s.AnyOf) == 0 || len(s.Examples.Refused) == 0 || len(s.Examples.Allowed) == 0 {
			return fmt.Errorf("read the classes of sensitive data: %q has no title, patterns or examples of both sorts", s.ID)
		}
	}
	return nil
}
