package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/notice"
	"zhiyin.dev/zhiyin/internal/stats"
)

// tellComplaint makes a complaint the task of the member who looks after the customer, and, when its time is up, tells those who run
// the work too. Somebody who wrote to customer service and is nobody's customer is theirs from the beginning.
func (a *App) tellComplaint(ctx context.Context, tx *db.Tx, e governance.GrievanceTold) error {
	to, err := a.Customers.Followers(ctx, tx, e.CustomerID)
	if err != nil {
		return err
	}
	to = to[:min(len(to), 1)]
	if e.Overdue || len(to) == 0 {
		bosses, err := a.Staff.Managers(ctx, tx)
		if err != nil {
			return err
		}
		to = append(to, bosses...)
	}
	names, err := a.Customers.Names(ctx, tx, []string{e.CustomerID})
	if err != nil {
		return err
	}
	name := "一位客户"
	if n := names[e.CustomerID]; n != "" {
		name = "客户「" + n + "」"
	}
	stage, text := "new", fmt.Sprintf("%s投诉：%s\n请在 %s 前处理，并在知音的客户页写下结果。", name, firstWords(e.Note), e.DueAt.In(a.Zone).Format("01-02 15:04"))
	if e.Overdue {
		stage, text = "overdue", fmt.Sprintf("%s的投诉过了期限还没有办结：%s\n请现在处理，并在知音的客户页写下结果。", name, firstWords(e.Note))
	}
	tx.OnCommit(func() { a.Live.Publish("customer", e.CustomerID) })
	return a.Notices.Put(ctx, tx, notice.Notice{Key: fmt.Sprint("complaint/", e.ID, "/", stage), Staff: to, Text: text})
}

// firstWords shortens what somebody wrote for a message.
func firstWords(text string) string {
	const most = 80
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(r)
}

// todoComplaints are open complaints: all for those who see the whole corp, else those of the caller's customers.
func (a *App) todoComplaints(ctx context.Context, staff []string, lang string) ([]stats.Todo, error) {
	if !mayCall(ctx, "customer.write") {
		return nil, nil
	}
	rows, err := a.Governor.OpenComplaints(ctx, a.CorpID)
	if err != nil {
		return nil, err
	}
	link := "/grievances?state=open"
	if staff != nil {
		var own []governance.Grievance
		for _, v := range rows {
			ok, err := a.Customers.Visible(ctx, v.CustomerID, staff)
			if err != nil {
				return nil, err
			}
			if ok {
				own = append(own, v)
			}
		}
		if rows = own; len(rows) > 0 {
			link = "/customers/" + rows[0].CustomerID
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	now, late := a.World.Now(), 0
	for i := range rows {
		if a.Governor.Overdue(&rows[i], now) {
			late++
		}
	}
	waited := now.Sub(rows[0].Since).Round(time.Minute)
	detail := longest(int(waited.Minutes()))
	if late > 0 {
		detail = errs.T(fmt.Sprintf("其中 %d 件过了期限", late), fmt.Sprintf("%d beyond the time", late))
	}
	return []stats.Todo{{
		Kind: "complaint", Count: len(rows), Link: link,
		Title: errs.T(fmt.Sprintf("%d 件投诉没有办结", len(rows)), errs.Count(len(rows), "complaint", "complaints")+" to deal with").In(lang), Detail: detail.In(lang),
	}}, nil
}
