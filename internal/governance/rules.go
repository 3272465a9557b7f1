package governance

import (
	"fmt"
	"strconv"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Ids of the rules that are not about words. What they say stands with all others in package policy.
const (
	ruleContent    = "content" // all content rules together, when none objects
	ruleOptOut     = "LAW-24"
	ruleSuppressed = "FTG-09"
	rulePlatform   = "WC-01"
	ruleOpenMoment = "WC-08"
	ruleCap        = "FTG-01"
	ruleRoom       = "FTG-20"
	rulePreference = "FTG-07"
	ruleTraits     = "LAW-12"
	ruleConsent    = "LAW-21"
	ruleNotice     = "LAW-01"
	rulePurpose    = "LAW-04"
	ruleMinor      = "LAW-08"
	ruleHoldout    = "FTG-11"
	ruleService    = "FTG-04"
	ruleQuiet      = "FTG-05"
	ruleLease      = "FTG-10"
	ruleHalt       = "OWN-14"
	ruleApproval   = "OWN-07"
	ruleDouble     = "OWN-12"
	ruleShare      = "FTG-02"
	ruleRank       = "FTG-03"
	ruleRamp       = "FTG-16"
	ruleStaffDay   = "OWN-05"
	ruleLadder     = "ACC-13"
	ruleHarm       = "FTG-12"
	ruleAdding     = "WC-09"
	ruleLimited    = "WC-13"
	ruleGreeting   = "ACC-12"
	ruleCapacity   = "WC-10"
	ruleFraud      = "LAW-35"
	ruleMessages   = "WC-18"
	ruleRefused    = "OWN-03" // businesses that are not served
	ruleComplaint  = "LAW-34"
	ruleGrievance  = "FTG-15"
	rulePenalty    = "LNK-25"
	ruleSunset     = "FTG-13"
	ruleAlike      = "FTG-14"
	ruleEven       = "FTG-17"
)

// openMomentsADay is how many Moments for everybody one customer is shown in a calendar day.
const openMomentsADay = 1

var (
	reasonOptOut     = errs.T("这位客户已选择不再接收营销消息。", "This customer asked for no more marketing.")
	reasonSuppressed = errs.T("这位客户从前退订过，重新添加也不会恢复接收；只有本人重新同意才会。",
		"This customer opted out before. Being added again does not undo it; only their own new consent does.")
	reasonQuiet   = errs.T("现在是安静时段，等到允许发送的时段再发。", "It is quiet time now; it waits until sending is allowed again.")
	reasonTraits  = errs.T("这位客户不要按标签和行为挑选内容，这次的受众是这样挑选的。", "This customer does not want to be chosen by tags or behaviour, and this audience was.")
	reasonConsent = errs.T("这位客户没有登记过同意接收营销，企业只发给同意过的客户。", "This customer's consent to marketing is not on record, and the corp sends it only to who consented.")
	reasonPurpose = errs.T("这位客户来的时候，只说了用于服务（或者说的是旧的用途），没有同意过营销。", "When this customer came they were told of service only, or of a purpose of before, and they have not agreed to marketing.")
	reasonPaused  = errs.T("这位客户暂停了接收。", "This customer paused messages.")
	reasonPace    = errs.T("这位客户选择了更低的频率，这段时间已经用完。", "This customer chose a lower rate, and it is used up for now.")
	reasonHoldout = errs.T("这位客户在对照组，不接收营销，用来衡量触达是否真的有用。",
		"This customer is in the holdout: no marketing, so that the worth of touches can be measured.")
	reasonHalt    = errs.T("发送已经停用，什么都不发给客户。", "Sending is stopped: nothing goes to customers.")
	reasonLimited = errs.T("这位成员的账号受限，先不经他发；也加了这位客户的同事可以发。", "This member's account is limited and nothing goes through it; a colleague who has the customer can send.")
	reasonEarly   = errs.T("还没到预占时约定的时间。", "The time it was reserved for has not come yet.")
	reasonLease   = errs.T("到期没有建成任务，占用的次数已退回。", "No task was made in time; the reserved contact was given back.")
)

func reasonTopic(topic string) errs.Text {
	return errs.Tf("这位客户不想收到「%s」的消息。", "This customer wants no messages about “%s”.", topic)
}

// Title names a rule.
func (g *Governor) Title(ruleID string) errs.Text { return g.book.Title(ruleID) }

// refusal says in a sentence why a step refused or makes the touch wait. Titles only say what was looked at.
func (g *Governor) refusal(s Step) errs.Text {
	if reason := s.reason(); reason != (errs.Text{}) {
		return reason
	}
	if r := g.book.Rule(s.RuleID); r != nil { // a content rule
		return r.Reason.Text()
	}
	return errs.Text{}
}

// reason is refusal for the rules that are not about words.
func (s Step) reason() errs.Text {
	switch s.RuleID {
	case ruleOptOut:
		return reasonOptOut
	case ruleSuppressed:
		return reasonSuppressed
	case ruleQuiet:
		return reasonHours(s)
	case ruleTraits:
		return reasonTraits
	case ruleConsent:
		return reasonConsent
	case rulePurpose:
		return reasonPurpose
	case ruleNotice:
		return reasonNotice(Purpose(s.Text))
	case ruleMinor:
		return reasonMinor(s)
	case ruleHoldout:
		return reasonHoldout
	case ruleHalt:
		return reasonHalt
	case ruleLimited:
		return reasonLimited
	case ruleLadder:
		return reasonLadder(Subject(s.Text), Rung(s.Cap))
	case ruleAlike:
		return reasonAlike(s)
	case ruleSunset:
		return reasonSunset(s)
	case ruleGrievance:
		return reasonGrievance(s)
	case rulePreference:
		switch {
		case s.Days > 0:
			return errs.T(fmt.Sprintf("这位客户选择 %d 天内最多 %d 次，已触达 %d 次。", s.Days, s.Cap, s.Before),
				fmt.Sprintf("This customer chose at most %d within %s; %s so far.", s.Cap, errs.Count(s.Days, "day", "days"), errs.Count(s.Before, "touch", "touches")))
		case s.Text != "":
			return reasonTopic(s.Text)
		}
		return reasonPaused
	case rulePlatform:
		if s.Room {
			return errs.T(fmt.Sprintf("这个群在这个周期内已收到 %d 条群发，企业微信最多允许 %d 条。", s.Before, s.Cap),
				fmt.Sprintf("This group has had %s in the present period; WeCom allows %d.", errs.Count(s.Before, "mass message", "mass messages"), s.Cap))
		}
		return errs.T(fmt.Sprintf("这位客户在这个周期内已收到 %d 条群发，企业微信最多允许 %d 条。", s.Before, s.Cap),
			fmt.Sprintf("This customer has had %s in the present period; WeCom allows %d.", errs.Count(s.Before, "mass message", "mass messages"), s.Cap))
	case ruleOpenMoment:
		return errs.Tf("这位客户今天已有 %d 条给所有人看的朋友圈，一天最多 %d 条。",
			"This customer has %d of today's Moments for everybody; a day has at most %d.", s.Before, s.Cap)
	case ruleShare:
		about, en := "这个主题", "about “"+s.Text+"”"
		if s.Text != "" {
			about = "「" + s.Text + "」"
		}
		if s.Channel != "" {
			about, en = "这个渠道", "by this channel"
		}
		return errs.T(fmt.Sprintf("%d 天内%s已触达 %d 次，上限 %d 次。", s.Days, about, s.Before, s.Cap),
			fmt.Sprintf("%s %s within %s; the cap is %d.", errs.Count(s.Before, "touch", "touches"), en, errs.Count(s.Days, "day", "days"), s.Cap))
	case ruleRamp:
		return errs.Tf("这位员工刚开始加客户，当天已安排 %d 位客户，上限 %d 位，以后逐日增加。",
			"This member is new: %d customers are planned for the day and the cap is %d; it grows day by day.", s.Before, s.Cap)
	case ruleStaffDay:
		return errs.Tf("这位员工当天的群发已安排 %d 位客户，企业设定的上限是 %d 位。",
			"This member's mass messages of the day have %d customers; the corp's cap is %d.", s.Before, s.Cap)
	case ruleRoom:
		return errs.T(fmt.Sprintf("这个群 %d 天内已有 %d 次群发，上限 %d 次。", s.Days, s.Before, s.Cap),
			fmt.Sprintf("This group has had %s within %s; the cap is %d.", errs.Count(s.Before, "mass message", "mass messages"), errs.Count(s.Days, "day", "days"), s.Cap))
	case ruleCap:
		return errs.T(fmt.Sprintf("%d 天内已触达 %d 次，上限 %d 次。", s.Days, s.Before, s.Cap),
			fmt.Sprintf("%s within %s; the cap is %d.", errs.Count(s.Before, "touch", "touches"), errs.Count(s.Days, "day", "days"), s.Cap))
	}
	return errs.Text{}
}

// version names the policy and the corp's own limits that a decision was made under.
func (g *Governor) version(c Caps) string { return g.book.Version + "/" + strconv.Itoa(c.Version) }

// capsVersionOf reads the limits' version out of a rule version.
func capsVersionOf(version string) int {
	n, _ := strconv.Atoi(version[strings.LastIndexByte(version, '/')+1:]) // what does not parse is the policy's own
	return n
}

// policyOf reads the policy's version out of a rule version.
func policyOf(version string) string {
	policy, _, _ := strings.Cut(version, "/")
	return policy
}

// parseClock reads "09:30" as minutes after midnight; "24:00" is allowed.
func parseClock(s string) (int, error) {
	h, m, ok := strings.Cut(s, ":")
	hours, err1 := strconv.Atoi(h)
	mins, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || hours < 0 || mins < 0 || mins > 59 || hours*60+mins > 24*60 {
		return 0, fmt.Errorf("%q is no time of day", s)
	}
	return hours*60 + mins, nil
}

func formatClock(min int) string { return fmt.Sprintf("%02d:%02d", min/60, min%60) }
