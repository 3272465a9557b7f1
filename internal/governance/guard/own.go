package guard

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// Record is what the corp has on record about itself, as it holds at one instant. A decision can be made again from it.
type Record struct {
	Papers    []Paper   `json:"papers,omitempty"`
	Sites     []string  `json:"sites,omitempty"` // that the corp answers for, as SiteOf; what lies below them is meant too
	Penalties []Penalty `json:"penalties,omitempty"`
}

// Paper is a licence in force, or who the corp is.
type Paper struct {
	Kind   string   `json:"kind"`
	Holder string   `json:"holder"`
	Names  []string `json:"names,omitempty"` // what else the holder calls itself
	Number string   `json:"number"`
}

// Own is a Record in the form in which texts are compared with it. It is never changed after it was made. A nil Own is a corp
// of which nothing is on record.
type Own struct {
	papers    []paper
	sites     []string
	penalties []Penalty
}

type paper struct {
	kind, number string
	names        []string
}

// companies end the name on a paper, and no name that is spoken.
var companies = []string{"股份有限公司", "有限责任公司", "集团有限公司", "有限公司"}

// fewestOfAName is how many characters a name has at least.
const fewestOfAName = 2

// Own prepares a record.
func (g *Guard) Own(r Record) *Own {
	o := &Own{sites: r.Sites, penalties: r.Penalties}
	for _, p := range r.Papers {
		own := paper{kind: p.Kind, number: g.form.Of(p.Number).String}
		for _, n := range append([]string{p.Holder}, p.Names...) {
			n = g.form.Of(n).String
			own.names = append(own.names, n)
			for _, end := range companies {
				if short, ok := strings.CutSuffix(n, end); ok && utf8.RuneCountInString(short) >= fewestOfAName {
					own.names = append(own.names, short)
					break
				}
			}
		}
		o.papers = append(o.papers, own)
	}
	return o
}

// Names lists what the holders of a kind of paper are called, in normal form.
func (o *Own) Names(kind string) []string {
	var out []string
	for _, p := range o.papers {
		if p.kind == kind {
			out = append(out, p.names...)
		}
	}
	return out
}

// is says whether a text that claims to be somebody names the holder: "the savings bank of Qinghe" is Qinghe's savings bank,
// and so is "the savings bank" where nobody else is named.
func (p paper) is(claimed string) bool {
	return slices.ContainsFunc(p.names, func(name string) bool {
		return utf8.RuneCountInString(name) >= fewestOfAName && (strings.Contains(claimed, name) || strings.HasSuffix(name, claimed))
	})
}

// cover is what a record says to a place that a licensed part of a check found.
type cover int

const (
	bare    cover = iota // nobody holds a licence for it
	wanting              // somebody does, but the message lacks what it has to say then
	covered
)

// licensed is a part of a check that holds only without a licence.
type licensed struct {
	*policy.Licensed
	says []*regexp.Regexp
}

func newLicensed(l *policy.Licensed) (*licensed, error) {
	out := &licensed{Licensed: l}
	for _, s := range l.Says {
		if s == policy.SaysNumber {
			continue
		}
		re, err := regexp.Compile(s)
		if err != nil {
			return nil, err
		}
		out.says = append(out.says, re)
	}
	return out, nil
}

// applies says whether the part is for messages of a class.
func (l *licensed) applies(class string) bool {
	return l == nil || len(l.Classes) == 0 || slices.Contains(l.Classes, class)
}

// covers says whether the record lets the message say what was found; claimed is who it says that speaks.
func (l *licensed) covers(o *Own, claimed, message string) cover {
	if o == nil {
		return bare
	}
	out := bare
	for _, p := range o.papers {
		if !slices.Contains(l.Kinds, p.kind) || l.Identity && !p.is(claimed) {
			continue
		}
		if len(l.Says) == 0 || slices.Contains(l.Says, policy.SaysNumber) && p.number != "" && strings.Contains(message, p.number) ||
			slices.ContainsFunc(l.says, func(re *regexp.Regexp) bool { return re.MatchString(message) }) {
			return covered
		}
		out = wanting
	}
	return out
}

// About is a message beside its words.
type About struct {
	Class   string // both may be empty: then only the rules that hold for all are read
	Channel string
	Own     *Own // of whoever sends it
	// Automatic words are written by nobody at the moment.
	Automatic bool
}

// reading is one message being read.
type reading struct {
	About
	message string // all fields in normal form, one a line
	home    bool   // it has links, and all lead to sites on record
	Check
	held []uint8 // what of each branch's needs is in any of the fields
}

func messageOf(all []scanned) string {
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(s.text.String)
	}
	return b.String()
}
