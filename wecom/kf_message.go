package wecom

import (
	"context"
	"encoding/json"

	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

// SyncKfRequest asks for what was said in one account.
type SyncKfRequest struct {
	Kf     string `json:"open_kfid"`
	Cursor string `json:"cursor,omitempty"` // Next of the call before; "" means the oldest of 3 days
	Token  string `json:"token,omitempty"`  // of the callback, 10 minutes; without it WeCom limits strictly
	Limit  int    `json:"limit,omitempty"`  // at most 1000, the default
}

// KfMessagePage is one page. Next must be kept even when the page is empty.
type KfMessagePage struct {
	Next     string   `json:"next_cursor"`
	More     Flag     `json:"has_more"` // the only sign that there is more
	Messages []KfSaid `json:"msg_list"`
}

// Origins of a KfSaid.
const (
	KfFromCustomer = 3
	KfFromSystem   = 4 // Event is set
	KfFromStaff    = 5 // written in the WeCom client
)

// KfSaid is one message or event of a conversation. Messages sent through the
// API are never among them.
type KfSaid struct {
	MsgID    string         `json:"msgid"`
	Kf       string         `json:"open_kfid"`       // filled for events too
	Customer ExternalUserID `json:"external_userid"` // filled for events too
	SendTime int64          `json:"send_time"`       // unix seconds
	Origin   int            `json:"origin"`
	Servicer StaffID        `json:"servicer_userid"`
	Type     string         `json:"msgtype"` // "text", "image", ..., "event"
	Text     *KfText        `json:"text"`
	Image    *KfMedia       `json:"image"`
	Voice    *KfMedia       `json:"voice"`
	Video    *KfMedia       `json:"video"`
	File     *KfMedia       `json:"file"`
	Link     *KfLinkCard    `json:"link"`
	Location *KfLocation    `json:"location"`
	Event    *KfEvent       `json:"event"`

	Raw json.RawMessage `json:"-"` // all of it, for kinds that have no field here
}

// KfText is words; MenuID is set when they come from a click in a menu.
type KfText struct {
	Content string `json:"content"`
	MenuID  string `json:"menu_id"`
}

// KfMedia names a file to download.
type KfMedia struct {
	MediaID string `json:"media_id"`
}

// KfLinkCard is a shared page.
type KfLinkCard struct {
	Title  string `json:"title"`
	Desc   string `json:"desc"`
	URL    string `json:"url"`
	PicURL string `json:"pic_url"`
}

// KfLocation is a place.
type KfLocation struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name"`
	Address   string  `json:"address"`
}

// Kinds of KfEvent.
const (
	KfEnterSession   = "enter_session"
	KfSendFail       = "msg_send_fail"
	KfServicerStatus = "servicer_status_change"
	KfSessionStatus  = "session_status_change"
	KfCustomerRecall = "user_recall_msg"
	KfStaffRecall    = "servicer_recall_msg"
	KfReject         = "reject_customer_msg_switch_change"
)

// KfEvent is something that happened; which fields are set depends on Type.
type KfEvent struct {
	Type        string         `json:"event_type"`
	Kf          string         `json:"open_kfid"`
	Customer    ExternalUserID `json:"external_userid"`
	Scene       string         `json:"scene"`
	SceneParam  string         `json:"scene_param"`
	WelcomeCode string         `json:"welcome_code"` // 20 s, one use
	FailMsgID   string         `json:"fail_msgid"`
	FailType    int            `json:"fail_type"`
	Servicer    StaffID        `json:"servicer_userid"`
	Status      int            `json:"status"` // 1 receiving, 2 stopped
	StopType    int            `json:"stop_type"`
	Change      int            `json:"change_type"` // 1 taken from the pool, 2 handed on, 3 ended, 4 begun again by a servicer
	OldServicer StaffID        `json:"old_servicer_userid"`
	NewServicer StaffID        `json:"new_servicer_userid"`
	MsgCode     string         `json:"msg_code"` // for outreach.SendKfOnEvent
	RecallMsgID string         `json:"recall_msgid"`
	Reject      int            `json:"reject_switch"`
}

// UnmarshalJSON keeps Raw and fills Kf and Customer from the event.
func (m *KfSaid) UnmarshalJSON(b []byte) error {
	type plain KfSaid // without this method
	if err := decode(b, (*plain)(m)); err != nil {
		return err
	}
	m.Raw = append(json.RawMessage(nil), b...)
	if m.Event != nil {
		if m.Kf == "" {
			m.Kf = m.Event.Kf
		}
		if m.Customer == "" {
			m.Customer = m.Event.Customer
		}
	}
	return nil
}

// SyncKfMessages reads the next page of what was said.
// https://developer.work.weixin.qq.com/document/path/94670
func (c *Client) SyncKfMessages(ctx context.Context, in SyncKfRequest) (KfMessagePage, error) {
	var r struct {
		head
		KfMessagePage
	}
	// Somebody waits for the answer: it goes before bulk work.
	call := wire.Call{Op: "kf/sync_msg", Area: string(AreaKf), Family: familyKf, Fast: true}
	err := c.Do(ctx, call, in, &r)
	return r.KfMessagePage, err
}
