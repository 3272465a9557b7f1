// Package normal gives texts the one form in which the content rules and the classifier read them, with the way back to
// the original, and spells them in pinyin. It undoes the usual ways of hiding words and knows no rule.
//
// Callers: internal/governance/guard and internal/governance/classify.
package normal

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Text is a text in normal form. Positions are runes of that form unless said otherwise.
type Text struct {
	String string
	Runes  []rune

	at       []int // byte of String at which a rune begins; one more than runes
	from, to []int // bytes of the original that a rune stands for
}

// unit is one rune of the normal form and the bytes of the original it stands for.
type unit struct {
	r        rune
	from, to int
}

// Former makes normal forms. It is never changed after it was made; any number of goroutines may use it.
type Former struct {
	simplified map[rune]rune
	lookalike  map[rune]rune
	syllable   []rune // id of the syllable of a Han character from firstHan on, 0 = none
	spelt      map[string]rune
	names      []string // spelling of a syllable, by id - firstSyllable
}

// New makes a Former: it reads the table of traditional characters and spells every Chinese character once.
func New() *Former {
	f := &Former{simplified: pairs(traditional), lookalike: pairs(lookalikes)}
	f.spellAll()
	return f
}

// Of answers the normal form of s. In this order: compatibility forms (full width, circled, styled letters), lower case,
// no format and combining characters, traditional to simplified, look-alike letters in words that mix scripts; then
// marks between two Han characters or two digits go, digits written otherwise inside a long number become digits, and a
// letter that stands three times and more stands once. Punctuation of sentences stays, so that no rule matches across
// it. The form of a form is itself. It is linear in len(s) but for texts made to be slow, where it stays bounded.
func (f *Former) Of(s string) Text {
	units := f.confusables(f.fold(s))
	for { // what is dropped may bring together what is dropped next: until nothing changes
		n := len(units)
		units = separators(units)
		changed := digits(units)
		units = squeeze(units)
		if len(units) == n && !changed {
			break
		}
	}
	t := Text{Runes: make([]rune, len(units)), at: make([]int, len(units)+1), from: make([]int, len(units)), to: make([]int, len(units))}
	var b strings.Builder
	b.Grow(len(s))
	for i, u := range units {
		t.Runes[i], t.at[i], t.from[i], t.to[i] = u.r, b.Len(), u.from, u.to
		b.WriteRune(u.r)
	}
	t.String = b.String()
	t.at[len(units)] = len(t.String)
	return t
}

// Original answers the bytes of the original that the runes [i, j) stand for.
func (t Text) Original(i, j int) (from, to int) {
	if i >= j {
		return 0, 0
	}
	return t.from[i], t.to[j-1]
}

// Rune answers the rune that begins at a byte of String.
func (t Text) Rune(b int) int { return sort.SearchInts(t.at, b) }

// Byte answers where rune i begins in String.
func (t Text) Byte(i int) int { return t.at[i] }

// Change is a piece of the original, in bytes, that reads otherwise in the normal form.
type Change struct {
	From, To int
	Now      string
}

// Changes lists what was changed or dropped, in order.
func (t Text) Changes(original string) []Change {
	var out []Change
	add := func(from, to int, now string) {
		if original[from:to] == now {
			return
		}
		if n := len(out); n > 0 && out[n-1].To == from {
			out[n-1].To, out[n-1].Now = to, out[n-1].Now+now
			return
		}
		out = append(out, Change{from, to, now})
	}
	end := 0
	for i := 0; i < len(t.Runes); {
		j := i + 1
		for j < len(t.Runes) && t.from[j] == t.from[i] {
			j++
		}
		add(end, t.from[i], "")
		add(t.from[i], t.to[j-1], t.String[t.at[i]:t.at[j]])
		end = t.to[j-1]
		i = j
	}
	add(end, len(original), "")
	return out
}

func (f *Former) fold(s string) []unit {
	units := make([]unit, 0, len(s))
	var it norm.Iter
	it.InitString(norm.NFKC, s)
	for !it.Done() {
		from := it.Pos()
		seg := it.Next()
		to := it.Pos()
		for len(seg) > 0 {
			r, size := utf8.DecodeRune(seg)
			seg = seg[size:]
			switch {
			case r < utf8.RuneSelf:
				if 'A' <= r && r <= 'Z' {
					r += 'a' - 'A'
				}
			case isHan(r):
				if t, ok := f.simplified[r]; ok {
					r = t
				}
			default:
				r = unicode.ToLower(r)
				if unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me) {
					continue
				}
			}
			if r != '\r' {
				units = append(units, unit{r, from, to})
			}
		}
	}
	return units
}

func isHan(r rune) bool {
	return firstHan <= r && r <= lastHan || r > utf8.RuneSelf && unicode.Is(unicode.Han, r)
}

// confusables maps look-alikes to ASCII, only inside words that mix scripts: an honest Russian word stays.
func (f *Former) confusables(units []unit) []unit {
	other := func(r rune) bool { return !isHan(r) && unicode.IsLetter(r) }
	for i := 0; i < len(units); {
		if !other(units[i].r) {
			i++
			continue
		}
		j, latin, foreign := i, false, false
		for j < len(units) && other(units[j].r) {
			if units[j].r < unicode.MaxASCII {
				latin = true
			} else if _, ok := f.lookalike[units[j].r]; ok {
				foreign = true
			}
			j++
		}
		if latin && foreign {
			for k := i; k < j; k++ {
				if a, ok := f.lookalike[units[k].r]; ok {
					units[k].r = a
				}
			}
		}
		i = j
	}
	return units
}

// separators drops what stands between two Han characters or two digits to break a word.
func separators(units []unit) []unit {
	out := units[:0]
	for i := 0; i < len(units); {
		if !breaks(units[i].r) {
			out = append(out, units[i])
			i++
			continue
		}
		j := i
		for j < len(units) && breaks(units[j].r) {
			j++
		}
		drop := false
		if len(out) > 0 && j < len(units) {
			a, b := out[len(out)-1].r, units[j].r
			drop = isHan(a) && isHan(b) || digit(a) && digit(b) && !has(units[i:j], '-', '.', '/')
		}
		if !drop {
			out = append(out, units[i:j]...)
		}
		i = j
	}
	return out
}

func has(units []unit, rs ...rune) bool {
	return slices.ContainsFunc(units, func(u unit) bool { return slices.Contains(rs, u.r) })
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

// breaks says whether r may be a mark put inside a word. Line ends and the punctuation of sentences are not.
func breaks(r rune) bool {
	if isHan(r) || digit(r) || 'a' <= r && r <= 'z' {
		return false
	}
	switch r {
	case '\n', ',', '!', '?', ';', ':', '。', '、', '"', '\'', '“', '”', '‘', '’', '(', ')', '[', ']', '【', '】', '《', '》', '「', '」', '%', '#', '@', '&':
		return false
	case '.': // a full stop is 。 in Chinese; "." between two Han characters is a trick
		return true
	}
	return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) && !unicode.Is(unicode.Sc, r)
}

// longNumber is how long a number must be for look-alikes in it to be read as digits: shorter than any phone or account
// number, longer than a price, a date or a word.
const longNumber = 7

// digits writes the digits of a long number as digits, whatever they were written with, and says whether it did.
func digits(units []unit) bool {
	changed := false
	for i := 0; i < len(units); {
		j, letters, foreign := i, 0, false
		for j < len(units) {
			r := units[j].r
			if !digit(r) {
				if r == 'o' || r == 'l' || r == 'i' {
					letters++
				} else if numeral(r) < 0 {
					break
				}
				foreign = true
			}
			j++
		}
		if j-i >= longNumber && foreign && letters*3 <= j-i {
			for k := i; k < j; k++ {
				if d := numeral(units[k].r); d >= 0 {
					units[k].r = '0' + rune(d)
				}
			}
			changed = true
		}
		i = max(j, i+1)
	}
	return changed
}

// numeral is the digit that a character other than a digit stands for, or -1.
func numeral(r rune) int {
	switch r {
	case 'o', '零', '〇':
		return 0
	case 'l', 'i', '一', '壹', '幺':
		return 1
	case '二', '贰':
		return 2
	case '三', '叁':
		return 3
	case '四', '肆':
		return 4
	case '五', '伍':
		return 5
	case '六', '陆':
		return 6
	case '七', '柒':
		return 7
	case '八', '捌':
		return 8
	case '九', '玖':
		return 9
	}
	return -1
}

// squeeze makes one of three and more of the same letter. Digits stay: 1000 is not 10.
func squeeze(units []unit) []unit {
	out := units[:0]
	for i := 0; i < len(units); {
		j := i
		for j < len(units) && units[j].r == units[i].r {
			j++
		}
		if j-i >= 3 && unicode.IsLetter(units[i].r) {
			u := units[i]
			u.to = units[j-1].to
			out = append(out, u)
		} else {
			out = append(out, units[i:j]...)
		}
		i = j
	}
	return out
}

// Traditional answers a traditional form of each simplified character: for tests that hide words.
func (f *Former) Traditional() map[rune]rune {
	out := map[rune]rune{}
	for t, s := range f.simplified {
		if was, ok := out[s]; !ok || t < was {
			out[s] = t
		}
	}
	return out
}
