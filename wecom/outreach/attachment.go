package outreach

import (
	"encoding/json"
	"errors"
)

// Attachment is one of the up to 9 things that go with a welcome or mass
// message: an [Image], [Link], [MiniProgram], [Video] or [File].
type Attachment interface{ msgtype() string }

// Image is a picture: MediaID of media/upload, else PicURL of media/uploadimg.
type Image struct {
	MediaID string `json:"media_id,omitempty"`
	PicURL  string `json:"pic_url,omitempty"`
}

// Link is a card that opens a page.
type Link struct {
	Title  string `json:"title"` // 128 bytes
	URL    string `json:"url"`   // 2048 bytes
	Desc   string `json:"desc,omitempty"`
	PicURL string `json:"picurl,omitempty"`
}

// MiniProgram is a card that opens a mini-program linked to the corp.
type MiniProgram struct {
	Title      string `json:"title"` // 64 bytes
	PicMediaID string `json:"pic_media_id"`
	AppID      string `json:"appid"`
	Page       string `json:"page"`
}

// Video is a film of media/upload.
type Video struct {
	MediaID string `json:"media_id"`
}

// File is a file of media/upload.
type File struct {
	MediaID string `json:"media_id"`
}

func (Image) msgtype() string       { return "image" }
func (Link) msgtype() string        { return "link" }
func (MiniProgram) msgtype() string { return "miniprogram" }
func (Video) msgtype() string       { return "video" }
func (File) msgtype() string        { return "file" }

var (
	errNilAttachment = errors.New("wecom/outreach: an attachment is nil")
	errNilContent    = errors.New("wecom/outreach: the message has no content")
)

// attachments writes each attachment with the one object its msgtype names.
// Objects of other types must not be there, not even empty ones.
type attachments []Attachment

// MarshalJSON implements json.Marshaler.
func (as attachments) MarshalJSON() ([]byte, error) {
	list := make([]map[string]any, len(as))
	for i, a := range as {
		if a == nil {
			return nil, errNilAttachment
		}
		list[i] = map[string]any{"msgtype": a.msgtype(), a.msgtype(): a}
	}
	return json.Marshal(list)
}
