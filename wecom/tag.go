package wecom

import "context"

// Tag is one tag of a group.
type Tag struct {
	ID         string `json:"id"`
	Name       string `json:"name"` // 30 characters
	CreateTime int64  `json:"create_time"`
	Order      uint32 `json:"order"` // larger first
	Deleted    bool   `json:"deleted"`
}

// TagGroup is a group of corp tags; it ends with its last tag.
type TagGroup struct {
	ID         string `json:"group_id"`
	Name       string `json:"group_name"`
	CreateTime int64  `json:"create_time"`
	Order      uint32 `json:"order"`
	Deleted    bool   `json:"deleted"`
	Tags       []Tag  `json:"tag"`
}

// TagFilter picks tags; empty means all. With GroupIDs, TagIDs is ignored.
type TagFilter struct {
	TagIDs   []string `json:"tag_id,omitempty"`
	GroupIDs []string `json:"group_id,omitempty"`
}

// CorpTags lists corp tags with their groups; there is no paging.
// https://developer.work.weixin.qq.com/document/path/92117
func (c *Client) CorpTags(ctx context.Context, f TagFilter) ([]TagGroup, error) {
	var r struct {
		head
		Groups []TagGroup `json:"tag_group"`
	}
	err := c.read(ctx, AreaExternal, familyTag, "externalcontact/get_corp_tag_list", f, &r)
	return r.Groups, err
}

// NewTag is a tag to make.
type NewTag struct {
	Name  string `json:"name"`
	Order uint32 `json:"order,omitempty"`
}

// NewTags adds tags to the group GroupID, or to the group called GroupName,
// which is made when there is none.
type NewTags struct {
	GroupID   string   `json:"group_id,omitempty"`
	GroupName string   `json:"group_name,omitempty"`
	Order     uint32   `json:"order,omitempty"` // of a new group
	Tags      []NewTag `json:"tag"`             // at least one
}

// AddCorpTags makes tags and returns the group with only the new ones in it.
// A corp can have 10,000. The same page as CorpTags.
func (c *Client) AddCorpTags(ctx context.Context, in NewTags) (TagGroup, error) {
	var r struct {
		head
		Group TagGroup `json:"tag_group"`
	}
	err := c.write(ctx, AreaExternal, familyTag, "externalcontact/add_corp_tag", in, &r)
	return r.Group, err
}

// TagEdit changes a tag or a tag group; empty fields stay.
type TagEdit struct {
	ID    string  `json:"id"`
	Name  string  `json:"name,omitempty"`
	Order *uint32 `json:"order,omitempty"`
}

// EditCorpTag renames or reorders a tag or group this app made. The same page
// as CorpTags.
func (c *Client) EditCorpTag(ctx context.Context, in TagEdit) error {
	return c.read(ctx, AreaExternal, familyTag, "externalcontact/edit_corp_tag", in, new(head))
}

// DeleteCorpTags deletes tags and whole groups this app made. A group goes
// with its last tag. The same page as CorpTags.
func (c *Client) DeleteCorpTags(ctx context.Context, f TagFilter) error {
	return c.read(ctx, AreaExternal, familyTag, "externalcontact/del_corp_tag", f, new(head))
}

// TagMark sets and takes off tags of one relation. Tags belong to the pair of
// member and customer, not to the customer.
type TagMark struct {
	Staff    StaffID        `json:"userid"`
	Customer ExternalUserID `json:"external_userid"`
	Add      []string       `json:"add_tag,omitempty"`
	Remove   []string       `json:"remove_tag,omitempty"`
}

// MarkTags changes the tags of a relation; it causes no callback.
// https://developer.work.weixin.qq.com/document/path/92118
func (c *Client) MarkTags(ctx context.Context, in TagMark) error {
	return c.read(ctx, AreaExternal, familyTag, "externalcontact/mark_tag", in, new(head))
}
