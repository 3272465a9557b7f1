package guard

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/normal"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// Penalty is a measure of WeChat against links to a site that holds.
type Penalty struct {
	Host   string    `json:"host"`
	Until  time.Time `json:"until,omitzero"`   // in the corp's zone; zero = until it is repaired, or for good
	Repair bool      `json:"repair,omitempty"` // it ends when the site is repaired and restored
}

// known says whether a word with a dot ends as sites do.
func known(host string) bool {
	return slices.Contains(endings, host[strings.LastIndexByte(host, '.')+1:])
}

// ClassOf answers the class of hosts that a host belongs to, or "".
func (g *Guard) ClassOf(host string) string { return g.links.classOf(host) }

func (r *linkReader) classOf(host string) string {
	for h := host; h != ""; {
		if class, ok := r.hosts[h]; ok {
			return class
		}
		_, h, _ = strings.Cut(h, ".")
	}
	return ""
}

// within says whether a host is one of the sites, or lies below one.
func within(host string, sites []string) bool {
	for h := host; h != ""; {
		if slices.Contains(sites, h) {
			return true
		}
		_, h, _ = strings.Cut(h, ".")
	}
	return false
}

// answersFor says whether a link leads to a site on record.
func (o *Own) answersFor(l link) bool { return o != nil && l.site != "" && within(l.site, o.sites) }

// penalty is what holds against a link, or nil.
func (o *Own) penalty(l link) *Penalty {
	if o == nil {
		return nil
	}
	for i := range o.penalties {
		if l.site != "" && within(l.site, []string{o.penalties[i].Host}) {
			return &o.penalties[i]
		}
	}
	return nil
}

// ends says how long a penalty holds.
func (p *Penalty) ends() errs.Text {
	switch {
	case p.Repair:
		return errs.T("整改好、微信恢复之前", "until it is repaired and WeChat restores it")
	case p.Until.IsZero():
		return errs.T("永久", "for good")
	}
	at := p.Until.Format("2006-01-02 15:04")
	return errs.T("到 "+at, "until "+at)
}

// leadsHome says whether a message has links, and all lead to sites on record.
func (m *reading) leadsHome(all []scanned) bool {
	n := 0
	for _, s := range all {
		for _, l := range s.links {
			if !l.web {
				continue
			}
			if n++; !m.Own.answersFor(l) {
				return false
			}
		}
	}
	return n > 0
}

// sites reads what a rule says about where a link leads.
func (m *reading) sites(r *rule, s scanned, l link) {
	for i := range r.check.Sites {
		c := &r.check.Sites[i]
		if !l.web || len(c.Classes) > 0 && !slices.Contains(c.Classes, m.Class) {
			continue
		}
		var ends errs.Text
		switch c.Kind {
		case policy.SiteForeign:
			if m.Own.answersFor(l) {
				continue
			}
		case policy.SitePenalised:
			p := m.Own.penalty(l)
			if p == nil {
				continue
			}
			ends = p.ends()
		}
		say := func(w policy.Words) errs.Text {
			host := cmp.Or(l.site, l.said)
			in := func(s, until string) string {
				return strings.ReplaceAll(strings.ReplaceAll(s, "{until}", until), "{host}", host)
			}
			return errs.T(in(w.ZH, ends.ZH), in(w.EN, ends.EN))
		}
		m.note(r, s, l.from, l.to, Finding{Severity: r.Does(), Layer: ByLink, Reason: say(c.Reason), WayOut: say(c.WayOut)})
	}
}

// dotted says whether a host goes on with a dot behind its first letter that is not ASCII. What has none ends there: words follow
// an address without a space.
func dotted(host string) bool {
	i := strings.IndexFunc(host, func(r rune) bool { return r > unicode.MaxASCII })
	if i < 0 {
		return true
	}
	rest := []rune(host[i:])
	return slices.ContainsFunc(rest, func(r rune) bool { return r == '.' }) ||
		slices.ContainsFunc(rest[1:], func(r rune) bool { return r > ' ' && r <= unicode.MaxASCII }) && rest[0] == '。'
}

// longestHost is how many bytes of the original are read for a host.
const longestHost = 300

// locate finds out where a link leads: from the original, because the normal form is made for words and may change a host.
// more says that the host may have other letters than ASCII, and then follows the link.
func (l *link) locate(t normal.Text, original string, more bool) {
	from, to := t.Original(l.from, l.to)
	s := strings.TrimSpace(original)
	if strings.HasPrefix(strings.ToLower(s), "http") && !strings.ContainsFunc(s, unicode.IsSpace) && strings.Index(original, s) == from && dotted(cut(s)) {
		l.site, _ = SiteOf(s) // the address of a card: all of it, as a browser takes it
		l.said = cut(s)
		return
	}
	if more {
		end := to + strings.IndexFunc(original[to:]+" ", func(r rune) bool {
			return unicode.IsSpace(r) || r != '.' && r != '-' && r != '。' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		})
		end = min(end, to+longestHost, len(original))
		l.site, _ = SiteOf(original[to:end])
		l.said = cut(original[to:end])
		for l.to < len(t.Runes) {
			if b, _ := t.Original(l.to, l.to+1); b >= end {
				break
			}
			l.to++
		}
		return
	}
	l.said = cut(original[from:to])
	if l.goesOn(t) {
		return
	}
	l.site, _ = SiteOf(original[from:to])
}

// goesOn says whether a host goes on behind the link: a browser takes the full stop of a Chinese sentence for a dot.
func (l *link) goesOn(t normal.Text) bool {
	if !l.bare || l.to+1 >= len(t.Runes) || t.Runes[l.to] != '。' {
		return false
	}
	r := t.Runes[l.to+1]
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
}

// cut is a host, or what stands in its place, for people to read.
func cut(s string) string {
	if _, after, ok := strings.Cut(s, "://"); ok {
		s = after
	}
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		s = s[:i]
	}
	return s
}
