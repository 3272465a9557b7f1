package kf

import (
	"strings"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom"
)

// said is one item of a page: a message, or an event.
type said struct {
	MsgID      string
	CustomerID string
	At         clock.Time
	Origin     Origin // FromCustomer, FromWeCom, FromEvent
	StaffID    string // who wrote it in the WeCom client
	Type       string
	Text       string // "" for what has no words
	Words      bool   // the customer's own words: rules may answer them
	MediaID    string
	Event      wecom.KfEvent
}

// kinds names in words what has none.
var kinds = map[string]errs.Text{
	"image": errs.T("[图片]", "[Picture]"), "voice": errs.T("[语音]", "[Voice]"), "video": errs.T("[视频]", "[Video]"),
	"file": errs.T("[文件]", "[File]"), "location": errs.T("[位置]", "[Place]"), "link": errs.T("[链接]", "[Link]"),
	"business_card": errs.T("[名片]", "[Card]"), "miniprogram": errs.T("[小程序]", "[Mini program]"), "msgmenu": errs.T("[菜单]", "[Menu]"),
	"channels": errs.T("[视频号]", "[Channels]"), "channels_shop_product": errs.T("[商品]", "[Product]"),
	"channels_shop_order": errs.T("[订单]", "[Order]"), "merged_msg": errs.T("[聊天记录]", "[Chat history]"), "note": errs.T("[笔记]", "[Note]"),
	"meeting": errs.T("[会议]", "[Meeting]"), "calendar": errs.T("[日程]", "[Calendar]"),
}

// kindText names a type of message; types WeCom may add later show as their own name.
func kindText(kind string) errs.Text {
	if t, ok := kinds[kind]; ok {
		return t
	}
	return errs.T("["+kind+"]", "["+kind+"]")
}

func fromWeCom(page []wecom.KfSaid) []said {
	out := make([]said, 0, len(page))
	for _, m := range page {
		v := said{MsgID: m.MsgID, CustomerID: string(m.Customer), At: clock.Unix(m.SendTime), StaffID: string(m.Servicer), Type: m.Type}
		switch m.Origin {
		case wecom.KfFromCustomer:
			v.Origin = FromCustomer
		case wecom.KfFromStaff:
			v.Origin = FromWeCom
		default:
			v.Origin = FromEvent
		}
		switch {
		case m.Event != nil:
			v.Event, v.Origin = *m.Event, FromEvent
		case m.Text != nil:
			v.Text, v.Words = m.Text.Content, true
		case m.Image != nil:
			v.MediaID = m.Image.MediaID
		case m.Voice != nil:
			v.MediaID = m.Voice.MediaID
		case m.Video != nil:
			v.MediaID = m.Video.MediaID
		case m.File != nil:
			v.MediaID = m.File.MediaID
		case m.Link != nil:
			v.Text = strings.TrimSpace(m.Link.Title + "\n" + m.Link.URL)
		case m.Location != nil:
			v.Text = strings.TrimSpace(m.Location.Name + "\n" + m.Location.Address)
		}
		out = append(out, v)
	}
	return out
}
