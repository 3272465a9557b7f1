package classify

import (
	"math/rand/v2"
	"strings"

	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// Attacks are the ways of hiding words that the classifier learns and is tested against.
func Attacks() []string {
	return []string{"zero_width", "marks", "emoji", "full_width", "traditional", "homophone", "homophone_heavy", "pinyin", "drop", "pad"}
}

// Attacker hides words. It is for training and measuring.
type Attacker struct {
	form   *normal.Former
	sounds map[rune][]rune // characters of the corpus by their sound
	trad   map[rune]rune
}

// NewAttacker takes the characters that replace others from the corpus, so that they are common ones.
func NewAttacker(form *normal.Former) *Attacker {
	a := &Attacker{form: form, sounds: map[rune][]rune{}, trad: form.Traditional()}
	seen := map[rune]bool{}
	for _, r := range string(corpusFile) {
		if s := form.Syllable(r); s != 0 && !seen[r] {
			seen[r] = true
			a.sounds[s] = append(a.sounds[s], r)
		}
	}
	return a
}

// Attack hides the words of a text in one way; r decides where.
func (a *Attacker) Attack(way, text string, r *rand.Rand) string {
	rs := []rune(text)
	var b strings.Builder
	for i, c := range rs {
		han := a.form.Syllable(c) != 0
		inside := han && i+1 < len(rs) && a.form.Syllable(rs[i+1]) != 0
		switch {
		case way == "traditional" && a.trad[c] != 0:
			c = a.trad[c]
		case way == "full_width" && c > ' ' && c < 0x7f:
			c += 0xfee0
		case way == "homophone" && han && r.IntN(10) < 3, way == "homophone_heavy" && han && r.IntN(10) < 6:
			if like := a.sounds[a.form.Syllable(c)]; len(like) > 0 {
				c = like[r.IntN(len(like))]
			}
		case way == "pinyin" && han && r.IntN(10) < 2:
			b.WriteString(a.form.Spell([]rune{a.form.Syllable(c)}))
			continue
		case way == "drop" && r.IntN(20) == 0:
			continue
		}
		b.WriteRune(c)
		switch {
		case way == "zero_width" && inside && r.IntN(3) == 0:
			b.WriteRune('\u200b')
		case way == "marks" && inside && r.IntN(3) == 0:
			b.WriteByte("*-_~ |"[r.IntN(6)])
		case way == "emoji" && inside && r.IntN(5) == 0:
			b.WriteString([]string{"🎁", "🔥", "✨", "👉"}[r.IntN(4)])
		}
	}
	if way == "pad" {
		return "今天天气不错，大家吃过饭了吗。" + b.String() + "。记得带伞，路上注意安全"
	}
	return b.String()
}
