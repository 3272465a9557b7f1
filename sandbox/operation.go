package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// operation is one line of a log that the console shows: of what members do in
// the client, or of what administrators do in the console.
type operation struct {
	at     int64 // unix seconds
	staff  int32 // who did it
	kind   int   // oper_type
	detail int   // detail_type, of the console's log
	info   string
}

// operLog holds the operations of the last logDays, numbered from 0 on.
type operLog struct {
	list    []operation // by time
	dropped int
}

func (l *operLog) end() int { return l.dropped + len(l.list) }

func (l *operLog) at(n int) *operation { return &l.list[n-l.dropped] }

// since is the number of the first operation from a time on.
func (l *operLog) since(unix int64) int {
	return l.dropped + sort.Search(len(l.list), func(i int) bool { return l.list[i].at >= unix })
}

// add forgets what nobody can ask for any more when it is half of the log.
func (l *operLog) add(o operation) {
	if old := l.since(o.at-logDays*86400) - l.dropped; old > 1000 && old > len(l.list)/2 {
		l.list = append([]operation(nil), l.list[old:]...)
		l.dropped += old
	}
	l.list = append(l.list, o)
}

// memberOps are the kinds of the journal that are operations of members, as
// oper_type.
var memberOps = map[string]int{
	"add_external_contact": 1, "del_external_contact": 2, "staff_activates": 4, "staff_invited": 8,
}

// operated writes a row of the journal into the members' log when it is an
// operation.
func (s *Sandbox) operated(e *entry) {
	kind, ok := memberOps[e.Kind]
	if !ok {
		return
	}
	if n, ok := s.world.anyStaff(e.Staff); ok {
		s.world.memberLog.add(operation{at: s.now().Unix(), staff: n, kind: kind, info: e.Customer})
	}
}

// adminOps are the acts that are done in the console, as oper_type; those that
// are missing here are 7, other.
var adminOps = map[string]int{
	"staff_joins": 3, "staff_resigns": 3, "admin_sets_visible_range": 8, "admin_switches_workbench": 8, "admin_grants_kf": 8,
	"admin_adds_attribute": 11, "admin_adds_tag": 13, "admin_renames_tag": 13, "admin_shuffles_tags": 13, "admin_deletes_tag": 13,
	"admin_deletes_link": 13, "admin_buys_quota": 13, "admin_sets_upgrade": 13,
}

// adminDetails are the numbers of acts, as detail_type, that are known; the
// others are 0.
var adminDetails = map[string]int{"staff_joins": 14}

const adminOther = 7

// adminActed writes an act into the console's log when it is done there.
func (s *Sandbox) adminActed(name string) {
	kind, ok := adminOps[name]
	if !ok {
		kind = adminOther
	}
	if (ok || strings.HasPrefix(name, "admin_")) && name != "admin_operates" {
		w := s.world
		w.adminLog.add(operation{
			at: s.now().Unix(), staff: w.staffIndexOf(w.firstStaff()), kind: kind, detail: adminDetails[name], info: name,
		})
	}
}

// operations are what a member can do in the client besides the other acts, as
// oper_type; it stands in the log, and some of it in his card.
var operations = map[string]int{
	"marks_customer": 3, "logs_in": 4, "changes_mobile": 5, "binds_wechat": 6, "rebinds_wechat": 7, "is_kept_from_login": 9, "changes_alias": 11,
	"changes_name": 12, "uses_second_device": 13, "confirms_order": 15, "changes_app": 16, "confirms_archive_order": 17,
	"is_kept_from_outside": 20, "locks_device": 21,
}

type staffOperatesQuery struct {
	Staff     string `json:"staff"`
	Operation string `json:"operation"`
	Value     string `json:"value"` // the new name, alias or number; the customer; else what the log tells
}

// staffOperates is a member changing something of his own in the client.
func staffOperates(s *Sandbox, q *staffOperatesQuery) (any, error) {
	w := s.world
	n, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	kind, ok := operations[q.Operation]
	if !ok {
		return nil, fmt.Errorf("operation %q: there are %s", q.Operation, strings.Join(slices.Sorted(maps.Keys(operations)), ", "))
	}
	m := &w.staff[n]
	field, to := "", (*string)(nil)
	switch q.Operation {
	case "changes_name":
		field, to = "name", &m.name
	case "changes_alias":
		field, to = "alias", &m.cardToWrite().alias
	case "changes_mobile":
		field, to = "mobile", &m.cardToWrite().mobile
	case "marks_customer":
		if q.Value, err = s.customerOf(m.id, q.Value); err != nil {
			return nil, err
		}
	case "is_kept_from_login":
		m.unfit = accounts["banned"]
	}
	if to != nil {
		if q.Value == "" {
			return nil, fmt.Errorf("value is missing: the new %s", field)
		}
		if *to != q.Value {
			*to = q.Value
			s.memberUpdated(byConsole, m, m.id, map[string]bool{field: true})
		}
	}
	w.memberLog.add(operation{at: s.now().Unix(), staff: n, kind: kind, info: q.Value})
	s.journal(entry{Kind: "staff_operates", Staff: m.id, ID: q.Operation, Detail: q.Value})
	return map[string]any{"staff": m.id, "oper_type": kind}, nil
}

// customerOf is a customer of a member: the one named, or any.
func (s *Sandbox) customerOf(staff, customer string) (string, error) {
	r, err := s.pair(pairQuery{Staff: staff, Customer: customer}, (*relation).alive)
	if err != nil {
		return "", err
	}
	return s.world.customerID(r.customer), nil
}

// consoleOps are the values of oper_type in the console's log.
var consoleOps = []int{2, 3, 7, 8, 11, 12, 13}

type adminOperatesQuery struct {
	Staff      string `json:"staff"`
	Type       int    `json:"oper_type"`
	DetailType int    `json:"detail_type"`
	Detail     string `json:"detail_info"`
}

// adminOperates is an administrator doing something in the console that changes
// nothing the server interface shows: only the log tells of it.
func adminOperates(s *Sandbox, q *adminOperatesQuery) (any, error) {
	w := s.world
	n, err := w.namedOrFirst(q.Staff)
	kind := cmp.Or(q.Type, adminOther)
	switch {
	case err != nil:
		return nil, err
	case !slices.Contains(consoleOps, kind):
		return nil, fmt.Errorf("oper_type %d: there are %v", kind, consoleOps)
	case q.DetailType < 0:
		return nil, fmt.Errorf("detail_type %d: must not be negative", q.DetailType)
	}
	w.adminLog.add(operation{at: s.now().Unix(), staff: n, kind: kind, detail: q.DetailType, info: q.Detail})
	return map[string]any{"staff": w.staff[n].id, "oper_type": kind}, nil
}
