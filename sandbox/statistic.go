package sandbox

import (
	"slices"
	"sort"
	"time"
)

// Statistics count what the journal and the deliveries say, and for the days
// before the world began what its history says.

const (
	statisticDays    = 30  // span of one query
	statisticHistory = 180 // days back
	statisticPeople  = 100
)

func statisticFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/externalcontact/get_user_behavior_data", byExternal, behaviourData).
				alias("/cgi-bin/crm/get_user_behavior_data"),
			post("/cgi-bin/externalcontact/groupchat/statistic", byExternal, groupStatistic),
			post("/cgi-bin/externalcontact/groupchat/statistic_group_by_day", byExternal, groupStatisticByDay),
		},
		acts: []act{doing("staff_adds_customer", staffAddsCustomer)},
	}
}

// statisticSpan checks a closed range of days and answers the midnights of its
// ends.
func (c *call) statisticSpan(begin, end int64) (time.Time, time.Time, error) {
	if begin <= 0 || end <= 0 {
		return time.Time{}, time.Time{}, refuse(40058, "the begin and end of the range are required")
	}
	from, to := today(time.Unix(begin, 0)), today(time.Unix(end, 0))
	switch {
	case to.Before(from):
		return from, to, refuse(40058, "the range ends before it begins")
	case to.Sub(from) > statisticDays*24*time.Hour:
		return from, to, refuse(40058, "the range spans more than %d days", statisticDays)
	case from.Before(today(c.now).AddDate(0, 0, -statisticHistory)):
		return from, to, refuse(40058, "the range begins more than %d days ago", statisticHistory)
	}
	return from, to, nil
}

// dayOf is the date of a row of journal or deliveries, as key and for order.
func dayOf(stamped string) string { return stamped[:len(time.DateOnly)] }

// entriesOf are the rows of the journal in a closed range of days.
func (w *world) entriesOf(from, to time.Time) []entry {
	first, after := from.Format(time.DateOnly), to.AddDate(0, 0, 1).Format(time.DateOnly)
	i := sort.Search(len(w.entries.list), func(i int) bool { return w.entries.list[i].Time >= first })
	j := sort.Search(len(w.entries.list), func(i int) bool { return w.entries.list[i].Time >= after })
	return w.entries.list[i:j]
}

// deliveriesOf are the deliveries in a closed range of days.
func (w *world) deliveriesOf(from, to time.Time) []Delivery {
	first, after := from.Format(time.DateOnly), to.AddDate(0, 0, 1).Format(time.DateOnly)
	i := sort.Search(len(w.deliveries.list), func(i int) bool { return w.deliveries.list[i].Time >= first })
	j := sort.Search(len(w.deliveries.list), func(i int) bool { return w.deliveries.list[i].Time >= after })
	return w.deliveries.list[i:j]
}

type behaviourQuery struct {
	UserID    []string `json:"userid"`
	PartyID   []int    `json:"partyid"`
	StartTime int64    `json:"start_time"`
	EndTime   int64    `json:"end_time"`
}

type behaviourView struct {
	StatTime  int64    `json:"stat_time"`
	Chats     int      `json:"chat_cnt"`
	Messages  int      `json:"message_cnt"`
	Replied   *float64 `json:"reply_percentage,omitempty"` // only on days with chats of customers
	ReplyTime *int     `json:"avg_reply_time,omitempty"`   // minutes
	Negative  int      `json:"negative_feedback_cnt"`
	Applied   int      `json:"new_apply_cnt"`
	Added     int      `json:"new_contact_cnt"`
}

type behaviourReply struct {
	reply
	Data []behaviourView `json:"behavior_data"`
}

func behaviourData(c *call, q *behaviourQuery) (any, error) {
	who, err := c.statisticPeople(q)
	if err != nil {
		return nil, err
	}
	from, to, err := c.statisticSpan(q.StartTime, q.EndTime)
	if err != nil {
		return nil, err
	}
	if now := today(c.now); to.After(now) {
		to = now
	}
	w, days := c.w, map[string]*behaviourDay{}
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		days[d.Format(time.DateOnly)] = &behaviourDay{chats: map[[2]string]*dayChat{}}
	}
	ids := map[string]bool{}
	for n := range who {
		ids[w.staff[n].id] = true
		w.historyAdds(n, days)
	}
	for _, e := range w.entriesOf(from, to) {
		if ids[e.Staff] {
			days[dayOf(e.Time)].entry(&e)
		}
	}
	for _, d := range w.deliveriesOf(from, to) {
		if ids[d.Staff] && d.Kind == "chat" && d.Channel == "contact" {
			days[dayOf(d.Time)].wrote(&d)
		}
	}
	out := behaviourReply{reply: done(), Data: []behaviourView{}}
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		out.Data = append(out.Data, days[d.Format(time.DateOnly)].view(d))
	}
	return out, nil
}

// statisticPeople are the members a call asks about; resigned ones count.
func (c *call) statisticPeople(q *behaviourQuery) (map[int32]bool, error) {
	switch {
	case len(q.UserID) == 0 && len(q.PartyID) == 0:
		return nil, refuse(40058, "userid and partyid are both empty")
	case len(q.UserID) > statisticPeople:
		return nil, refuse(40032, "userid holds %d members, at most %d are allowed", len(q.UserID), statisticPeople)
	case len(q.PartyID) > statisticPeople:
		return nil, refuse(40058, "partyid holds %d departments, at most %d are allowed", len(q.PartyID), statisticPeople)
	}
	who := map[int32]bool{}
	for _, id := range q.UserID {
		n, ok := c.w.anyStaff(id)
		if !ok {
			return nil, refuse(60011, "userid names %q, who is no member", id)
		}
		who[n] = true
	}
	for _, p := range q.PartyID {
		below, err := c.w.membersOf(p, true)
		if err != nil {
			return nil, refuse(60011, "partyid names %d, which is no department", p)
		}
		for _, m := range below {
			n, _ := c.w.anyStaff(m.id)
			who[n] = true
		}
	}
	return who, nil
}

// historyAdds counts the customers a member got before the world began.
func (w *world) historyAdds(staff int32, days map[string]*behaviourDay) {
	for _, n := range w.staff[staff].relations {
		if r := &w.relations[n]; r.addedAt < w.began.Unix() {
			if d := days[time.Unix(r.addedAt, 0).In(Zone).Format(time.DateOnly)]; d != nil {
				d.added++
			}
		}
	}
}

// behaviourDay is one day of the members asked about.
type behaviourDay struct {
	added, applied, negative, messages int
	chats                              map[[2]string]*dayChat // by member and customer
}

// dayChat is one single chat on one day, by the times of its first messages.
type dayChat struct {
	customer, staff string
	reply           string // of the member after the customer began
	spoke           bool
}

func (d *behaviourDay) chat(staff, customer string) *dayChat {
	key := [2]string{staff, customer}
	if d.chats[key] == nil {
		d.chats[key] = &dayChat{}
	}
	return d.chats[key]
}

func (d *behaviourDay) entry(e *entry) {
	switch {
	case e.Kind == "add_external_contact" && e.Detail != "handover":
		d.added++
	case e.Kind == "friend_request":
		d.applied++
	case e.Kind == "del_follow_user":
		d.negative++
	case e.Kind == "customer_says" && e.Chat == "" && e.ID == "":
		if c := d.chat(e.Staff, e.Customer); c.customer == "" {
			c.customer = e.Time
		}
	}
}

// wrote counts a message of a member. Customers' messages were read before.
func (d *behaviourDay) wrote(row *Delivery) {
	d.messages++
	c := d.chat(row.Staff, row.Customer)
	c.spoke = true
	if c.staff == "" {
		c.staff = row.Time
	}
	if c.reply == "" && c.customer != "" && row.Time >= c.customer {
		c.reply = row.Time
	}
}

func (d *behaviourDay) view(day time.Time) behaviourView {
	v := behaviourView{StatTime: day.Unix(), Messages: d.messages, Negative: d.negative, Applied: d.applied, Added: d.added}
	asked, replied, waited := 0, 0, time.Duration(0)
	for _, c := range d.chats {
		if c.spoke {
			v.Chats++
		}
		// A chat that the member began is no question of the customer.
		if c.customer == "" || (c.staff != "" && c.staff < c.customer) {
			continue
		}
		asked++
		if c.reply == "" {
			continue
		}
		replied++
		said, err1 := time.Parse(time.RFC3339, c.customer)
		answered, err2 := time.Parse(time.RFC3339, c.reply)
		if err1 == nil && err2 == nil {
			waited += answered.Sub(said)
		}
	}
	if asked > 0 {
		share := float64(replied*10000/asked) / 100
		v.Replied = &share
		minutes := 0
		if replied > 0 {
			minutes = int((waited / time.Duration(replied)).Minutes())
		}
		v.ReplyTime = &minutes
	}
	return v
}

type addCustomerQuery struct {
	Staff    string `json:"staff"`
	Customer string `json:"customer"`
	Pending  bool   `json:"pending"` // the person has not answered yet
}

// staffAddsCustomer is a member sending a friend request to a person found by
// phone number, who accepts unless the request stays pending.
func staffAddsCustomer(s *Sandbox, q *addCustomerQuery) (any, error) {
	w := s.world
	staff, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	cust, err := w.namedCustomer(q.Customer)
	if err != nil {
		return nil, err
	}
	if cust < 0 {
		cust = w.newPerson()
	}
	s.journal(entry{Kind: "friend_request", Staff: w.staff[staff].id, Customer: w.customerID(cust)})
	added := false
	if !q.Pending {
		added = s.addFriend(staff, cust, "", false)
		if r := w.relationOf(staff, cust); added && r != nil {
			r.addWay = 2
		}
	}
	return map[string]any{"staff": w.staff[staff].id, "customer": w.customerID(cust), "new": added}, nil
}

// sortedBy orders rows by a number, the larger first unless asc; equal ones
// keep their order.
func sortedBy[T any](rows []T, asc bool, by func(*T) int) {
	slices.SortStableFunc(rows, func(a, b T) int {
		if asc {
			return by(&a) - by(&b)
		}
		return by(&b) - by(&a)
	})
}
