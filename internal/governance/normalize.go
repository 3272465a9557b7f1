package governance

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normal is a text as the content rules read it, with the way back to the original: byte i of text came from the
// original's bytes from[i] to to[i].
type normal struct {
	text     string
	from, to []int
}

// unit is one rune of the normal form and the bytes of the original it stands for.
type unit struct {
	r        rune
	from, to int
}

// normalize undoes the usual ways of hiding words: full width and styled letters, case, zero-width and combining
// characters, traditional forms, look-alike letters in mixed words, marks and emoji between two Han characters or two
// digits, repeated characters. Sentence punctuation stays, so that no rule matches across it. It is linear in len(s).
func normalize(s string) normal {
	units := squeeze(separators(confusables(fold(s))))
	n := normal{from: make([]int, 0, len(s)), to: make([]int, 0, len(s))}
	var b strings.Builder
	b.Grow(len(s))
	for _, u := range units {
		size, _ := b.WriteRune(u.r)
		for range size {
			n.from = append(n.from, u.from)
			n.to = append(n.to, u.to)
		}
	}
	n.text = b.String()
	return n
}

// span answers the bytes of the original that the bytes [i, j) of the normal form stand for.
func (n normal) span(i, j int) (from, to int) {
	if i >= j {
		return 0, 0
	}
	return n.from[i], n.to[j-1]
}

func fold(s string) []unit {
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
			r = unicode.ToLower(r)
			if t, ok := simplified[r]; ok {
				r = t
			}
			if r == '\r' || unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me) {
				continue
			}
			units = append(units, unit{r, from, to})
		}
	}
	return units
}

// confusables maps look-alikes to ASCII, only inside words that mix scripts: an honest Russian word stays.
func confusables(units []unit) []unit {
	for i := 0; i < len(units); {
		if !unicode.IsLetter(units[i].r) || unicode.Is(unicode.Han, units[i].r) {
			i++
			continue
		}
		j, latin, foreign := i, false, false
		for j < len(units) && unicode.IsLetter(units[j].r) && !unicode.Is(unicode.Han, units[j].r) {
			if units[j].r < unicode.MaxASCII {
				latin = true
			} else if _, ok := lookalike[units[j].r]; ok {
				foreign = true
			}
			j++
		}
		if latin && foreign {
			for k := i; k < j; k++ {
				if a, ok := lookalike[units[k].r]; ok {
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
			drop = unicode.Is(unicode.Han, a) && unicode.Is(unicode.Han, b) || digit(a) && digit(b) && !has(units[i:j], '-', '.', '/')
		}
		if !drop {
			out = append(out, units[i:j]...)
		}
		i = j
	}
	return out
}

func has(units []unit, rs ...rune) bool {
	for _, u := range units {
		if slices.Contains(rs, u.r) {
			return true
		}
	}
	return false
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

// breaks says whether r may be a mark put inside a word. Line ends and the punctuation of sentences are not.
func breaks(r rune) bool {
	switch r {
	case '\n', ',', '.', '!', '?', ';', ':', '。', '、', '"', '\'', '“', '”', '‘', '’', '(', ')', '[', ']', '【', '】', '《', '》', '「', '」', '%', '#', '@', '&':
		return r == '.' // a full stop is 。 in Chinese; "." between two Han characters is a trick
	}
	return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) && !unicode.Is(unicode.Sc, r)
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

// lookalike letters of other scripts.
var lookalike = pairs("аaеeоoрpсcхxуyіiѕsԁdһhӏlаaоoеeгrпnкkмmтtвbнhαaοoρpνvτtιiκk")

// simplified forms of the traditional characters that occur in the words of the rules.
var simplified = pairs("轉转發发領领紅红優优惠惠禮礼獎奖費费積积贊赞點点關关註注現现馬马動动載载戶户軟软體体驗验證证銀银賬账號号碼码" +
	"凍冻結结過过異异常常連连結结務务騰腾訊讯緊紧擴扩僅仅剩剩庫库會会員员導导購购護护場场價价賭赌單单譽誉評评閱阅讀读粉粉絲丝樓楼層层" +
	"級级傳传銷销盤盘貸贷穩稳賺赚險险療疗癒愈痊痊達达藥药處处煙烟電电雪雪國国際际佳佳頂顶極极絕绝無无雙双後后開开辦办槍枪" +
	"親亲愛爱給给時时親亲請请寫写輸输圍围間间們们這这個个還还差差飛飞複复製制進进廣广東东預预約约園园學学妹妹彈弹團团錢钱產产風风")

func pairs(s string) map[rune]rune {
	rs := []rune(s)
	m := make(map[rune]rune, len(rs)/2)
	for i := 0; i+1 < len(rs); i += 2 {
		if rs[i] != rs[i+1] {
			m[rs[i]] = rs[i+1]
		}
	}
	return m
}
