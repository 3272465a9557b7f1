package sandbox

import (
	"time"
)

const (
	groupStatisticPage = 500
	groupStatisticMost = 1000
)

type groupStatisticQuery struct {
	Begin       int64        `json:"day_begin_time"`
	End         int64        `json:"day_end_time"`
	OwnerFilter *ownerFilter `json:"owner_filter"`
	OrderBy     *int         `json:"order_by"`
	OrderAsc    *int         `json:"order_asc"`
	Offset      int          `json:"offset"`
	Limit       *int         `json:"limit"`
}

type groupStatisticData struct {
	NewChats     int `json:"new_chat_cnt"`
	Chats        int `json:"chat_total"`
	ChatsTalking int `json:"chat_has_msg"`
	NewMembers   int `json:"new_member_cnt"`
	Members      int `json:"member_total"`
	Talking      int `json:"member_has_msg"`
	Messages     int `json:"msg_total"`
}

type groupStatisticRow struct {
	Owner string             `json:"owner"`
	Data  groupStatisticData `json:"data"`
}

type groupStatisticReply struct {
	reply
	Total      int                 `json:"total"`
	NextOffset int                 `json:"next_offset"`
	Items      []groupStatisticRow `json:"items"`
}

func groupStatistic(c *call, q *groupStatisticQuery) (any, error) {
	order, asc, limit := 1, 0, groupStatisticPage
	setIf(&order, q.OrderBy)
	setIf(&asc, q.OrderAsc)
	setIf(&limit, q.Limit)
	switch {
	case order < 1 || order > 4:
		return nil, refuse(40058, "order_by %d: must be between 1 and 4", order)
	case asc != 0 && asc != 1:
		return nil, refuse(40058, "order_asc %d: must be 0 or 1", asc)
	case q.Offset < 0 || limit < 1 || limit > groupStatisticMost:
		return nil, refuse(600041, "offset must not be negative, limit must be between 1 and %d", groupStatisticMost)
	}
	from, to, owners, err := c.groupStatisticRange(q.Begin, q.End, q.OwnerFilter)
	if err != nil {
		return nil, err
	}
	data := c.w.countGroups(from, to, owners)
	rows := []groupStatisticRow{}
	for n := range c.w.staff {
		if d := data[int32(n)]; d != nil {
			rows = append(rows, groupStatisticRow{Owner: c.w.staff[n].id, Data: *d})
		}
	}
	sortedBy(rows, asc == 1, func(r *groupStatisticRow) int {
		return [...]int{r.Data.NewChats, r.Data.Chats, r.Data.NewMembers, r.Data.Members}[order-1]
	})
	first := min(q.Offset, len(rows))
	last := min(first+limit, len(rows))
	return groupStatisticReply{reply: done(), Total: len(rows), NextOffset: last, Items: rows[first:last]}, nil
}

type groupStatisticDayQuery struct {
	Begin       int64        `json:"day_begin_time"`
	End         int64        `json:"day_end_time"`
	OwnerFilter *ownerFilter `json:"owner_filter"`
}

type groupStatisticDay struct {
	StatTime int64              `json:"stat_time"`
	Data     groupStatisticData `json:"data"`
}

type groupStatisticDayReply struct {
	reply
	Items []groupStatisticDay `json:"items"`
}

func groupStatisticByDay(c *call, q *groupStatisticDayQuery) (any, error) {
	from, to, owners, err := c.groupStatisticRange(q.Begin, q.End, q.OwnerFilter)
	if err != nil {
		return nil, err
	}
	out := groupStatisticDayReply{reply: done(), Items: []groupStatisticDay{}}
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		row := groupStatisticDay{StatTime: day.Unix()}
		for _, d := range c.w.countGroups(day, day, owners) {
			row.Data.add(d)
		}
		out.Items = append(out.Items, row)
	}
	return out, nil
}

func (g *groupStatisticData) add(o *groupStatisticData) {
	g.NewChats += o.NewChats
	g.Chats += o.Chats
	g.ChatsTalking += o.ChatsTalking
	g.NewMembers += o.NewMembers
	g.Members += o.Members
	g.Talking += o.Talking
	g.Messages += o.Messages
}

// groupStatisticRange checks the days, which end yesterday at the latest, and
// the owners.
func (c *call) groupStatisticRange(begin, end int64, filter *ownerFilter) (time.Time, time.Time, map[int32]bool, error) {
	if end == 0 {
		end = begin
	}
	from, to, err := c.statisticSpan(begin, end)
	if err != nil {
		return from, to, nil, err
	}
	if !to.Before(today(c.now)) {
		return from, to, nil, refuse(40058, "the newest day of group statistics is yesterday")
	}
	owners, err := c.chatOwners(filter)
	return from, to, owners, err
}

// countGroups counts the groups of each owner over a closed range of days; nil
// owners are all. Groups count for who owns them now.
func (w *world) countGroups(from, to time.Time, owners map[int32]bool) map[int32]*groupStatisticData {
	after := to.AddDate(0, 0, 1)
	gone := w.dismissedBefore(after)
	joined, grown := map[string]int{}, map[string]int{} // in the range; since
	for _, e := range w.entriesOf(from, w.lastDay()) {
		by := map[string]int{"group_join": 1, "group_leave": -1}[e.Kind]
		if by == 0 {
			continue
		}
		if dayOf(e.Time) >= after.Format(time.DateOnly) {
			grown[e.Chat] += by
		} else if by > 0 {
			joined[e.Chat]++
		}
	}
	said := w.saidIn(from, to)
	out := map[int32]*groupStatisticData{}
	for _, ch := range w.chats {
		if (owners != nil && !owners[ch.owner]) || ch.created >= after.Unix() {
			continue
		}
		d := out[ch.owner]
		if d == nil {
			d = &groupStatisticData{}
			out[ch.owner] = d
		}
		if ch.created >= from.Unix() {
			d.NewChats++
		}
		d.NewMembers += joined[ch.id] + ch.historyJoins(from, after, w.began)
		if s := said[ch.id]; s != nil {
			d.ChatsTalking++
			d.Messages += s.messages
			d.Talking += len(s.people)
		}
		if !gone[ch.id] {
			d.Chats++
			d.Members += ch.membersAt(after, w.began) - grown[ch.id]
		}
	}
	return out
}

// lastDay is the day of the newest row of the journal.
func (w *world) lastDay() time.Time {
	if len(w.entries.list) == 0 {
		return w.began
	}
	day, err := time.ParseInLocation(time.DateOnly, dayOf(w.entries.list[len(w.entries.list)-1].Time), Zone)
	if err != nil {
		return w.began // rows are stamped by this world
	}
	return day
}

// dismissedBefore are the groups that were gone at a time.
func (w *world) dismissedBefore(t time.Time) map[string]bool {
	gone := map[string]bool{}
	for _, e := range w.entriesOf(today(w.began), t.AddDate(0, 0, -1)) {
		if e.Kind == "group_dismiss" {
			gone[e.Chat] = true
		}
	}
	return gone
}

// historyJoins counts the members who joined in the range before the world
// began, when no journal was kept.
func (ch *chat) historyJoins(from, after, began time.Time) int {
	n := 0
	for _, m := range ch.members {
		if m.at >= from.Unix() && m.at < after.Unix() && m.at < began.Unix() {
			n++
		}
	}
	return n
}

// membersAt counts the members as if nobody had joined or left since; of the
// time before the world began those who are still there.
func (ch *chat) membersAt(after, began time.Time) int {
	if after.After(began) {
		return len(ch.members)
	}
	n := 0
	for _, m := range ch.members {
		if m.at < after.Unix() {
			n++
		}
	}
	return n
}

// saidInChat is what was written in one group.
type saidInChat struct {
	messages int
	people   map[string]bool
}

func (w *world) saidIn(from, to time.Time) map[string]*saidInChat {
	out := map[string]*saidInChat{}
	note := func(chat, who string) {
		if out[chat] == nil {
			out[chat] = &saidInChat{people: map[string]bool{}}
		}
		out[chat].messages++
		out[chat].people[who] = true
	}
	for _, e := range w.entriesOf(from, to) {
		if e.Kind == "customer_says" && e.Chat != "" {
			note(e.Chat, e.Customer)
		}
	}
	for _, d := range w.deliveriesOf(from, to) {
		if d.Channel == "group" && d.Chat != "" {
			note(d.Chat, d.Staff)
		}
	}
	return out
}
