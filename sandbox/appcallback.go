package sandbox

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
	Key   string `json:"key"`     // of a menu entry
	Kind  string `json:"msgtype"` // of what a member writes; default text
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

// appEvent sends an event of the app that a member caused; more adds what
// stands between its key and the app.
func (s *Sandbox) appEvent(m *member, kind, name, key string, more func(e *event)) {
	e := s.newMessage(AreaApp, kind, m.id, m.id, "event", s.now())
	e.text("Event", name).text("EventKey", key)
	if more != nil {
		more(e)
	}
	s.journal(entry{Kind: "staff_" + name, Staff: m.id, Detail: key})
	s.send(e.number("AgentID", int64(s.agentID)))
}

// staffOpensApp is a member opening the app, which hears of it as it is set to.
func staffOpensApp(s *Sandbox, q *appActQuery) (any, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, err
	}
	set := &s.world.app.settings
	if !set.quietEnter {
		s.appEvent(m, "enter_agent", "enter_agent", "", nil)
	}
	if set.location {
		e := s.newMessage(AreaApp, "location", m.id, m.id, "event", s.now())
		e.text("Event", "LOCATION").text("Latitude", "23.104").text("Longitude", "113.320").text("Precision", "65.000")
		s.send(e.text("AppType", "wxwork").number("AgentID", int64(s.agentID)))
	}
	return map[string]any{"staff": m.id}, nil
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
