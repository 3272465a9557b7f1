package outreach

import (
	"zhiyin.dev/zhiyin/internal/message"
	wire "zhiyin.dev/zhiyin/wecom/outreach"
)

// Attachment is one thing that goes with a message.
type Attachment = message.Attachment

func wired(as []Attachment) []wire.Attachment {
	out := make([]wire.Attachment, 0, len(as))
	for _, a := range as {
		switch {
		case a.Link != nil:
			out = append(out, wire.Link{Title: a.Link.Title, URL: a.Link.URL, Desc: a.Link.Desc, PicURL: a.Link.PicURL})
		case a.Image != nil:
			out = append(out, wire.Image{MediaID: a.Image.MediaID, PicURL: a.Image.PicURL})
		case a.MiniProgram != nil:
			m := a.MiniProgram
			out = append(out, wire.MiniProgram{Title: m.Title, PicMediaID: m.PicMediaID, AppID: m.AppID, Page: m.Page})
		}
	}
	return out
}
