package sandbox

import (
	"time"
)

// tempChat is a relation that came through a temp way and ends by itself.
type tempChat struct {
	way   *contactWay
	until time.Time
}

func tempChatFamily() family {
	return family{routes: []route{
		post("/cgi-bin/externalcontact/close_temp_chat", byExternal, closeTempChat),
	}}
}

// beginTempChat lets a relation end when the way says so. The code of the way
// dies with the adding.
func (s *Sandbox) beginTempChat(way *contactWay, staff, cust int32) {
	w := s.world
	way.used = true
	chat := &tempChat{way: way, until: s.now().Add(time.Duration(way.chatExpires) * time.Second)}
	key := pairKey{staff, cust}
	w.tempChats[key] = chat
	s.at(chat.until, func() {
		if w.tempChats[key] == chat {
			s.endTempChat(key)
		}
	})
}

// endTempChat sends the closing words and takes the relation away, without an
// event.
func (s *Sandbox) endTempChat(key pairKey) {
	w := s.world
	chat := w.tempChats[key]
	delete(w.tempChats, key)
	r := w.relationOf(key.staff, key.other)
	if r == nil || !r.alive() {
		return
	}
	staff, customer := w.staff[r.staff].id, w.customerID(r.customer)
	if text := chat.way.conclusions.summary(); text != "" && r.friends() {
		s.delivered(Delivery{Customer: customer, Staff: staff, Channel: "contact", Kind: "conclusions", Origin: "api", Task: chat.way.id, Text: text})
	}
	r.dead = true
	w.countRelation(r, -1)
	s.journal(entry{Kind: "temp_chat_ended", Staff: staff, Customer: customer, ID: chat.way.id})
}

// summary is the closing words in one line for the oracle.
func (c *conclusions) summary() string {
	if c == nil {
		return ""
	}
	out := ""
	if c.Text != nil {
		out = c.Text.Content
	}
	switch {
	case c.Image != nil:
		out += "[image]"
	case c.Link != nil:
		out += "[link]" + c.Link.Title + " " + c.Link.URL
	case c.MiniProgram != nil:
		out += "[miniprogram]"
	}
	return out
}

type closeTempChatQuery struct {
	UserID         string `json:"userid"`
	ExternalUserID string `json:"external_userid"`
}

func closeTempChat(c *call, q *closeTempChatQuery) (any, error) {
	staff, err := c.w.memberParam("userid", q.UserID)
	if err != nil {
		return nil, err
	}
	cust, err := c.w.customerParam(q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	key := pairKey{staff, cust}
	if c.w.tempChats[key] == nil {
		return nil, refuse(84061, "the two have no temp chat that still runs")
	}
	c.s.endTempChat(key)
	return nil, nil
}
