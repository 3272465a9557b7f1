package autoreply

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"

	"zhiyin.dev/zhiyin/internal/automaton"
)

// maxText is how much of a message is looked at, in runes. WeCom lets a customer write more, but no keyword needs it.
const maxText = 2000

// Fold makes texts comparable that people take for the same: full and half width (Ａ, A), compatibility forms, upper
// and lower case; runs of white space become one space, and none is left at either end.
func Fold(s string) string {
	s = norm.NFKC.String(s)
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// bare is a folded text without the punctuation around it: "人工！" asks for the same as "人工".
func bare(folded string) string {
	return strings.TrimFunc(folded, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) || unicode.IsSymbol(r) })
}

// syllables is a text spelt in pinyin, with the places where a syllable or a word may begin or end.
type syllables struct {
	text []rune
	edge []bool // edge[i]: a syllable or word begins at i, or the former one ends there
}

// spell writes folded text in pinyin without tones. Chinese characters take their most common reading; letters and
// digits stay as they are, so a customer who types "jinqun" is understood like one who types 进群. The rest is left out.
func spell(folded string) syllables {
	var s syllables
	args := pinyin.NewArgs()
	word := false // inside a run of letters and digits
	mark := func() {
		for len(s.edge) <= len(s.text) {
			s.edge = append(s.edge, false)
		}
		s.edge[len(s.text)] = true
	}
	for _, r := range folded {
		if p := pinyin.SinglePinyin(r, args); len(p) > 0 {
			mark()
			s.text = append(s.text, []rune(p[0])...)
			mark()
			word = false
			continue
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			if !word {
				mark()
			}
			word = true
			s.text = append(s.text, r)
			continue
		}
		if word {
			mark()
		}
		word = false
	}
	mark()
	for len(s.edge) <= len(s.text) {
		s.edge = append(s.edge, false)
	}
	return s
}

// whole says whether a hit covers whole syllables: "xian" in 西安 (xi'an) is one, "ian" is none.
func (s syllables) whole(h automaton.Hit) bool { return s.edge[h.Start] && s.edge[h.End] }

func limit(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i]
		}
		n++
	}
	return s
}

// Bare is a message folded and without the punctuation around it, as an exact keyword is compared.
func Bare(text string) string { return bare(limit(Fold(text), maxText)) }
