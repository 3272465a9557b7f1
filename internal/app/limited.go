package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/notice"
	"zhiyin.dev/zhiyin/internal/stats"
	"zhiyin.dev/zhiyin/wecom"
)

// documented says whether the client knows what a code of WeCom's means.
func documented(code int) bool { return wecom.ClassOf(&wecom.Error{Code: code}) != wecom.ClassOther }

// tellLimited tells those who run the work, and first of all the member, that an account is limited; each day that nobody said it works
// again, those who run the work are asked.
func (a *App) tellLimited(ctx context.Context, tx *db.Tx, e governance.LimitTold) error {
	to, err := a.Staff.Managers(ctx, tx)
	if err != nil {
		return err
	}
	names, err := a.Staff.Names(ctx, e.StaffID)
	if err != nil {
		return err
	}
	name := e.StaffID
	if n := names[e.StaffID]; n != "" {
		name = n
	}
	text := fmt.Sprintf("成员「%s」的账号受限（%s），经他的发送已经停下，没有重试。请问清他绑定的微信；没发出的可以重新建一次，由也加了这些客户的同事发。", name, e.Reason)
	if e.Asked == 0 {
		if !slices.Contains(to, e.StaffID) {
			to = append(to, e.StaffID)
		}
	} else {
		text = fmt.Sprintf("成员「%s」的账号受限已经 %d 天。他能正常联系客户了吗？能的话请在知音的「停发」里恢复；微信解封后，企业微信一般在 24 小时内恢复。", name, e.Asked)
	}
	tx.OnCommit(func() { a.Live.Publish("halt", "") })
	return a.Notices.Put(ctx, tx, notice.Notice{Key: fmt.Sprint("limited/", e.ID, "/", e.Asked), Staff: to, Text: text})
}

// todoLimited is members whose accounts are limited, for those who can let them go on.
func (a *App) todoLimited(ctx context.Context, scope []string, lang string) ([]stats.Todo, error) {
	if scope != nil || !mayCall(ctx, "governance.write") {
		return nil, nil
	}
	rows, err := a.Governor.LimitedMembers(ctx, a.DB.Read(), a.CorpID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	since := a.World.Now().Sub(rows[0].Since).Round(time.Minute)
	return []stats.Todo{{
		Kind: "limited", Count: len(rows), Link: "/settings/staff",
		Title:  errs.T(fmt.Sprintf("%d 名成员的账号受限", len(rows)), errs.Count(len(rows), "member has", "members have")+" a limited account").In(lang),
		Detail: longest(int(since.Minutes())).In(lang),
	}}, nil
}

// sawGreeting asks for a person's look at a member whose first messages nobody answers (ACC-12).
func (a *App) sawGreeting(ctx context.Context, tx *db.Tx, e governance.Greeted) error {
	var fields []governance.Field
	for i, text := range e.Texts {
		fields = append(fields, governance.Field{Name: fmt.Sprint("text", i+1), Text: text})
	}
	return a.Reviews.Saw(ctx, tx, governance.ReviewText{
		CorpID: e.CorpID, Noun: "greeting", Ref: fmt.Sprint(e.StaffID, "/", int64(e.To)), Title: e.Rule.Text, Class: governance.Marketing, Channel: governance.MassCustomer,
		Author: e.StaffID, Fields: fields, Check: governance.Check{Verdict: e.Rule.Severity, Findings: []governance.Finding{e.Rule}}, Audience: e.Count,
	})
}
