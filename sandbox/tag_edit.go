package sandbox

import "slices"

type tagEditQuery struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Order   *int64 `json:"order"`
	AgentID int    `json:"agentid"`
}

func tagEdit(c *call, q *tagEditQuery) (any, error) {
	w := c.w
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
	if t := w.tagIndex[q.ID]; t != nil && t.group.strategy == 0 {
		if t.by != c.caller {
			return nil, refuse(81011, "tag %q was made by another app or in the console", t.name)
		}
		if slices.ContainsFunc(t.group.tags, func(o *tag) bool { return o != t && !o.deleted && o.name == q.Name }) {
			return nil, refuse(40071, "the group has another tag %q", q.Name)
		}
		t.rename(q)
		return nil, nil
	}
	g := w.groupTags[q.ID]
	if g == nil || g.strategy != 0 {
		return nil, refuse(40068, "no tag or tag group %q", q.ID)
	}
	if g.by != c.caller {
		return nil, refuse(81011, "tag group %q was made by another app or in the console", g.name)
	}
	if slices.ContainsFunc(w.tagGroups, func(o *tagGroup) bool { return o != g && !o.deleted && o.strategy == 0 && o.name == q.Name }) {
		return nil, refuse(40071, "there is another group %q", q.Name)
	}
	if q.Name != "" {
		g.name = q.Name
	}
	if q.Order != nil {
		g.order = int(*q.Order)
	}
	return nil, nil
}

func (t *tag) rename(q *tagEditQuery) {
	if q.Name != "" {
		t.name = q.Name
	}
	if q.Order != nil {
		t.order = int(*q.Order)
	}
}

type tagDeleteQuery struct {
	TagID   []string `json:"tag_id"`
	GroupID []string `json:"group_id"`
	AgentID int      `json:"agentid"`
}

func tagDelete(c *call, q *tagDeleteQuery) (any, error) {
	if len(q.TagID) == 0 && len(q.GroupID) == 0 {
		return nil, refuse(40068, "tag_id and group_id are both empty")
	}
	for _, id := range q.TagID {
		t := c.w.tagIndex[id]
		if t == nil || t.group.strategy != 0 {
			return nil, refuse(40068, "no tag %q", id)
		}
		if t.by != c.caller {
			return nil, refuse(81011, "tag %q was made by another app or in the console", t.name)
		}
	}
	for _, id := range q.GroupID {
		g := c.w.groupTags[id]
		if g == nil || g.strategy != 0 {
			return nil, refuse(40068, "no tag group %q", id)
		}
		if g.by != c.caller {
			return nil, refuse(81011, "tag group %q was made by another app or in the console", g.name)
		}
	}
	c.w.deleteTags(q.TagID, q.GroupID)
	return nil, nil
}

// deleteTags removes tags, and groups with all of theirs. A group may have gone with its last tag.
func (w *world) deleteTags(tags, groups []string) {
	for _, id := range tags {
		if t := w.tagIndex[id]; t != nil {
			w.deleteTag(t)
		}
	}
	for _, id := range groups {
		if g := w.groupTags[id]; g != nil {
			w.deleteGroup(g)
		}
	}
}

// mayMark refuses a rule-group tag of another app, or outside the range of the
// rule group.
func (c *call) mayMark(t *tag, staff int32) error {
	if t.group.strategy == 0 {
		return nil
	}
	st := c.w.customerStrategies.find(t.group.strategy)
	if st == nil || st.by != c.caller || !c.w.manages(st, staff) {
		return refuse(60011, "tag %q belongs to a rule group of another app, or one that does not manage the member", t.name)
	}
	return nil
}

type tagMarkQuery struct {
	UserID         string   `json:"userid"`
	ExternalUserID string   `json:"external_userid"`
	AddTag         []string `json:"add_tag"`
	RemoveTag      []string `json:"remove_tag"`
}

func tagMark(c *call, q *tagMarkQuery) (any, error) {
	r, err := c.w.relationParam(q.UserID, q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	if len(q.AddTag) == 0 && len(q.RemoveTag) == 0 {
		return nil, refuse(40068, "add_tag and remove_tag are both empty")
	}
	var add, remove []int32
	for _, id := range q.AddTag {
		t := c.w.tagIndex[id]
		if t == nil {
			return nil, refuse(40068, "add_tag names %q, which does not exist", id)
		}
		if err := c.mayMark(t, r.staff); err != nil {
			return nil, err
		}
		add = append(add, t.number)
	}
	for _, id := range q.RemoveTag {
		t := c.w.tagIndex[id]
		if t == nil {
			return nil, refuse(40068, "remove_tag names %q, which does not exist", id)
		}
		remove = append(remove, t.number)
	}
	tags := slices.DeleteFunc(slices.Clone(r.tags), func(n int32) bool {
		return c.w.tags[n].deleted || slices.Contains(remove, n)
	})
	for _, n := range add {
		if !slices.Contains(tags, n) {
			tags = append(tags, n)
		}
	}
	if len(tags) > tagsPerRelation {
		return nil, refuse(40144, "a relation carries at most %d tags", tagsPerRelation)
	}
	r.tags = tags
	c.s.journal(entry{Kind: "tags_marked", Staff: q.UserID, Customer: q.ExternalUserID, Detail: "api"})
	return nil, nil
}
