// Package assessment is the register of impact assessments (LAW-17): what was assessed before sensitive data, automated decisions,
// entrusted processing, sharing or sending abroad began, by whom, and until when it is good. It also knows which tags a machine gives by
// its own judgement of people, because choosing an audience by one is an automated decision.
//
//	in force ──30 days before its end──▶ due ──▶ overdue
//	   └── replaced by a newer one, or withdrawn with the reason ──▶ ended
//
// Nothing here is ever deleted: the law wants three years at least. It judges no text: whether an assessment is a good one, people answer
// for. Who asks before something starts: broadcast, moment and disclosure, through internal/app.
package assessment

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Kind is a use of personal data that needs an assessment.
type Kind string

// The kinds, as the law lists them.
const (
	Sensitive  Kind = "sensitive"
	Automated  Kind = "automated"
	Entrusting Kind = "entrusting"
	Sharing    Kind = "sharing"
	Abroad     Kind = "abroad"
)

// Kinds lists all, in order.
func Kinds() []Kind { return []Kind{Sensitive, Automated, Entrusting, Sharing, Abroad} }

// Name of a kind.
func (k Kind) Name() errs.Text {
	switch k {
	case Sensitive:
		return errs.T("敏感个人信息", "sensitive data")
	case Automated:
		return errs.T("自动化决策", "automated decisions")
	case Entrusting:
		return errs.T("委托处理", "entrusted processing")
	case Sharing:
		return errs.T("提供给别的处理者", "sharing with another handler")
	case Abroad:
		return errs.T("向境外提供", "sending abroad")
	}
	return errs.T(string(k), string(k))
}

// State says whether an assessment counts.
type State string

// The states. InForce and Due count.
const (
	InForce   State = "in_force"
	Due       State = "due"     // it counts, and has to be reviewed within 30 days
	Overdue   State = "overdue" // its day has passed without a review
	Replaced  State = "replaced"
	Withdrawn State = "withdrawn"
)

const (
	dueBefore  = 30 * 24 * time.Hour
	longest    = 3 // years without a review
	leastWords = 10
	mostWords  = 4000
)

// Draft is an assessment as somebody writes it. Days are 2027-12-31.
type Draft struct {
	Title      string
	Kinds      []Kind
	Aims       string
	Influence  string
	Measures   string
	Assessor   string
	AssessedOn string
	ValidUntil string
}

// check tidies a draft, and answers the day it was assessed and the end of its last day.
func (d *Draft) check(now clock.Time, zone *time.Location) (assessed, until clock.Time, err error) {
	for _, f := range []struct {
		name        string
		text        *string
		least, most int
		ask         errs.Text
	}{
		{"title", &d.Title, 2, 100, errs.T("写明评估的是什么", "Say what was assessed")},
		{"aims", &d.Aims, leastWords, mostWords, errs.T("写明目的和方式是否合法、正当、必要", "Say whether aims and manner are lawful, legitimate and necessary")},
		{"influence", &d.Influence, leastWords, mostWords, errs.T("写明对个人权益的影响和安全风险", "Say what it means for people, and the risk")},
		{"measures", &d.Measures, leastWords, mostWords, errs.T("写明保护措施是否合法、有效并与风险相适应", "Say whether the measures are lawful, effective and fit the risk")},
		{"assessor", &d.Assessor, 2, 100, errs.T("写明谁做的评估", "Say who assessed it")},
	} {
		*f.text = strings.TrimSpace(*f.text)
		if n := utf8.RuneCountInString(*f.text); n < f.least || n > f.most {
			return 0, 0, errs.Bad(f.name, "assessment.words", errs.T(fmt.Sprintf("%s，%d 到 %d 个字。", f.ask.ZH, f.least, f.most), fmt.Sprintf("%s, in %d to %d characters.", f.ask.EN, f.least, f.most)))
		}
	}
	kinds := []Kind{}
	for _, k := range Kinds() {
		if slices.Contains(d.Kinds, k) {
			kinds = append(kinds, k)
		}
	}
	if d.Kinds = kinds; len(kinds) == 0 {
		return 0, 0, errs.Bad("kinds", "assessment.kinds", errs.T("至少选一种处理活动。", "Choose at least one kind of use."))
	}
	day, err := time.ParseInLocation(time.DateOnly, d.AssessedOn, zone)
	if err != nil || clock.At(day) > now {
		return 0, 0, errs.Bad("assessed_on", "assessment.day", errs.T("评估日期写成 2026-11-30 这样，不晚于今天。", "Write the day of the assessment like 2026-11-30, not after today."))
	}
	last, err := time.ParseInLocation(time.DateOnly, d.ValidUntil, zone)
	if until = clock.At(last.AddDate(0, 0, 1)); err != nil || until <= now || until > clock.At(day.AddDate(longest, 0, 1)) {
		return 0, 0, errs.Bad("valid_until", "assessment.until", errs.Tf("复审日期写成 2027-11-30 这样，在今天之后、评估后 %d 年以内。", "Write the day of the review like 2027-11-30: after today, within %d years of the assessment.", longest))
	}
	return clock.At(day), until, nil
}
