package sandbox

import (
	"slices"
	"unicode/utf8"
)

const (
	kbGroupLimit   = 100
	kbGroupName    = 12 // characters
	kbPage         = 500
	kbPageLimit    = 1000
	kbIntentsGroup = 200
)

// kbGroup is a group of the knowledge base (知识库), shared by all accounts.
type kbGroup struct {
	id, name  string
	isDefault bool
	intents   []*kbIntent
}

// knowledge is the knowledge base of the corp.
type knowledge struct {
	groups []*kbGroup
	seq    uint64
}

func newKnowledge(seed uint64) *knowledge {
	k := &knowledge{}
	k.add(seed, "默认分组").isDefault = true
	return k
}

func (k *knowledge) add(seed uint64, name string) *kbGroup {
	k.seq++
	g := &kbGroup{id: "kg" + letters(30, seed, k.seq, hashString("knowledge group")), name: name}
	k.groups = append(k.groups, g)
	return g
}

func (k *knowledge) group(id string) *kbGroup {
	for _, g := range k.groups {
		if g.id == id {
			return g
		}
	}
	return nil
}

func kfKnowledgeRoutes() []route {
	return []route{
		post("/cgi-bin/kf/knowledge/add_group", byKF, kbGroupAdd),
		post("/cgi-bin/kf/knowledge/del_group", byKF, kbGroupDel),
		post("/cgi-bin/kf/knowledge/mod_group", byKF, kbGroupMod),
		post("/cgi-bin/kf/knowledge/list_group", byKF, kbGroupList),
		post("/cgi-bin/kf/knowledge/add_intent", byKF, kbIntentAdd),
		post("/cgi-bin/kf/knowledge/del_intent", byKF, kbIntentDel),
		post("/cgi-bin/kf/knowledge/mod_intent", byKF, kbIntentMod),
		post("/cgi-bin/kf/knowledge/list_intent", byKF, kbIntentList),
	}
}

type kbGroupQuery struct {
	GroupID string `json:"group_id"`
	Name    string `json:"name"`
}

// check refuses names that are empty, too long or another group's.
func (q *kbGroupQuery) check(k *knowledge) error {
	if n := utf8.RuneCountInString(q.Name); n == 0 || n > kbGroupName {
		return refuse(40058, "name %q: must have 1 to %d characters", q.Name, kbGroupName)
	}
	if slices.ContainsFunc(k.groups, func(g *kbGroup) bool { return g.name == q.Name && g.id != q.GroupID }) {
		return refuse(40058, "there is another group %q", q.Name)
	}
	return nil
}

// own finds a group that may be changed: the default group may not.
func (q *kbGroupQuery) own(k *knowledge) (*kbGroup, error) {
	g := k.group(q.GroupID)
	switch {
	case g == nil:
		return nil, refuse(40058, "no group %q", q.GroupID)
	case g.isDefault:
		return nil, refuse(40058, "the default group can be neither changed nor deleted")
	}
	return g, nil
}

type kbGroupAddQuery struct {
	Name string `json:"name"`
}

type kbGroupAddReply struct {
	reply
	GroupID string `json:"group_id"`
}

func kbGroupAdd(c *call, q *kbGroupAddQuery) (any, error) {
	k := c.w.kf.knowledge
	if err := (&kbGroupQuery{Name: q.Name}).check(k); err != nil {
		return nil, err
	}
	if len(k.groups) >= kbGroupLimit {
		return nil, refuse(40058, "there are %d groups already", kbGroupLimit)
	}
	return kbGroupAddReply{reply: done(), GroupID: k.add(c.w.seed, q.Name).id}, nil
}

type kbGroupIDQuery struct {
	GroupID string `json:"group_id"`
}

// kbGroupDel deletes a group with what is in it.
func kbGroupDel(c *call, q *kbGroupIDQuery) (any, error) {
	k := c.w.kf.knowledge
	g, err := (&kbGroupQuery{GroupID: q.GroupID}).own(k)
	if err != nil {
		return nil, err
	}
	k.groups = slices.DeleteFunc(k.groups, func(o *kbGroup) bool { return o == g })
	return nil, nil
}

func kbGroupMod(c *call, q *kbGroupQuery) (any, error) {
	g, err := q.own(c.w.kf.knowledge)
	if err != nil {
		return nil, err
	}
	if err := q.check(c.w.kf.knowledge); err != nil {
		return nil, err
	}
	g.name = q.Name
	return nil, nil
}

type kbListQuery struct {
	Cursor  string `json:"cursor"`
	Limit   int    `json:"limit"`
	GroupID string `json:"group_id"`
}

type kbGroupView struct {
	GroupID   string `json:"group_id"`
	Name      string `json:"name"`
	IsDefault int    `json:"is_default"`
}

type kbGroupListReply struct {
	reply
	NextCursor string        `json:"next_cursor"`
	HasMore    int           `json:"has_more"`
	GroupList  []kbGroupView `json:"group_list"`
}

// kbPage cuts one page out of a list of n: its bounds and the next cursor.
func kbPageOf(cursor string, limit, n int, filter uint64) (from, to int, next string, err error) {
	if limit < 0 || limit > kbPageLimit {
		return 0, 0, "", refuse(40058, "limit %d: must be between 1 and %d", limit, kbPageLimit)
	}
	if limit == 0 {
		limit = kbPage
	}
	from, err = readCursor(cursor, filter)
	if err != nil {
		return 0, 0, "", refuse(40058, "cursor %q was not made by this call with these filters", cursor)
	}
	from = min(from, n)
	to = min(from+limit, n)
	return from, to, makeCursor(filter, to), nil
}

func more(to, n int) int {
	if to < n {
		return 1
	}
	return 0
}

func kbGroupList(c *call, q *kbListQuery) (any, error) {
	all := c.w.kf.knowledge.groups
	if q.GroupID != "" {
		g := c.w.kf.knowledge.group(q.GroupID)
		if g == nil {
			return nil, refuse(40058, "no group %q", q.GroupID)
		}
		all = []*kbGroup{g}
	}
	from, to, next, err := kbPageOf(q.Cursor, q.Limit, len(all), hashString(q.GroupID))
	if err != nil {
		return nil, err
	}
	out := kbGroupListReply{reply: done(), NextCursor: next, HasMore: more(to, len(all)), GroupList: []kbGroupView{}}
	for _, g := range all[from:to] {
		v := kbGroupView{GroupID: g.id, Name: g.name}
		if g.isDefault {
			v.IsDefault = 1
		}
		out.GroupList = append(out.GroupList, v)
	}
	return out, nil
}
