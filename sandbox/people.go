package sandbox

import (
	"errors"
	"fmt"
	"slices"
)

// peopleFamily is what staff and customers do.
func peopleFamily() family {
	return family{acts: []act{
		doing("scan_contact_way", scanContactWay),
		doing("staff_accepts", staffAccepts),
		doing("scan_join_way", scanJoinWay),
		doing("leave_group", leaveGroup),
		doing("customer_deletes_staff", customerDeletesStaff),
		doing("staff_deletes_customer", staffDeletesCustomer),
		doing("staff_says", staffSays),
		doing("customer_says", customerSays),
		doing("staff_edits_customer", staffEditsCustomer),
		doing("staff_resigns", staffResigns),
		doing("staff_joins", staffJoins),
		doing("create_group", createGroup),
		doing("change_group", changeGroup),
		doing("dismiss_group", dismissGroup),
		doing("admin_adds_tag", adminAddsTag),
		doing("admin_renames_tag", adminRenamesTag),
		doing("admin_shuffles_tags", adminShufflesTags),
		doing("admin_deletes_tag", adminDeletesTag),
	}}
}

type scanQuery struct {
	ConfigID string `json:"config_id"`
	State    string `json:"state"` // picks the way of that state
	Customer string `json:"customer"`
	Staff    string `json:"staff"`
	Pending  bool   `json:"pending"`
}

type scanAnswer struct {
	Customer string `json:"customer"`
	Staff    string `json:"staff"`
	State    string `json:"state"`
	ConfigID string `json:"config_id"`
	New      bool   `json:"new"` // false: the two were friends already, nothing happened
}

// pickWay is the way an act means: by id, by state, or any; one is made when
// there is none.
func (s *Sandbox) pickWay(q *scanQuery) (*contactWay, error) {
	w := s.world
	if q.ConfigID != "" {
		if way := w.wayIndex[q.ConfigID]; way != nil {
			return way, nil
		}
		return nil, unknownID("contact way", q.ConfigID)
	}
	var usable []*contactWay
	for _, way := range w.ways {
		if members, err := w.wayMembers(way); !way.deleted && !way.used && err == nil && len(members) > 0 {
			if q.State == "" || way.state == q.State {
				usable = append(usable, way)
			}
		}
	}
	if len(usable) > 0 {
		return usable[w.draw(101)%uint64(len(usable))], nil
	}
	if q.State != "" {
		return nil, unknownID("contact way of state", q.State)
	}
	return w.addWay(&contactWay{
		kind: 1, scene: 2, skipVerify: true, state: "door", created: s.now().Unix(), users: []string{w.firstStaff().id},
	}), nil
}

func scanContactWay(s *Sandbox, q *scanQuery) (any, error) {
	w := s.world
	way, err := s.pickWay(q)
	if err != nil {
		return nil, err
	}
	staff, err := s.wayStaff(way, q.Staff)
	if err != nil {
		return nil, err
	}
	cust, err := w.namedCustomer(q.Customer)
	if err != nil {
		return nil, err
	}
	if way.isTemp && (way.used || s.now().Unix() > way.created+int64(way.expiresIn)) {
		return nil, errors.New("the temp way has expired, or somebody was added by it")
	}
	if cust < 0 {
		cust = w.newPerson()
	}
	way.scans++
	added := s.addFriend(staff, cust, way.state, q.Pending)
	if added && way.isTemp {
		s.beginTempChat(way, staff, cust)
	}
	return scanAnswer{
		Customer: w.customerID(cust), Staff: w.staff[staff].id, State: way.state, ConfigID: way.id, New: added,
	}, nil
}

// wayStaff is the member a scan leads to: the one asked for, or each in turn.
func (s *Sandbox) wayStaff(way *contactWay, want string) (int32, error) {
	members, err := s.world.wayMembers(way)
	if err != nil || len(members) == 0 {
		return 0, fmt.Errorf("contact way %s has no members", way.id)
	}
	if want == "" {
		return members[way.scans%uint64(len(members))], nil
	}
	n, ok := s.world.staffByID(want)
	if !ok {
		return 0, unknownID("member", want)
	}
	if slices.Contains(members, n) {
		return n, nil
	}
	return 0, fmt.Errorf("contact way %s does not lead to member %q", way.id, want)
}

// addFriend makes a relation, or revives one, and tells the platform. It
// reports false when the two were friends already.
func (s *Sandbox) addFriend(staff, cust int32, state string, pending bool) bool {
	w := s.world
	r := w.relationOf(staff, cust)
	if r != nil && (r.friends() || r.half) {
		return false
	}
	quiet := false
	switch {
	case r == nil:
		r = w.relate(staff, cust, s.now().Unix())
	case r.dead:
		r.dead = false
		w.countRelation(r, +1)
	default: // the customer had deleted the member and adds again
		quiet = s.switches["callback.add_verified"] == "silent"
	}
	r.left, r.talked, r.state, r.addWay = false, false, state, 1
	r.addedAt, r.lastTalk = s.now().Unix(), s.now().Unix()
	if pending {
		r.half = true
		w.countRelation(r, -1)
	}
	code := ""
	if !quiet {
		code = s.welcomeFor(r)
	}
	kind := "add_external_contact"
	if pending {
		kind = "add_half_external_contact"
	}
	s.journal(entry{Kind: kind, Staff: w.staff[staff].id, Customer: w.customerID(cust), Detail: state})
	s.contactEvent(kind, r, state, code)
	return true
}

// contactEvent sends a change_external_contact event with what it carries.
func (s *Sandbox) contactEvent(change string, r *relation, state, code string) {
	w := s.world
	external := w.customerID(r.customer)
	e := s.newEvent(AreaExternal, "change_external_contact."+change, external, "change_external_contact", change)
	e.text("UserID", w.staff[r.staff].id).text("ExternalUserID", external)
	if state != "" {
		e.text("State", state)
	}
	if code != "" {
		e.text("WelcomeCode", code)
	}
	s.send(e)
}

type pairQuery struct {
	Staff    string `json:"staff"`
	Customer string `json:"customer"`
}

// pair finds the relation an act means, or picks one that fits.
func (s *Sandbox) pair(q pairQuery, fits func(*relation) bool) (*relation, error) {
	w := s.world
	staff := int32(-1)
	if q.Staff != "" {
		n, ok := w.staffByID(q.Staff)
		if !ok {
			return nil, unknownID("member", q.Staff)
		}
		staff = n
	}
	cust, err := w.namedCustomer(q.Customer)
	if err != nil {
		return nil, err
	}
	ok := func(r *relation) bool {
		return fits(r) && !w.staff[r.staff].resigned && (staff < 0 || r.staff == staff) && (cust < 0 || r.customer == cust)
	}
	if cust >= 0 {
		for i := w.customers[cust].first; i != 0; i = w.relations[i-1].next {
			if r := &w.relations[i-1]; ok(r) {
				return r, nil
			}
		}
		return nil, fmt.Errorf("customer %q has no relation that fits", q.Customer)
	}
	from := w.draw(102)
	if staff >= 0 {
		own := w.staff[staff].relations
		for i := range own {
			if r := &w.relations[own[(from+uint64(i))%uint64(len(own))]]; ok(r) {
				return r, nil
			}
		}
		return nil, fmt.Errorf("member %q has no relation that fits", q.Staff)
	}
	for i := range w.relations {
		if r := &w.relations[(from+uint64(i))%uint64(len(w.relations))]; ok(r) {
			return r, nil
		}
	}
	return nil, errors.New("no relation fits")
}

func (s *Sandbox) viewPair(r *relation) map[string]any {
	return map[string]any{"staff": s.world.staff[r.staff].id, "customer": s.world.customerID(r.customer)}
}

// staffAccepts confirms a pending adding. A WelcomeCode comes only when none
// was used after the half event.
func staffAccepts(s *Sandbox, q *pairQuery) (any, error) {
	r, err := s.pair(*q, func(r *relation) bool { return r.half })
	if err != nil {
		return nil, err
	}
	w := s.world
	r.half = false
	w.countRelation(r, +1)
	code := s.welcomeFor(r)
	for _, old := range w.welcomes {
		if old.used && old.staff == r.staff && old.customer == r.customer {
			code = ""
		}
	}
	s.journal(entry{Kind: "add_external_contact", Staff: w.staff[r.staff].id, Customer: w.customerID(r.customer), Detail: r.state})
	s.contactEvent("add_external_contact", r, r.state, code)
	return s.viewPair(r), nil
}

func customerDeletesStaff(s *Sandbox, q *pairQuery) (any, error) {
	r, err := s.pair(*q, (*relation).friends)
	if err != nil {
		return nil, err
	}
	s.customerLeaves(r)
	return s.viewPair(r), nil
}

// customerLeaves is the customer deleting the member: the member's side stays.
func (s *Sandbox) customerLeaves(r *relation) {
	r.left = true
	s.journal(entry{Kind: "del_follow_user", Staff: s.world.staff[r.staff].id, Customer: s.world.customerID(r.customer)})
	s.contactEvent("del_follow_user", r, "", "")
}

func staffDeletesCustomer(s *Sandbox, q *pairQuery) (any, error) {
	r, err := s.pair(*q, (*relation).alive)
	if err != nil {
		return nil, err
	}
	r.dead = true
	s.world.countRelation(r, -1)
	s.journal(entry{Kind: "del_external_contact", Staff: s.world.staff[r.staff].id, Customer: s.world.customerID(r.customer)})
	s.contactEvent("del_external_contact", r, "", "")
	return s.viewPair(r), nil
}

type sayQuery struct {
	Staff    string `json:"staff"`
	Customer string `json:"customer"`
	Chat     string `json:"chat"`
	KF       string `json:"kf"`
	OpenKfID string `json:"open_kfid"` // the same as kf
	MenuID   string `json:"menu_id"`   // a click in a kf menu
	Text     string `json:"text"`
}

// staffSays is a member writing in the client, to a customer or in a group.
func staffSays(s *Sandbox, q *sayQuery) (any, error) {
	if q.Text == "" {
		q.Text = "您好"
	}
	if q.Chat != "" {
		return s.staffSaysInChat(q)
	}
	if q.KF != "" || q.OpenKfID != "" {
		return servicerSays(s, &servicerQuery{kfActor: kfActor{q.KF, q.OpenKfID, q.Customer}, Staff: q.Staff, Text: q.Text})
	}
	r, err := s.pair(pairQuery{q.Staff, q.Customer}, (*relation).friends)
	if err != nil {
		return nil, err
	}
	answer := s.viewPair(r)
	if rule := s.memberTells(r, q.Text); rule != nil {
		answer["intercepted"] = rule.id
	}
	return answer, nil
}

// memberTells is a member writing words to a customer, or being kept from it by
// a rule, which it answers.
func (s *Sandbox) memberTells(r *relation, text string) *interceptRule {
	if rule := s.intercepted(r.staff, text); rule != nil {
		return rule
	}
	s.talk(r)
	s.delivered(Delivery{
		Customer: s.world.customerID(r.customer), Staff: s.world.staff[r.staff].id,
		Channel: "contact", Kind: "chat", Origin: "member", Text: text,
	})
	s.archiveText(archived{from: speaker{staffSpeaks, r.staff}, to: speaker{customerSpeaks, r.customer}}, text)
	return nil
}

func (s *Sandbox) staffSaysInChat(q *sayQuery) (any, error) {
	c := s.world.chatIndex[q.Chat]
	if c == nil || c.dismissed {
		return nil, unknownID("group", q.Chat)
	}
	staff := c.owner
	if q.Staff != "" {
		n, ok := s.world.staffByID(q.Staff)
		if !ok || c.place(true, n) < 0 {
			return nil, unknownID("member of the group", q.Staff)
		}
		staff = n
	}
	id := s.world.staff[staff].id
	if rule := s.intercepted(staff, q.Text); rule != nil {
		return map[string]any{"staff": id, "chat": c.id, "intercepted": rule.id}, nil
	}
	s.delivered(Delivery{Staff: id, Chat: c.id, Channel: "group", Kind: "chat", Origin: "member", Text: q.Text})
	m := inRoom(c.id, c.members)
	m.from = speaker{staffSpeaks, staff}
	s.archiveText(m, q.Text)
	return map[string]any{"staff": id, "chat": c.id}, nil
}

// talk notes that the two wrote to each other: no welcome fits any more, and
// mass messages to the customer fall to this member.
func (s *Sandbox) talk(r *relation) {
	r.talked, r.lastTalk = true, s.now().Unix()
}

// customerSays is a customer writing: to a member, in a group, or else to a kf
// account, the only place where the server interface sees it.
func customerSays(s *Sandbox, q *sayQuery) (any, error) {
	if q.Staff == "" && q.Chat == "" {
		return s.kfSays(q)
	}
	if q.Chat != "" {
		c := s.world.chatIndex[q.Chat]
		if c == nil || c.dismissed {
			return nil, unknownID("group", q.Chat)
		}
		s.journal(entry{Kind: "customer_says", Customer: q.Customer, Chat: c.id, Detail: q.Text})
		if n, ok := s.world.customerByID(q.Customer); ok && c.place(false, n) >= 0 {
			m := inRoom(c.id, c.members)
			m.from = speaker{customerSpeaks, n}
			s.archiveText(m, q.Text)
		}
		return map[string]any{"customer": q.Customer, "chat": c.id}, nil
	}
	r, err := s.pair(pairQuery{q.Staff, q.Customer}, (*relation).friends)
	if err != nil {
		return nil, err
	}
	s.customerTells(r, q.Text)
	return s.viewPair(r), nil
}

// customerTells is a customer writing words to a member.
func (s *Sandbox) customerTells(r *relation, text string) {
	s.talk(r)
	s.acquiredSays(r)
	s.archiveText(archived{from: speaker{customerSpeaks, r.customer}, to: speaker{staffSpeaks, r.staff}}, text)
	s.journal(entry{Kind: "customer_says", Staff: s.world.staff[r.staff].id, Customer: s.world.customerID(r.customer), Detail: text})
}
