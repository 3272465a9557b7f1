package sandbox

import (
	"slices"
	"unicode/utf8"
)

// tagGroup is a group of corp tags, or the deleted rest of one.
type tagGroup struct {
	id, name string
	order    int
	created  int64
	deleted  bool
	by       caller // who made it: only that app may change it
	strategy int    // rule group it belongs to; 0 = a corp tag
	tags     []*tag
}

// tag is one corp tag. Its number is its place in world.tags, which keeps
// deleted tags so that relations need no sweep.
type tag struct {
	number   int32
	id, name string
	order    int
	created  int64
	deleted  bool
	by       caller
	group    *tagGroup
}

const (
	tagsPerCorp     = 10_000
	tagsPerRelation = 3_000
	tagNameLimit    = 30
)

func (w *world) addTagGroup(name string, order int, created int64, by caller) *tagGroup {
	w.tagSeq++
	g := &tagGroup{id: "et" + letters(30, w.seed, w.tagSeq, 41), name: name, order: order, created: created, by: by}
	w.tagGroups = append(w.tagGroups, g)
	w.groupTags[g.id] = g
	return g
}

func (w *world) addTag(g *tagGroup, name string, order int, created int64, by caller) *tag {
	w.tagSeq++
	t := &tag{
		number: int32(len(w.tags)), id: "et" + letters(30, w.seed, w.tagSeq, 42),
		name: name, order: order, created: created, by: by, group: g,
	}
	w.tags = append(w.tags, t)
	w.tagIndex[t.id] = t
	g.tags = append(g.tags, t)
	return t
}

// deleteTag takes a tag out; the last of a group takes the group with it.
func (w *world) deleteTag(t *tag) {
	t.deleted = true
	delete(w.tagIndex, t.id)
	g := t.group
	if !slices.ContainsFunc(g.tags, func(o *tag) bool { return !o.deleted }) {
		w.deleteGroup(g)
	}
}

func (w *world) deleteGroup(g *tagGroup) {
	g.deleted = true
	delete(w.groupTags, g.id)
	for _, t := range g.tags {
		t.deleted = true
		delete(w.tagIndex, t.id)
	}
}

func tagFamily() family {
	return family{routes: []route{
		post("/cgi-bin/externalcontact/get_corp_tag_list", byExternal, tagList),
		post("/cgi-bin/externalcontact/add_corp_tag", byExternal, tagAdd),
		post("/cgi-bin/externalcontact/edit_corp_tag", byExternal, tagEdit),
		post("/cgi-bin/externalcontact/del_corp_tag", byExternal, tagDelete),
		post("/cgi-bin/externalcontact/mark_tag", byExternal, tagMark),
	}}
}

type tagView struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	CreateTime int64  `json:"create_time"`
	Order      int    `json:"order"`
	Deleted    bool   `json:"deleted,omitempty"`
}

type tagGroupView struct {
	GroupID    string    `json:"group_id"`
	GroupName  string    `json:"group_name"`
	CreateTime int64     `json:"create_time"`
	Order      int       `json:"order"`
	Deleted    bool      `json:"deleted,omitempty"`
	Tag        []tagView `json:"tag"`
}

func viewTag(t *tag) tagView {
	return tagView{ID: t.id, Name: t.name, CreateTime: t.created, Order: t.order, Deleted: t.deleted}
}

func viewGroup(g *tagGroup) tagGroupView {
	return tagGroupView{GroupID: g.id, GroupName: g.name, CreateTime: g.created, Order: g.order, Deleted: g.deleted, Tag: []tagView{}}
}

type tagListQuery struct {
	TagID   []string `json:"tag_id"`
	GroupID []string `json:"group_id"`
}

type tagListReply struct {
	reply
	TagGroup []tagGroupView `json:"tag_group"`
}

func tagList(c *call, q *tagListQuery) (any, error) {
	byGroup, byTag := len(q.GroupID) > 0, len(q.GroupID) == 0 && len(q.TagID) > 0
	known := func(id string) bool {
		return slices.ContainsFunc(c.w.tagGroups, func(g *tagGroup) bool {
			return g.strategy == 0 && ((byGroup && g.id == id) || slices.ContainsFunc(g.tags, func(t *tag) bool { return byTag && t.id == id }))
		})
	}
	for _, id := range slices.Concat(q.GroupID, q.TagID) {
		if !(byGroup && slices.Contains(q.TagID, id)) && !known(id) {
			return nil, refuse(40068, "no tag or tag group %q", id)
		}
	}
	out := tagListReply{reply: done(), TagGroup: []tagGroupView{}}
	for _, g := range c.w.tagGroups {
		if g.strategy != 0 || (byGroup && !slices.Contains(q.GroupID, g.id)) || (!byTag && !byGroup && g.deleted) {
			continue
		}
		v := viewGroup(g)
		for _, t := range g.tags {
			if byTag && !slices.Contains(q.TagID, t.id) {
				continue
			}
			if !t.deleted || byTag || byGroup {
				v.Tag = append(v.Tag, viewTag(t))
			}
		}
		if len(v.Tag) > 0 || !byTag {
			out.TagGroup = append(out.TagGroup, v)
		}
	}
	return out, nil
}

type tagAddQuery struct {
	GroupID   string   `json:"group_id"`
	GroupName string   `json:"group_name"`
	Order     int64    `json:"order"`
	Tag       []newTag `json:"tag"`
	AgentID   int      `json:"agentid"`
}

type newTag struct {
	Name  string `json:"name"`
	Order int64  `json:"order"`
}

type tagAddReply struct {
	reply
	TagGroup tagGroupView `json:"tag_group"`
}

func checkTagName(name string) error {
	if name == "" {
		return refuse(41018, "a tag or group name is empty")
	}
	if n := utf8.RuneCountInString(name); n > tagNameLimit {
		return refuse(40072, "name %q has %d characters, at most %d are allowed", name, n, tagNameLimit)
	}
	return nil
}

func checkOrder(order int64) error {
	if order < 0 || order >= 1<<32 {
		return refuse(40058, "order %d must be between 0 and 2^32-1", order)
	}
	return nil
}

func tagAdd(c *call, q *tagAddQuery) (any, error) {
	w := c.w
	if len(q.Tag) == 0 {
		return nil, refuse(41018, "a group without tags cannot be made")
	}
	g, err := c.groupForTags(q)
	if err != nil {
		return nil, err
	}
	fresh, err := c.freshTags(g, q.Tag)
	if err != nil {
		return nil, err
	}
	if g == nil {
		g = w.addTagGroup(q.GroupName, int(q.Order), c.now.Unix(), c.caller)
	}
	out := tagAddReply{reply: done(), TagGroup: viewGroup(g)}
	for _, t := range fresh {
		made := w.addTag(g, t.Name, int(t.Order), c.now.Unix(), c.caller)
		out.TagGroup.Tag = append(out.TagGroup.Tag, viewTag(made))
	}
	return out, nil
}

// freshTags are the tags of a request, each once, that a group does not have.
// A nil group is made later.
func (c *call) freshTags(g *tagGroup, given []newTag) ([]newTag, error) {
	seen := map[string]bool{}
	var fresh []newTag
	for _, t := range given {
		if err := checkTagName(t.Name); err != nil {
			return nil, err
		}
		if err := checkOrder(t.Order); err != nil {
			return nil, err
		}
		if g != nil && slices.ContainsFunc(g.tags, func(o *tag) bool { return !o.deleted && o.name == t.Name }) {
			return nil, refuse(40071, "group %q has a tag %q already", g.name, t.Name)
		}
		if !seen[t.Name] {
			seen[t.Name] = true
			fresh = append(fresh, t)
		}
	}
	if len(c.w.tagIndex)+len(fresh) > tagsPerCorp {
		return nil, refuse(40126, "a corp has at most %d tags", tagsPerCorp)
	}
	return fresh, nil
}

// groupForTags is the group tags are added to; nil when it must be made.
func (c *call) groupForTags(q *tagAddQuery) (*tagGroup, error) {
	if q.GroupID != "" {
		g := c.w.groupTags[q.GroupID]
		if g == nil || g.strategy != 0 {
			return nil, refuse(40068, "no tag group %q", q.GroupID)
		}
		return g, c.mayAddTo(g)
	}
	if err := checkTagName(q.GroupName); err != nil {
		return nil, err
	}
	if err := checkOrder(q.Order); err != nil {
		return nil, err
	}
	for _, g := range c.w.tagGroups {
		if !g.deleted && g.strategy == 0 && g.name == q.GroupName {
			return g, c.mayAddTo(g)
		}
	}
	return nil, nil //nolint:nilnil // no such group yet is no error here
}

// mayAddTo says whether a tag may be added to a group. The official pages restrict only editing and deleting to who made it,
// and list 81011 for adding as well: hence a switch.
func (c *call) mayAddTo(g *tagGroup) error {
	if g.by != c.caller && c.s.on("tag.foreign_group") {
		return refuse(81011, "switch tag.foreign_group is refuse: group %q was made by another app or in the console", g.name)
	}
	return nil
}
