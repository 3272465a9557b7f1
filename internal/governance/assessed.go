package governance

import (
	"slices"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
)

// ByAssessment is the cause of what uses sensitive data or automated decisions without an impact assessment in force (LAW-17).
const ByAssessment Cause = "assessment"

// Assessed says which impact assessments a use of personal data needs, and which of them are in force (LAW-17).
type Assessed struct {
	Kinds   []AssessedKind // in order; empty = it needs none
	Numbers []string       // of the assessments in force that cover them
	Missing []AssessedKind // what no assessment in force covers
}

// AssessedKind is a kind of use that needs an assessment.
type AssessedKind struct {
	ID   string
	Name errs.Text
}

// Text is the numbers as they are stored with what was started on them.
func (a Assessed) Text() string { return strings.Join(a.Numbers, ",") }

// NumbersOf reads them back.
func NumbersOf(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}

// Cause is why a second person looks: the other cause, unless an assessment is missing.
func (a Assessed) Cause(other Cause) Cause {
	if len(a.Missing) > 0 {
		return ByAssessment
	}
	return other
}

// Refusal is why it cannot start, when an assessment is missing; nil = it can. field is where the use stands in what somebody sent.
func (a Assessed) Refusal(field string) error {
	if len(a.Missing) == 0 {
		return nil
	}
	var zh, en []string
	for _, k := range a.Missing {
		zh, en = append(zh, k.Name.ZH), append(en, k.Name.EN)
	}
	return errs.Bad(field, "assessment.missing", errs.T(
		"还没有有效的影响评估：「"+strings.Join(zh, "、")+"」（LAW-17）。先在「个人信息 › 影响评估」里登记评估，再来一次。",
		"No impact assessment is in force for "+strings.Join(en, ", ")+" (LAW-17). Record one under Personal data › Impact assessments, then try again."))
}

// AssessedOut is what a use needs and has, as the API answers it.
type AssessedOut struct {
	Needs   []AssessedNeed `json:"needs" doc:"kinds of use of which an impact assessment is needed (LAW-17)"`
	Numbers []string       `json:"numbers" doc:"of the assessments in force it would start on"`
}

// AssessedNeed is a kind of use, and whether an assessment in force covers it.
type AssessedNeed struct {
	Kind    string `json:"kind" enum:"sensitive,automated,entrusting,sharing,abroad"`
	Name    string `json:"name"`
	Covered bool   `json:"covered"`
}

// Show answers what is needed and there; nil = nothing is needed.
func (a Assessed) Show(lang string) *AssessedOut {
	if len(a.Kinds) == 0 {
		return nil
	}
	out := &AssessedOut{Needs: []AssessedNeed{}, Numbers: append([]string{}, a.Numbers...)}
	for _, k := range a.Kinds {
		missing := slices.ContainsFunc(a.Missing, func(m AssessedKind) bool { return m.ID == k.ID })
		out.Needs = append(out.Needs, AssessedNeed{k.ID, k.Name.In(lang), !missing})
	}
	return out
}
