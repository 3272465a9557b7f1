package sandbox

import (
	"cmp"
	"slices"
)

// strategy is one rule group (规则组): who may do what with the customers, or
// the Moments, of which members.
type strategy struct {
	id      int
	parent  int // 0 = none
	name    string
	created int64
	admins  []string
	off     map[string]bool // rights that are switched off; a child inherits them
	nodes   []rangeNode
	by      caller
}

// strategyBook is all rule groups of one kind.
type strategyBook struct {
	list []*strategy // live ones, by id
	seq  int
}

// rangeNode is a member or a department that a rule group manages.
type rangeNode struct {
	Type    int    `json:"type"` // 1 member, 2 department
	UserID  string `json:"userid,omitempty"`
	PartyID int    `json:"partyid,omitempty"`
}

// strategyKind is what customer and Moments rule groups differ in.
type strategyKind struct {
	book   func(*world) *strategyBook
	basic  []string // rights that are always on
	rights []string // rights that can be switched off
}

const (
	strategyAdmins = 20
	strategyNodes  = 100 // a call
	strategyRange  = 3000
	strategyDepth  = 5
	strategyPage   = 1000
)

func customerStrategies() strategyKind {
	return strategyKind{
		book:  func(w *world) *strategyBook { return &w.customerStrategies },
		basic: []string{"view_customer_list", "view_customer_data", "view_room_list", "contact_me", "join_room"},
		rights: []string{
			"share_customer", "oper_resign_customer", "oper_resign_group", "send_customer_msg", "edit_welcome_msg",
			"view_behavior_data", "view_room_data", "send_group_msg", "room_deduplication", "rapid_reply",
			"onjob_customer_transfer", "edit_anti_spam_rule", "export_customer_list", "export_customer_data",
			"export_customer_group_list", "manage_customer_tag",
		},
	}
}

func momentStrategies() strategyKind {
	return strategyKind{
		book:   func(w *world) *strategyBook { return &w.momentStrategies },
		rights: []string{"view_moment_list", "send_moment", "manage_moment_cover_and_sign"},
	}
}

func strategyFamily() family {
	var f family
	for path, kind := range map[string]strategyKind{
		"/cgi-bin/externalcontact/customer_strategy/": customerStrategies(),
		"/cgi-bin/externalcontact/moment_strategy/":   momentStrategies(),
	} {
		f.routes = append(f.routes,
			post(path+"list", byExternal, kind.list),
			post(path+"get", byExternal, kind.get),
			post(path+"get_range", byExternal, kind.getRange),
			post(path+"create", byExternal, kind.create),
			post(path+"edit", byExternal, kind.edit),
			post(path+"del", byExternal, kind.del),
		)
	}
	return f
}

func (b *strategyBook) find(id int) *strategy {
	i, ok := slices.BinarySearchFunc(b.list, id, func(s *strategy, id int) int { return cmp.Compare(s.id, id) })
	if !ok {
		return nil
	}
	return b.list[i]
}

// strategyParam finds a rule group; an app knows its own only.
func (k strategyKind) param(c *call, id int) (*strategy, error) {
	st := k.book(c.w).find(id)
	if st == nil || st.by != c.caller {
		return nil, refuse(40058, "no rule group %d of this app", id)
	}
	return st, nil
}

type strategyListQuery struct {
	Cursor string `json:"cursor"`
	Limit  int    `json:"limit"`
}

type strategyIDView struct {
	ID int `json:"strategy_id"`
}

type strategyListReply struct {
	reply
	Strategy   []strategyIDView `json:"strategy"`
	NextCursor string           `json:"next_cursor,omitempty"`
}

func (k strategyKind) list(c *call, q *strategyListQuery) (any, error) {
	const filter = 141
	after, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, strategyPage, strategyPage)
	out := strategyListReply{reply: done(), Strategy: []strategyIDView{}}
	for _, st := range k.book(c.w).list {
		if st.id <= after || st.by != c.caller {
			continue
		}
		if len(out.Strategy) == limit {
			out.NextCursor = makeCursor(filter, out.Strategy[limit-1].ID)
			break
		}
		out.Strategy = append(out.Strategy, strategyIDView{st.id})
	}
	return out, nil
}

type strategyQuery struct {
	ID int `json:"strategy_id"`
}

type strategyView struct {
	ID        int             `json:"strategy_id"`
	Parent    int             `json:"parent_id"`
	Name      string          `json:"strategy_name"`
	Created   int64           `json:"create_time"`
	Admins    []string        `json:"admin_list"`
	Privilege map[string]bool `json:"privilege"`
}

type strategyReply struct {
	reply
	Strategy strategyView `json:"strategy"`
}

func (k strategyKind) get(c *call, q *strategyQuery) (any, error) {
	st, err := k.param(c, q.ID)
	if err != nil {
		return nil, err
	}
	v := strategyView{
		ID: st.id, Parent: st.parent, Name: st.name, Created: st.created,
		Admins: copied(st.admins), Privilege: map[string]bool{},
	}
	root := k.root(c.w, st)
	for _, right := range slices.Concat(k.basic, k.rights) {
		v.Privilege[right] = !root.off[right]
	}
	return strategyReply{reply: done(), Strategy: v}, nil
}

// root is the first-level rule group, whose rights all below it inherit.
func (k strategyKind) root(w *world, st *strategy) *strategy {
	for st.parent != 0 {
		up := k.book(w).find(st.parent)
		if up == nil {
			break
		}
		st = up
	}
	return st
}

type strategyRangeQuery struct {
	ID     int    `json:"strategy_id"`
	Cursor string `json:"cursor"`
	Limit  int    `json:"limit"`
}

type strategyRangeReply struct {
	reply
	Range      []rangeNode `json:"range"`
	NextCursor string      `json:"next_cursor,omitempty"`
}

func (k strategyKind) getRange(c *call, q *strategyRangeQuery) (any, error) {
	st, err := k.param(c, q.ID)
	if err != nil {
		return nil, err
	}
	filter := hash(uint64(st.id), 142)
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	at = min(at, len(st.nodes))
	end := min(at+pageSize(q.Limit, strategyPage, strategyPage), len(st.nodes))
	out := strategyRangeReply{reply: done(), Range: copied(st.nodes[at:end])}
	if end < len(st.nodes) {
		out.NextCursor = makeCursor(filter, end)
	}
	return out, nil
}

// checkAdmins refuses a list that is too long or names strangers.
func (c *call) checkAdmins(admins []string) error {
	if len(admins) == 0 || len(admins) > strategyAdmins {
		return refuse(40058, "admin_list holds %d members: must be between 1 and %d", len(admins), strategyAdmins)
	}
	for _, id := range admins {
		if _, ok := c.w.staffByID(id); !ok {
			return refuse(60030, "admin_list names %q, who is no member in the visible range", id)
		}
	}
	return nil
}

// checkNodes refuses members and departments that are not there, or that the
// parent does not manage.
func (c *call) checkNodes(field string, nodes []rangeNode, parent *strategy) error {
	if len(nodes) > strategyNodes {
		return refuse(40058, "%s holds %d nodes, at most %d are allowed", field, len(nodes), strategyNodes)
	}
	for _, n := range nodes {
		department := n.PartyID
		switch n.Type {
		case 1:
			who, ok := c.w.staffByID(n.UserID)
			if !ok {
				return refuse(60030, "%s names %q, who is no member in the visible range", field, n.UserID)
			}
			department = c.w.staff[who].department
		case 2:
			if _, err := c.w.under(n.PartyID); err != nil || n.PartyID == 0 {
				return refuse(60030, "%s names department %d, which does not exist", field, n.PartyID)
			}
		default:
			return refuse(40058, "%s: type %d must be 1 or 2", field, n.Type)
		}
		if parent != nil && !slices.Contains(parent.nodes, n) && !c.w.within(department, parent.nodes) {
			return refuse(40058, "%s is no part of the range of the parent", field)
		}
	}
	return nil
}

// within reports whether a department is one of the nodes, or below one.
func (w *world) within(id int, nodes []rangeNode) bool {
	return slices.ContainsFunc(nodes, func(n rangeNode) bool {
		if n.Type != 2 {
			return false
		}
		below, err := w.under(n.PartyID)
		return err == nil && slices.ContainsFunc(below, func(d department) bool { return d.id == id })
	})
}

// manages reports whether a member is in the range of a rule group.
func (w *world) manages(st *strategy, staff int32) bool {
	m := &w.staff[staff]
	return slices.ContainsFunc(st.nodes, func(n rangeNode) bool { return n.Type == 1 && n.UserID == m.id }) ||
		w.within(m.department, st.nodes)
}

// checkRights refuses rights that do not exist, as unknown parameters are.
func (k strategyKind) checkRights(c *call, given map[string]bool) error {
	for right := range given {
		if !slices.Contains(k.basic, right) && !slices.Contains(k.rights, right) && c.s.on("decode.unknown") {
			return refuse(40058, "privilege has no %q", right)
		}
	}
	return nil
}

// off are the rights switched off; basic ones cannot be.
func (k strategyKind) off(given map[string]bool) map[string]bool {
	off := map[string]bool{}
	for right, on := range given {
		if !on && slices.Contains(k.rights, right) {
			off[right] = true
		}
	}
	return off
}

func checkStrategyName(name string) error {
	if name == "" {
		return refuse(40058, "strategy_name is empty")
	}
	return nil
}
