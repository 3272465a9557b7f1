package sandbox

import "strings"

// content is what a message to customers holds, as three calls take it.
type content struct {
	Text        *textPart    `json:"text"`
	Attachments []attachment `json:"attachments"`
}

type textPart struct {
	Content string `json:"content"`
}

type attachment struct {
	MsgType     string       `json:"msgtype"`
	Image       *imagePart   `json:"image,omitempty"`
	Link        *linkPart    `json:"link,omitempty"`
	MiniProgram *programPart `json:"miniprogram,omitempty"`
	Video       *mediaRef    `json:"video,omitempty"`
	File        *mediaRef    `json:"file,omitempty"`
}

type imagePart struct {
	MediaID string `json:"media_id,omitempty"`
	PicURL  string `json:"pic_url,omitempty"`
}

type linkPart struct {
	Title  string `json:"title"`
	PicURL string `json:"picurl,omitempty"`
	Desc   string `json:"desc,omitempty"`
	URL    string `json:"url"`
}

type programPart struct {
	Title      string `json:"title"`
	PicMediaID string `json:"pic_media_id,omitempty"`
	AppID      string `json:"appid"`
	Page       string `json:"page"`
}

type mediaRef struct {
	MediaID string `json:"media_id"`
}

const (
	attachmentLimit = 9
	textLimit       = 4000 // bytes
)

func (q *content) text() string {
	if q.Text == nil {
		return ""
	}
	return q.Text.Content
}

// summary is the message in one line for the oracle.
func (q *content) summary() string {
	var out strings.Builder
	out.WriteString(q.text())
	for _, a := range q.Attachments {
		out.WriteString("[" + a.MsgType + "]")
		if a.Link != nil && a.MsgType == "link" {
			out.WriteString(a.Link.Title + " " + a.Link.URL)
		}
	}
	return out.String()
}

// checkContent refuses what WeCom would not send.
func (c *call) checkContent(q *content) error {
	if q.text() == "" && len(q.Attachments) == 0 {
		return refuse(40058, "text and attachments are both empty")
	}
	if n := len(q.text()); n > textLimit {
		return refuse(40058, "text.content has %d bytes, at most %d are allowed", n, textLimit)
	}
	if n := len(q.Attachments); n > attachmentLimit {
		return refuse(41064, "%d attachments, at most %d are allowed", n, attachmentLimit)
	}
	for i := range q.Attachments {
		if err := c.checkAttachment(&q.Attachments[i]); err != nil {
			return err
		}
	}
	return nil
}

// checkAttachment looks at the part that msgtype names. Empty other parts are
// tolerated: real SDKs send them.
func (c *call) checkAttachment(a *attachment) error {
	media := func(id string) error {
		if id == "" || !c.s.knowsMediaFor(id, c.purpose) {
			return refuse(40007, "media_id %q of the %s is unknown or older than 3 days", id, a.MsgType)
		}
		return nil
	}
	missing := refuse(41065, "msgtype is %q, but that part is missing", a.MsgType)
	switch a.MsgType {
	case "image":
		if a.Image == nil {
			return missing
		}
		if a.Image.MediaID == "" && a.Image.PicURL != "" {
			return nil
		}
		return media(a.Image.MediaID)
	case "link":
		if a.Link == nil {
			return missing
		}
		return c.checkLink(a)
	case "miniprogram":
		if a.MiniProgram == nil {
			return missing
		}
		if a.MiniProgram.Title == "" {
			return refuse(41016, "miniprogram.title is empty")
		}
		if len(a.MiniProgram.Title) > 64 || a.MiniProgram.AppID == "" || a.MiniProgram.Page == "" {
			return refuse(40058, "miniprogram needs a title of at most 64 bytes, appid and page")
		}
		return media(a.MiniProgram.PicMediaID)
	case "video":
		if a.Video == nil {
			return missing
		}
		return media(a.Video.MediaID)
	case "file":
		if a.File == nil {
			return missing
		}
		return media(a.File.MediaID)
	}
	return refuse(41065, "msgtype %q: must be image, link, miniprogram, video or file", a.MsgType)
}

func (c *call) checkLink(a *attachment) error {
	l := a.Link
	switch {
	case l.Title == "":
		return refuse(41016, "link.title is empty")
	case l.URL == "":
		return refuse(40058, "link.url is empty")
	case len(l.Title) > 128 || len(l.Desc) > 512 || len(l.URL) > 2048 || len(l.PicURL) > 2048:
		return refuse(40058, "link: title at most 128 bytes, desc 512, url and picurl 2048")
	}
	return nil
}
