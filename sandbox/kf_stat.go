package sandbox

import (
	"time"
)

const (
	kfStatDays  = 180 // back from yesterday
	kfStatSpan  = 31
	kfStatReady = 6 * time.Hour // of the next day
)

// people is a set of customers.
type people map[int32]struct{}

func (p *people) add(n int32) {
	if *p == nil {
		*p = people{}
	}
	(*p)[n] = struct{}{}
}

// kfDay is what happened at an account on one day.
type kfDay struct {
	sessions, messages int
	assistant          int // sessions the API answered
	assistantToHuman   int // of them, moved to people
	customers          people
	upgraded, rejected people
	servicers          map[string]*kfServicerDay
}

// kfServicerDay is what one servicer did on a day, or all of them.
type kfServicerDay struct {
	sessions, messages              int
	replied                         int
	firstReply                      int64 // seconds, over all replied
	customers                       people
	upgraded, rejected              people
	memberInvites, groupInvites     int
	memberCustomers, groupCustomers people
}

// day is the account's record of the day of t. Days that nobody can ask for any
// more are dropped.
func (a *kfAccount) day(t time.Time) *kfDay {
	at := today(t).Unix()
	d := a.days[at]
	if d == nil {
		d = &kfDay{servicers: map[string]*kfServicerDay{}}
		a.days[at] = d
		oldest := today(t).AddDate(0, 0, -kfStatDays-1).Unix()
		for old := range a.days {
			if old < oldest {
				delete(a.days, old)
			}
		}
	}
	return d
}

func (d *kfDay) servicer(userid string) *kfServicerDay {
	sv := d.servicers[userid]
	if sv == nil {
		sv = &kfServicerDay{}
		d.servicers[userid] = sv
	}
	return sv
}

// countWrites counts a customer's message.
func (a *kfAccount) countWrites(customer int32, ks *kfSession, begun bool, now time.Time) {
	d := a.day(now)
	if begun {
		d.sessions++
	}
	d.messages++
	d.customers.add(customer)
	if ks.stored == kfHuman {
		sv := d.servicer(ks.servicer)
		sv.messages++
		sv.customers.add(customer)
	}
}

// countAssistant counts a session that the API answered, once.
func (a *kfAccount) countAssistant(ks *kfSession, now time.Time) {
	if !ks.assistant {
		ks.assistant = true
		a.day(now).assistant++
	}
}

// countMoved counts a session that leaves the assistant for people, once.
func (a *kfAccount) countMoved(ks *kfSession, now time.Time) {
	if ks.assistant && !ks.moved {
		ks.moved = true
		a.day(now).assistantToHuman++
	}
}

// countServed counts a session that a servicer gets.
func (a *kfAccount) countServed(customer int32, ks *kfSession, now time.Time) {
	sv := a.day(now).servicer(ks.servicer)
	sv.sessions++
	sv.customers.add(customer)
	ks.servedAt, ks.answered = now.Unix(), false
}

// countReply counts the first answer of a servicer in a session.
func (a *kfAccount) countReply(ks *kfSession, now time.Time) {
	if ks.answered {
		return
	}
	ks.answered = true
	sv := a.day(now).servicer(ks.servicer)
	sv.replied++
	sv.firstReply += now.Unix() - ks.servedAt
}

type kfStatQuery struct {
	OpenKfID  string `json:"open_kfid"`
	StartTime *int64 `json:"start_time"`
	EndTime   *int64 `json:"end_time"`
}

// days are the first seconds of the days asked for.
func (c *call) kfStatRange(openKfID string, start, end *int64) (*kfAccount, []int64, error) {
	a, err := c.kfAccount(openKfID)
	if err != nil {
		return nil, nil, err
	}
	if start == nil || end == nil {
		return nil, nil, refuse(40058, "start_time and end_time must be given")
	}
	from, to := today(time.Unix(*start, 0)), today(time.Unix(*end, 0))
	yesterday := today(c.now).AddDate(0, 0, -1)
	switch {
	case to.Before(from):
		return nil, nil, refuse(40058, "end_time lies before start_time")
	case to.After(yesterday):
		return nil, nil, refuse(40058, "figures end with yesterday")
	case from.Before(yesterday.AddDate(0, 0, -kfStatDays)):
		return nil, nil, refuse(40058, "figures go back %d days", kfStatDays)
	case to.Sub(from) > kfStatSpan*24*time.Hour:
		return nil, nil, refuse(40058, "at most %d days in one call", kfStatSpan)
	}
	var out []int64
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		out = append(out, day.Unix())
	}
	return a, out, nil
}

// kfReady reports whether the figures of a day are ready at now: at 6 o'clock
// of the next day.
func kfReady(day int64, now time.Time) bool {
	return !now.Before(time.Unix(day, 0).Add(24*time.Hour + kfStatReady))
}

// rate is a share; nil when it cannot be computed.
func rate(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	r := float64(part) / float64(whole)
	return &r
}

type kfCorpFigures struct {
	Sessions     int      `json:"session_cnt"`
	Customers    int      `json:"customer_cnt"`
	Messages     int      `json:"customer_msg_cnt"`
	Upgraded     int      `json:"upgrade_service_customer_cnt"`
	Assistant    int      `json:"ai_session_reply_cnt"`
	TransferRate *float64 `json:"ai_transfer_rate,omitempty"`
	Rejected     int      `json:"msg_rejected_customer_cnt"`
}

type kfCorpDay struct {
	Time      int64          `json:"stat_time"`
	Statistic *kfCorpFigures `json:"statistic,omitempty"`
}

type kfCorpStatReply struct {
	reply
	List []kfCorpDay `json:"statistic_list"`
}

// kfCorpStat answers what happened at an account by day. The knowledge hit rate
// comes from WeCom's own replies only, which rest while the API answers.
func kfCorpStat(c *call, q *kfStatQuery) (any, error) {
	a, days, err := c.kfStatRange(q.OpenKfID, q.StartTime, q.EndTime)
	if err != nil {
		return nil, err
	}
	out := kfCorpStatReply{reply: done(), List: []kfCorpDay{}}
	for _, day := range days {
		row := kfCorpDay{Time: day}
		if kfReady(day, c.now) {
			d := a.days[day]
			if d == nil {
				d = &kfDay{}
			}
			row.Statistic = &kfCorpFigures{
				Sessions: d.sessions, Customers: len(d.customers), Messages: d.messages, Upgraded: len(d.upgraded),
				Assistant: d.assistant, TransferRate: rate(d.assistantToHuman, d.assistant), Rejected: len(d.rejected),
			}
		}
		out.List = append(out.List, row)
	}
	return out, nil
}

type kfServicerStatQuery struct {
	OpenKfID  string `json:"open_kfid" bad:"60252"`
	Servicer  string `json:"servicer_userid" bad:"60253"`
	StartTime *int64 `json:"start_time"`
	EndTime   *int64 `json:"end_time"`
}

type kfServicerFigures struct {
	Sessions        int      `json:"session_cnt"`
	Customers       int      `json:"customer_cnt"`
	Messages        int      `json:"customer_msg_cnt"`
	ReplyRate       *float64 `json:"reply_rate,omitempty"`
	FirstReply      *float64 `json:"first_reply_average_sec,omitempty"`
	Surveys         int      `json:"satisfaction_investgate_cnt"` // spelled like this by WeCom
	Upgraded        int      `json:"upgrade_service_customer_cnt"`
	MemberInvites   int      `json:"upgrade_service_member_invite_cnt"`
	MemberCustomers int      `json:"upgrade_service_member_customer_cnt"`
	GroupInvites    int      `json:"upgrade_service_groupchat_invite_cnt"`
	GroupCustomers  int      `json:"upgrade_service_groupchat_customer_cnt"`
	Rejected        int      `json:"msg_rejected_customer_cnt"`
}

type kfServicerStatDay struct {
	Time      int64              `json:"stat_time"`
	Statistic *kfServicerFigures `json:"statistic,omitempty"`
}

type kfServicerStatReply struct {
	reply
	List []kfServicerStatDay `json:"statistic_list"`
}

// kfServicerStat answers what a servicer did by day, or all of an account. The
// survey of satisfaction rests while the API answers.
func kfServicerStat(c *call, q *kfServicerStatQuery) (any, error) {
	a, days, err := c.kfStatRange(q.OpenKfID, q.StartTime, q.EndTime)
	if err != nil {
		return nil, err
	}
	if q.Servicer != "" && a.serves(c.w, q.Servicer) == nil {
		return nil, refuse(60253, "%q is no servicer of this account", q.Servicer)
	}
	out := kfServicerStatReply{reply: done(), List: []kfServicerStatDay{}}
	for _, day := range days {
		row := kfServicerStatDay{Time: day}
		if kfReady(day, c.now) {
			row.Statistic = a.servicerFigures(day, q.Servicer)
		}
		out.List = append(out.List, row)
	}
	return out, nil
}

func (a *kfAccount) servicerFigures(day int64, userid string) *kfServicerFigures {
	var all kfServicerDay
	if d := a.days[day]; d != nil {
		for id, sv := range d.servicers {
			if userid == "" || id == userid {
				all.merge(sv)
			}
		}
	}
	out := &kfServicerFigures{
		Sessions: all.sessions, Customers: len(all.customers), Messages: all.messages, ReplyRate: rate(all.replied, all.sessions),
		Upgraded: len(all.upgraded), MemberInvites: all.memberInvites, MemberCustomers: len(all.memberCustomers),
		GroupInvites: all.groupInvites, GroupCustomers: len(all.groupCustomers), Rejected: len(all.rejected),
	}
	if all.replied > 0 {
		average := float64(all.firstReply) / float64(all.replied)
		out.FirstReply = &average
	}
	return out
}

func (sv *kfServicerDay) merge(o *kfServicerDay) {
	sv.sessions += o.sessions
	sv.messages += o.messages
	sv.replied += o.replied
	sv.firstReply += o.firstReply
	sv.memberInvites += o.memberInvites
	sv.groupInvites += o.groupInvites
	for _, pair := range [][2]*people{
		{&sv.customers, &o.customers},
		{&sv.upgraded, &o.upgraded},
		{&sv.rejected, &o.rejected},
		{&sv.memberCustomers, &o.memberCustomers},
		{&sv.groupCustomers, &o.groupCustomers},
	} {
		for n := range *pair[1] {
			pair[0].add(n)
		}
	}
}
