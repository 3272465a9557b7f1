package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type editCustomerQuery struct {
	Staff     string   `json:"staff"`
	Customer  string   `json:"customer"`
	Remark    string   `json:"remark"`
	AddTag    []string `json:"add_tag"`
	RemoveTag []string `json:"remove_tag"`
}

// staffEditsCustomer is a member changing remark or tags in the client, which
// the platform hears of without being told what changed.
func staffEditsCustomer(s *Sandbox, q *editCustomerQuery) (any, error) {
	r, err := s.pair(pairQuery{q.Staff, q.Customer}, (*relation).alive)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Concat(q.AddTag, q.RemoveTag) {
		if s.world.tagIndex[id] == nil {
			return nil, unknownID("tag", id)
		}
	}
	if q.Remark != "" {
		if r.extra == nil {
			r.extra = &relationExtra{}
		}
		r.extra.remark = cut(q.Remark, 20)
	}
	tags := slices.Clone(r.tags)
	for _, id := range q.AddTag {
		if n := s.world.tagIndex[id].number; !slices.Contains(tags, n) {
			tags = append(tags, n)
		}
	}
	for _, id := range q.RemoveTag {
		n := s.world.tagIndex[id].number
		tags = slices.DeleteFunc(tags, func(o int32) bool { return o == n })
	}
	r.tags = tags
	s.journal(entry{Kind: "edit_external_contact", Staff: s.world.staff[r.staff].id, Customer: s.world.customerID(r.customer)})
	s.contactEvent("edit_external_contact", r, "", "")
	return s.viewPair(r), nil
}

type staffQuery struct {
	Staff      string `json:"staff"`
	Department int    `json:"department"`
}

// staffResigns takes a member out of the corp. Customers and groups wait to be
// handed over.
func staffResigns(s *Sandbox, q *staffQuery) (any, error) {
	w := s.world
	n := int32(len(w.staff) - 1)
	if q.Staff != "" {
		found, ok := w.staffByID(q.Staff)
		if !ok {
			return nil, unknownID("member", q.Staff)
		}
		n = found
	}
	m := &w.staff[n]
	if m.resigned {
		return nil, fmt.Errorf("member %q has resigned already", m.id)
	}
	s.removeMember(n, byConsole)
	return map[string]any{"staff": m.id}, nil
}

// staffJoins takes on a new member.
func staffJoins(s *Sandbox, q *staffQuery) (any, error) {
	w := s.world
	id := q.Staff
	if id == "" {
		id = fmt.Sprintf("S%02d", len(w.staff)+1)
	}
	if _, ok := w.anyStaff(id); ok {
		return nil, fmt.Errorf("member %q exists already", id)
	}
	if q.Department == 0 {
		q.Department = 1
	}
	if _, err := w.under(q.Department); err != nil {
		return nil, fmt.Errorf("no department %d", q.Department)
	}
	w.staff = append(w.staff, member{
		id: id, name: id, department: q.Department, position: w.spec.Position, gender: 2, systemID: q.Staff == "",
	})
	m := &w.staff[len(w.staff)-1]
	w.staffIndex[strings.ToLower(id)] = int32(len(w.staff) - 1)
	s.journal(entry{Kind: "staff_joins", Staff: id})
	s.memberAdded(byConsole, m)
	s.rangeChanged(m, "subscribe")
	return map[string]any{"staff": id, "department": q.Department}, nil
}

type tagActQuery struct {
	Group string `json:"group"` // id or name
	Tag   string `json:"tag"`   // id
	Name  string `json:"name"`
}

func (s *Sandbox) tagEvent(change, id, kind string) {
	s.send(s.newEvent(AreaExternal, "change_external_tag."+change, "tags", "change_external_tag", "").
		text("Id", id).text("TagType", kind).text("ChangeType", change))
}

// adminAddsTag is the administrator adding a tag in the console.
func adminAddsTag(s *Sandbox, q *tagActQuery) (any, error) {
	w := s.world
	if q.Name == "" {
		return nil, fmt.Errorf("field %q is missing", "name")
	}
	i := slices.IndexFunc(w.tagGroups, func(g *tagGroup) bool {
		return !g.deleted && (q.Group == "" || g.id == q.Group || g.name == q.Group)
	})
	var g *tagGroup
	if i >= 0 {
		g = w.tagGroups[i]
	} else {
		g = w.addTagGroup(q.Group, 0, s.now().Unix(), byConsole)
		s.tagEvent("create", g.id, "tag_group")
	}
	t := w.addTag(g, q.Name, 0, s.now().Unix(), byConsole)
	s.journal(entry{Kind: "tag_created", ID: t.id, Detail: t.name})
	s.tagEvent("create", t.id, "tag")
	return map[string]any{"tag": t.id, "group": g.id}, nil
}

func (w *world) pickTag(id string) (*tag, error) {
	for _, t := range w.tags {
		if !t.deleted && (id == "" || t.id == id) {
			return t, nil
		}
	}
	return nil, unknownID("tag", id)
}

func adminRenamesTag(s *Sandbox, q *tagActQuery) (any, error) {
	t, err := s.world.pickTag(q.Tag)
	if err != nil {
		return nil, err
	}
	if q.Name == "" {
		q.Name = t.name + "·新"
	}
	t.name = q.Name
	s.journal(entry{Kind: "tag_renamed", ID: t.id, Detail: t.name})
	s.tagEvent("update", t.id, "tag")
	return map[string]any{"tag": t.id, "name": t.name}, nil
}

// adminShufflesTags is the administrator turning the order of a group's tags
// round, or of all groups when none is named.
func adminShufflesTags(s *Sandbox, q *tagActQuery) (any, error) {
	w := s.world
	if q.Group == "" {
		for n, g := range w.tagGroups {
			g.order = n + 1 // the last shows first
		}
	} else {
		g := w.groupTags[q.Group]
		if g == nil {
			return nil, unknownID("tag group", q.Group)
		}
		for n, t := range g.tags {
			t.order = n + 1
		}
	}
	s.journal(entry{Kind: "tags_shuffled", ID: q.Group})
	e := s.newEvent(AreaExternal, "change_external_tag.shuffle", "tags", "change_external_tag", "").text("Id", q.Group)
	if g := w.groupTags[q.Group]; g != nil && g.strategy != 0 {
		e.text("StrategyId", strconv.Itoa(g.strategy))
	}
	s.send(e.text("ChangeType", "shuffle"))
	return map[string]any{"group": q.Group}, nil
}

// adminDeletesTag deletes a tag, or a whole group with one event.
func adminDeletesTag(s *Sandbox, q *tagActQuery) (any, error) {
	if q.Group != "" {
		g := s.world.groupTags[q.Group]
		if g == nil {
			return nil, unknownID("tag group", q.Group)
		}
		s.world.deleteGroup(g)
		s.journal(entry{Kind: "tag_group_deleted", ID: g.id})
		s.tagEvent("delete", g.id, "tag_group")
		return map[string]any{"group": g.id}, nil
	}
	t, err := s.world.pickTag(q.Tag)
	if err != nil {
		return nil, err
	}
	s.world.deleteTag(t)
	s.journal(entry{Kind: "tag_deleted", ID: t.id})
	s.tagEvent("delete", t.id, "tag")
	return map[string]any{"tag": t.id}, nil
}
