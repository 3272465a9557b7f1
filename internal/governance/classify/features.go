package classify

import (
	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// buckets is how many weights a class has: features are hashed into them.
const buckets = 1 << 18

// feature is a hashed n-gram and the runes of the text it stands on.
type feature struct {
	bucket   uint32
	from, to int32
}

// A token is one character as the classifier sees it: a run of digits is one sign, white space and marks none.
type token struct {
	r        rune
	from, to int32
}

// A phrase is what is judged at once: what stands between two marks, or a piece of it when that is long. One phrase is
// enough to convict, and honest words around it do not dilute it. Too short a piece goes on over a comma: "deposit gives,
// rebate fast, paid at once" is one phrase.
const (
	longPhrase  = 24 // runes
	stepPhrase  = 12
	shortPhrase = 10
)

// phrases cuts a text.
func phrases(t normal.Text) [][2]int {
	var out [][2]int
	add := func(from, to int) {
		for to-from > longPhrase {
			out = append(out, [2]int{from, from + longPhrase})
			from += stepPhrase
		}
		if to > from {
			out = append(out, [2]int{from, to})
		}
	}
	from := 0
	for i, r := range t.Runes {
		switch r {
		case '。', '!', '?', ';', '\n', '【', '】':
			add(from, i)
			from = i + 1
		case ',', '.', ':', '、', '~', ' ', '(', ')':
			if i-from >= shortPhrase {
				add(from, i)
				from = i + 1
			}
		}
	}
	add(from, len(t.Runes))
	return out
}

// features answers the character 1- to 3-grams and the syllable 2- to 3-grams of each phrase of a text.
func features(t normal.Text, said normal.Sounds) [][]feature {
	cut := phrases(t)
	out := make([][]feature, len(cut))
	runes := 0
	for _, p := range cut {
		runes += p[1] - p[0]
	}
	fs := make([]feature, 0, 6*runes)
	buffer := make([]token, 0, longPhrase)
	at := 0
	for k, p := range cut {
		first := len(fs)
		tokens := tokens(buffer, t, p[0], p[1])
		for i := range tokens {
			h := uint32(1)
			for n := 0; n < 3 && i+n < len(tokens); n++ {
				h = mix(h, uint32(tokens[i+n].r))
				fs = append(fs, feature{bucket: h % buckets, from: tokens[i].from, to: tokens[i+n].to})
			}
		}
		for at > 0 && said.At[at-1] >= p[0] { // phrases that were cut overlap
			at--
		}
		for at < len(said.IDs) && said.At[at] < p[0] {
			at++
		}
		for i := at; i < len(said.IDs) && said.End[i] <= p[1]; i++ {
			if said.IDs[i] == 0 {
				continue
			}
			h := mix(2, uint32(said.IDs[i]))
			for n := 1; n < 3 && i+n < len(said.IDs) && said.IDs[i+n] != 0 && said.End[i+n] <= p[1]; n++ {
				h = mix(h, uint32(said.IDs[i+n]))
				fs = append(fs, feature{bucket: h % buckets, from: int32(said.At[i]), to: int32(said.End[i+n])})
			}
		}
		out[k] = fs[first:len(fs):len(fs)]
	}
	return out
}

// featuresOf does the same for a text whose sounds are not known yet.
func featuresOf(form *normal.Former, t normal.Text) [][]feature { return features(t, form.Sounds(t)) }

// tokens are the signs of the runes [from, to), in the room of buffer.
func tokens(buffer []token, t normal.Text, from, to int) []token {
	out := buffer[:0]
	for i := from; i < to; i++ {
		r := t.Runes[i]
		switch {
		case r >= '0' && r <= '9':
			j := i
			for j+1 < to && t.Runes[j+1] >= '0' && t.Runes[j+1] <= '9' {
				j++
			}
			out = append(out, token{'0', int32(i), int32(j + 1)})
			i = j
		case r >= 'a' && r <= 'z' || r >= 0x3400 && r <= 0x9fff:
			out = append(out, token{r, int32(i), int32(i + 1)})
		}
	}
	return out
}

// mix is FNV-1a over 32-bit words with a last stir; it is part of what a model file depends on.
func mix(h, x uint32) uint32 {
	h = (h ^ x) * 16777619
	return h ^ h>>15
}
