package sandbox

import "strconv"

// appActFamily is what members do with the app in the client. What they get
// back as a passive reply goes to the journal.
func appActFamily() family {
	return family{acts: []act{
		doing("staff_writes_app", staffWritesApp),
		doing("staff_opens_app", staffOpensApp),
		doing("staff_clicks_menu", staffClicksMenu),
	}}
}

type appActQuery struct {
	Staff string `json:"staff"`
	Text  string `json:"text"`
	Key   string `json:"key"` // of a menu entry
}

// appMember is the member an act names, or the first.
func (s *Sandbox) appMember(id string) (*member, error) {
	if id == "" {
		return s.world.firstStaff(), nil
	}
	n, ok := s.world.staffByID(id)
	if !ok {
		return nil, unknownID("member", id)
	}
	return &s.world.staff[n], nil
}

// staffWritesApp is a member writing to the app.
func staffWritesApp(s *Sandbox, q *appActQuery) (any, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, err
	}
	if q.Text == "" {
		q.Text = "你好"
	}
	msgid := int64(hash(s.world.draw(131)) >> 1)
	e := s.newMessage(AreaApp, "message.text", m.id, m.id, "text", s.now())
	e.text("Content", q.Text).number("MsgId", msgid).number("AgentID", int64(s.agentID))
	s.journal(entry{Kind: "staff_writes_app", Staff: m.id, Detail: q.Text})
	s.send(e)
	return map[string]any{"staff": m.id, "msgid": strconv.FormatInt(msgid, 10)}, nil
}

// appEvent sends an event of the app that a member caused.
func (s *Sandbox) appEvent(m *member, kind, event, key string) {
	e := s.newMessage(AreaApp, kind, m.id, m.id, "event", s.now())
	e.text("Event", event).text("EventKey", key).number("AgentID", int64(s.agentID))
	s.journal(entry{Kind: "staff_" + event, Staff: m.id, Detail: key})
	s.send(e)
}

// staffOpensApp is a member opening the app, which hears of it as it is set to.
func staffOpensApp(s *Sandbox, q *appActQuery) (any, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, err
	}
	set := &s.world.app.settings
	if !set.quietEnter {
		s.appEvent(m, "enter_agent", "enter_agent", "")
	}
	if set.location {
		e := s.newMessage(AreaApp, "location", m.id, m.id, "event", s.now())
		e.text("Event", "LOCATION").text("Latitude", "23.104").text("Longitude", "113.320").text("Precision", "65.000")
		s.send(e.text("AppType", "wxwork").number("AgentID", int64(s.agentID)))
	}
	return map[string]any{"staff": m.id}, nil
}

// staffClicksMenu is a member pressing an entry of the app's menu.
func staffClicksMenu(s *Sandbox, q *appActQuery) (any, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, err
	}
	for _, b := range s.world.app.menu {
		for _, e := range append([]menuButton{b}, b.SubButton...) {
			switch {
			case q.Key != "" && e.Key != q.Key && e.URL != q.Key:
			case e.Type == "click":
				s.appEvent(m, "menu.click", "click", e.Key)
				return map[string]any{"staff": m.id, "key": e.Key}, nil
			case e.Type == "view":
				s.appEvent(m, "menu.view", "view", e.URL)
				return map[string]any{"staff": m.id, "key": e.URL}, nil
			}
		}
	}
	return nil, unknownID("entry of the menu", q.Key)
}

// passiveReply notes what the app answered to a callback.
func (s *Sandbox) passiveReply(d *delivery, answer []byte) {
	if d.agent == 0 || len(answer) == 0 {
		return
	}
	plain := d.openReply(string(answer))
	if plain == "" {
		return
	}
	text := elementText(plain, "Content")
	if text == "" {
		text = "[" + elementText(plain, "MsgType") + "]"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal(entry{Kind: "app_reply", Staff: elementText(plain, "ToUserName"), Detail: text})
}
