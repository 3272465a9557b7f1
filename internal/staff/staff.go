// Package staff knows the members of the corp and its departments, and what role and data scope each member has here.
//
// It learns of them from a sync and from the contacts callbacks. Role and scope are ours and survive both. Other rooms
// hear by typed events when a member's access changes or the member leaves.
package staff

import "zhiyin.dev/zhiyin/internal/clock"

// Member is a member of the corp.
type Member struct {
	ID          string
	Name        string
	Position    string
	Departments []int64
	Active      bool // is in the corp and can use WeCom
	Contact     bool // has the customer-contact feature
	GoneAt      clock.Time
	Role        string
	Scope       string
}

// Department is a part of the corp; the root has parent 0.
type Department struct {
	ID       int64
	Name     string
	ParentID int64
	Rank     int64 // larger first
}

// AccessChanged is told when a member's role, scope, departments or place in the corp changed: who is logged in as them must
// log in again.
type AccessChanged struct {
	CorpID  string
	StaffID string
}

// Gone is told when a member left the corp.
type Gone struct {
	CorpID  string
	StaffID string
	At      clock.Time
}

// below lists the departments of roots and all below them. A loop in the data ends the walk.
func below(all []Department, roots []int64) []int64 {
	children := map[int64][]int64{}
	for _, d := range all {
		children[d.ParentID] = append(children[d.ParentID], d.ID)
	}
	seen := map[int64]bool{}
	var out []int64
	for todo := append([]int64(nil), roots...); len(todo) > 0; todo = todo[1:] {
		id := todo[0]
		if seen[id] {
			continue
		}
		seen[id] = true
		out = append(out, id)
		todo = append(todo, children[id]...)
	}
	return out
}
