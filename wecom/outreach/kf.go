package outreach

import (
	"context"
	"encoding/json"

	"zhiyin.dev/zhiyin/wecom"
)

// KfContent is what is said in WeChat customer service: KfText, KfImage,
// KfLink, KfMiniProgram, KfMenu and so on.
type KfContent interface{ kftype() string }

// KfText is words, 2048 bytes.
type KfText struct {
	Content string `json:"content"`
}

// KfImage is a picture of media/upload.
type KfImage struct {
	MediaID string `json:"media_id"`
}

// KfFile is a file of media/upload.
type KfFile struct {
	MediaID string `json:"media_id"`
}

// KfLink is a card that opens a page.
type KfLink struct {
	Title        string `json:"title"` // 128 bytes
	Desc         string `json:"desc,omitempty"`
	URL          string `json:"url"`
	ThumbMediaID string `json:"thumb_media_id"`
}

// KfMiniProgram is a card that opens a mini-program linked to the corp.
type KfMiniProgram struct {
	AppID        string `json:"appid"`
	Title        string `json:"title,omitempty"`
	ThumbMediaID string `json:"thumb_media_id"`
	Page         string `json:"pagepath"` // ends with .html
}

// KfMenu is a list of choices: 50 rows, 10 of them to click.
type KfMenu struct {
	Head string      `json:"head_content,omitempty"`
	Rows []KfMenuRow `json:"list,omitempty"`
	Tail string      `json:"tail_content,omitempty"`
}

// KfMenuRow is one row: exactly one of the three.
type KfMenuRow struct {
	Click *KfMenuClick
	View  *KfMenuView
	Text  *KfText // 256 bytes
}

// KfMenuClick comes back as words with its ID when the customer clicks.
type KfMenuClick struct {
	ID      string `json:"id,omitempty"` // 128 bytes
	Content string `json:"content"`      // 128 bytes
}

// KfMenuView opens a page.
type KfMenuView struct {
	URL     string `json:"url"`
	Content string `json:"content"`
}

// MarshalJSON writes the one object that is set.
func (r KfMenuRow) MarshalJSON() ([]byte, error) {
	switch {
	case r.Click != nil:
		return json.Marshal(map[string]any{"type": "click", "click": r.Click})
	case r.View != nil:
		return json.Marshal(map[string]any{"type": "view", "view": r.View})
	default:
		return json.Marshal(map[string]any{"type": "text", "text": r.Text})
	}
}

func (KfText) kftype() string        { return "text" }
func (KfImage) kftype() string       { return "image" }
func (KfFile) kftype() string        { return "file" }
func (KfLink) kftype() string        { return "link" }
func (KfMiniProgram) kftype() string { return "miniprogram" }
func (KfMenu) kftype() string        { return "msgmenu" }

// KfMessage says something in a conversation.
type KfMessage struct {
	To      wecom.ExternalUserID
	Kf      string
	MsgID   string // 32 of 0-9a-zA-Z_-; the same one again is refused with wecom.ErrKfRepeated
	Content KfContent
}

// SendKf sends a message in state 0 or 1, within 48 hours of the customer's
// words and at most 5 to each of them: else wecom.ErrKfState, ErrKfWindow,
// ErrKfMessageLimit. Give every message its own MsgID: then one whose outcome
// is unknown may be sent again without reaching the customer twice. Success
// does not mean delivery: see wecom.KfSendFail.
// https://developer.work.weixin.qq.com/document/path/94677
func (o *Client) SendKf(ctx context.Context, m KfMessage) (msgID string, err error) {
	in := map[string]any{"touser": m.To, "open_kfid": m.Kf}
	return o.sendKf(ctx, "kf/send_msg", in, m.MsgID, m.Content)
}

// KfEventMessage answers an event with its code.
type KfEventMessage struct {
	Code    string    // welcome_code (20 s) or msg_code; one use
	MsgID   string    // as in KfMessage
	Content KfContent // KfText; also KfMenu for a welcome and at the end
}

// SendKfOnEvent sends the one message an event allows.
// https://developer.work.weixin.qq.com/document/path/95122
func (o *Client) SendKfOnEvent(ctx context.Context, m KfEventMessage) (msgID string, err error) {
	return o.sendKf(ctx, "kf/send_msg_on_event", map[string]any{"code": m.Code}, m.MsgID, m.Content)
}

func (o *Client) sendKf(ctx context.Context, op string, in map[string]any, msgID string, content KfContent) (string, error) {
	if content == nil {
		return "", errNilContent
	}
	if msgID != "" {
		in["msgid"] = msgID
	}
	in["msgtype"] = content.kftype()
	in[content.kftype()] = content
	var r struct {
		wecom.Head
		MsgID string `json:"msgid"`
	}
	err := o.send(ctx, wecom.AreaKf, "kf send", op, true, in, &r)
	return r.MsgID, err
}
