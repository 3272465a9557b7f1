package sandbox

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	departmentLevels   = 15
	departmentsPerCorp = 30_000
	nodesPerDepartment = 30_000
	nameLimit          = 64 // characters, of departments and members
)

// pendingDepartment is where members without a department land, and below
// which a department arises from an id nobody knows.
const pendingDepartment = "其他（待设置部门）"

type departmentAddQuery struct {
	Name     string  `json:"name"`
	NameEN   *string `json:"name_en"`
	ParentID *int32  `json:"parentid"`
	Order    uint32  `json:"order"`
	ID       *int32  `json:"id"`
}

type departmentAddReply struct {
	reply
	ID int `json:"id"`
}

func departmentCreate(c *call, q *departmentAddQuery) (any, error) {
	w := c.w
	if err := checkDepartmentName(q.Name, q.NameEN); err != nil {
		return nil, err
	}
	if q.ParentID == nil {
		return nil, refuse(60124, "parentid is missing")
	}
	if err := w.checkParent(int(*q.ParentID)); err != nil {
		return nil, err
	}
	if w.siblingNamed(int(*q.ParentID), q.Name, 0) {
		return nil, refuse(60008, "department %d has a department %q already", *q.ParentID, q.Name)
	}
	id := w.freeDepartmentID()
	if q.ID != nil {
		switch id = int(*q.ID); {
		case id <= 1:
			return nil, refuse(60123, "id must be greater than 1, got %d", id)
		case w.department(id) != nil:
			return nil, refuse(60008, "there is a department %d already", id)
		}
	}
	d := department{id: id, parent: int(*q.ParentID), name: q.Name, order: int(q.Order)}
	if q.NameEN != nil && c.s.on("contact.languages") {
		d.nameEN = *q.NameEN
	}
	w.departments = append(w.departments, d)
	c.s.journal(entry{Kind: "department_created", ID: itoa(id), Detail: d.name})
	c.s.partyChanged(c.caller, "create_party", d, partyChange{name: true, parent: true})
	return departmentAddReply{reply: reply{ErrMsg: "created"}, ID: id}, nil
}

func checkDepartmentName(name string, english *string) error {
	switch n := utf8.RuneCountInString(name); {
	case n == 0 || n > nameLimit:
		return refuse(60001, "name has %d characters, it must have 1 to %d", n, nameLimit)
	case strings.ContainsAny(name, `\:*?"<>|`) || strings.ContainsRune(name, '｜'):
		return refuse(60009, `name %q has one of \ : * ? " < > |`, name)
	}
	if english != nil {
		if n := utf8.RuneCountInString(*english); n == 0 || n > nameLimit {
			return refuse(60125, "name_en has %d characters, it must have 1 to %d", n, nameLimit)
		}
	}
	return nil
}

// checkParent refuses a parent that cannot take one more department.
func (w *world) checkParent(id int) error {
	switch {
	case id <= 0:
		return refuse(60124, "parentid must be a department, got %d", id)
	case w.department(id) == nil:
		return refuse(60004, "no department %d to be the parent", id)
	case len(w.departments) >= departmentsPerCorp:
		return refuse(81001, "a corp has at most %d departments", departmentsPerCorp)
	case w.nodesIn(id) >= nodesPerDepartment:
		return refuse(81001, "department %d holds %d departments and members already", id, nodesPerDepartment)
	case w.levelOf(id) >= departmentLevels:
		return refuse(81002, "departments have at most %d levels", departmentLevels)
	}
	return nil
}

// department finds a department; nil when there is none.
func (w *world) department(id int) *department {
	for i := range w.departments {
		if w.departments[i].id == id {
			return &w.departments[i]
		}
	}
	return nil
}

func (w *world) siblingNamed(parent int, name string, except int) bool {
	return slices.ContainsFunc(w.departments, func(d department) bool {
		return d.parent == parent && d.name == name && d.id != except
	})
}

// levelOf counts the departments from the root down to id; the root is 1.
func (w *world) levelOf(id int) int {
	n := 0
	for d := w.department(id); d != nil && n <= departmentsPerCorp; d = w.department(d.parent) {
		n++
	}
	return n
}

// heightOf counts the levels from id down to its lowest department.
func (w *world) heightOf(id int) int {
	most := 0
	for _, d := range w.departments {
		if d.parent == id {
			most = max(most, w.heightOf(d.id))
		}
	}
	return most + 1
}

// nodesIn counts what is directly below a department.
func (w *world) nodesIn(id int) int {
	n := 0
	for _, d := range w.departments {
		if d.parent == id {
			n++
		}
	}
	for i := range w.staff {
		if m := &w.staff[i]; !m.resigned && m.in(id) {
			n++
		}
	}
	return n
}

func (w *world) freeDepartmentID() int {
	highest := 1
	for _, d := range w.departments {
		highest = max(highest, d.id)
	}
	return highest + 1
}

type departmentUpdateQuery struct {
	ID       int     `json:"id" bad:"60123"`
	Name     *string `json:"name"`
	NameEN   *string `json:"name_en"`
	ParentID *int    `json:"parentid"`
	Order    *uint32 `json:"order"`
}

func departmentUpdate(c *call, q *departmentUpdateQuery) (any, error) {
	w := c.w
	if q.ID == 0 {
		return nil, refuse(60123, "id is missing")
	}
	d := w.department(q.ID)
	if d == nil {
		return nil, refuse(60003, "no department %d", q.ID)
	}
	next := *d
	if q.Name != nil {
		next.name = *q.Name
	}
	if q.ParentID != nil {
		next.parent = *q.ParentID
	}
	if q.Order != nil {
		next.order = int(*q.Order)
	}
	if err := checkDepartmentName(next.name, q.NameEN); err != nil {
		return nil, err
	}
	if q.NameEN != nil && c.s.on("contact.languages") {
		next.nameEN = *q.NameEN
	}
	if next.parent != d.parent {
		if err := w.checkMove(d, next.parent); err != nil {
			return nil, err
		}
	}
	if w.siblingNamed(next.parent, next.name, d.id) {
		return nil, refuse(60008, "department %d has another department %q", next.parent, next.name)
	}
	change := partyChange{name: next.name != d.name, parent: next.parent != d.parent}
	*d = next
	c.s.journal(entry{Kind: "department_changed", ID: itoa(d.id), Detail: d.name})
	if change.name || change.parent {
		c.s.partyChanged(c.caller, "update_party", next, change)
	}
	return reply{ErrMsg: "updated"}, nil
}

// checkMove refuses to move a department below itself, or too deep.
func (w *world) checkMove(d *department, parent int) error {
	if d.parent == 0 {
		return refuse(60010, "the root has no parent")
	}
	if err := w.checkParent(parent); err != nil {
		return err
	}
	for up := w.department(parent); up != nil; up = w.department(up.parent) {
		if up.id == d.id {
			return refuse(60010, "department %d lies below %d", parent, d.id)
		}
	}
	if w.levelOf(parent)+w.heightOf(d.id) > departmentLevels {
		return refuse(81002, "departments have at most %d levels", departmentLevels)
	}
	return nil
}

type departmentDeleteQuery struct {
	ID int `json:"id" bad:"60123"`
}

func departmentDelete(c *call, q *departmentDeleteQuery) (any, error) {
	w := c.w
	d := w.department(q.ID)
	switch {
	case q.ID == 0:
		return nil, refuse(60123, "the query has no id")
	case d == nil:
		return nil, refuse(60003, "no department %d", q.ID)
	case d.parent == 0:
		return nil, refuse(60007, "the root cannot be deleted")
	case slices.ContainsFunc(w.departments, func(o department) bool { return o.parent == d.id }):
		return nil, refuse(60006, "department %d holds departments", d.id)
	case w.nodesIn(d.id) > 0:
		return nil, refuse(60005, "department %d holds members", d.id)
	}
	c.s.deleteDepartment(*d, c.caller)
	return reply{ErrMsg: "deleted"}, nil
}

// deleteDepartment takes an empty department out, and out of all member tags.
func (s *Sandbox) deleteDepartment(gone department, by caller) {
	w := s.world
	w.departments = slices.DeleteFunc(w.departments, func(d department) bool { return d.id == gone.id })
	for _, t := range w.staffTags {
		t.parties = slices.DeleteFunc(t.parties, func(id int) bool { return id == gone.id })
	}
	s.journal(entry{Kind: "department_deleted", ID: itoa(gone.id), Detail: gone.name})
	s.partyChanged(by, "delete_party", gone, partyChange{})
}
