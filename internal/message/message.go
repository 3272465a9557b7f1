// Package message describes what a message to a customer may carry beside its text: the same for welcomes, mass messages
// and whatever else is sent. It knows neither WeCom's wire nor who sends.
package message

import (
	"fmt"
	"net/url"
	"strings"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Attachment is one thing that goes with a message; exactly the member named by Type is set.
type Attachment struct {
	Type        string       `json:"type" enum:"link,image,miniprogram"`
	Link        *Link        `json:"link,omitempty"`
	Image       *Image       `json:"image,omitempty"`
	MiniProgram *MiniProgram `json:"miniprogram,omitempty"`
}

// Link is a card that opens a page.
type Link struct {
	Title  string `json:"title" maxLength:"128" doc:"at most 128 bytes"`
	URL    string `json:"url" maxLength:"2048" format:"uri"`
	Desc   string `json:"desc,omitempty" maxLength:"512" doc:"at most 512 bytes"`
	PicURL string `json:"pic_url,omitempty" maxLength:"2048"`
}

// Image is a picture that WeCom holds, by media id, or by a URL of its image upload.
type Image struct {
	MediaID string `json:"media_id,omitempty"`
	PicURL  string `json:"pic_url,omitempty"`
}

// MiniProgram is a card that opens a mini program linked to the corp.
type MiniProgram struct {
	Title      string `json:"title" maxLength:"64" doc:"at most 64 bytes"`
	PicMediaID string `json:"pic_media_id"`
	AppID      string `json:"appid"`
	Page       string `json:"page"`
}

// Texts answers every string of the attachment that governance must read.
func (a Attachment) Texts() []string {
	switch {
	case a.Link != nil:
		return []string{a.Link.Title, a.Link.Desc, a.Link.URL}
	case a.MiniProgram != nil:
		return []string{a.MiniProgram.Title}
	default:
		return nil
	}
}

// Check says which field of which attachment WeCom would refuse. Nobody sees such a refusal until a customer waits for
// the message, so it is said when the message is saved.
func Check(attachments []Attachment) error {
	for i, a := range attachments {
		if field, text := a.fault(); field != "" {
			return errs.Bad(fmt.Sprintf("attachments[%d].%s", i, field), "message.attachment", text)
		}
	}
	return nil
}

func (a Attachment) fault() (string, errs.Text) {
	switch {
	case a.Link != nil:
		l := a.Link
		return first(
			filled("link.title", l.Title), atMost("link.title", l.Title, 128), filled("link.url", l.URL), address("link.url", l.URL),
			atMost("link.desc", l.Desc, 512), address("link.pic_url", l.PicURL),
		)
	case a.MiniProgram != nil:
		m := a.MiniProgram
		return first(
			filled("miniprogram.title", m.Title), atMost("miniprogram.title", m.Title, 64), filled("miniprogram.appid", m.AppID),
			filled("miniprogram.page", m.Page), filled("miniprogram.pic_media_id", m.PicMediaID),
		)
	case a.Image != nil:
		if a.Image.MediaID != "" {
			return "", errs.Text{}
		}
		return first(filled("image.pic_url", a.Image.PicURL), address("image.pic_url", a.Image.PicURL))
	}
	return "type", errs.T("附件没有内容。", "The attachment is empty.")
}

type fault struct {
	field string
	text  errs.Text
}

func first(faults ...fault) (string, errs.Text) {
	for _, f := range faults {
		if f.field != "" {
			return f.field, f.text
		}
	}
	return "", errs.Text{}
}

func filled(field, value string) fault {
	if strings.TrimSpace(value) != "" {
		return fault{}
	}
	return fault{field, errs.T("必填；不想发就移除这个附件。", "Needed; remove the attachment if it should not go out.")}
}

func atMost(field, value string, limit int) fault {
	if len(value) <= limit {
		return fault{}
	}
	return fault{field, errs.Tf("最多 %d 字节（一个汉字 3 字节），超出 %d 字节。", "At most %d bytes (a Chinese character is 3); %d too many.", limit, len(value)-limit)}
}

func address(field, value string) fault {
	if value == "" {
		return fault{}
	}
	if u, err := url.Parse(value); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && len(value) <= 2048 {
		return fault{}
	}
	return fault{field, errs.T("要写完整的网址，以 https:// 开头，最多 2048 字节。", "Write the whole address, beginning with https://, at most 2048 bytes.")}
}
