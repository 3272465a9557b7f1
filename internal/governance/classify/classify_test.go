package classify

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/governance/normal"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

func examples(t *testing.T) []Example {
	t.Helper()
	out, err := ReadExamples(Corpus())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func builtin(t testing.TB) *Model {
	t.Helper()
	m, err := Builtin(normal.New())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fourGrams of a text without marks.
func fourGrams(s string) map[string]bool {
	rs := []rune(regexp.MustCompile(`[\s\p{P}\p{S}]`).ReplaceAllString(s, ""))
	out := map[string]bool{}
	for i := 0; i+4 <= len(rs); i++ {
		out[string(rs[i:i+4])] = true
	}
	return out
}

func TestTheCorpusIsWhatItClaims(t *testing.T) {
	t.Parallel()
	all := examples(t)
	if len(all) < 3000 {
		t.Errorf("%d texts, want 3,000 and more", len(all))
	}
	classes, patterns, folds, evasions := map[string]int{}, map[string]int{}, map[string]bool{}, map[string]int{}
	texts := map[string]bool{}
	for _, e := range all {
		classes[e.Class]++
		patterns[e.Pattern]++
		evasions[e.Evasion]++
		if was, ok := folds[e.Pattern]; ok && was != e.Test {
			t.Errorf("pattern %s is in both folds", e.Pattern)
		}
		folds[e.Pattern] = e.Test
		if texts[e.Text] || !utf8.ValidString(e.Text) {
			t.Errorf("%q is there twice or is no text", e.Text)
		}
		texts[e.Text] = true
	}
	for _, c := range slices.Concat(Classes(), Lawful()) {
		if classes[c] < 300 {
			t.Errorf("class %s has %d texts, want 300 and more", c, classes[c])
		}
	}
	for p, n := range patterns {
		if n > 5 {
			t.Errorf("pattern %s has %d texts, want at most 5", p, n)
		}
	}
	if hidden := len(all) - evasions["none"]; hidden < 300 || len(evasions) < 6 {
		t.Errorf("%d texts hide words in %d ways", hidden, len(evasions)-1)
	}
	for _, e := range all {
		if m := regexp.MustCompile(`1[3-9]\d{9}|\d{17}[\dxX]`).FindString(e.Text); m != "" {
			t.Errorf("%q holds a number that may be somebody's: %s", e.Text, m)
		}
	}
}

func TestNoTwoTextsOfTheCorpusShareHalfOfTheirFourGrams(t *testing.T) {
	t.Parallel()
	form := normal.New()
	index := map[string][]int{}
	var sets []map[string]bool
	for i, e := range examples(t) {
		g := fourGrams(form.Of(e.Text).String)
		shared := map[int]int{}
		for x := range g {
			for _, j := range index[x] {
				shared[j]++
			}
			index[x] = append(index[x], i)
		}
		for j, n := range shared {
			if 2*n > min(len(g), len(sets[j])) {
				t.Errorf("texts %d and %d share %d of %d and %d: %q", i, j, n, len(g), len(sets[j]), e.Text)
			}
		}
		sets = append(sets, g)
	}
}

// No phrase that is learnt from is in what is tested on.
func TestTheFoldsShareNoPhrase(t *testing.T) {
	t.Parallel()
	form := normal.New()
	learnt := map[string]bool{}
	cut := func(s string) []string {
		n := form.Of(s)
		var out []string
		for _, p := range phrases(n) {
			if s := string(n.Runes[p[0]:p[1]]); utf8.RuneCountInString(s) >= 8 {
				out = append(out, s)
			}
		}
		return out
	}
	all := examples(t)
	for _, e := range all {
		for _, p := range cut(e.Text) {
			if !e.Test && e.Evasion == "none" {
				learnt[p] = true
			}
		}
	}
	both, tested := map[string]bool{}, map[string]bool{}
	for _, e := range all {
		for _, p := range cut(e.Text) {
			if e.Test && e.Evasion == "none" {
				tested[p] = true
				both[p] = both[p] || learnt[p]
			}
		}
	}
	n := 0
	for p, in := range both {
		if in {
			n++
			t.Logf("in both folds: %q", p)
		}
	}
	if n*100 > len(tested) {
		t.Errorf("%d of %d phrases of the test fold were learnt from", n, len(tested))
	}
}

func TestTheModelThatShipsFitsItsDataAndCode(t *testing.T) {
	t.Parallel()
	m := builtin(t)
	if len(m.Metrics) != len(Classes()) || m.Version() == "" {
		t.Fatalf("metrics of %d classes", len(m.Metrics))
	}
	for _, x := range m.Metrics {
		if x.Found.Review > 0 && x.Faithful < 0.95 {
			t.Errorf("%s: without the span shown only %.0f %% fall below the threshold", x.Class, 100*x.Faithful)
		}
	}
	got, attacks := m.Test(examples(t)) // the figures in the file are those of the model
	for c := range got {
		if got[c].Recall != m.Metrics[c].Recall || got[c].Precision != m.Metrics[c].Precision {
			t.Errorf("%s: measured %+v, the file says %+v", got[c].Class, got[c], m.Metrics[c])
		}
	}
	if !slices.Equal(attacks, m.Attacks) {
		t.Errorf("attacks: measured %+v, the file says %+v", attacks, m.Attacks)
	}
}

func TestAModelThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	form := normal.New()
	z, err := gzip.NewReader(bytes.NewReader(modelFile))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]byte) []byte{
		"a weight":      func(b []byte) []byte { b[len(b)-7]++; return b },
		"a threshold":   func(b []byte) []byte { return bytes.Replace(b, []byte(`"review":`), []byte(`"review":1`), 1) },
		"the code":      func(b []byte) []byte { return bytes.Replace(b, []byte(`"code_hash":"`), []byte(`"code_hash":"0`), 1) },
		"a missing end": func(b []byte) []byte { return b[:len(b)-1] },
		"another shape": func(b []byte) []byte { return bytes.Replace(b, []byte(`"format":1`), []byte(`"format":2`), 1) },
		"no header":     func(b []byte) []byte { return b[100:] },
	} {
		var file bytes.Buffer
		w := gzip.NewWriter(&file)
		if _, err := w.Write(change(bytes.Clone(raw))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(form, file.Bytes()); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
	if _, err := Open(form, []byte("nothing")); err == nil {
		t.Error("what is no file is opened")
	}
}

func TestAClassThatWasNotMeasuredNeverBlocks(t *testing.T) {
	t.Parallel()
	m, err := Open(normal.New(), modelFile)
	if err != nil {
		t.Fatal(err)
	}
	for c, b := range m.Bands {
		if b.Ceiling.Refuses() {
			t.Errorf("%s may %s", m.header.Classes[c], b.Ceiling)
		}
	}
}

func TestCeilingsFollowTheFigures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		measured Alarms
		want     policy.Action
	}{
		{"few false alarms", Alarms{Texts: 2000, Review: 20, Block: 10}, policy.Block},
		{"more than 0.5 % would be blocked", Alarms{Texts: 2000, Review: 20, Block: 11}, policy.Review},
		{"more than 2 % would be reviewed", Alarms{Texts: 2000, Review: 41, Block: 0}, policy.Warn},
		{"a small set", Alarms{Texts: 100, Review: 5, Block: 0}, policy.Block},
	} {
		m := &Model{header: header{Classes: []string{"porn"}, Bands: make([]Band, 1), Weights: "w"}}
		m.limit(Measured{Model: "w", Classes: []ClassSets{{Class: "porn", Lawful: []Alarms{c.measured}}}})
		if got := m.Bands[0].Ceiling; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		m.limit(Measured{Model: "another", Classes: []ClassSets{{Class: "porn", Lawful: []Alarms{c.measured}}}})
		if m.Bands[0].Ceiling == policy.Block {
			t.Errorf("%s: figures of another model let it block", c.name)
		}
	}
}

// The same texts give the same model: here on a twentieth of them, twice.
func TestTrainingIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	var some []Example
	for i, e := range examples(t) {
		if i%20 == 0 {
			some = append(some, e)
		}
	}
	form := normal.New()
	a, m, err := Train(form, some, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := Train(form, some, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("two trainings differ")
	}
	again, err := Open(form, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range some[:20] {
		x, y := m.Read(form.Of(e.Text)).Judge(), again.Read(form.Of(e.Text)).Judge()
		if !slices.Equal(x, y) {
			t.Fatalf("%q: %v before, %v after it was written", e.Text, x, y)
		}
	}
}

func TestExamplesThatAreWrittenWrongNameTheirLine(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"porn\ttrain\tx\tnone", "porn\tmaybe\tx\tnone\ttext", "evil\ttrain\tx\tnone\ttext", "porn\ttrain\tx\tnone\t"} {
		if _, err := ReadExamples([]byte("# head\n" + file + "\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// N8: other shops, numbers and dates in lawful texts change nothing. The model is linear, so a text that stands at a
// threshold may step over it: in no more than one of two hundred.
func TestNamesAndNumbersOfLawfulTextsChangeNothing(t *testing.T) {
	t.Parallel()
	m := builtin(t)
	r := rand.New(rand.NewPCG(1, 1))
	digits := regexp.MustCompile(`\d+`)
	shops := []string{"知音小铺", "云栖美学", "青禾书院", "橙子宠物", "锦里小馆", "半山家政", "晨光牙科", "木槿花坊", "北岸健身", "南桥汽修", "山海茶舍", "暖阁家居", "星河药房", "麦田烘焙"}
	tried, changed := 0, 0
	for _, e := range examples(t) {
		if !slices.Contains(Lawful(), e.Class) || e.Evasion != "none" {
			continue
		}
		for range 4 {
			other := digits.ReplaceAllStringFunc(e.Text, func(string) string { return string(rune('1' + r.IntN(9))) })
			for _, s := range shops {
				other = strings.ReplaceAll(other, s, shops[r.IntN(len(shops))])
			}
			if other == e.Text {
				continue
			}
			tried++
			a, _ := m.judge(e.Text)
			b, _ := m.judge(other)
			for c := range a {
				if a[c].Action != b[c].Action {
					changed++
					t.Logf("%q is %s as %s, %q is %s", e.Text, a[c].Action, a[c].Class, other, b[c].Action)
				}
			}
		}
	}
	t.Logf("%d of %d decisions changed", changed, tried)
	if tried < 1000 || 200*changed > tried {
		t.Errorf("%d of %d decisions changed", changed, tried)
	}
}

func BenchmarkJudge(b *testing.B) {
	m := builtin(b)
	t := m.form.Of(strings.Repeat("周末护理课开放预约，名额有限，到店请出示会员码。", 4))
	for b.Loop() {
		m.Read(t).Judge()
	}
}
