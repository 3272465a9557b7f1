package sandbox

import (
	"errors"
	"slices"
)

type scanJoinQuery struct {
	ConfigID string `json:"config_id"`
	Customer string `json:"customer"`
}

// scanJoinWay lets a person scan a group code: a customer unless named.
func scanJoinWay(s *Sandbox, q *scanJoinQuery) (any, error) {
	w := s.world
	j := w.pickJoinWay(q.ConfigID)
	if j == nil {
		return nil, unknownID("join way", q.ConfigID)
	}
	cust, err := w.namedCustomer(q.Customer)
	if err != nil {
		return nil, err
	}
	for _, id := range j.chats {
		if c := w.chatIndex[id]; cust >= 0 && c != nil && !c.dismissed && c.place(false, cust) >= 0 {
			return joinAnswer(w, j, c, cust, false, "already a member"), nil
		}
	}
	if cust < 0 {
		if r := w.pickRelation(w.draw(103)); r != nil {
			cust = r.customer
		}
		if cust < 0 || slices.ContainsFunc(j.chats, func(id string) bool {
			c := w.chatIndex[id]
			return c != nil && c.place(false, cust) >= 0
		}) {
			cust = w.newPerson()
		}
	}
	c := s.roomFor(j)
	if c == nil {
		return joinAnswer(w, j, nil, cust, false, "all groups are full"), nil
	}
	s.joinChat(c, chatMember{who: cust, at: s.now().Unix(), scene: 3, inviter: -1, state: j.state})
	return joinAnswer(w, j, c, cust, true, ""), nil
}

// pickJoinWay is the way of that id, or any; nil when there is none.
func (w *world) pickJoinWay(id string) *joinWay {
	if id != "" {
		return w.joinIndex[id]
	}
	var live []*joinWay
	for _, j := range w.joinWays {
		if w.joinIndex[j.id] == j {
			live = append(live, j)
		}
	}
	if len(live) == 0 {
		return nil
	}
	return live[w.draw(104)%uint64(len(live))]
}

func joinAnswer(w *world, j *joinWay, c *chat, cust int32, joined bool, why string) map[string]any {
	v := map[string]any{"customer": w.customerID(cust), "config_id": j.id, "state": j.state, "joined": joined, "chat": ""}
	if c != nil {
		v["chat"] = c.id
	}
	if why != "" {
		v["why"] = why
	}
	return v
}

type chatActQuery struct {
	Chat     string `json:"chat"`
	Customer string `json:"customer"`
	Staff    string `json:"staff"`
	Name     string `json:"name"`
	Notice   string `json:"notice"`
	Owner    string `json:"owner"`
	Removed  bool   `json:"removed"`
}

// pickChat is the group of that id, or any that fits.
func (s *Sandbox) pickChat(id string, fits func(*chat) bool) (*chat, error) {
	w := s.world
	from := w.draw(105)
	for i := range w.chats {
		c := w.chats[(from+uint64(i))%uint64(len(w.chats))]
		if !c.dismissed && (id == "" || c.id == id) && fits(c) {
			return c, nil
		}
	}
	return nil, unknownID("group that fits", id)
}

// leaveGroup takes a customer out of a group; "removed" means the owner did it.
func leaveGroup(s *Sandbox, q *chatActQuery) (any, error) {
	cust, err := s.world.namedCustomer(q.Customer)
	if err != nil {
		return nil, err
	}
	who := func(c *chat) int {
		if cust >= 0 {
			return c.place(false, cust)
		}
		return slices.IndexFunc(c.members, func(m chatMember) bool { return !m.staff })
	}
	c, err := s.pickChat(q.Chat, func(c *chat) bool { return who(c) >= 0 })
	if err != nil {
		return nil, err
	}
	at := who(c)
	id := s.world.memberID(c.members[at])
	s.leaveChat(c, at, q.Removed)
	return map[string]any{"chat": c.id, "customer": id}, nil
}

// createGroup is a member making a customer group in the client.
func createGroup(s *Sandbox, q *chatActQuery) (any, error) {
	w := s.world
	owner, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	name := q.Name
	if name == "" {
		name = w.groupName(len(w.chats) + 1)
	}
	c := w.addChat(name, owner, s.now())
	s.journal(entry{Kind: "group_create", Chat: c.id, Staff: w.staff[owner].id})
	s.send(s.chatEvent(c, "change_external_chat.create", "create"))
	return map[string]any{"chat": c.id, "staff": w.staff[owner].id}, nil
}

func (w *world) staffIndexOf(m *member) int32 {
	n, _ := w.anyStaff(m.id)
	return n
}

// changeGroup changes name, notice or owner, one event each.
func changeGroup(s *Sandbox, q *chatActQuery) (any, error) {
	c, err := s.pickChat(q.Chat, func(*chat) bool { return true })
	if err != nil {
		return nil, err
	}
	if q.Name == "" && q.Notice == "" && q.Owner == "" {
		return nil, errors.New(`change what? give "name", "notice" or "owner"`)
	}
	tell := func(detail string) {
		s.journal(entry{Kind: "group_" + detail, Chat: c.id})
		s.send(s.chatEvent(c, "change_external_chat.update."+detail, "update").text("UpdateDetail", detail))
	}
	if q.Owner != "" {
		n, ok := s.world.staffByID(q.Owner)
		if !ok {
			return nil, unknownID("member", q.Owner)
		}
		if c.place(true, n) < 0 {
			s.joinChat(c, chatMember{staff: true, who: n, at: s.now().Unix(), scene: 1, inviter: c.owner})
		}
		s.change(c, func() { c.owner = n })
		tell("change_owner")
	}
	if q.Name != "" {
		s.change(c, func() { c.name = q.Name })
		tell("change_name")
	}
	if q.Notice != "" {
		s.change(c, func() { c.notice = q.Notice })
		tell("change_notice")
	}
	return map[string]any{"chat": c.id}, nil
}

func dismissGroup(s *Sandbox, q *chatActQuery) (any, error) {
	c, err := s.pickChat(q.Chat, func(*chat) bool { return true })
	if err != nil {
		return nil, err
	}
	c.dismissed = true
	s.journal(entry{Kind: "group_dismiss", Chat: c.id})
	s.send(s.chatEvent(c, "change_external_chat.dismiss", "dismiss"))
	return map[string]any{"chat": c.id}, nil
}
