package guard

import (
	"fmt"
	"regexp"
	"strings"

	"zhiyin.dev/zhiyin/internal/governance/normal"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// sensitive is a class of sensitive data, compiled.
type sensitive struct {
	*policy.Sensitive
	any, none *regexp.Regexp // none = nil: nothing is taken out
}

func newSensitive(p *policy.Policy) ([]sensitive, error) {
	out := make([]sensitive, len(p.Sensitive))
	for i := range p.Sensitive {
		s := sensitive{Sensitive: &p.Sensitive[i]}
		var err error
		if s.any, err = regexp.Compile(strings.Join(s.AnyOf, "|")); err != nil {
			return nil, fmt.Errorf("read sensitive class %s: %w", s.ID, err)
		}
		if len(s.NoneOf) > 0 {
			if s.none, err = regexp.Compile(strings.Join(s.NoneOf, "|")); err != nil {
				return nil, fmt.Errorf("read sensitive class %s: %w", s.ID, err)
			}
		}
		out[i] = s
	}
	return out, nil
}

// Sensitive answers what class of sensitive data a name of a few words tells of somebody, and the words in normal form; nil
// = none that is known here.
func (g *Guard) Sensitive(name string) (*policy.Sensitive, string) {
	return g.sensitiveOf(g.form.Of(name))
}

func (g *Guard) sensitiveOf(t normal.Text) (*policy.Sensitive, string) {
	for _, s := range g.sensitive {
		said := t.String
		if s.none != nil {
			said = s.none.ReplaceAllString(said, " ")
		}
		if found := s.any.FindString(said); found != "" {
			return s.Sensitive, found
		}
	}
	return nil, ""
}
