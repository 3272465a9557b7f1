package governance

import (
	"slices"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Purpose is something that the platform uses customers' data for (LAW-01).
type Purpose string

// The purposes. Whatever the platform does with a customer's data is for one of them.
const (
	ForService   Purpose = "service"
	ForLifecycle Purpose = "lifecycle"
	ForMarketing Purpose = "marketing"
	ForTraits    Purpose = "traits"
	ForSensitive Purpose = "sensitive"
)

// Basis is the ground in law on which data is used for a purpose.
type Basis string

// The bases.
const (
	ByContract Basis = "contract" // the customer asked for it, or it belongs to a contract with them
	ByConsent  Basis = "consent"
	BySeparate Basis = "separate" // a consent of its own, beside any other
)

// PurposeInfo is an entry of the register of purposes.
type PurposeInfo struct {
	ID    Purpose
	Title errs.Text
	Does  errs.Text // what is done for it, and what the customer can say
	Basis Basis
	Rules []string // what refuses without it
	Must  bool     // every notice names it: nobody can be a customer without
}

// Purposes is the register, the same for every corp: what the platform can do at all.
func Purposes() []PurposeInfo {
	return []PurposeInfo{
		{
			ID: ForService, Basis: ByContract, Must: true, Rules: []string{ruleService}, Title: errs.T("服务", "Service"),
			Does: errs.T("回答客户的问题、发欢迎语、通知客户自己的事。是客户先找来的，不受营销的退订影响。",
				"Answers what customers ask, welcomes them, and tells them about what is theirs. They came for it, so a stop of marketing does not touch it."),
		},
		{
			ID: ForLifecycle, Basis: ByContract, Rules: []string{ruleNotice, ruleMinor, ruleOptOut}, Title: errs.T("售后与关怀", "After-sales and care"),
			Does: errs.T("购买之后的回访、提醒和关怀。计入触达次数，客户可以停止。",
				"Questions, reminders and care after a purchase. Counted as a touch; customers can stop it."),
		},
		{
			ID: ForMarketing, Basis: ByConsent, Rules: []string{ruleNotice, ruleConsent, rulePurpose, ruleMinor, ruleOptOut}, Title: errs.T("营销", "Marketing"),
			Does: errs.T("群发和朋友圈里的活动、新品、优惠。客户自己加的员工，或在偏好页上同意；随时可以停止。",
				"Events, new products and offers, in mass messages and Moments. Customers added a member of staff themselves, or said yes on their page; they can stop it at any time."),
		},
		{
			ID: ForTraits, Basis: ByConsent, Rules: []string{ruleNotice, ruleTraits, ruleMinor}, Title: errs.T("按标签和行为挑选", "Choosing by tags and behaviour"),
			Does: errs.T("按标签、有没有反应来挑选谁收到营销。客户可以在偏好页上拒绝，照常收到不挑选的。",
				"Tags and reactions choose who gets marketing. Customers can refuse it on their page and still get what is chosen by neither."),
		},
		{
			ID: ForSensitive, Basis: BySeparate, Rules: []string{ruleNotice, "LAW-07"}, Title: errs.T("敏感个人信息", "Sensitive data"),
			Does: errs.T("健康、信仰、信用一类的标签。没有单独同意，不用来挑选任何人。",
				"Tags about health, faith, credit and the like. Without a separate consent nobody is chosen by them."),
		},
	}
}

// purposeInfo is the entry of a purpose; nil when there is none.
func purposeInfo(id Purpose) *PurposeInfo {
	all := Purposes()
	if i := slices.IndexFunc(all, func(p PurposeInfo) bool { return p.ID == id }); i >= 0 {
		return &all[i]
	}
	return nil
}

// purposesOf are what a touch uses its customer's data for.
func purposesOf(class Class, traits bool) []Purpose {
	var out []Purpose
	switch class {
	case Marketing:
		out = append(out, ForMarketing)
	case Lifecycle:
		out = append(out, ForLifecycle)
	case Emergency, Transactional, Service:
		return []Purpose{ForService}
	}
	if traits {
		out = append(out, ForTraits)
	}
	return out
}

// reasonNotice says that the notice does not name a purpose.
func reasonNotice(id Purpose) errs.Text {
	name := errs.T(string(id), string(id))
	if p := purposeInfo(id); p != nil {
		name = p.Title
	}
	return errs.T("企业告知客户的个人信息说明里没有写「"+name.ZH+"」这个用途。", "The notice about customers' data does not name the purpose “"+name.EN+"”.")
}

// grant is what a rule about purposes says to a touch.
type grant struct {
	step Step
	ok   bool
}

// grants are what must be granted before a person's data, or a group, is used for a touch: who is a minor (LAW-08), what the notice
// names (LAW-01), the consent that the corp asks for (LAW-21), and what they were told when they came (LAW-04).
func (c Caps) grants(class Class, traits, person bool, s standing) []grant {
	var out []grant
	if person && s.minor.age != "" {
		out = append(out, s.minor.grant(class, traits))
	}
	if c.Notice.version > 0 {
		out = append(out, c.Notice.grant(class, traits))
	}
	if !person || class != Marketing {
		return out
	}
	if c.OnlyConsented {
		out = append(out, grant{consentStep(ruleConsent, s.agreed()), s.agreed()})
	}
	if s.narrow { // a step only where there is something to say
		out = append(out, grant{consentStep(rulePurpose, s.agreed()), s.agreed()})
	}
	return out
}

// agreed says whether the customer's consent to marketing counts: a child's own does not, its guardian's does.
func (s standing) agreed() bool {
	if s.minor.age == Under14 {
		return s.minor.marketing
	}
	return s.consented
}

// ungranted is what stands against a touch by now for want of a grant; an empty rule means that nothing does.
func (t *Touch) ungranted(c Caps, s standing) Objection {
	for _, gr := range c.grants(t.Class, t.Traits, t.CustomerID != "", s) {
		if !gr.ok {
			return Objection{gr.step.RuleID, gr.step.reason()}
		}
	}
	return Objection{}
}
