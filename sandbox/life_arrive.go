package sandbox

// Ways of adding, as add_way.
const (
	addWaySearch = 2
	addWayCard   = 3
	addWayGroup  = 4
)

// somebodyArrives is a new customer, by one of the channels.
func (s *Sandbox) somebodyArrives(l *life) {
	w, c := s.world, l.Channels
	draw := w.draw(142)
	at := unit(draw) * (c.Scan + c.Link + c.Search + c.Card + c.Group)
	done := false
	switch {
	case at < c.Link:
		done = s.arrivesByLink()
	case at < c.Link+c.Search:
		done = s.arrivesAlone(mix(draw), addWaySearch)
	case at < c.Link+c.Search+c.Card:
		done = s.arrivesAlone(mix(draw), addWayCard)
	case at < c.Link+c.Search+c.Card+c.Group:
		done = s.arrivesFromGroup(mix(draw))
	}
	if !done {
		_, _ = scanContactWay(s, &scanQuery{}) // a way that vanished is nobody's error
	}
}

// arrivesByLink is somebody opening an acquisition link; false when the corp
// has none that works.
func (s *Sandbox) arrivesByLink() bool {
	if s.world.acquisition.balance() == 0 {
		return false
	}
	_, err := openAcquisitionLink(s, &openLinkQuery{})
	return err == nil
}

// arrivesAlone is somebody adding a member without any code.
func (s *Sandbox) arrivesAlone(draw uint64, way uint8) bool {
	w := s.world
	for i := range w.staff {
		staff := int32((draw + uint64(i)) % uint64(len(w.staff)))
		if w.staff[staff].resigned {
			continue
		}
		cust := w.newPerson()
		s.addFriend(staff, cust, "", false)
		w.relationOf(staff, cust).addWay = way
		return true
	}
	return false
}

// arrivesFromGroup is somebody of a customer group adding its owner; false when
// none of those looked at is a stranger to him.
func (s *Sandbox) arrivesFromGroup(draw uint64) bool {
	w := s.world
	if len(w.chats) == 0 {
		return false
	}
	for range 8 {
		draw = mix(draw + gamma)
		c := w.chats[draw%uint64(len(w.chats))]
		if c.dismissed || w.staff[c.owner].resigned || len(c.members) == 0 {
			continue
		}
		m := c.members[mix(draw)%uint64(len(c.members))]
		if !m.staff && w.relationOf(c.owner, m.who) == nil {
			s.addFriend(c.owner, m.who, "", false)
			w.relationOf(c.owner, m.who).addWay = addWayGroup
			return true
		}
	}
	return false
}
