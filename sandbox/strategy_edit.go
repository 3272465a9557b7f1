package sandbox

import "slices"

type strategyCreateQuery struct {
	Parent    int             `json:"parent_id"`
	Name      string          `json:"strategy_name"`
	Admins    []string        `json:"admin_list"`
	Privilege map[string]bool `json:"privilege"`
	Range     []rangeNode     `json:"range"`
}

type strategyCreateReply struct {
	reply
	ID int `json:"strategy_id"`
}

func (k strategyKind) create(c *call, q *strategyCreateQuery) (any, error) {
	var parent *strategy
	if q.Parent != 0 {
		up, err := k.param(c, q.Parent)
		if err != nil {
			return nil, err
		}
		if k.depth(c.w, up) >= strategyDepth {
			return nil, refuse(40058, "rule groups are at most %d levels deep", strategyDepth)
		}
		parent = up
	}
	if len(q.Range) == 0 {
		return nil, refuse(40058, "range is empty")
	}
	if err := checkStrategyName(q.Name); err != nil {
		return nil, err
	}
	if err := c.checkAdmins(q.Admins); err != nil {
		return nil, err
	}
	if err := k.checkRights(c, q.Privilege); err != nil {
		return nil, err
	}
	if err := c.checkNodes("range", q.Range, parent); err != nil {
		return nil, err
	}
	b := k.book(c.w)
	b.seq++
	st := &strategy{
		id: b.seq, parent: q.Parent, name: q.Name, created: c.now.Unix(), admins: slices.Clone(q.Admins), by: c.caller,
	}
	if parent == nil {
		st.off = k.off(q.Privilege)
	}
	st.add(q.Range)
	b.list = append(b.list, st)
	return strategyCreateReply{reply: done(), ID: st.id}, nil
}

func (k strategyKind) depth(w *world, st *strategy) int {
	n := 1
	for ; st.parent != 0; n++ {
		up := k.book(w).find(st.parent)
		if up == nil {
			break
		}
		st = up
	}
	return n
}

// add puts nodes into the range, each once.
func (st *strategy) add(nodes []rangeNode) {
	for _, n := range nodes {
		if !slices.Contains(st.nodes, n) {
			st.nodes = append(st.nodes, n)
		}
	}
}

type strategyEditQuery struct {
	ID        int             `json:"strategy_id"`
	Name      string          `json:"strategy_name"`
	Admins    []string        `json:"admin_list"`
	Privilege map[string]bool `json:"privilege"`
	Add       []rangeNode     `json:"range_add"`
	Remove    []rangeNode     `json:"range_del"`
}

func (k strategyKind) edit(c *call, q *strategyEditQuery) (any, error) {
	st, err := k.param(c, q.ID)
	if err != nil {
		return nil, err
	}
	if q.Admins != nil {
		if err := c.checkAdmins(q.Admins); err != nil {
			return nil, err
		}
	}
	if err := k.checkRights(c, q.Privilege); err != nil {
		return nil, err
	}
	if err := c.checkNodes("range_add", q.Add, k.book(c.w).find(st.parent)); err != nil {
		return nil, err
	}
	if err := c.checkNodes("range_del", q.Remove, nil); err != nil {
		return nil, err
	}
	next := *st
	next.nodes = slices.DeleteFunc(slices.Clone(st.nodes), func(n rangeNode) bool { return slices.Contains(q.Remove, n) })
	next.add(q.Add)
	if n := len(next.nodes); n == 0 || n > strategyRange {
		return nil, refuse(40058, "the range would hold %d nodes: must be between 1 and %d", n, strategyRange)
	}
	if q.Name != "" {
		next.name = q.Name
	}
	if q.Admins != nil {
		next.admins = slices.Clone(q.Admins)
	}
	if q.Privilege != nil && next.parent == 0 {
		next.off = k.off(q.Privilege)
	}
	*st = next
	return nil, nil
}

// del takes a rule group out, with all below it and its tags.
func (k strategyKind) del(c *call, q *strategyQuery) (any, error) {
	st, err := k.param(c, q.ID)
	if err != nil {
		return nil, err
	}
	b := k.book(c.w)
	gone := map[int]bool{st.id: true}
	b.list = slices.DeleteFunc(b.list, func(s *strategy) bool { // parents come before children
		if gone[s.parent] {
			gone[s.id] = true
		}
		return gone[s.id]
	})
	if b == &c.w.customerStrategies {
		for _, g := range c.w.tagGroups {
			if gone[g.strategy] && !g.deleted {
				c.w.deleteGroup(g)
			}
		}
	}
	return nil, nil
}
