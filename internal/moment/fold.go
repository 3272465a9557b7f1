package moment

import (
	"regexp"
	"strings"
	"unicode/utf16"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

// A phone shows the first lines of a Moment and folds the rest away (OWN-04).
const (
	foldLines = 6
	lineUnits = 40 // half widths: 20 Chinese characters
	ruleFold  = "OWN-04"
)

// Fold is where a phone folds a text. It is an estimate: phones and type sizes differ.
type Fold struct {
	Lines int // all of them
	At    int // byte at which the folded part begins; the text's length when nothing is folded
}

// FoldOf lays a text out in lines of 20 Chinese characters.
func FoldOf(text string) Fold {
	f := Fold{Lines: 1, At: len(text)}
	used := 0
	breakAt := func(i int) {
		f.Lines++
		used = 0
		if f.Lines == foldLines+1 {
			f.At = i
		}
	}
	for i, r := range text {
		if r == '\r' {
			continue
		}
		if r == '\n' {
			breakAt(i + 1)
			continue
		}
		w := width(r)
		if used+w > lineUnits {
			breakAt(i)
		}
		used += w
	}
	if text == "" {
		f.Lines = 0
	}
	return f
}

// width of a character in half widths.
func width(r rune) int {
	switch {
	case r == 0x200d || r >= 0xfe00 && r <= 0xfe0f || r >= 0x300 && r <= 0x36f: // joins and variants take no room
		return 0
	case r < 0x1100:
		return 1
	default:
		return 2
	}
}

// disclosure finds what a reader has to see before the fold: that it is an advertisement, until when and for whom an offer
// holds.
var disclosure = regexp.MustCompile(`广告|活动规则|限(时|量|前)|仅限|截止|有效期|满\s*\d+|不与.{0,6}同享|最终解释|每人限|限\s*\d+`)

// lint is the advice about a text's fold, as content findings: nothing of it refuses.
func lint(text string) []governance.Finding {
	f := FoldOf(text)
	if f.At >= len(text) || strings.TrimSpace(text[f.At:]) == "" {
		return nil
	}
	hidden := text[f.At:]
	if m := disclosure.FindStringIndex(hidden); m != nil {
		from, to := f.At+m[0], f.At+m[1]
		return []governance.Finding{{
			RuleID: ruleFold, Severity: governance.Warn, Field: "text", Start: units(text[:from]), End: units(text[:to]), Text: text[from:to],
			Reason: errs.Tf("手机上大约第 %d 行以后会折叠，条件或声明在折叠以后，多数人看不到。", "A phone folds after about line %d; the condition or disclosure comes after it, where most do not look.", foldLines),
			WayOut: errs.T("把它移到前 6 行里，或者把前面写短。", "Move it into the first 6 lines, or shorten what comes before."),
		}}
	}
	return []governance.Finding{{
		RuleID: ruleFold, Severity: governance.Warn, Field: "text", Start: units(text[:f.At]), End: units(text), Text: hidden,
		Reason: errs.Tf("大约有 %d 行，手机上第 %d 行以后会折叠。", "About %d lines: a phone folds after line %d.", f.Lines, foldLines),
		WayOut: errs.T("把要点写在前 6 行。", "Say the main thing in the first 6 lines."),
	}}
}

// units counts as a browser does.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
