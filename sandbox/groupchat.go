package sandbox

import (
	"slices"
	"strconv"
	"time"
)

// byConsole marks what was made in the admin console: no app may change it.
const byConsole caller = 0

// chat is one customer group. Members and version are the truth; what
// groupchat/get shows is seen, which follows after the read delay.
type chat struct {
	id        string
	number    uint64
	seed      uint64
	name      string
	notice    string
	owner     int32
	admins    []int32
	created   int64
	members   []chatMember
	version   uint64
	seen      *chatSeen // what readers see while a change settles; nil = the truth
	changes   int       // changes that have not settled
	dismissed bool
	// A new owner is taking the group of one who left, or has.
	inheriting, inherited bool
	welcome               *groupWelcome // what the group says to those who join
	joiners               []int32       // who waits to be greeted
}

type chatSeen struct {
	name, notice string
	owner        int32
	members      []chatMember
	version      uint64
}

// chatMember is one member of a group.
type chatMember struct {
	staff   bool
	who     int32
	at      int64
	scene   int   // 1 invited, 2 invitation link, 3 scanned
	inviter int32 // member of staff; -1 = none
	state   string
}

const (
	chatLimit = 500 // members a group can hold
	scanLimit = 200 // members up to which people join by scanning
)

func (w *world) addChat(name string, owner int32, made time.Time) *chat {
	c := &chat{
		number: uint64(len(w.chats)) + 1, seed: w.seed, name: name, owner: owner, created: made.Unix(),
	}
	c.id = "wr" + letters(30, w.seed, c.number, 61)
	c.members = append(c.members, chatMember{staff: true, who: owner, at: made.Unix(), scene: 1, inviter: -1})
	w.chats = append(w.chats, c)
	w.chatIndex[c.id] = c
	return c
}

func (c *chat) versionID() string { return hex32(c.seed, c.number, c.version, 62) }

func (c *chat) place(staff bool, who int32) int {
	return slices.IndexFunc(c.members, func(m chatMember) bool { return m.staff == staff && m.who == who })
}

// join adds a member without an event, as history does.
func (c *chat) join(m chatMember) {
	c.members = append(c.members, m)
	c.version++
}

func (w *world) memberID(m chatMember) string {
	if m.staff {
		return w.staff[m.who].id
	}
	return w.customerID(m.who)
}

// change applies do to a group now, and lets readers see it after the delay.
func (s *Sandbox) change(c *chat, do func()) {
	delay, err := strconv.Atoi(s.switches["groupchat.read_delay_ms"])
	if err != nil {
		delay = 0 // the switch holds numbers only
	}
	if delay > 0 && c.seen == nil {
		c.seen = &chatSeen{
			name: c.name, notice: c.notice, owner: c.owner,
			members: slices.Clone(c.members), version: c.version,
		}
	}
	do()
	if delay == 0 {
		return
	}
	c.changes++
	s.after(time.Duration(delay)*time.Millisecond, func() {
		c.changes--
		if c.changes == 0 {
			c.seen = nil
		}
	})
}

// joinChat lets somebody join and tells the platform.
func (s *Sandbox) joinChat(c *chat, m chatMember) {
	last := c.versionID()
	s.change(c, func() { c.join(m) })
	scene := int64(0)
	if m.scene == 3 {
		scene = 3
	}
	id := s.world.memberID(m)
	s.journal(entry{Kind: "group_join", Customer: id, Chat: c.id, Detail: m.state})
	e := s.chatEvent(c, "change_external_chat.update.add_member", "update")
	e.text("UpdateDetail", "add_member").number("JoinScene", scene)
	s.memberChange(e, c, []string{id}, last)
	if !m.staff {
		s.greet(c, m.who)
	}
}

// leaveChat takes a member out; removed says that the owner did it.
func (s *Sandbox) leaveChat(c *chat, at int, removed bool) {
	last, id := c.versionID(), s.world.memberID(c.members[at])
	s.change(c, func() {
		c.members = slices.Delete(slices.Clone(c.members), at, at+1)
		c.version++
	})
	scene := int64(0)
	if removed {
		scene = 1
	}
	s.journal(entry{Kind: "group_leave", Customer: id, Chat: c.id})
	e := s.chatEvent(c, "change_external_chat.update.del_member", "update")
	e.text("UpdateDetail", "del_member").number("QuitScene", scene)
	s.memberChange(e, c, []string{id}, last)
}

func (s *Sandbox) memberChange(e *event, c *chat, ids []string, last string) {
	e.number("MemChangeCnt", int64(len(ids))).list("MemChangeList", ids)
	e.bare("LastMemVer", last).bare("CurMemVer", c.versionID())
	s.send(e)
}

// chatEvent begins an event of a group; ChatId stands before ChangeType.
func (s *Sandbox) chatEvent(c *chat, kind, change string) *event {
	return s.newEvent(AreaExternal, kind, c.id, "change_external_chat", "").
		text("ChatId", c.id).text("ChangeType", change)
}

func chatFamily() family {
	return family{routes: []route{
		post("/cgi-bin/externalcontact/groupchat/list", byExternal, chatList),
		post("/cgi-bin/externalcontact/groupchat/get", byExternal, chatGet),
	}}
}

type chatListQuery struct {
	StatusFilter int          `json:"status_filter"`
	OwnerFilter  *ownerFilter `json:"owner_filter"`
	Cursor       string       `json:"cursor"`
	Limit        int          `json:"limit"`
	Offset       int          `json:"offset"`
}

type ownerFilter struct {
	UserIDs  []string `json:"userid_list"`
	PartyIDs []int    `json:"partyid_list"`
}

type chatListRow struct {
	ChatID string `json:"chat_id"`
	Status int    `json:"status"`
}

type chatListReply struct {
	reply
	List       []chatListRow `json:"group_chat_list"`
	NextCursor string        `json:"next_cursor"`
}

const (
	chatsAPage     = 1000
	ownersAtOnce   = 100
	peopleNoFilter = 1000 // more staff than that must be filtered by owner
)

func chatList(c *call, q *chatListQuery) (any, error) {
	w := c.w
	if q.Limit < 1 || q.Limit > chatsAPage {
		return nil, refuse(40058, "limit %d: must be between 1 and %d", q.Limit, chatsAPage)
	}
	if q.Offset != 0 {
		return nil, refuse(600041, "paging by offset is retired, use cursor")
	}
	if q.StatusFilter < 0 || q.StatusFilter > 3 {
		return nil, refuse(40058, "status_filter %d: must be between 0 and 3", q.StatusFilter)
	}
	owners, err := c.chatOwners(q.OwnerFilter)
	if err != nil {
		return nil, err
	}
	filter := hash(uint64(q.StatusFilter), uint64(len(owners)))
	for o := range owners {
		filter ^= hash(uint64(o), 63)
	}
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	out := chatListReply{reply: done(), List: []chatListRow{}}
	for ; at < len(w.chats); at++ {
		ch := w.chats[at]
		status := w.chatStatus(ch)
		if ch.dismissed || (owners != nil && !owners[ch.owner]) || (q.StatusFilter != 0 && status != q.StatusFilter) {
			continue
		}
		if len(out.List) == q.Limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		out.List = append(out.List, chatListRow{ChatID: ch.id, Status: status})
	}
	return out, nil
}

// chatOwners is the filter by owner; nil means everybody.
func (c *call) chatOwners(q *ownerFilter) (map[int32]bool, error) {
	if q == nil || (len(q.UserIDs) == 0 && len(q.PartyIDs) == 0) {
		if len(c.w.staff) > peopleNoFilter {
			return nil, refuse(81017, "more than %d people are visible: owner_filter is mandatory", peopleNoFilter)
		}
		return nil, nil //nolint:nilnil // no filter
	}
	if len(q.UserIDs) > ownersAtOnce || len(q.PartyIDs) > ownersAtOnce {
		return nil, refuse(40058, "owner_filter holds at most %d ids", ownersAtOnce)
	}
	owners := map[int32]bool{}
	for _, id := range q.UserIDs {
		// A resigned owner can still be filtered for.
		n, ok := c.w.anyStaff(id)
		if !ok {
			return nil, refuse(40003, "owner_filter names %q, who is no member", id)
		}
		owners[n] = true
	}
	for _, p := range q.PartyIDs {
		below, err := c.w.membersOf(p, true)
		if err != nil {
			return nil, err
		}
		for _, m := range below {
			n, _ := c.w.anyStaff(m.id)
			owners[n] = true
		}
	}
	return owners, nil
}

type chatGetQuery struct {
	ChatID   string `json:"chat_id"`
	NeedName int    `json:"need_name"`
}

type chatUser struct {
	UserID string `json:"userid"`
}

type chatMemberView struct {
	UserID    string    `json:"userid"`
	Type      int       `json:"type"`
	UnionID   string    `json:"unionid,omitempty"`
	JoinTime  int64     `json:"join_time"`
	JoinScene int       `json:"join_scene"`
	Invitor   *chatUser `json:"invitor,omitempty"`
	Nickname  string    `json:"group_nickname"`
	Name      string    `json:"name,omitempty"`
	State     string    `json:"state,omitempty"`
}

type chatView struct {
	ChatID        string           `json:"chat_id"`
	Name          string           `json:"name"`
	Owner         string           `json:"owner"`
	CreateTime    int64            `json:"create_time"`
	Notice        string           `json:"notice,omitempty"`
	MemberList    []chatMemberView `json:"member_list"`
	AdminList     []chatUser       `json:"admin_list"`
	MemberVersion string           `json:"member_version"`
}

type chatGetReply struct {
	reply
	GroupChat chatView `json:"group_chat"`
}

// chatParam finds the group a call names.
func (w *world) chatParam(id string) (*chat, error) {
	if id == "" {
		return nil, refuse(86001, "chat_id is missing")
	}
	c := w.chatIndex[id]
	if c == nil {
		return nil, refuse(40050, "no customer group %q", id)
	}
	if c.dismissed {
		return nil, refuse(49008, "the group was dismissed")
	}
	return c, nil
}

func chatGet(c *call, q *chatGetQuery) (any, error) {
	w := c.w
	if q.NeedName != 0 && q.NeedName != 1 {
		return nil, refuse(40058, "need_name %d: must be 0 or 1", q.NeedName)
	}
	ch, err := w.chatParam(q.ChatID)
	if err != nil {
		return nil, err
	}
	v := chatView{
		ChatID: ch.id, Name: ch.name, Owner: w.staff[ch.owner].id, CreateTime: ch.created,
		Notice: ch.notice, AdminList: []chatUser{}, MemberVersion: ch.versionID(),
	}
	members := ch.members
	if seen := ch.seen; seen != nil {
		v.Name, v.Notice, v.Owner, members = seen.name, seen.notice, w.staff[seen.owner].id, seen.members
		v.MemberVersion = hex32(ch.seed, ch.number, seen.version, 62)
	}
	for _, n := range ch.admins {
		v.AdminList = append(v.AdminList, chatUser{UserID: w.staff[n].id})
	}
	v.MemberList = make([]chatMemberView, 0, len(members))
	for _, m := range members {
		v.MemberList = append(v.MemberList, c.viewMember(m, q.NeedName == 1))
	}
	return chatGetReply{reply: done(), GroupChat: v}, nil
}

func (c *call) viewMember(m chatMember, named bool) chatMemberView {
	w := c.w
	v := chatMemberView{UserID: w.memberID(m), Type: 1, JoinTime: m.at, JoinScene: m.scene, State: m.state}
	if m.inviter >= 0 {
		v.Invitor = &chatUser{UserID: w.staff[m.inviter].id}
	}
	if !m.staff {
		v.Type = 2
		if !w.customers[m.who].wecom && c.s.on("customer.unionid") {
			v.UnionID = w.unionID(m.who)
		}
	}
	if named {
		if m.staff {
			v.Name = w.staff[m.who].name
		} else {
			v.Name = customerName(m.who)
		}
	}
	return v
}
