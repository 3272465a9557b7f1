package sandbox

import (
	"errors"
	"slices"
	"time"
)

type flowQuery struct {
	BeginTime int64  `json:"begin_time"`
	EndTime   int64  `json:"end_time"`
	MchID     string `json:"mch_id"`
	Cursor    string `json:"cursor"`
	Limit     int    `json:"limit"`
}

type flowView struct {
	Timestamp int64  `json:"timestamp"`
	RequestNo string `json:"request_no"`
	Kind      int    `json:"transaction_type"`
	Way       int    `json:"fund_flow_type"`
	Amount    int    `json:"transaction_amount"`
	Balance   int    `json:"account_balance"`
	Trade     string `json:"out_trade_no"`
	MchID     string `json:"mch_id"`
	Operator  string `json:"operator_userid"`

	Groups []payGroupName `json:"group_list"`
	Remark string         `json:"remark"`
}

type payGroupName struct {
	Name string `json:"group_name"`
}

// payGroup is a rule group of the console: members whose payments its
// administrators look after.
type payGroup struct {
	name    string
	users   []string
	parties []int
}

type flowReply struct {
	reply
	NextCursor string     `json:"next_cursor,omitempty"`
	List       []flowView `json:"fund_flow_list"`
}

const (
	flowDays  = 31
	flowYears = 3
	flowHour  = 11 // of the next day, when a day can be read
)

// flowsBegan is the first day of which WeCom keeps the movements.
var flowsBegan = time.Date(2022, 12, 1, 0, 0, 0, 0, Zone)

// payFlows lists the movements of accounts, of days that are over.
func payFlows(c *call, q *flowQuery) (any, error) {
	first := c.now.AddDate(-flowYears, 0, 0)
	if first.Before(flowsBegan) {
		first = flowsBegan
	}
	begin := time.Unix(q.BeginTime, 0)
	switch {
	case q.BeginTime <= 0 || q.EndTime < q.BeginTime:
		return nil, refuse(40058, "begin_time and end_time are required, in this order")
	case begin.Before(first):
		return nil, refuse(40058, "begin_time is before %s, where what is kept begins", first.Format(time.DateOnly))
	case time.Unix(q.EndTime, 0).Sub(begin) > flowDays*24*time.Hour:
		return nil, refuse(40058, "end_time is more than %d days after begin_time", flowDays)
	case q.Limit < 0 || q.Limit > flowPage:
		return nil, refuse(40058, "limit %d: at most %d", q.Limit, flowPage)
	case q.MchID != "" && (c.w.pay.index[q.MchID] == nil || !c.w.pay.index[q.MchID].inside):
		return nil, refuse(660001, "mch_id %q is no merchant number opened inside WeCom", q.MchID)
	}
	filter := hash(uint64(q.BeginTime), uint64(q.EndTime), hashString(q.MchID), 172)
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, flowPage, 100)
	out := flowReply{reply: done(), List: []flowView{}}
	flows, next := payPage(c.w.pay.flows, at, limit, func(f *fundFlow) bool {
		t := f.at.Unix()
		return t >= q.BeginTime && t <= q.EndTime && (q.MchID == "" || f.merchant.id == q.MchID) &&
			!c.now.Before(today(f.at).AddDate(0, 0, 1).Add(flowHour*time.Hour))
	})
	for _, f := range flows {
		if f.staff < 0 || c.w.appSees(f.staff) {
			out.List = append(out.List, c.w.viewFlow(f))
		}
	}
	if next >= 0 {
		out.NextCursor = makeCursor(filter, next)
	}
	return out, nil
}

func (w *world) viewFlow(f *fundFlow) flowView {
	v := flowView{
		Timestamp: f.at.Unix(), RequestNo: f.request, Kind: f.kind, Way: 2, Amount: f.amount, Balance: f.balance,
		Trade: f.trade, MchID: f.merchant.id, Operator: w.staffName(f.staff), Groups: []payGroupName{}, Remark: f.remark,
	}
	for _, g := range w.pay.groups {
		if f.staff >= 0 && slices.Contains(w.linkMembers(g.users, g.parties), f.staff) {
			v.Groups = append(v.Groups, payGroupName{g.name})
		}
	}
	if f.in {
		v.Way = 1
	}
	return v
}

type payGroupQuery struct {
	Name    string   `json:"name"`
	Users   []string `json:"user"`
	Parties []int    `json:"partyid"`
}

// adminSetsPayGroup makes a rule group of payments, or changes who is in it;
// without anybody it ends.
func adminSetsPayGroup(s *Sandbox, q *payGroupQuery) (any, error) {
	d := s.world.pay
	if q.Name == "" {
		return nil, errors.New("name is missing")
	}
	for _, id := range q.Users {
		if _, ok := s.world.staffByID(id); !ok {
			return nil, unknownID("member", id)
		}
	}
	for _, p := range q.Parties {
		if s.world.department(p) == nil {
			return nil, unknownID("department", itoa(p))
		}
	}
	d.groups = slices.DeleteFunc(d.groups, func(g *payGroup) bool { return g.name == q.Name })
	if len(q.Users)+len(q.Parties) > 0 {
		d.groups = append(d.groups, &payGroup{q.Name, q.Users, q.Parties})
	}
	return map[string]any{"name": q.Name, "groups": len(d.groups)}, nil
}

type paymentQuery struct {
	PaymentID string `json:"payment_id"`
}

type paymentNumber struct {
	OutTradeNo string `json:"out_trade_no"`
}

type paymentReply struct {
	reply
	List []paymentNumber `json:"bill_list"`
}

// paymentInfo lists the payments of an item that a member raised in a page of
// the app.
func paymentInfo(c *call, q *paymentQuery) (any, error) {
	item := c.w.pay.items[q.PaymentID]
	if item == nil {
		return nil, refuse(660012, "no payment item %q of this app", q.PaymentID)
	}
	out := paymentReply{reply: done(), List: []paymentNumber{}}
	for _, b := range item.paid {
		out.List = append(out.List, paymentNumber{b.trade})
	}
	return out, nil
}

// staffName is a userid; empty for nobody.
func (w *world) staffName(n int32) string {
	if n < 0 {
		return ""
	}
	return w.staff[n].id
}
