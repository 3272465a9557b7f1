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
	Type        string       `json:"type" enum:"link,image,miniprogram,video,file"`
	Link        *Link        `json:"link,omitempty"`
	Image       *Image       `json:"image,omitempty"`
	MiniProgram *MiniProgram `json:"miniprogram,omitempty"`
	Video       *Media       `json:"video,omitempty"`
	File        *Media       `json:"file,omitempty"`
}

// Link is a card that opens a page.
type Link struct {
	Title  string `json:"title" maxLength:"128" doc:"at most 128 bytes"`
	URL    string `json:"url" maxLength:"2048" format:"uri"`
	Desc   string `json:"desc,omitempty" maxLength:"512" doc:"at most 512 bytes"`
	PicURL string `json:"pic_url,omitempty" maxLength:"2048"`
}

// Image is a picture of the library, or one that WeCom holds, by media id or by a URL of its image upload.
type Image struct {
	MaterialID string `json:"material_id,omitempty" maxLength:"32" doc:"of the library; wins over the others"`
	Name       string `json:"name,omitempty" maxLength:"200" doc:"of the library's picture, as staff see it"`
	MediaID    string `json:"media_id,omitempty"`
	PicURL     string `json:"pic_url,omitempty"`
}

// Media is a film or a file of the library.
type Media struct {
	MaterialID string `json:"material_id" maxLength:"32" doc:"of the library"`
	Name       string `json:"name,omitempty" maxLength:"200" doc:"the file's name, from the library; customers see that of a file"`
	Size       int    `json:"size,omitempty" doc:"bytes, from the library"`
}

// MiniProgram is a card that opens a mini program linked to the corp.
type MiniProgram struct {
	Title         string `json:"title" maxLength:"64" doc:"at most 64 bytes"`
	PicMaterialID string `json:"pic_material_id,omitempty" maxLength:"32" doc:"the cover, of the library; wins over pic_media_id"`
	PicMediaID    string `json:"pic_media_id,omitempty"`
	AppID         string `json:"appid"`
	Page          string `json:"page"`
}

// Materials are the files of the library that the attachment needs.
func (a Attachment) Materials() []string {
	var id string
	switch {
	case a.Image != nil:
		id = a.Image.MaterialID
	case a.Video != nil:
		id = a.Video.MaterialID
	case a.File != nil:
		id = a.File.MaterialID
	case a.MiniProgram != nil:
		id = a.MiniProgram.PicMaterialID
	}
	if id == "" {
		return nil
	}
	return []string{id}
}

// Texts answers every string of the attachment that governance must read.
func (a Attachment) Texts() []string {
	switch {
	case a.Link != nil:
		return []string{a.Link.Title, a.Link.Desc, a.Link.URL}
	case a.MiniProgram != nil:
		return []string{a.MiniProgram.Title}
	case a.File != nil && a.File.Name != "":
		return []string{a.File.Name}
	default:
		return nil
	}
}

// Check says which field of which attachment WeCom would refuse. Nobody sees such a refusal until a customer waits for
// the message, so it is said when the message is saved.
func Check(attachments []Attachment) error {
	for i, a := range attachments {
		if err := a.Check(fmt.Sprintf("attachments[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// Check is Check for one attachment, whose fields are named below at.
func (a Attachment) Check(at string) error {
	if field, text := a.fault(); field != "" {
		return errs.Bad(at+"."+field, "message.attachment", text)
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
			filled("miniprogram.page", m.Page), filled("miniprogram.pic_media_id", m.PicMaterialID+m.PicMediaID),
		)
	case a.Image != nil:
		if a.Image.MaterialID != "" || a.Image.MediaID != "" {
			return "", errs.Text{}
		}
		return first(filled("image.pic_url", a.Image.PicURL), address("image.pic_url", a.Image.PicURL))
	}
	switch {
	case a.Video != nil:
		return first(filled("video.material_id", a.Video.MaterialID))
	case a.File != nil:
		return first(filled("file.material_id", a.File.MaterialID))
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
