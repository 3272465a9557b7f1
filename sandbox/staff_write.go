package sandbox

import (
	"slices"
	"strings"
	"time"
)

func memberFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/user/create", byContact, userCreate),
			post("/cgi-bin/user/update", byContact, userUpdate),
			get("/cgi-bin/user/delete", byContact, userDelete),
			post("/cgi-bin/user/batchdelete", byContact, userBatchDelete),
			post("/cgi-bin/user/getuserid", byAnyone, userByMobile),
			post("/cgi-bin/user/get_userid_by_email", byAnyone, userByEmail),
			post("/cgi-bin/user/convert_to_openid", byAnyone, userToOpenID),
			post("/cgi-bin/user/convert_to_userid", byAnyone, userFromOpenID),
			post("/cgi-bin/user/get_active_stat", byContact, userActiveStat),
			get("/cgi-bin/corp/get_join_qrcode", byContact, corpJoinQRCode),
			get("/cgi-bin/user/authsucc", byContact, userAuthSucc),
			post("/cgi-bin/auth/get_tfa_info", byApp|byContact, authTFAInfo),
			post("/cgi-bin/user/tfa_succ", byApp|byContact, userTFASucc),
		},
		acts: []act{
			doing("staff_activates", staffActivates),
			doing("staff_verifies_again", staffVerifiesAgain),
			doing("admin_adds_attribute", adminAddsAttribute),
		},
		build: func(s *Sandbox) {
			s.world.verifying, s.world.joinCodes = map[string]*verification{}, map[string]time.Time{}
		},
	}
}

// accountLimit is the number of members the corp may have.
func (w *world) accountLimit() int { return max(1000, 2*w.spec.Staff) }

type userCreateReply struct {
	reply
	Made *madeDepartments `json:"created_department_list,omitempty"`
}

type madeDepartments struct {
	Info []madeDepartment `json:"department_info"`
}

type madeDepartment struct {
	Name string `json:"name"`
	ID   int    `json:"id"`
}

func userCreate(c *call, q *memberQuery) (any, error) {
	if err := c.checkNewMember(q); err != nil {
		return nil, err
	}
	m, made := c.s.addMember(q, c.caller)
	c.s.memberAdded(c.caller, m)
	out := userCreateReply{reply: reply{ErrMsg: "created"}}
	if len(made) > 0 {
		out.Made = &madeDepartments{Info: made}
	}
	return out, nil
}

func (c *call) checkNewMember(q *memberQuery) error {
	switch {
	case q.UserID == "":
		return refuse(40063, "userid is missing")
	case !userIDForm.MatchString(q.UserID):
		return refuse(40003, "userid %q: 1 to 64 digits, letters and _-@. behind a digit or letter", q.UserID)
	case q.Name == nil:
		return refuse(40063, "name is missing")
	case q.NewUserID != "":
		return refuse(40058, "new_userid belongs to user/update")
	}
	if _, ok := c.w.staffByID(q.UserID); ok {
		return refuse(60102, "there is a member %q already", q.UserID)
	}
	staff := 0
	for i := range c.w.staff {
		if !c.w.staff[i].resigned {
			staff++
		}
	}
	if staff >= c.w.accountLimit() {
		return refuse(45024, "the corp has %d members, which is all it may have", staff)
	}
	return c.checkMember(q, nil)
}

// addMember makes a member out of a checked query, who has not logged in yet.
// Departments that do not exist are made.
func (s *Sandbox) addMember(q *memberQuery, by caller) (*member, []madeDepartment) {
	w := s.world
	var made []madeDepartment
	given := []int{0}
	if q.Department != nil && len(*q.Department) > 0 {
		given = *q.Department
	}
	var places []place
	for i, id := range given {
		p := place{department: id}
		switch {
		case id == 0:
			p.department = s.pendingDepartment(by)
		case w.department(id) == nil:
			d := department{id: id, parent: s.pendingDepartment(by), name: itoa(id)}
			w.departments = append(w.departments, d)
			made = append(made, madeDepartment{Name: d.name, ID: d.id})
			s.partyChanged(by, "create_party", d, partyChange{name: true, parent: true})
		}
		if i < len(q.Order) {
			p.order = q.Order[i]
		}
		p.leader = i < len(q.IsLeader) && q.IsLeader[i] == 1
		places = append(places, p)
	}
	w.staff = append(w.staff, member{id: q.UserID, fresh: true, card: &memberCard{}})
	n := int32(len(w.staff) - 1)
	m := &w.staff[n]
	w.staffIndex[strings.ToLower(m.id)] = n
	main := 0
	if q.MainDepartment != nil {
		main = *q.MainDepartment
	}
	m.setPlaces(places, main)
	s.write(m, q)
	s.journal(entry{Kind: "staff_joins", Staff: m.id})
	return m, made
}

// pendingDepartment is the department of members who have none, made when it
// is needed first.
func (s *Sandbox) pendingDepartment(by caller) int {
	w := s.world
	for _, d := range w.departments {
		if d.parent == 1 && d.name == pendingDepartment {
			return d.id
		}
	}
	d := department{id: w.freeDepartmentID(), parent: 1, name: pendingDepartment}
	w.departments = append(w.departments, d)
	s.partyChanged(by, "create_party", d, partyChange{name: true, parent: true})
	return d.id
}

// write changes a member to what a checked query says, departments apart, and
// answers the names of the fields that are different now.
func (s *Sandbox) write(m *member, q *memberQuery) map[string]bool {
	changed := map[string]bool{}
	card := m.cardToWrite()
	set := func(field string, to *string, v *string) {
		if v != nil && *to != *v {
			*to, changed[field] = *v, true
		}
	}
	set("name", &m.name, q.Name)
	set("position", &m.position, q.Position)
	set("alias", &card.alias, q.Alias)
	if q.Mobile != nil && (m.fresh || card.mobile == "") {
		mobile := plainMobile(*q.Mobile) // that of a member who logged in stays, without an error
		set("mobile", &card.mobile, &mobile)
	}
	set("email", &card.email, q.Email)
	set("biz_mail", &card.bizMail, q.BizMail)
	set("telephone", &card.telephone, q.Telephone)
	set("address", &card.address, q.Address)
	set("nickname", &card.nickname, q.Nickname)
	set("external_position", &card.outwardPosition, q.ExternalPosition)
	set("avatar_mediaid", &card.avatar, q.AvatarMediaID)
	if q.Gender != nil && m.gender != int(*q.Gender) {
		m.gender, changed["gender"] = int(*q.Gender), true
	}
	if q.BizMailAlias != nil {
		card.bizMailAlias = slices.Clone(q.BizMailAlias.Item)
	}
	if q.DirectLeader != nil && !slices.Equal(card.directLeader, *q.DirectLeader) {
		card.directLeader, changed["direct_leader"] = slices.Clone(*q.DirectLeader), true
		m.ledByCard = true
	}
	if q.Enable != nil && m.disabled != (*q.Enable == 0) {
		m.disabled, changed["enable"] = *q.Enable == 0, true
		if !m.fresh {
			s.rangeChanged(m, map[bool]string{true: "unsubscribe", false: "subscribe"}[m.disabled])
		}
	}
	if q.ExtAttr != nil {
		card.attrs = s.world.knownAttributes(card.attrs, q.ExtAttr.Attrs, false)
		changed["extattr"] = true
	}
	if q.ExternalProfile != nil {
		s.writeOutward(card, q.ExternalProfile)
	}
	return changed
}

func (s *Sandbox) writeOutward(card *memberCard, q *outwardProfile) {
	if card.outward == nil {
		card.outward = &outwardProfile{}
	}
	if q.CorpName != "" {
		card.outward.CorpName = q.CorpName
	}
	if q.Channels != nil {
		channels := *q.Channels
		card.outward.Channels = &channels
	}
	if q.Attrs != nil {
		card.outward.Attrs = s.world.knownAttributes(card.outward.Attrs, q.Attrs, true)
	}
}

// knownAttributes is what a member has after given ones were written: those
// that nobody created in the console are ignored, an empty web page or mini
// program clears.
func (w *world) knownAttributes(has, given []attribute, outward bool) []attribute {
	has = slices.Clone(has)
	for _, a := range given {
		if !slices.Contains(w.attributes, attributeKind{name: a.Name, kind: *a.Type, outward: outward}) {
			continue
		}
		has = slices.DeleteFunc(has, func(o attribute) bool { return o.Name == a.Name })
		empty := a.Text == nil && a.Web == nil && a.MiniProgram == nil ||
			a.Web != nil && *a.Web == attributeWeb{} || a.MiniProgram != nil && a.MiniProgram.AppID == "" && a.MiniProgram.Title == ""
		if !empty {
			has = append(has, a)
		}
	}
	return has
}

func userUpdate(c *call, q *memberQuery) (any, error) {
	n, err := c.memberParam(q.UserID)
	if err != nil {
		return nil, err
	}
	m := &c.w.staff[n]
	if q.NewUserID != "" && q.NewUserID != m.id {
		other, taken := c.w.staffByID(q.NewUserID)
		switch {
		case !m.systemID:
			return nil, refuse(301036, "the userid was not made by the system, or was changed already")
		case !userIDForm.MatchString(q.NewUserID):
			return nil, refuse(40003, "new_userid %q: 1 to 64 digits, letters and _-@.", q.NewUserID)
		case taken && other != n:
			return nil, refuse(60102, "there is a member %q already", q.NewUserID)
		}
	}
	if err := c.checkMember(q, m); err != nil {
		return nil, err
	}
	was := m.id
	changed := c.s.write(m, q)
	c.movePlaces(m, q, changed)
	if q.NewUserID != "" && q.NewUserID != m.id {
		c.w.renameStaff(n, q.NewUserID)
		changed["new_userid"] = true
	}
	c.s.journal(entry{Kind: "staff_changed", Staff: m.id})
	c.s.memberUpdated(c.caller, m, was, changed)
	return reply{ErrMsg: "updated"}, nil
}

// memberParam finds the member a write names.
func (c *call) memberParam(id string) (int32, error) {
	if id == "" {
		return 0, refuse(40003, "userid is missing")
	}
	n, ok := c.w.staffByID(id)
	if !ok {
		return 0, refuse(60111, "no member %q", id)
	}
	return n, nil
}

// movePlaces changes departments, orders and leadership. Orders count only
// together with departments.
func (c *call) movePlaces(m *member, q *memberQuery, changed map[string]bool) {
	places, main := slices.Clone(m.placesOf()), m.department
	if q.Department != nil {
		old := places
		places = nil
		for i, id := range *q.Department {
			p := place{department: id}
			if k := slices.IndexFunc(old, func(o place) bool { return o.department == id }); k >= 0 {
				p = old[k]
			}
			if i < len(q.Order) {
				p.order = q.Order[i]
			}
			places = append(places, p)
		}
		changed["department"] = !slices.Equal(*q.Department, m.departments())
	}
	for i, n := range q.IsLeader {
		places[i].leader = n == 1
	}
	if q.MainDepartment != nil {
		main = *q.MainDepartment
	}
	if q.Department == nil && q.IsLeader == nil && q.MainDepartment == nil {
		return
	}
	leads := m.leads()
	was := m.department
	m.setPlaces(places, main)
	changed["is_leader_in_dept"] = !slices.Equal(leads, m.leads())
	changed["main_department"] = was != m.department
	for _, field := range []string{"department", "is_leader_in_dept", "main_department"} {
		if !changed[field] {
			delete(changed, field)
		}
	}
}

// renameStaff gives a member another id, once, and follows it to where ids
// are kept.
func (w *world) renameStaff(n int32, id string) {
	m := &w.staff[n]
	was := m.id
	delete(w.staffIndex, strings.ToLower(was))
	w.staffIndex[strings.ToLower(id)] = n
	m.id, m.systemID = id, false
	for _, way := range w.ways {
		for i, user := range way.users {
			if strings.EqualFold(user, was) {
				way.users[i] = id
			}
		}
	}
}

type userDeleteQuery struct {
	UserID string `json:"userid"`
}

func userDelete(c *call, q *userDeleteQuery) (any, error) {
	n, err := c.memberParam(q.UserID)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, refuse(301005, "member %q created the corp", q.UserID)
	}
	c.s.removeMember(n, c.caller)
	return reply{ErrMsg: "deleted"}, nil
}

type userBatchDeleteQuery struct {
	UserIDList []string `json:"useridlist" bad:"40031"`
}

func userBatchDelete(c *call, q *userBatchDeleteQuery) (any, error) {
	if len(q.UserIDList) == 0 {
		return nil, refuse(40031, "useridlist is empty")
	}
	if len(q.UserIDList) > 200 {
		return nil, refuse(40032, "useridlist has %d ids, at most 200 are allowed", len(q.UserIDList))
	}
	var gone []int32
	for _, id := range q.UserIDList {
		n, ok := c.w.staffByID(id)
		if !ok || n == 0 {
			return nil, refuse(40031, "%q is no member who can be deleted: nobody was", id)
		}
		if !slices.Contains(gone, n) {
			gone = append(gone, n)
		}
	}
	for _, n := range gone {
		c.s.removeMember(n, c.caller)
	}
	return reply{ErrMsg: "deleted"}, nil
}

// removeMember takes a member out of the corp, and out of all member tags.
// Customers and groups wait to be handed over.
func (s *Sandbox) removeMember(n int32, by caller) {
	m := &s.world.staff[n]
	used := m.active()
	s.world.resign(n, s.now())
	s.journal(entry{Kind: "staff_resigns", Staff: m.id})
	s.memberRemoved(by, m.id)
	if used {
		s.rangeChanged(m, "unsubscribe")
	}
	for _, t := range s.world.staffTags {
		if i := slices.Index(t.staff, n); i >= 0 {
			t.staff = slices.Delete(t.staff, i, i+1)
			s.tagMembersChanged(by, t, nil, []string{m.id}, nil, nil)
		}
	}
}
