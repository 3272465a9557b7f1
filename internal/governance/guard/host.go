package guard

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ErrNoSite says that a text names no host.
var ErrNoSite = errors.New("no host")

// longestLabel is the most that the names between the dots of a host have.
const longestLabel = 63

// SiteOf is the site that a host or an address names, in the one form in which sites are compared: ASCII, lower case, without
// port, final dot and "www.". It reads as a browser does, so that what is compared is where a click leads.
func SiteOf(address string) (string, error) {
	s := strings.TrimSpace(address)
	if _, after, ok := strings.Cut(s, "://"); ok {
		s = after
	}
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		s = s[:i]
	}
	s = s[strings.LastIndexByte(s, '@')+1:]
	if in, ok := strings.CutPrefix(s, "["); ok { // of IPv6
		in, _, ok = strings.Cut(in, "]")
		if !ok || in == "" || strings.Trim(in, "0123456789abcdefABCDEF:.") != "" {
			return "", ErrNoSite
		}
		return strings.ToLower(in), nil
	}
	host, _, _ := strings.Cut(s, ":")
	labels := strings.Split(strings.TrimRight(fold(host), "."), ".")
	for i, l := range labels {
		var ok bool
		if labels[i], ok = labelOf(l); !ok {
			return "", ErrNoSite
		}
	}
	if len(labels) > 2 && labels[0] == "www" {
		labels = labels[1:]
	}
	return strings.Join(labels, "."), nil
}

// fold brings a host into the form in which browsers look it up: wide letters, capitals and the full stops of other scripts are
// written otherwise, and what nobody sees is dropped.
func fold(host string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '。':
			return '.'
		case unicode.In(r, unicode.Cf):
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(host))
}

// labelOf is one name of a host in ASCII, and whether it is one.
func labelOf(l string) (string, bool) {
	ascii := true
	for _, r := range l {
		switch {
		case r == '-' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
		case r > unicode.MaxASCII && r != utf8.RuneError && unicode.In(r, unicode.L, unicode.M, unicode.N):
			ascii = false
		default:
			return "", false
		}
	}
	if !ascii {
		l = "xn--" + punycode(l)
	}
	return l, l != "" && len(l) <= longestLabel && l[0] != '-' && l[len(l)-1] != '-'
}

// punycode writes a label in ASCII, by RFC 3492.
func punycode(label string) string {
	const base, low, high, skew, damp, first, biasAtFirst = 36, 1, 26, 38, 700, 128, 72
	digit := func(d int) byte {
		if d < 26 {
			return byte('a' + d)
		}
		return byte('0' + d - 26)
	}
	runes := []rune(label)
	var out []byte
	for _, r := range runes {
		if r < first {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	done := basic
	if basic > 0 {
		out = append(out, '-')
	}
	delta, bias := 0, biasAtFirst
	for n := rune(first); done < len(runes); n++ {
		next := rune(unicode.MaxRune)
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, low), high)
				if q < t {
					out = append(out, digit(q))
					break
				}
				out = append(out, digit(t+(q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			if done == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			done++
			delta += delta / done
			k := 0
			for delta > (base-low)*high/2 {
				delta /= base - low
				k += base
			}
			bias = k + (base-low+1)*delta/(delta+skew)
			delta = 0
		}
		delta++
	}
	return string(out)
}

// endings are those of the sites that people here meet. WeChat makes links of words that end so; others are names and figures.
var endings = []string{
	"com", "cn", "net", "org", "edu", "gov", "hk", "tw", "mo", "top", "xyz", "vip", "shop", "store", "site", "online", "club", "fun", "ltd", "group", "work",
	"cc", "co", "io", "me", "tv", "info", "biz", "app", "dev", "link", "ink", "icu", "pub", "wang", "tech", "live", "mobi", "asia", "win", "cloud", "art",
}
