package kf

import "zhiyin.dev/zhiyin/internal/errs"

// Reason is why a conversation changed its state.
type Reason string

// The reasons.
const (
	ReasonOpened      Reason = "opened"
	ReasonEntered     Reason = "entered"
	ReasonAsked       Reason = "asked"
	ReasonNoMatch     Reason = "no_match"
	ReasonRule        Reason = "rule"
	ReasonRuleBroken  Reason = "rule_broken"
	ReasonLoop        Reason = "loop"
	ReasonLate        Reason = "late"
	ReasonTaken       Reason = "taken"
	ReasonReleased    Reason = "released"
	ReasonTransferred Reason = "transferred"
	ReasonEnded       Reason = "ended"
	ReasonIdle        Reason = "idle"
	ReasonWindow      Reason = "window"
	ReasonWeCom       Reason = "wecom"
	ReasonReopened    Reason = "reopened"
	ReasonNobody      Reason = "nobody"
	ReasonComplaint   Reason = "complaint"
)

var reasons = map[Reason]errs.Text{
	ReasonOpened:      errs.T("客户发来消息", "The customer wrote"),
	ReasonEntered:     errs.T("客户进入会话", "The customer entered"),
	ReasonAsked:       errs.T("客户要求人工", "The customer asked for a person"),
	ReasonNoMatch:     errs.T("连续两条没有匹配到规则", "Two messages in a row fitted no rule"),
	ReasonRule:        errs.T("规则要求转人工", "A rule hands off"),
	ReasonRuleBroken:  errs.T("规则的群活码已失效，转人工", "The rule's group code has ended, so a person takes over"),
	ReasonLoop:        errs.T("自动回复太频繁，转人工", "Too many automatic answers in a row, so a person takes over"),
	ReasonLate:        errs.T("消息读到得太晚，规则不再自动回复", "Read too late for rules to answer"),
	ReasonTaken:       errs.T("接起会话", "Taken"),
	ReasonReleased:    errs.T("放回队列", "Put back into the queue"),
	ReasonTransferred: errs.T("转给同事", "Handed to a colleague"),
	ReasonEnded:       errs.T("结束会话", "Ended"),
	ReasonIdle:        errs.T("客户一小时没有再发消息", "The customer did not write for an hour"),
	ReasonWindow:      errs.T("客户 48 小时没有再发消息", "The customer did not write for 48 hours"),
	ReasonWeCom:       errs.T("在企业微信里操作", "Done in WeCom"),
	ReasonReopened:    errs.T("在企业微信里重新接起", "Begun again in WeCom"),
	ReasonComplaint:   errs.T("客户投诉", "The customer complained"),
	ReasonNobody:      errs.T("企业微信没能转接，留在控制台队列", "WeCom could not hand it over; it waits in the console's queue"),
}

// Text is the reason in words.
func (r Reason) Text() errs.Text { return reasons[r] }

// fails names WeCom's fail_type of msg_send_fail. Official page: https://developer.work.weixin.qq.com/document/path/94670
var fails = map[int]errs.Text{
	1:  errs.T("客服账号已删除", "The kf account was deleted"),
	2:  errs.T("应用已关闭", "The app was closed"),
	4:  errs.T("会话已过期（超过 48 小时）", "The conversation is older than 48 hours"),
	5:  errs.T("会话已关闭", "The conversation is closed"),
	6:  errs.T("超过 5 条限制", "More than 5 messages"),
	8:  errs.T("企业主体未验证", "The corp is not verified"),
	10: errs.T("客户拒收", "The customer refuses messages"),
	11: errs.T("企业没有成员登录过应用", "No member ever logged in to the app"),
	12: errs.T("消息类型不被允许", "This type of message is not allowed"),
	13: errs.T("触发安全限制", "A security limit was hit"),
}

func failText(kind int) errs.Text {
	if t, ok := fails[kind]; ok {
		return t
	}
	return errs.Tf("没有送达（企业微信没有说明原因，%d）", "Not delivered; WeCom does not say why (%d)", kind)
}
