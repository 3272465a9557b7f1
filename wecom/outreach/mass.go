package outreach

import (
	"context"

	"zhiyin.dev/zhiyin/wecom"
)

// MassMessage makes a task that members must confirm: one text for all who get
// it. Kind decides which of the receivers count.
type MassMessage struct {
	Kind      wecom.MassKind
	Customers []wecom.ExternalUserID // MassCustomers: at most 10,000
	Chats     []wecom.ChatID         // MassGroups: at most 2,000
	Sender    wecom.StaffID          // required for MassGroups; alone for MassCustomers it means all of the member's customers

	// AllowSelect lets the member choose among the receivers.
	AllowSelect bool
	Text        string // 4000 bytes; Text and Attachments must not both be empty
	Attachments []Attachment
}

// MassCreated is WeCom's answer. Unreachable lists ids that get nothing; those
// beyond their monthly limit are not among them, see wecom.GroupMsgResults.
type MassCreated struct {
	MsgID       string
	Unreachable []string
}

// AddMsgTemplate creates a mass message; wecom.ErrNoReceiver when nobody can
// get it. An error of class retryable leaves open whether it was created: look
// it up with wecom.GroupMsgs before trying again.
// https://developer.work.weixin.qq.com/document/path/92135
func (o *Client) AddMsgTemplate(ctx context.Context, m MassMessage) (MassCreated, error) {
	in := struct {
		Kind        wecom.MassKind         `json:"chat_type"`
		Customers   []wecom.ExternalUserID `json:"external_userid,omitempty"`
		Chats       []wecom.ChatID         `json:"chat_id_list,omitempty"`
		Sender      wecom.StaffID          `json:"sender,omitempty"`
		AllowSelect bool                   `json:"allow_select,omitempty"`
		Text        *Text                  `json:"text,omitempty"`
		Attachments attachments            `json:"attachments,omitempty"`
	}{m.Kind, m.Customers, m.Chats, m.Sender, m.AllowSelect, text(m.Text), m.Attachments}
	var r struct {
		wecom.Head
		Fail  []string `json:"fail_list"`
		MsgID string   `json:"msgid"`
	}
	err := o.send(ctx, wecom.AreaExternal, "mass", "externalcontact/add_msg_template", false, in, &r)
	return MassCreated{MsgID: r.MsgID, Unreachable: r.Fail}, err
}

type msgID struct {
	ID string `json:"msgid"`
}

// RemindGroupMsg asks the members who have not confirmed again, 3 times in 24
// hours at most (wecom.ErrRemindTooOften).
// https://developer.work.weixin.qq.com/document/path/97610
func (o *Client) RemindGroupMsg(ctx context.Context, id string) error {
	return o.send(ctx, wecom.AreaExternal, "mass", "externalcontact/remind_groupmsg_send", false, msgID{id}, new(wecom.Head))
}

// CancelGroupMsg takes back what members have not confirmed yet; what was sent
// stays.
// https://developer.work.weixin.qq.com/document/path/97611
func (o *Client) CancelGroupMsg(ctx context.Context, id string) error {
	return o.send(ctx, wecom.AreaExternal, "mass", "externalcontact/cancel_groupmsg_send", false, msgID{id}, new(wecom.Head))
}
