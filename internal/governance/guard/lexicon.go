package guard

import (
	_ "embed" // the words
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/governance/normal"
)

//go:embed data/lexicon.json
var lexiconFile []byte

// Entry is a group of words that a class of rules looks for. Words are written in normal form.
type Entry struct {
	Class  string   `json:"class"`
	Terms  []string `json:"terms"`
	View   string   `json:"view,omitempty"`   // "" = as written, "sound" = also when written by other characters of that sound
	Near   []string `json:"near,omitempty"`   // one of these has to be in the same clause
	NotIf  []string `json:"not_if,omitempty"` // unless one of these is
	Doubt  bool     `json:"doubt,omitempty"`  // a person looks, whatever the rule does: honest texts use such words too
	Source string   `json:"source"`
	Author string   `json:"author"`
	Date   string   `json:"date"`
}

// term is one word, ready to be looked for.
type term struct {
	word        string
	sound       string // ids of its syllables
	near, notIf []string
	doubt       bool
}

func loadLexicon() ([]Entry, error) {
	var out []Entry
	if err := json.Unmarshal(lexiconFile, &out); err != nil {
		return nil, fmt.Errorf("read the lexicon: %w", err)
	}
	return out, nil
}

// fewestSyllables of a word that is looked for by its sound: two syllables have too many honest readings.
const fewestSyllables = 3

// take adds the words of an entry to the rule.
func (r *rule) take(form *normal.Former, e Entry) error {
	for _, w := range e.Terms {
		n := form.Of(w)
		if n.String != w || utf8.RuneCountInString(w) < 2 || len(clauses(n.Runes)) != 1 {
			return fmt.Errorf("%q of the lexicon is not a word in normal form", w)
		}
		t := term{word: w, near: e.Near, notIf: e.NotIf, doubt: e.Doubt}
		r.terms = append(r.terms, t)
		switch e.View {
		case "":
		case "sound":
			ids := form.Sounds(n).IDs
			if len(ids) < fewestSyllables || slices.Contains(ids, 0) {
				return fmt.Errorf("%q of the lexicon is too short to be known by its sound", w)
			}
			t.sound = string(ids)
			r.sounds = append(r.sounds, t)
		default:
			return fmt.Errorf("%q of the lexicon: unknown view %q", w, e.View)
		}
	}
	return nil
}

// parts are characters that people write as two: only inside a word of the lexicon are the two read as one.
var parts = [][2]string{
	{"枪", "木仓"},
	{"赌", "贝者"},
	{"弹", "弓单"},
	{"骗", "马扁"},
	{"钱", "钅戋"},
	{"贷", "代贝"},
	{"彩", "采彡"},
	{"嫖", "女票"},
	{"炮", "火包"},
	{"裸", "衤果"},
	{"票", "覀示"},
	{"博", "十尃"},
	{"奸", "女干"},
	{"粉", "米分"},
	{"刷", "尸巾刂"},
	{"微", "彳山攵"},
	{"群", "君羊"},
	{"期", "其月"},
}

// forms lists how the word may be written.
func (t term) forms() []string {
	out := []string{t.word}
	for _, p := range parts {
		if strings.Contains(t.word, p[0]) {
			out = append(out, strings.ReplaceAll(t.word, p[0], p[1]))
		}
	}
	return out
}

// holds says whether a place where the word stands counts: what has to be near is, what excuses it is not.
func (t term) holds(text normal.Text, cl clause) bool {
	if len(t.near) == 0 && len(t.notIf) == 0 {
		return true
	}
	s := text.String[text.Byte(cl.from):text.Byte(cl.to)]
	in := func(w string) bool { return strings.Contains(s, w) }
	return (len(t.near) == 0 || slices.ContainsFunc(t.near, in)) && !slices.ContainsFunc(t.notIf, in)
}
