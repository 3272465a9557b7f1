package sandbox

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// staffTag is a tag of members, not of customers. It belongs to whoever made it.
type staffTag struct {
	id      int
	name    string
	by      caller
	staff   []int32
	parties []int
}

const (
	staffTagsPerCorp  = 3000
	staffTagNameLimit = 32
	staffTagNodes     = 30_000
)

func staffTagFamily() family {
	makers := byApp | byContact
	return family{routes: []route{
		post("/cgi-bin/tag/create", makers, staffTagCreate),
		post("/cgi-bin/tag/update", makers, staffTagUpdate),
		get("/cgi-bin/tag/delete", makers, staffTagDelete),
		get("/cgi-bin/tag/get", byAnyone, staffTagGet),
		get("/cgi-bin/tag/list", byAnyone, staffTagList),
		post("/cgi-bin/tag/addtagusers", makers, staffTagAdd),
		post("/cgi-bin/tag/deltagusers", makers, staffTagRemove),
	}}
}

func (w *world) staffTag(id int) *staffTag {
	for _, t := range w.staffTags {
		if t.id == id {
			return t
		}
	}
	return nil
}

// staffTagParam finds a tag; to change it, the caller must have made it.
func (c *call) staffTagParam(id int, change bool) (*staffTag, error) {
	if id == 0 {
		return nil, refuse(41017, "tagid is missing")
	}
	t := c.w.staffTag(id)
	if t == nil {
		return nil, refuse(40068, "no tag %d", id)
	}
	// The contacts helper may also change what the administrator made.
	if change && t.by != c.caller && !(t.by == byConsole && c.caller == byContact) {
		return nil, refuse(81011, "tag %d was made by another secret", id)
	}
	return t, nil
}

func (c *call) checkStaffTagName(name string, self *staffTag) error {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return refuse(41018, "tagname is missing")
	case n > staffTagNameLimit:
		return refuse(40072, "tagname has %d characters, at most %d are allowed", n, staffTagNameLimit)
	case slices.ContainsFunc(c.w.staffTags, func(t *staffTag) bool { return t != self && t.name == name }):
		return refuse(40071, "there is a tag %q already", name)
	}
	return nil
}

type staffTagCreateQuery struct {
	TagName string  `json:"tagname"`
	TagID   *uint32 `json:"tagid"`
}

type staffTagCreateReply struct {
	reply
	TagID int `json:"tagid"`
}

func staffTagCreate(c *call, q *staffTagCreateQuery) (any, error) {
	if err := c.checkStaffTagName(q.TagName, nil); err != nil {
		return nil, err
	}
	if len(c.w.staffTags) >= staffTagsPerCorp {
		return nil, refuse(40058, "a corp has at most %d tags of members", staffTagsPerCorp)
	}
	id := 1
	for _, t := range c.w.staffTags {
		id = max(id, t.id+1)
	}
	if q.TagID != nil {
		if id = int(*q.TagID); id == 0 || c.w.staffTag(id) != nil {
			return nil, refuse(40068, "tagid %d is 0 or taken", id)
		}
	}
	t := &staffTag{id: id, name: q.TagName, by: c.caller}
	c.w.staffTags = append(c.w.staffTags, t)
	slices.SortFunc(c.w.staffTags, func(a, b *staffTag) int { return cmp.Compare(a.id, b.id) })
	return staffTagCreateReply{reply: reply{ErrMsg: "created"}, TagID: id}, nil
}

type staffTagUpdateQuery struct {
	TagID   int    `json:"tagid"`
	TagName string `json:"tagname"`
}

func staffTagUpdate(c *call, q *staffTagUpdateQuery) (any, error) {
	t, err := c.staffTagParam(q.TagID, true)
	if err != nil {
		return nil, err
	}
	if err := c.checkStaffTagName(q.TagName, t); err != nil {
		return nil, err
	}
	t.name = q.TagName
	return reply{ErrMsg: "updated"}, nil
}

type staffTagQuery struct {
	TagID int `json:"tagid"`
}

func staffTagDelete(c *call, q *staffTagQuery) (any, error) {
	t, err := c.staffTagParam(q.TagID, true)
	if err != nil {
		return nil, err
	}
	c.w.staffTags = slices.DeleteFunc(c.w.staffTags, func(o *staffTag) bool { return o == t })
	return reply{ErrMsg: "deleted"}, nil
}

type staffTagGetReply struct {
	reply
	TagName   string       `json:"tagname"`
	UserList  []taggedUser `json:"userlist"`
	PartyList []int        `json:"partylist"`
}

type taggedUser struct {
	UserID string `json:"userid"`
	Name   string `json:"name"`
}

func staffTagGet(c *call, q *staffTagQuery) (any, error) {
	t, err := c.staffTagParam(q.TagID, false)
	if err != nil {
		return nil, err
	}
	return c.w.viewStaffTag(t), nil
}

func (w *world) viewStaffTag(t *staffTag) staffTagGetReply {
	out := staffTagGetReply{
		reply: done(), TagName: t.name, UserList: []taggedUser{}, PartyList: append([]int{}, t.parties...),
	}
	for _, n := range t.staff {
		out.UserList = append(out.UserList, taggedUser{UserID: w.staff[n].id, Name: w.staff[n].name})
	}
	return out
}

type staffTagView struct {
	TagID   int    `json:"tagid"`
	TagName string `json:"tagname"`
}

type staffTagListReply struct {
	reply
	TagList []staffTagView `json:"taglist"`
}

func staffTagList(c *call, _ *none) (any, error) {
	out := staffTagListReply{reply: done(), TagList: []staffTagView{}}
	for _, t := range c.w.staffTags {
		out.TagList = append(out.TagList, staffTagView{TagID: t.id, TagName: t.name})
	}
	return out, nil
}

type staffTagMembersQuery struct {
	TagID     int      `json:"tagid"`
	UserList  []string `json:"userlist" bad:"40035"`
	PartyList []int    `json:"partylist" bad:"40035"`
}

type staffTagMembersReply struct {
	reply
	InvalidList  string `json:"invalidlist,omitempty"`
	InvalidParty []int  `json:"invalidparty,omitempty"`
}

// tagTargets sorts the ids of a call into members, departments and what does
// not exist; none refuses when nothing exists.
func (c *call) tagTargets(q *staffTagMembersQuery, none int) (staff []int32, parties []int, out staffTagMembersReply, err error) {
	out.reply = done()
	switch {
	case len(q.UserList)+len(q.PartyList) == 0:
		return nil, nil, out, refuse(40035, "userlist and partylist are both empty")
	case len(q.UserList) > 1000 || len(q.PartyList) > 100:
		return nil, nil, out, refuse(81014, "at most 1000 members and 100 departments are allowed")
	}
	var invalid []string
	for _, id := range q.UserList {
		if n, ok := c.w.staffByID(id); ok {
			staff = append(staff, n)
		} else {
			invalid = append(invalid, id)
		}
	}
	for _, id := range q.PartyList {
		if c.w.department(id) != nil {
			parties = append(parties, id)
		} else {
			out.InvalidParty = append(out.InvalidParty, id)
		}
	}
	out.InvalidList = strings.Join(invalid, "|")
	if len(staff)+len(parties) == 0 {
		return nil, nil, out, refuse(none, "nothing in the lists exists: %v, %v", q.UserList, q.PartyList)
	}
	return staff, parties, out, nil
}

func staffTagAdd(c *call, q *staffTagMembersQuery) (any, error) {
	t, err := c.staffTagParam(q.TagID, true)
	if err != nil {
		return nil, err
	}
	staff, parties, out, err := c.tagTargets(q, 40070)
	if err != nil {
		return nil, err
	}
	if len(t.staff)+len(t.parties)+len(staff)+len(parties) > staffTagNodes {
		return nil, refuse(81003, "a tag holds at most %d members and departments", staffTagNodes)
	}
	var users []string
	var added []int
	for _, n := range staff {
		if !slices.Contains(t.staff, n) {
			t.staff = append(t.staff, n)
			users = append(users, c.w.staff[n].id)
		}
	}
	for _, id := range parties {
		if !slices.Contains(t.parties, id) {
			t.parties = append(t.parties, id)
			added = append(added, id)
		}
	}
	if len(users)+len(added) > 0 {
		c.s.tagMembersChanged(c.caller, t, users, nil, added, nil)
	}
	return out, nil
}

func staffTagRemove(c *call, q *staffTagMembersQuery) (any, error) {
	t, err := c.staffTagParam(q.TagID, true)
	if err != nil {
		return nil, err
	}
	staff, parties, out, err := c.tagTargets(q, 40031)
	if err != nil {
		return nil, err
	}
	out.ErrMsg = "deleted"
	var users []string
	var gone []int
	for _, n := range staff {
		if i := slices.Index(t.staff, n); i >= 0 {
			t.staff = slices.Delete(t.staff, i, i+1)
			users = append(users, c.w.staff[n].id)
		}
	}
	for _, id := range parties {
		if i := slices.Index(t.parties, id); i >= 0 {
			t.parties = slices.Delete(t.parties, i, i+1)
			gone = append(gone, id)
		}
	}
	if len(users)+len(gone) > 0 {
		c.s.tagMembersChanged(c.caller, t, nil, users, nil, gone)
	}
	return out, nil
}

// staffWith lists the members who carry a tag, themselves or by a department.
func (w *world) staffWith(t *staffTag) []int32 {
	out := slices.Clone(t.staff)
	for _, id := range t.parties {
		members, err := w.membersOf(id, true)
		if err != nil {
			continue // the department is gone
		}
		for _, m := range members {
			if n := w.staffIndexOf(m); !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}
