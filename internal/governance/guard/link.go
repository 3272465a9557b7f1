package guard

import (
	_ "embed" // the classes of hosts
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"zhiyin.dev/zhiyin/internal/governance/normal"
)

//go:embed data/hosts.json
var hostsFile []byte

// Classes of links that need no list.
const (
	linkScheme = "scheme" // wakes another program
	linkOdd    = "odd"    // the host does not say whose it is: a bare address, or letters of another script
)

// place is a run of runes.
type place struct{ from, to int }

// link is an address in a text, with the classes it belongs to.
type link struct {
	place
	classes []string
	web     bool   // it leads to a page
	bare    bool   // nothing stands behind the host
	site    string // where it leads, as SiteOf; "" = that cannot be told
	said    string // the host as it was written
}

// linkReader knows the classes of hosts.
type linkReader struct {
	address *regexp.Regexp
	hosts   map[string]string // host, or a domain above it, to class
}

func newLinkReader() (*linkReader, error) {
	var classes map[string][]string
	if err := json.Unmarshal(hostsFile, &classes); err != nil {
		return nil, err
	}
	r := &linkReader{
		address: regexp.MustCompile(`(?:([a-z][a-z0-9+.-]{1,30})://)?(?:[a-z0-9._-]+@)?((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*|\d{1,3}(?:\.\d{1,3}){3})?(?::\d+)?(?:/[^\s,;!?"'<>()。、【】]*)?`),
		hosts:   map[string]string{},
	}
	for class, hosts := range classes {
		for _, h := range hosts {
			r.hosts[h] = class
		}
	}
	return r, nil
}

// links finds the addresses of a text. It opens none of them.
func (r *linkReader) links(t normal.Text, original string) []link {
	if !strings.Contains(t.String, ".") && !strings.Contains(t.String, "://") {
		return nil
	}
	var out []link
	for from := 0; from < len(t.String); { // addresses stand in runs of ASCII
		to := from
		for to < len(t.String) && t.String[to] > ' ' && t.String[to] < 0x7f {
			to++
		}
		if run := t.String[from:to]; strings.Contains(run, ".") || strings.Contains(run, "://") {
			out = r.run(t, original, from, run, out)
		}
		from = to + 1
	}
	return out
}

// run appends the addresses of a run of ASCII that begins at a byte of the text.
func (r *linkReader) run(t normal.Text, original string, at int, s string, out []link) []link {
	for _, m := range r.address.FindAllStringSubmatchIndex(s, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return s[m[2*i]:m[2*i+1]]
		}
		scheme, host := part(1), part(2)
		if scheme == "" && host == "" {
			continue
		}
		l := link{place: place{t.Rune(at + m[0]), t.Rune(at + m[1])}}
		if scheme != "" && !slices.Contains([]string{"http", "https", "mailto", "tel"}, scheme) {
			l.classes = append(l.classes, linkScheme)
		}
		if host != "" && (host[len(host)-1] <= '9' || strings.Contains(host, "xn--")) && (scheme != "" || strings.Contains(host, "xn--")) {
			l.classes = append(l.classes, linkOdd)
		}
		if class := r.classOf(host); class != "" {
			l.classes = append(l.classes, class)
		}
		page := scheme == "http" || scheme == "https"
		mail := scheme == "" && strings.Contains(s[m[0]:m[1]], "@")
		l.bare = m[5] == m[1]
		l.web = page || scheme == "" && !mail && (known(host) || !l.bare && host[len(host)-1] > '9')
		if l.web {
			l.locate(t, original, page && host == "")
		}
		if l.web || len(l.classes) > 0 {
			out = append(out, l)
		}
	}
	return out
}
