package guard

import (
	"cmp"
	"fmt"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// CheckOut is a Check as the API answers it.
type CheckOut struct {
	Verdict  policy.Action `json:"verdict" enum:"allow,warn,review,block,suspend"`
	Bytes    int           `json:"bytes" doc:"length of the text as WeCom counts: UTF-8 bytes"`
	Limit    int           `json:"limit"`
	Findings []FindingOut  `json:"findings"`
}

// FindingOut is a Finding as the API answers it.
type FindingOut struct {
	RuleID   string        `json:"rule_id"`
	Severity policy.Action `json:"severity" enum:"warn,review,block,suspend"`
	Field    string        `json:"field"`
	Start    int           `json:"start" doc:"in UTF-16 units, as a browser counts"`
	End      int           `json:"end"`
	Text     string        `json:"text"`
	Reason   string        `json:"reason"`
	WayOut   string        `json:"way_out"`
	Layer    Layer         `json:"layer" enum:"pattern,lexicon,sound,link,code,classifier,house" doc:"what found it"`
	Matched  string        `json:"matched,omitempty" doc:"the words in the form in which they were read"`
}

// Show turns a check into what the API answers; text is what WeCom counts, limit how many bytes of it WeCom takes.
func (c Check) Show(lang, text string, limit int) CheckOut {
	out := CheckOut{Verdict: c.Verdict, Bytes: len(text), Limit: limit, Findings: []FindingOut{}}
	for _, f := range c.Findings {
		out.Findings = append(out.Findings, FindingOut{
			RuleID: f.RuleID, Severity: f.Severity, Field: f.Field, Start: f.Start, End: f.End, Text: f.Text,
			Reason: f.Reason.In(lang), WayOut: f.WayOut.In(lang), Layer: f.Layer, Matched: f.Matched,
		})
	}
	return out
}

// Refusal is the error of a message that cannot go out because of f: after first it names the words and where they stand, why, the
// way out and the rule.
func (f Finding) Refusal(code string, first errs.Text) error {
	placeZH, placeEN := "", ""
	if f.End > f.Start {
		placeZH = fmt.Sprintf("「%s」（第 %d–%d 字）", f.Text, f.Start+1, f.End)
		placeEN = fmt.Sprintf("“%s” (characters %d–%d) ", f.Text, f.Start+1, f.End)
	}
	return errs.Bad(cmp.Or(f.Field, "text"), code, errs.T(
		fmt.Sprintf("%s：%s%s%s（%s）", first.ZH, placeZH, f.Reason.ZH, f.WayOut.ZH, f.RuleID),
		fmt.Sprintf("%s: %s%s %s (%s)", first.EN, placeEN, f.Reason.EN, f.WayOut.EN, f.RuleID)))
}
