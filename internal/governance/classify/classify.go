// Package classify says how much a text resembles those that rules are about: a linear model over hashed n-grams of
// characters and syllables, one logistic regression a class. It learns from data/corpus.tsv, which was written for this
// project, and from nothing else that ships.
//
// # What keeps it honest
//
// A model file names the data and the code it was made of; what does not fit is refused. The data's test fold shares no
// phrase with the part it learnt from. Ceilings are not chosen by hand: a class that raises more false alarms than
// mostRefused on any lawful set, or that was not measured on foreign texts, never blocks by itself (see ceiling).
//
// Callers: internal/governance/guard, and `zhiyin guard`.
package classify

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the model
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"zhiyin.dev/zhiyin/internal/governance/normal"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

//go:embed data/model.bin
var modelFile []byte

//go:embed data/measured.json
var measuredFile []byte

// Classes are what the classifier knows; each is named by the rule that reads it.
func Classes() []string { return []string{"gambling", "porn", "fraud", "grey", "induced", "claim"} }

// Lawful are the sorts of texts that no class may object to.
func Lawful() []string { return []string{"service", "marketing", "private", "exempt"} }

// Band holds a class's thresholds: from Review on a text is doubtful, from Block on it is refused, as far as Ceiling lets it.
type Band struct {
	Review  float64       `json:"review"`
	Block   float64       `json:"block"`
	Ceiling policy.Action `json:"-"`
}

// header of a model file.
type header struct {
	Format   int         `json:"format"`
	Classes  []string    `json:"classes"`
	Buckets  int         `json:"buckets"`
	DataHash string      `json:"data_hash"` // of the corpus it learnt from
	CodeHash string      `json:"code_hash"` // of what features make of probe texts
	Weights  string      `json:"weights"`   // hash of weights, bias and thresholds: what decides
	Scale    []float64   `json:"scale"`     // what one step of a weight is worth
	Bias     []float64   `json:"bias"`
	Bands    []Band      `json:"bands"`
	Metrics  []Metric    `json:"metrics"` // on the test fold
	Attacks  []AttackRow `json:"attacks"`
}

// Model is a trained classifier. It is never changed; any number of goroutines may use it.
type Model struct {
	header
	form    *normal.Former
	weights []int8 // of bucket b and class c at b*len(Classes)+c
}

const format = 1

// ErrMismatch is a model file that was made of other data or by other code, or was changed.
var ErrMismatch = errors.New("the model does not fit")

// Builtin opens the model that ships, with its ceilings.
func Builtin(form *normal.Former) (*Model, error) {
	m, err := Open(form, modelFile)
	if err != nil {
		return nil, err
	}
	if want := Hash(corpusFile); m.DataHash != want {
		return nil, fmt.Errorf("%w: it learnt from data %.12s, the corpus is %.12s; run zhiyin guard train", ErrMismatch, m.DataHash, want)
	}
	var measured Measured
	if err := json.Unmarshal(measuredFile, &measured); err != nil {
		return nil, fmt.Errorf("read what was measured of the model: %w", err)
	}
	m.limit(measured)
	return m, nil
}

// Open reads a model file. Until it is measured on foreign texts, no class of it blocks.
func Open(form *normal.Former, file []byte) (*Model, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("read the model: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("read the model: %w", err)
	}
	head, weights, ok := bytes.Cut(raw, []byte("\n"))
	m := &Model{form: form}
	if err := json.Unmarshal(head, &m.header); err != nil || !ok {
		return nil, fmt.Errorf("read the model's header: %w", errors.Join(err, ErrMismatch))
	}
	n := len(m.header.Classes)
	switch {
	case m.Format != format || m.Buckets != buckets || n == 0 || len(m.Bias) != n || len(m.Scale) != n || len(m.Bands) != n || len(weights) != n*buckets:
		return nil, fmt.Errorf("%w: it has another shape", ErrMismatch)
	case m.hash(weights) != m.Weights:
		return nil, fmt.Errorf("%w: its weights are not those of its hash", ErrMismatch)
	case codeHash(form) != m.CodeHash:
		return nil, fmt.Errorf("%w: the code makes other features now; run zhiyin guard train", ErrMismatch)
	}
	m.weights = make([]int8, len(weights))
	for i, b := range weights {
		m.weights[i] = int8(b)
	}
	m.limit(Measured{})
	return m, nil
}

// bytes writes the model file.
func (m *Model) bytes() ([]byte, error) {
	raw := make([]byte, len(m.weights))
	for i, w := range m.weights {
		raw[i] = byte(w)
	}
	m.Weights = m.hash(raw)
	head, err := json.Marshal(m.header)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(slices.Concat(head, []byte("\n"), raw)); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// hash names what decides.
func (m *Model) hash(weights []byte) string {
	b := fmt.Append(slices.Clip(weights), m.header.Classes, m.Scale, m.Bias)
	for _, x := range m.Bands {
		b = fmt.Append(b, x.Review, x.Block)
	}
	return Hash(b)
}

// Hash names data.
func Hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// codeHash names the code by what it does: the features of probe texts. A comment changes nothing, a feature does.
func codeHash(form *normal.Former) string {
	h := sha256.New()
	for _, s := range []string{
		"您好，我是门店顾问小林，预约的护理改到周三下午三点", "轉發海報領紅包🎁🎁，截图给我 2026-11-29", "加v信：I35②②35，hongbao等你！\n百·家·乐", "𝐕𝐈𝐏 аpp 高\u200b仿",
		"理财非存款，产品有风险。年化3.5%？", "女士您的包裹由顺达快递揽收，单号8021-10-34", "哈哈哈哈哈 OK 好的", "ｆｕｌｌ　ｗｉｄｔｈ １２３ 一三五七九二四六八",
	} {
		for _, fs := range featuresOf(form, form.Of(s)) {
			for _, f := range fs {
				fmt.Fprint(h, f.bucket, f.from, f.to, ";")
			}
			fmt.Fprintln(h)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Version names the model.
func (m *Model) Version() string { return m.Weights[:12] }

// Judged is what the model says of a text about one class.
type Judged struct {
	Class  string
	Score  float64 // log odds
	Band   Band
	Action policy.Action
	phrase int // the worst
}

// Reading is a text with everything that is needed to judge and explain it.
type Reading struct {
	m       *Model
	text    normal.Text
	phrases [][]feature
}

// Read prepares a text.
func (m *Model) Read(t normal.Text) Reading { return m.ReadHeard(t, m.form.Sounds(t)) }

// ReadHeard reads a text whose sounds are known.
func (m *Model) ReadHeard(t normal.Text, said normal.Sounds) Reading {
	return Reading{m, t, features(t, said)}
}

// fewestFeatures of a phrase below which it is too short to be judged by what it resembles: seven characters.
const fewestFeatures = 28

// per is what the sum over a phrase's n-grams is divided by. A short phrase counts as one of a dozen characters: else one
// word would decide it.
func per(n int) float64 { return math.Sqrt(float64(max(n, 54))) }

// Judge says what the classes make of the text, in the order of Classes: what they make of its worst phrase.
func (r Reading) Judge() []Judged {
	n := len(r.m.header.Classes)
	out := make([]Judged, n)
	for c := range out {
		out[c] = Judged{Class: r.m.header.Classes[c], Score: math.Inf(-1), Band: r.m.Bands[c], Action: policy.Allow}
	}
	sums := make([]int32, n)
	for k, fs := range r.phrases {
		if len(fs) < fewestFeatures {
			continue
		}
		clear(sums)
		for _, f := range fs {
			for c, x := range r.m.weights[int(f.bucket)*n : int(f.bucket)*n+n] {
				sums[c] += int32(x)
			}
		}
		for c := range out {
			if s := r.m.Bias[c] + float64(sums[c])*r.m.Scale[c]/per(len(fs)); s > out[c].Score {
				out[c].Score, out[c].phrase = s, k
			}
		}
	}
	for c := range out {
		if j := &out[c]; j.Score >= j.Band.Block {
			j.Action = policy.Milder(policy.Block, j.Band.Ceiling)
		} else if j.Score >= j.Band.Review {
			j.Action = policy.Milder(policy.Review, j.Band.Ceiling)
		}
	}
	return out
}
