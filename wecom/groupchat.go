package wecom

import "context"

// GroupFilter picks customer groups. Without Owners all owners in the visible
// range are meant, which WeCom refuses beyond 1000 people.
type GroupFilter struct {
	Status int       // 0 all, 1 owner left, 2 being handed over, 3 handed over
	Owners []StaffID // at most 100
}

// GroupRef is a group in a list.
type GroupRef struct {
	ID     ChatID `json:"chat_id"`
	Status int    `json:"status"` // 0 normal, else as in GroupFilter
}

// GroupChats lists customer groups, at most 1000 a page; next is "" after the
// last page.
// https://developer.work.weixin.qq.com/document/path/92120
func (c *Client) GroupChats(ctx context.Context, f GroupFilter, cursor string, limit int) (page []GroupRef, next string, err error) {
	type owners struct {
		IDs []StaffID `json:"userid_list"`
	}
	in := struct {
		Status int     `json:"status_filter"`
		Owners *owners `json:"owner_filter,omitempty"`
		Cursor string  `json:"cursor,omitempty"`
		Limit  int     `json:"limit"`
	}{Status: f.Status, Cursor: cursor, Limit: limit}
	if len(f.Owners) > 0 {
		in.Owners = &owners{f.Owners}
	}
	if in.Limit == 0 {
		in.Limit = 1000
	}
	var r struct {
		head
		Groups []GroupRef `json:"group_chat_list"`
		Next   string     `json:"next_cursor"`
	}
	err = c.read(ctx, AreaExternal, familyGroup, "externalcontact/groupchat/list", in, &r)
	return r.Groups, r.Next, err
}

// Kinds of group members and ways they joined.
const (
	MemberStaff    = 1
	MemberExternal = 2
	JoinInvited    = 1 // by a member, directly
	JoinLink       = 2
	JoinScan       = 3
)

// GroupMember is one person in a group.
type GroupMember struct {
	ID       string `json:"userid"` // a StaffID or an ExternalUserID, see Type
	Type     int    `json:"type"`   // MemberStaff, MemberExternal
	UnionID  string `json:"unionid"`
	JoinTime int64  `json:"join_time"`
	Scene    int    `json:"join_scene"` // JoinInvited, JoinLink, JoinScan
	Invitor  struct {
		ID StaffID `json:"userid"`
	} `json:"invitor"`
	Nickname string `json:"group_nickname"`
	Name     string `json:"name"`  // only when asked for
	State    string `json:"state"` // of the join way used
}

// Group is a customer group.
type Group struct {
	ID         ChatID        `json:"chat_id"`
	Name       string        `json:"name"`
	Owner      StaffID       `json:"owner"`
	CreateTime int64         `json:"create_time"`
	Notice     string        `json:"notice"`
	Members    []GroupMember `json:"member_list"`
	Admins     []struct {
		ID StaffID `json:"userid"`
	} `json:"admin_list"`
	MemberVersion string `json:"member_version"` // as in the events about members
}

// GroupChat reads a group with its members, with their names when needName is
// set. After an event WeCom needs about 2 s until this shows the change.
// https://developer.work.weixin.qq.com/document/path/92122
func (c *Client) GroupChat(ctx context.Context, id ChatID, needName bool) (Group, error) {
	in := struct {
		ID       ChatID `json:"chat_id"`
		NeedName int    `json:"need_name,omitempty"`
	}{ID: id}
	if needName {
		in.NeedName = 1
	}
	var r struct {
		head
		Group Group `json:"group_chat"`
	}
	err := c.read(ctx, AreaExternal, familyGroup, "externalcontact/groupchat/get", in, &r)
	return r.Group, err
}
