package sandbox

import "slices"

// Rule-group tags lie among the corp tags: they share ids, names' rules and the
// limit of the corp. tagGroup.strategy is the rule group they belong to.

func strategyTagFamily() family {
	return family{routes: []route{
		post("/cgi-bin/externalcontact/get_strategy_tag_list", byExternal, strategyTagList),
		post("/cgi-bin/externalcontact/add_strategy_tag", byExternal, strategyTagAdd),
		post("/cgi-bin/externalcontact/edit_strategy_tag", byExternal, strategyTagEdit),
		post("/cgi-bin/externalcontact/del_strategy_tag", byExternal, strategyTagDelete),
	}}
}

type strategyTagListQuery struct {
	Strategy int      `json:"strategy_id"`
	TagID    []string `json:"tag_id"`
	GroupID  []string `json:"group_id"`
}

type strategyTagView struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	CreateTime int64  `json:"create_time"`
	Order      int    `json:"order"`
}

type strategyTagGroupView struct {
	GroupID    string            `json:"group_id"`
	GroupName  string            `json:"group_name"`
	CreateTime int64             `json:"create_time"`
	Order      int               `json:"order"`
	Strategy   int               `json:"strategy_id,omitempty"`
	Tag        []strategyTagView `json:"tag"`
}

type strategyTagListReply struct {
	reply
	TagGroup []strategyTagGroupView `json:"tag_group"`
}

func viewStrategyTag(t *tag) strategyTagView {
	return strategyTagView{ID: t.id, Name: t.name, CreateTime: t.created, Order: t.order}
}

func viewStrategyTags(g *tagGroup) strategyTagGroupView {
	return strategyTagGroupView{
		GroupID: g.id, GroupName: g.name, CreateTime: g.created, Order: g.order, Tag: []strategyTagView{},
	}
}

// strategyTagList lists the live tags of the app's own rule groups; group_id
// wins over tag_id.
func strategyTagList(c *call, q *strategyTagListQuery) (any, error) {
	if q.Strategy != 0 {
		if _, err := customerStrategies().param(c, q.Strategy); err != nil {
			return nil, err
		}
	}
	byGroup, byTag := len(q.GroupID) > 0, len(q.GroupID) == 0 && len(q.TagID) > 0
	out := strategyTagListReply{reply: done(), TagGroup: []strategyTagGroupView{}}
	for _, g := range c.w.tagGroups {
		if g.deleted || g.strategy == 0 || g.by != c.caller || (q.Strategy != 0 && g.strategy != q.Strategy) ||
			(byGroup && !slices.Contains(q.GroupID, g.id)) {
			continue
		}
		v := viewStrategyTags(g)
		v.Strategy = g.strategy
		for _, t := range g.tags {
			if !t.deleted && (!byTag || slices.Contains(q.TagID, t.id)) {
				v.Tag = append(v.Tag, viewStrategyTag(t))
			}
		}
		if len(v.Tag) > 0 {
			out.TagGroup = append(out.TagGroup, v)
		}
	}
	return out, nil
}

type strategyTagAddQuery struct {
	Strategy  int      `json:"strategy_id"`
	GroupID   string   `json:"group_id"`
	GroupName string   `json:"group_name"`
	Order     int64    `json:"order"`
	Tag       []newTag `json:"tag"`
}

type strategyTagAddReply struct {
	reply
	TagGroup strategyTagGroupView `json:"tag_group"`
}

func strategyTagAdd(c *call, q *strategyTagAddQuery) (any, error) {
	st, err := customerStrategies().param(c, q.Strategy)
	switch {
	case err != nil:
		return nil, err
	case st.parent != 0:
		return nil, refuse(40058, "rule group %d is below another: only first-level ones own tags", st.id)
	case len(q.Tag) == 0:
		return nil, refuse(41018, "a group without tags cannot be made")
	}
	g, err := c.groupForStrategyTags(q)
	if err != nil {
		return nil, err
	}
	fresh, err := c.freshTags(g, q.Tag)
	if err != nil {
		return nil, err
	}
	if g == nil {
		g = c.w.addStrategyTagGroup(st.id, q.GroupName, int(q.Order), c.now.Unix(), c.caller)
	}
	out := strategyTagAddReply{reply: done(), TagGroup: viewStrategyTags(g)}
	for _, t := range fresh {
		made := c.w.addTag(g, t.Name, int(t.Order), c.now.Unix(), c.caller)
		out.TagGroup.Tag = append(out.TagGroup.Tag, viewStrategyTag(made))
	}
	return out, nil
}

// addStrategyTagGroup makes a group of tags that a rule group owns.
func (w *world) addStrategyTagGroup(strategy int, name string, order int, created int64, by caller) *tagGroup {
	g := w.addTagGroup(name, order, created, by)
	delete(w.groupTags, g.id)
	g.id, g.strategy = "st"+g.id[2:], strategy
	w.groupTags[g.id] = g
	return g
}

// groupForStrategyTags is the group tags are added to; nil when it must be made.
func (c *call) groupForStrategyTags(q *strategyTagAddQuery) (*tagGroup, error) {
	if q.GroupID != "" {
		g := c.w.groupTags[q.GroupID]
		if g == nil || g.strategy != q.Strategy {
			return nil, refuse(40068, "no tag group %q of rule group %d", q.GroupID, q.Strategy)
		}
		return g, nil
	}
	if err := checkTagName(q.GroupName); err != nil {
		return nil, err
	}
	if err := checkOrder(q.Order); err != nil {
		return nil, err
	}
	for _, g := range c.w.tagGroups {
		if !g.deleted && g.strategy == q.Strategy && g.name == q.GroupName {
			return g, nil
		}
	}
	return nil, nil //nolint:nilnil // no such group yet is no error here
}

type strategyTagEditQuery struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Order *int64 `json:"order"`
}

func strategyTagEdit(c *call, q *strategyTagEditQuery) (any, error) {
	g, t, err := c.strategyTagParam(q.ID)
	if err != nil {
		return nil, err
	}
	if q.Name != "" {
		if err := checkTagName(q.Name); err != nil {
			return nil, err
		}
	}
	if q.Order != nil {
		if err := checkOrder(*q.Order); err != nil {
			return nil, err
		}
	}
	if t != nil {
		if slices.ContainsFunc(g.tags, func(o *tag) bool { return o != t && !o.deleted && o.name == q.Name }) {
			return nil, refuse(40071, "the group has another tag %q", q.Name)
		}
		t.rename(&tagEditQuery{Name: q.Name, Order: q.Order})
		return nil, nil
	}
	if slices.ContainsFunc(c.w.tagGroups, func(o *tagGroup) bool {
		return o != g && !o.deleted && o.strategy == g.strategy && o.name == q.Name
	}) {
		return nil, refuse(40071, "the rule group has another tag group %q", q.Name)
	}
	if q.Name != "" {
		g.name = q.Name
	}
	if q.Order != nil {
		g.order = int(*q.Order)
	}
	return nil, nil
}

// strategyTagParam finds a tag, or a group when the tag is nil, that belongs to
// a rule group of the app.
func (c *call) strategyTagParam(id string) (*tagGroup, *tag, error) {
	t, g := c.w.tagIndex[id], c.w.groupTags[id]
	if t != nil {
		g = t.group
	}
	if g == nil || g.strategy == 0 || g.by != c.caller {
		return nil, nil, refuse(40068, "no tag or tag group %q of a rule group of this app", id)
	}
	return g, t, nil
}

type strategyTagDeleteQuery struct {
	TagID   []string `json:"tag_id"`
	GroupID []string `json:"group_id"`
}

func strategyTagDelete(c *call, q *strategyTagDeleteQuery) (any, error) {
	if len(q.TagID) == 0 && len(q.GroupID) == 0 {
		return nil, refuse(40068, "tag_id and group_id are both empty")
	}
	for _, id := range q.TagID {
		if _, t, err := c.strategyTagParam(id); err != nil || t == nil {
			return nil, refuse(40068, "no tag %q of a rule group of this app", id)
		}
	}
	for _, id := range q.GroupID {
		if _, t, err := c.strategyTagParam(id); err != nil || t != nil {
			return nil, refuse(40068, "no tag group %q of a rule group of this app", id)
		}
	}
	c.w.deleteTags(q.TagID, q.GroupID)
	return nil, nil
}
