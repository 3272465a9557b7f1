package wecom

import "context"

// MassKind tells whom a mass message goes to.
type MassKind string

// The kinds of mass messages.
const (
	MassCustomers MassKind = "single"
	MassGroups    MassKind = "group"
)

// Values of GroupMsgFilter.By.
const (
	MassByCorp   = 0
	MassByMember = 1
	MassByAll    = 2
)

// GroupMsgFilter picks mass messages by their time of making, at most a month.
type GroupMsgFilter struct {
	Kind    MassKind `json:"chat_type"`
	Start   int64    `json:"start_time"` // unix seconds
	End     int64    `json:"end_time"`
	Creator StaffID  `json:"creator,omitempty"`
	By      int      `json:"filter_type"` // MassByCorp and so on
	Limit   int      `json:"limit,omitempty"`
	Cursor  string   `json:"cursor,omitempty"`
}

// GroupMsg is a mass message: one text for all who get it.
type GroupMsg struct {
	ID         string  `json:"msgid"`
	Creator    StaffID `json:"creator"` // "" when made through the API
	CreateTime int64   `json:"create_time"`
	CreateType int     `json:"create_type"` // MassByCorp, MassByMember
	Text       struct {
		Content string `json:"content"`
	} `json:"text"`
	Attachments []struct {
		Type string `json:"msgtype"`
	} `json:"attachments"`
}

// GroupMsgs lists mass messages, at most 100 a page; next is "" after the last
// page.
// https://developer.work.weixin.qq.com/document/path/93338
func (c *Client) GroupMsgs(ctx context.Context, f GroupMsgFilter) (page []GroupMsg, next string, err error) {
	var r struct {
		head
		Next string     `json:"next_cursor"`
		List []GroupMsg `json:"group_msg_list"`
	}
	err = c.read(ctx, AreaExternal, familyMass, "externalcontact/get_groupmsg_list_v2", f, &r)
	return r.List, r.Next, err
}

// States of a member's task and of one receiver.
const (
	TaskOpen = 0 // the member has not confirmed
	TaskSent = 2 // there is no 1

	ReceiverOpen      = 0
	ReceiverSent      = 1
	ReceiverNotFriend = 2
	ReceiverAtLimit   = 3 // got as many mass messages as WeCom allows already
)

// GroupMsgTask is what a mass message asks of one member.
type GroupMsgTask struct {
	Staff    StaffID `json:"userid"`
	Status   int     `json:"status"` // TaskOpen, TaskSent
	SendTime int64   `json:"send_time"`
}

// GroupMsgTasks lists the members who have to confirm a mass message, at most
// 1000 a page (default 500). Right after creation WeCom may answer
// ErrDispatching: ask again. The same page as GroupMsgs.
func (c *Client) GroupMsgTasks(ctx context.Context, msgID, cursor string, limit int) (page []GroupMsgTask, next string, err error) {
	in := struct {
		ID     string `json:"msgid"`
		Limit  int    `json:"limit,omitempty"`
		Cursor string `json:"cursor,omitempty"`
	}{msgID, limit, cursor}
	var r struct {
		head
		Next string         `json:"next_cursor"`
		List []GroupMsgTask `json:"task_list"`
	}
	err = c.read(ctx, AreaExternal, familyMass, "externalcontact/get_groupmsg_task", in, &r)
	return r.List, r.Next, err
}

// GroupMsgResult is what became of one receiver.
type GroupMsgResult struct {
	Customer ExternalUserID `json:"external_userid"` // "" for groups
	Chat     ChatID         `json:"chat_id"`         // "" for customers
	Staff    StaffID        `json:"userid"`
	Status   int            `json:"status"`    // ReceiverOpen and so on
	SendTime int64          `json:"send_time"` // only when sent
}

// GroupMsgResults lists the receivers of one member's part, at most 1000 a page
// (default 500). For groups only those sent are listed. The same page as
// GroupMsgs.
func (c *Client) GroupMsgResults(ctx context.Context, msgID string, staff StaffID, cursor string, limit int) (page []GroupMsgResult, next string, err error) {
	in := struct {
		ID     string  `json:"msgid"`
		Staff  StaffID `json:"userid"`
		Limit  int     `json:"limit,omitempty"`
		Cursor string  `json:"cursor,omitempty"`
	}{msgID, staff, limit, cursor}
	var r struct {
		head
		Next string           `json:"next_cursor"`
		List []GroupMsgResult `json:"send_list"`
	}
	err = c.read(ctx, AreaExternal, familyMass, "externalcontact/get_groupmsg_send_result", in, &r)
	return r.List, r.Next, err
}
