package sandbox

import (
	"slices"
	"strconv"
)

// visibleRange is whom the app may see, as an administrator set it: members by
// userid, departments with all below, tags of members.
type visibleRange struct {
	staff         []string
	parties, tags []int
}

func visibleFamily() family {
	return family{acts: []act{doing("admin_sets_visible_range", adminSetsVisibleRange)}}
}

type visibleQuery struct {
	Staff       []string `json:"staff"`
	Departments []int    `json:"departments"`
	Tags        []int    `json:"tags"`
}

// adminSetsVisibleRange replaces the range whole; an empty one is the root
// department again.
func adminSetsVisibleRange(s *Sandbox, q *visibleQuery) (any, error) {
	w := s.world
	for _, id := range q.Staff {
		if _, ok := w.staffByID(id); !ok {
			return nil, unknownID("member", id)
		}
	}
	for _, id := range q.Departments {
		if _, err := w.under(id); err != nil {
			return nil, err
		}
	}
	for _, id := range q.Tags {
		if w.staffTag(id) == nil {
			return nil, unknownID("tag", strconv.Itoa(id))
		}
	}
	if len(q.Staff)+len(q.Departments)+len(q.Tags) == 0 {
		q.Departments = []int{1}
	}
	w.app.visible = visibleRange{staff: q.Staff, parties: q.Departments, tags: q.Tags}
	seen := 0
	for n := range w.staff {
		if !w.staff[n].resigned && w.appSees(int32(n)) {
			seen++
		}
	}
	s.journal(entry{Kind: "app_visible_range"})
	return map[string]any{"members": seen}, nil
}

// whole is true while the range is the root department.
func (v *visibleRange) whole() bool { return slices.Contains(v.parties, 1) }

// appSees is true for members in the app's visible range.
func (w *world) appSees(n int32) bool {
	v := &w.app.visible
	if v.whole() || slices.Contains(v.staff, w.staff[n].id) {
		return true
	}
	for _, id := range v.parties {
		found, err := w.under(id)
		if err == nil && slices.ContainsFunc(found, func(d department) bool { return w.staff[n].in(d.id) }) {
			return true
		}
	}
	return slices.ContainsFunc(v.tags, func(id int) bool {
		t := w.staffTag(id)
		return t != nil && slices.Contains(w.staffWith(t), n)
	})
}

// appSeesCustomer is true for customers one of whose followers the app sees.
func (w *world) appSeesCustomer(cust int32) bool {
	for i := w.customers[cust].first; i != 0; i = w.relations[i-1].next {
		if r := &w.relations[i-1]; r.alive() && !w.staff[r.staff].resigned && w.appSees(r.staff) {
			return true
		}
	}
	return false
}

// appSeesParty is true for departments in the app's visible range, or below one
// that is.
func (w *world) appSeesParty(id int) bool {
	return slices.ContainsFunc(w.app.visible.parties, func(top int) bool {
		found, err := w.under(top)
		return err == nil && slices.ContainsFunc(found, func(d department) bool { return d.id == id })
	})
}
