package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// unknownID is the answer to an act that names what is not there.
func unknownID(kind, id string) error { return fmt.Errorf("no %s %q", kind, id) }

// namedCustomer finds the customer an act names; -1 when it names none.
func (w *world) namedCustomer(id string) (int32, error) {
	if id == "" {
		return -1, nil
	}
	n, ok := w.customerByID(id)
	if !ok {
		return 0, unknownID("customer", id)
	}
	return n, nil
}

// namedOrFirst finds the member an act names, or takes the first.
func (w *world) namedOrFirst(id string) (int32, error) {
	if id == "" {
		return w.staffIndexOf(w.firstStaff()), nil
	}
	n, ok := w.staffByID(id)
	if !ok {
		return 0, unknownID("member", id)
	}
	return n, nil
}

type massActQuery struct {
	Staff     string   `json:"staff"`
	MsgID     string   `json:"msgid"`
	Moment    string   `json:"moment"`    // the task is a corp moment
	Customers []string `json:"customers"` // confirm for these only (allow_select)
	Chats     []string `json:"chats"`     // confirm for these groups only
}

// openTask finds the task an act means: the oldest open one that fits.
func (s *Sandbox) openTask(q *massActQuery) (*massMessage, *massTask, error) {
	w := s.world
	staff := int32(-1)
	if q.Staff != "" {
		n, ok := w.staffByID(q.Staff)
		if !ok {
			return nil, nil, unknownID("member", q.Staff)
		}
		staff = n
	}
	if q.MsgID != "" && w.msgIndex[q.MsgID] == nil {
		return nil, nil, unknownID("mass message", q.MsgID)
	}
	for _, m := range w.messages {
		if m.cancelled || (q.MsgID != "" && m.id != q.MsgID) || s.now().Unix() < m.dispatched {
			continue
		}
		for _, t := range m.tasks {
			if t.sentAt == 0 && !t.declined && (staff < 0 || t.staff == staff) {
				return m, t, nil
			}
		}
	}
	return nil, nil, errors.New("no open task fits: none is dispatched and unsent")
}

// staffConfirms is a member sending a mass message that waits, or publishing
// the moment that is named.
func staffConfirms(s *Sandbox, q *massActQuery) (any, error) {
	if q.Moment != "" {
		return s.publishCorpMoment(q.Staff, q.Moment)
	}
	m, t, err := s.openTask(q)
	if err != nil {
		return nil, err
	}
	sent := s.confirm(m, t, q)
	return map[string]any{"staff": s.world.staff[t.staff].id, "msgid": m.id, "sent": sent, "targets": len(t.targets)}, nil
}

func staffDeclines(s *Sandbox, q *massActQuery) (any, error) {
	if q.Moment != "" {
		m, t, err := s.openMoment(q.Staff, q.Moment)
		if err != nil {
			return nil, err
		}
		s.declineMoment(m, t)
		return map[string]any{"staff": s.world.staff[t.staff].id, "moment": m.id}, nil
	}
	m, t, err := s.openTask(q)
	if err != nil {
		return nil, err
	}
	s.decline(m, t)
	return map[string]any{"staff": s.world.staff[t.staff].id, "msgid": m.id}, nil
}

func (s *Sandbox) decline(m *massMessage, t *massTask) {
	t.declined = true
	s.journal(entry{Kind: "mass_declined", Staff: s.world.staff[t.staff].id, ID: m.id})
}

// confirm is a member pressing send: each receiver gets the message, is no
// friend any more, or has had as many mass messages as the corp may send.
func (s *Sandbox) confirm(m *massMessage, t *massTask, q *massActQuery) int {
	w, now := s.world, s.now()
	t.sentAt = now.Unix()
	origin, sent := "api", 0
	if m.byMember != "" {
		origin = "member"
	}
	text := (&content{Attachments: m.attachments}).summary()
	parts := s.archiveParts(m.content())
	for i := range t.targets {
		target := &t.targets[i]
		d := Delivery{Staff: w.staff[t.staff].id, Origin: origin, Task: m.id, Text: m.text + text}
		got := w.massGot
		if m.chatType == "group" {
			d.Chat, d.Channel, d.Kind, got = w.chats[target.to].id, "group", "mass_group", w.chatGot
			if q != nil && len(q.Chats) > 0 && !slices.Contains(q.Chats, d.Chat) {
				continue
			}
		} else {
			d.Customer, d.Channel, d.Kind = w.customerID(target.to), "contact", "mass_customer"
			if q != nil && len(q.Customers) > 0 && !slices.Contains(q.Customers, d.Customer) {
				continue
			}
			if r := w.relationOf(t.staff, target.to); r == nil || !r.friends() {
				target.status = massNoFriend
				continue
			}
		}
		if s.overCap(got, target.to, now) {
			target.status = massOverLimit
			continue
		}
		target.status = massSent
		got[target.to] = append(got[target.to], now.Unix())
		s.delivered(d)
		s.archiveMass(m, t, target, parts)
		sent++
		if l := w.life; l != nil && m.chatType == "group" {
			s.groupTouched(t.staff, w.chats[target.to], m.id)
		} else if l != nil {
			s.touched(touch{weight: l.Touch.Single, single: true, staff: t.staff, customer: target.to, task: m.id})
		}
	}
	s.journal(entry{Kind: "mass_confirmed", Staff: w.staff[t.staff].id, ID: m.id, Detail: strconv.Itoa(sent)})
	return sent
}

// content is the message as the calls that make one take it.
func (m *massMessage) content() *content {
	out := &content{Attachments: m.attachments}
	if m.text != "" {
		out.Text = &textPart{Content: m.text}
	}
	return out
}

// archiveMass archives what one target got, as words of the member.
func (s *Sandbox) archiveMass(m *massMessage, t *massTask, target *massTarget, parts []archivedPart) {
	to := archived{to: speaker{customerSpeaks, target.to}}
	if m.chatType == "group" {
		c := s.world.chats[target.to]
		to = inRoom(c.id, c.members)
	}
	to.from = speaker{staffSpeaks, t.staff}
	s.archiveAll(to, parts)
}

// overCap applies the corp's setting for mass messages a receiver may get: as
// many a month as it has days, or 7 a week, or 1 a day.
func (s *Sandbox) overCap(got map[int32][]int64, to int32, now time.Time) bool {
	day := today(now)
	since, most := day.AddDate(0, 0, 1-day.Day()), day.AddDate(0, 1, -day.Day()).Day()
	switch s.switches["mass.cap"] {
	case "week":
		since, most = day.AddDate(0, 0, -(int(day.Weekday())+6)%7), 7
	case "day":
		since, most = day, 1
	}
	kept := slices.DeleteFunc(got[to], func(at int64) bool { return at < since.Unix() })
	got[to] = kept
	return len(kept) >= most
}
