package normal

import (
	"strings"

	"github.com/mozillazg/go-pinyin"
)

const (
	firstHan      = 0x4e00
	lastHan       = 0x9fff
	firstSyllable = 0xe000 // ids of syllables are private characters, so that an automaton over runes takes them
)

// Sounds is a text as it is heard: one id a syllable. Breaks (0) stand where something that is not spoken keeps two
// syllables apart.
type Sounds struct {
	IDs []rune
	// At and End are the runes of the text that a syllable stands for.
	At, End []int
}

// spellAll gives every Han character the syllable of its most common reading. Heteronyms come out wrong (重庆 is read
// zhong qing), so a match by sound is evidence only for words of three syllables and more.
func (f *Former) spellAll() {
	f.syllable = make([]rune, lastHan-firstHan+1)
	f.spelt = map[string]rune{}
	args := pinyin.NewArgs()
	plain := map[string]string{} // without its tone; the library finds it by expressions, too slow for 21,000 characters
	for r := rune(firstHan); r <= lastHan; r++ {
		toned, _, _ := strings.Cut(pinyin.PinyinDict[int(r)], ",")
		p, ok := plain[toned]
		if !ok {
			if all := pinyin.SinglePinyin(r, args); len(all) > 0 {
				p = all[0]
			}
			plain[toned] = p
		}
		if p == "" {
			continue
		}
		f.syllable[r-firstHan] = f.id(heard(p), true)
		if _, ok := f.spelt[p]; !ok {
			f.spelt[p] = f.syllable[r-firstHan]
		}
	}
}

// heard folds what many speakers do not tell apart.
func heard(p string) string {
	for _, c := range []string{"zh", "ch", "sh"} {
		if strings.HasPrefix(p, c) {
			return p[:1] + p[2:]
		}
	}
	return p
}

func (f *Former) id(p string, add bool) rune {
	if id, ok := f.spelt[p]; ok || !add {
		return id
	}
	id := firstSyllable + rune(len(f.names))
	f.spelt[p] = id
	f.names = append(f.names, p)
	return id
}

// Syllable is the id of a character's sound, 0 = it has none.
func (f *Former) Syllable(r rune) rune {
	if firstHan <= r && r <= lastHan {
		return f.syllable[r-firstHan]
	}
	return 0
}

// Spell writes syllables for people.
func (f *Former) Spell(ids []rune) string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if i := int(id - firstSyllable); i >= 0 && i < len(f.names) {
			out = append(out, f.names[i])
		}
	}
	return strings.Join(out, " ")
}

// Sounds spells a text. Letters that can be read as pinyin from end to end ("hongbao") count as syllables.
func (f *Former) Sounds(t Text) Sounds {
	n := len(t.Runes)
	s := Sounds{IDs: make([]rune, 0, n), At: make([]int, 0, n), End: make([]int, 0, n)}
	add := func(id rune, at, end int) {
		s.IDs, s.At, s.End = append(s.IDs, id), append(s.At, at), append(s.End, end)
	}
	for i := 0; i < n; {
		r := t.Runes[i]
		if id := f.Syllable(r); id != 0 {
			add(id, i, i+1)
			i++
			continue
		}
		j := i
		for j < n && t.Runes[j] >= 'a' && t.Runes[j] <= 'z' {
			j++
		}
		if j == i {
			j = i + 1
		}
		if ids, sizes := f.read(string(t.Runes[i:j])); ids != nil {
			at := i
			for k, id := range ids {
				add(id, at, at+sizes[k])
				at += sizes[k]
			}
		} else if len(s.IDs) > 0 && s.IDs[len(s.IDs)-1] != 0 {
			add(0, i, j)
		}
		i = j
	}
	return s
}

// read cuts letters into syllables, the longest first; nil when some are left over.
func (f *Former) read(letters string) (ids []rune, sizes []int) {
	const longest = 6
	for len(letters) > 0 {
		n := min(longest, len(letters))
		var id rune
		for ; n > 1; n-- {
			if id = f.id(letters[:n], false); id != 0 {
				break
			}
		}
		if id == 0 {
			return nil, nil
		}
		ids, sizes = append(ids, id), append(sizes, n)
		letters = letters[n:]
	}
	return ids, sizes
}
