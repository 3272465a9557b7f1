package sandbox

import (
	"slices"
	"strconv"
)

func departmentFamily() family {
	return family{routes: []route{
		get("/cgi-bin/department/list", byAnyone, departmentList),
		get("/cgi-bin/department/simplelist", byAnyone, departmentSimpleList),
		get("/cgi-bin/department/get", byAnyone, departmentGet),
		post("/cgi-bin/department/create", byContact, departmentCreate),
		post("/cgi-bin/department/update", byContact, departmentUpdate),
		get("/cgi-bin/department/delete", byContact, departmentDelete),
	}}
}

type departmentQuery struct {
	ID         int `json:"id"`
	FetchChild int `json:"fetch_child"`
}

type departmentView struct {
	ID       int      `json:"id"`
	Name     string   `json:"name"`
	NameEN   string   `json:"name_en,omitempty"`
	Leaders  []string `json:"department_leader"`
	ParentID int      `json:"parentid"`
	Order    int      `json:"order"`
}

type departmentListReply struct {
	reply
	Department []departmentView `json:"department"`
}

// under lists a department and all below it, parents first; id 0 means the root.
func (w *world) under(id int) ([]department, error) {
	if id == 0 {
		id = 1
	}
	top := w.department(id)
	if top == nil {
		return nil, refuse(60003, "no department %d", id)
	}
	children := map[int][]department{}
	for _, d := range w.departments {
		children[d.parent] = append(children[d.parent], d)
	}
	out := []department{*top}
	for i := 0; i < len(out); i++ {
		out = append(out, children[out[i].id]...)
	}
	return out, nil
}

func (w *world) viewDepartment(d department) departmentView {
	v := departmentView{ID: d.id, Name: d.name, NameEN: d.nameEN, ParentID: d.parent, Order: d.order, Leaders: []string{}}
	for i := range w.staff {
		if m := &w.staff[i]; !m.resigned && m.leadsOf(d.id) {
			v.Leaders = append(v.Leaders, m.id)
		}
	}
	return v
}

// mayReadDetails is the switch contact.48009: the contacts secret reads ids only.
func (c *call) mayReadDetails() error {
	if c.caller == byContact && c.s.on("contact.48009") {
		return refuse(48009, "switch contact.48009 is on: the contacts secret may read ids only")
	}
	return nil
}

func departmentList(c *call, q *departmentQuery) (any, error) {
	if err := c.mayReadDetails(); err != nil {
		return nil, err
	}
	found, err := c.w.under(q.ID)
	if err != nil {
		return nil, err
	}
	out := departmentListReply{reply: done()}
	for _, d := range found {
		out.Department = append(out.Department, c.w.viewDepartment(d))
	}
	return out, nil
}

type departmentIDView struct {
	ID       int `json:"id"`
	ParentID int `json:"parentid"`
	Order    int `json:"order"`
}

type departmentIDsReply struct {
	reply
	DepartmentID []departmentIDView `json:"department_id"`
}

func departmentSimpleList(c *call, q *departmentQuery) (any, error) {
	found, err := c.w.under(q.ID)
	if err != nil {
		return nil, err
	}
	out := departmentIDsReply{reply: done()}
	for _, d := range found {
		out.DepartmentID = append(out.DepartmentID, departmentIDView{ID: d.id, ParentID: d.parent, Order: d.order})
	}
	return out, nil
}

type departmentReply struct {
	reply
	Department departmentView `json:"department"`
}

func departmentGet(c *call, q *departmentQuery) (any, error) {
	if err := c.mayReadDetails(); err != nil {
		return nil, err
	}
	if q.ID == 0 {
		return nil, refuse(60123, "the query has no department id")
	}
	found, err := c.w.under(q.ID)
	if err != nil {
		return nil, err
	}
	return departmentReply{reply: done(), Department: c.w.viewDepartment(found[0])}, nil
}

func staffFamily() family {
	return family{routes: []route{
		get("/cgi-bin/user/get", byAnyone, userGet),
		get("/cgi-bin/user/simplelist", byAnyone, userSimpleList),
		get("/cgi-bin/user/list", byAnyone, userList),
		post("/cgi-bin/user/list_id", byContact, userListID).orGet(),
		get("/cgi-bin/externalcontact/get_follow_user_list", byExternal, followUsers),
	}}
}

type userGetQuery struct {
	UserID string `json:"userid"`
}

type userGetReply struct {
	reply
	userView
}

func userGet(c *call, q *userGetQuery) (any, error) {
	if err := c.mayReadDetails(); err != nil {
		return nil, err
	}
	if q.UserID == "" {
		return nil, refuse(40003, "the query has no userid")
	}
	n, ok := c.w.staffByID(q.UserID)
	if !ok {
		return nil, refuse(60111, "no member %q", q.UserID)
	}
	return userGetReply{reply: done(), userView: c.viewUser(&c.w.staff[n])}, nil
}

type userListQuery struct {
	DepartmentID int    `json:"department_id"`
	FetchChild   int    `json:"fetch_child"`
	Status       int    `json:"status"` // of years ago, still sent
	Lang         string `json:"lang"`
}

// members are the staff of a department, or of all below it too.
func (w *world) membersOf(id int, below bool) ([]*member, error) {
	found, err := w.under(id)
	if err != nil {
		return nil, err
	}
	if !below {
		found = found[:1]
	}
	var out []*member
	for i := range w.staff {
		m := &w.staff[i]
		if !m.resigned && slices.ContainsFunc(found, func(d department) bool { return m.in(d.id) }) {
			out = append(out, m)
		}
	}
	return out, nil
}

// listed answers the members of a department, for both lists.
func (c *call) listed(q *userListQuery) ([]*member, error) {
	if err := c.mayReadDetails(); err != nil {
		return nil, err
	}
	if q.DepartmentID == 0 {
		return nil, refuse(60003, "the query has no department_id")
	}
	return c.w.membersOf(q.DepartmentID, q.FetchChild == 1)
}

type simpleUser struct {
	UserID     string `json:"userid"`
	Name       string `json:"name"`
	Department []int  `json:"department"`
}

type simpleListReply struct {
	reply
	UserList []simpleUser `json:"userlist"`
}

func userSimpleList(c *call, q *userListQuery) (any, error) {
	found, err := c.listed(q)
	if err != nil {
		return nil, err
	}
	out := simpleListReply{reply: done(), UserList: []simpleUser{}}
	for _, m := range found {
		out.UserList = append(out.UserList, simpleUser{UserID: m.id, Name: m.name, Department: m.departments()})
	}
	return out, nil
}

type userListReply struct {
	reply
	UserList []userView `json:"userlist"`
}

func userList(c *call, q *userListQuery) (any, error) {
	found, err := c.listed(q)
	if err != nil {
		return nil, err
	}
	out := userListReply{reply: done(), UserList: []userView{}}
	for _, m := range found {
		out.UserList = append(out.UserList, c.viewUser(m))
	}
	return out, nil
}

type listIDQuery struct {
	Cursor string `json:"cursor"`
	Limit  int    `json:"limit"`
}

type departmentUser struct {
	UserID     string `json:"userid"`
	Department int    `json:"department"`
}

type listIDReply struct {
	reply
	NextCursor     string           `json:"next_cursor"`
	DepartmentUser []departmentUser `json:"dept_user"`
}

func userListID(c *call, q *listIDQuery) (any, error) {
	if q.Limit < 0 || q.Limit > 10000 {
		return nil, refuse(40058, "limit must be between 1 and 10000")
	}
	from := 0
	if q.Cursor != "" {
		n, err := strconv.Atoi(q.Cursor)
		if err != nil || n < 0 {
			return nil, refuse(50100, "cursor %q was not made by this call", q.Cursor)
		}
		from = n
	}
	limit := q.Limit
	if limit == 0 {
		limit = 10000
	}
	out := listIDReply{reply: done(), DepartmentUser: []departmentUser{}}
	row := 0
	for i := range c.w.staff {
		m := &c.w.staff[i]
		if m.resigned {
			continue
		}
		for _, d := range m.departments() {
			if row++; row <= from {
				continue
			}
			if len(out.DepartmentUser) == limit {
				out.NextCursor = strconv.Itoa(row - 1)
				return out, nil
			}
			out.DepartmentUser = append(out.DepartmentUser, departmentUser{UserID: m.id, Department: d})
		}
	}
	if from > row {
		return nil, refuse(50100, "cursor %q was not made by this call", q.Cursor)
	}
	return out, nil
}

type followUsersReply struct {
	reply
	FollowUser []string `json:"follow_user"`
}

func followUsers(c *call, _ *none) (any, error) {
	out := followUsersReply{reply: done(), FollowUser: []string{}}
	for i := range c.w.staff {
		if m := &c.w.staff[i]; m.active() {
			out.FollowUser = append(out.FollowUser, m.id)
		}
	}
	return out, nil
}
