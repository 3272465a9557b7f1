package welcome

import (
	"regexp"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
)

// ruleIdentity is WC-20: a welcome says which company and which member speak. Who leaves it out is told while writing, and may save.
const ruleIdentity = "WC-20"

// introduces finds a member's name: the mark that becomes it, or words by which people give theirs.
var introduces = regexp.MustCompile(`{员工}|我叫|我是[^，。,.!！?？;；\s]{0,20}[小老阿]\p{Han}`)

// nameless says what a welcome leaves open of who speaks: names are what the corp is called, in the form in which rules read, and
// text is the welcome's in that form.
func nameless(names []string, text string) []governance.Finding {
	find := func(reason, way errs.Text) governance.Finding {
		return governance.Finding{RuleID: ruleIdentity, Severity: governance.Warn, Reason: reason, WayOut: way, Layer: governance.ByCode}
	}
	var out []governance.Finding
	named := false
	for _, n := range names {
		named = named || strings.Contains(text, n)
	}
	switch {
	case named:
	case len(names) == 0:
		out = append(out, find(errs.T("看不出欢迎语说明了企业：还没有登记企业的名称。", "Whether the welcome names the company cannot be seen: its name is not on record."),
			errs.T("请所有者在「治理 › 证照与网站」登记主体身份，并在欢迎语里写上企业的名字。", "An owner records the identity under Governance › Licences and sites; then name the company in the welcome.")))
	default:
		out = append(out, find(errs.T("欢迎语没有说明是哪家企业。", "The welcome does not say which company this is."),
			errs.T("写上企业的名字，例如「"+names[len(names)-1]+"」。", "Name the company, for example “"+names[len(names)-1]+"”.")))
	}
	if !introduces.MatchString(text) {
		out = append(out, find(errs.T("欢迎语没有说明是哪位员工。", "The welcome does not say which member this is."),
			errs.T("写上「我是"+outreach.StaffMark+"」，发送时会换成员工的名字。", "Write “我是"+outreach.StaffMark+"”: it becomes the member's name when it is sent.")))
	}
	return out
}
