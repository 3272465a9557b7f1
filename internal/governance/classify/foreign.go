package classify

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A foreign set is a public research set of texts that the project may measure with and never ships. rows answers the
// texts of its file by name of subset.
type foreignSet struct {
	file string
	rows func(line string) (subset, text string)
}

// column reads lines of a tab-separated file: the subset is named by the first column, or constant.
func column(name func(first string) string, texts ...int) func(string) (string, string) {
	return func(line string) (string, string) {
		f := strings.Split(line, "\t")
		if slices.Max(texts) >= len(f) {
			return "", ""
		}
		return name(f[0]), f[texts[0]]
	}
}

func always(s string) func(string) string { return func(string) string { return s } }

var masks = regexp.MustCompile(`[A-Za-z]{2,}|\s+`) // what the makers of a set put for names and numbers, and their spaces

func foreignSets() []foreignSet {
	return []foreignSet{
		{"spam_zh.tsv", column(func(f string) string { return "sms_" + f }, 1)},
		{"nus_sms_ham.tsv", column(always("private_sms"), 0)},
		{"egret_qa.tsv", column(always("forum_answers"), 1)},
		{"faq_pairs.tsv", column(always("customer_questions"), 2)},
		{"fbs_categories.tsv", func(line string) (string, string) {
			set, text := column(func(f string) string { return "station_" + f }, 1)(line)
			return set, masks.ReplaceAllString(text, "")
		}},
		{"stc3_helpdesk.jsonl", func(line string) (string, string) {
			var d struct {
				Turns []struct{ Role, Text string }
			}
			if json.Unmarshal([]byte(line), &d) != nil {
				return "", ""
			}
			for _, t := range d.Turns {
				if t.Role == "helpdesk" {
					return "service_turns", t.Text
				}
			}
			return "", ""
		}},
	}
}

// foreignLawful says which subsets hold only what is lawful. Advertising counts as lawful here, loans and network offers
// excepted: the makers' labels do not say whether those were honest.
func foreignLawful(set string) bool {
	switch set {
	case "sms_ham", "private_sms", "forum_answers", "customer_questions", "service_turns", "station_AD:Retail", "station_AD:Real_estate":
		return true
	}
	return false
}

// foreignOwn names the class that a subset is about.
func foreignOwn(set string) string {
	switch set {
	case "station_IL:Gambling":
		return "gambling"
	case "station_IL:Escort_service":
		return "porn"
	case "station_IL:Fake_ID_and_invoice":
		return "grey"
	case "station_FR:Phishing(Bank)", "station_FR:Other", "station_FR:Phishing(Other)":
		return "fraud"
	}
	return ""
}

// Set is a named set of texts to measure with.
type Set struct {
	Name  string
	Class string // of Classes that the texts are of; empty = lawful, or nobody says
	Sent  string // class of message that such texts are sent as: marketing or service
	Texts []string
}

// Foreign reads the foreign sets of a folder: those that are lawful, and those that are about a class.
func Foreign(dir string) ([]Set, error) {
	texts, err := readForeign(dir)
	if err != nil {
		return nil, err
	}
	var out []Set
	for name, t := range texts {
		s := Set{Name: name, Class: foreignOwn(name), Sent: "marketing", Texts: t}
		switch name {
		case "private_sms", "forum_answers", "customer_questions", "service_turns":
			s.Sent = "service"
		}
		if s.Class != "" || foreignLawful(name) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Set) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Kept lists the texts of the built-in set that nothing is learnt from, class by class.
func Kept(examples []Example) []Set {
	var out []Set
	for _, class := range append(Classes(), Lawful()...) {
		s := Set{Name: class, Class: class, Sent: "marketing"}
		if slices.Contains(Lawful(), class) {
			s.Class = ""
		}
		if class == "service" || class == "private" {
			s.Sent = "service"
		}
		for _, e := range examples {
			if e.Test && e.Class == class {
				s.Texts = append(s.Texts, e.Text)
			}
		}
		out = append(out, s)
	}
	return out
}

// Measure runs the model over the foreign sets of a folder.
func (m *Model) Measure(dir string) (Measured, error) {
	texts, err := readForeign(dir)
	if err != nil {
		return Measured{}, err
	}
	names := make([]string, 0, len(texts))
	for n := range texts {
		names = append(names, n)
	}
	slices.Sort(names)
	out := Measured{Model: m.Weights}
	for _, c := range m.header.Classes {
		out.Classes = append(out.Classes, ClassSets{Class: c})
	}
	for _, name := range names {
		alarms := make([]Alarms, len(m.header.Classes))
		some := Alarms{Set: name}
		for _, t := range texts[name] {
			judged, _ := m.judge(t)
			best := judged[0]
			for c, j := range judged {
				alarms[c].count(j)
				if j.Score-j.Band.Review > best.Score-best.Band.Review {
					best = j
				}
			}
			some.count(best)
		}
		out.AnyClass = append(out.AnyClass, some)
		for c := range alarms {
			alarms[c].Set = name
			if foreignLawful(name) {
				out.Classes[c].Lawful = append(out.Classes[c].Lawful, alarms[c])
			} else if foreignOwn(name) == m.header.Classes[c] {
				out.Classes[c].Own = append(out.Classes[c].Own, alarms[c])
			}
		}
	}
	out.Attacked = m.attackForeign(names, texts)
	return out, nil
}

func (m *Model) attackForeign(names []string, texts map[string][]string) []AttackRow {
	const most = 300 // of each set
	a := NewAttacker(m.form)
	var out []AttackRow
	for _, way := range append([]string{"none"}, Attacks()...) {
		r := rand.New(rand.NewPCG(5, 5)) //nolint:gosec // the same attack every time
		row := AttackRow{Attack: way}
		for _, name := range names {
			c := slices.Index(m.header.Classes, foreignOwn(name))
			if c < 0 {
				continue
			}
			for _, t := range texts[name][:min(most, len(texts[name]))] {
				judged, _ := m.judge(a.Attack(way, t, r))
				row.Texts++
				if judged[c].Score >= judged[c].Band.Review {
					row.Found++
				}
			}
		}
		out = append(out, row)
	}
	return out
}

func readForeign(dir string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, set := range foreignSets() {
		b, err := os.ReadFile(filepath.Join(dir, set.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read foreign texts: %w", err)
		}
		first := true
		for line := range strings.Lines(string(b)) {
			if first && strings.HasSuffix(set.file, ".tsv") {
				first = false
				continue
			}
			if subset, text := set.rows(strings.TrimSuffix(line, "\n")); subset != "" && text != "" {
				out[subset] = append(out[subset], text)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("read foreign texts: %s holds none of the files that are known", dir)
	}
	return out, nil
}
