package sandbox

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// kfContent is what a kf message holds, as both send calls take it.
type kfContent struct {
	MsgType string `json:"msgtype"`
	Text    *struct {
		Content string `json:"content"`
	} `json:"text"`
	Image *mediaRef `json:"image"`
	Voice *mediaRef `json:"voice"`
	Video *mediaRef `json:"video"`
	File  *mediaRef `json:"file"`
	Link  *struct {
		Title        string `json:"title"`
		Desc         string `json:"desc"`
		URL          string `json:"url"`
		ThumbMediaID string `json:"thumb_media_id"`
	} `json:"link"`
	MiniProgram *struct {
		AppID        string `json:"appid"`
		Title        string `json:"title"`
		ThumbMediaID string `json:"thumb_media_id"`
		PagePath     string `json:"pagepath"`
	} `json:"miniprogram"`
	MsgMenu  *kfMenu `json:"msgmenu"`
	Location *struct {
		Name      string   `json:"name"`
		Address   string   `json:"address"`
		Latitude  *float64 `json:"latitude"`
		Longitude *float64 `json:"longitude"`
	} `json:"location"`
	CALink *struct {
		LinkURL string `json:"link_url"`
	} `json:"ca_link"`
	BusinessCard json.RawMessage `json:"business_card"` // of the standalone product, always refused
}

type kfMenu struct {
	Head string       `json:"head_content"`
	List []kfMenuItem `json:"list"`
	Tail string       `json:"tail_content"`
}

type kfMenuItem struct {
	Type  string `json:"type"`
	Click *struct {
		ID      string `json:"id"`
		Content string `json:"content"`
	} `json:"click"`
	View *struct {
		URL     string `json:"url"`
		Content string `json:"content"`
	} `json:"view"`
	MiniProgram *struct {
		AppID    string `json:"appid"`
		PagePath string `json:"pagepath"`
		Content  string `json:"content"`
	} `json:"miniprogram"`
	Text *struct {
		Content   string          `json:"content"`
		NoNewline json.RawMessage `json:"no_newline"` // a bool by the page, 0 or 1 by its sample
	} `json:"text"`
}

var wechatAppID = regexp.MustCompile(`^wx[0-9a-z]{16}$`)

// check refuses what WeCom would not send.
func (q *kfContent) check(c *call) error {
	media := func(kind string, ref *mediaRef) error {
		if ref == nil || !c.w.media.has(ref.MediaID, kind, c.now) {
			return refuse(40007, "%s.media_id is missing, or no live %s", kind, kind)
		}
		return nil
	}
	switch q.MsgType {
	case "text":
		if q.Text == nil || q.Text.Content == "" || len(q.Text.Content) > 2048 {
			return refuse(40058, "text.content must have 1 to 2048 bytes")
		}
		return nil
	case "image":
		return media("image", q.Image)
	case "voice":
		return media("voice", q.Voice)
	case "video":
		return media("video", q.Video)
	case "file":
		return media("file", q.File)
	case "link":
		if q.Link == nil || q.Link.Title == "" || len(q.Link.URL) > 2048 || !hasScheme(q.Link.URL) {
			return refuse(40058, "link needs a title and a url of at most 2048 bytes with http:// or https://")
		}
		return media("image", &mediaRef{q.Link.ThumbMediaID})
	case "miniprogram":
		return q.checkMiniProgram(media)
	case "msgmenu":
		return q.MsgMenu.check(50)
	case "location":
		l := q.Location
		if l == nil || l.Latitude == nil || l.Longitude == nil || *l.Latitude < -90 || *l.Latitude > 90 || *l.Longitude < -180 || *l.Longitude > 180 {
			return refuse(40058, "location needs a latitude from -90 to 90 and a longitude from -180 to 180")
		}
		return nil
	case "ca_link":
		if q.CALink == nil || !strings.HasPrefix(q.CALink.LinkURL, "https://work.weixin.qq.com/ca/") {
			return refuse(40058, "ca_link.link_url must be a customer-acquisition link")
		}
		return nil
	}
	return refuse(40008, "msgtype %q: must be text, image, voice, video, file, link, miniprogram, msgmenu, location or ca_link", q.MsgType)
}

func (q *kfContent) checkMiniProgram(media func(string, *mediaRef) error) error {
	m := q.MiniProgram
	switch {
	case m == nil:
		return refuse(40058, `msgtype is "miniprogram", but that part is missing`)
	case !wechatAppID.MatchString(m.AppID):
		return refuse(90207, "miniprogram.appid %q is no appid", m.AppID)
	case !strings.HasSuffix(m.PagePath, ".html"):
		return refuse(40058, "miniprogram.pagepath must end with .html")
	}
	return media("image", &mediaRef{m.ThumbMediaID})
}

func hasScheme(u string) bool {
	return strings.HasPrefix(u, "http://") || strings.HasPrefix(u, "https://")
}

// check allows most items in all, and 10 that can be clicked.
func (m *kfMenu) check(most int) error {
	if m == nil {
		return refuse(40058, `msgtype is "msgmenu", but that part is missing`)
	}
	if len(m.Head) > 1024 || len(m.Tail) > 1024 {
		return refuse(40058, "head_content and tail_content have at most 1024 bytes")
	}
	clickable := 0
	for i := range m.List {
		if m.List[i].Type != "text" {
			clickable++
		}
		if err := m.List[i].check(); err != nil {
			return err
		}
	}
	if len(m.List) > most || clickable > 10 {
		return refuse(95008, "%d items, %d of them clickable; at most %d and 10 are allowed", len(m.List), clickable, most)
	}
	return nil
}

func (it *kfMenuItem) check() error {
	bytes := func(field, text string, least, most int) error {
		if len(text) < least || len(text) > most {
			return refuse(40058, "%s must have %d to %d bytes", field, least, most)
		}
		return nil
	}
	missing := refuse(40058, "a menu item of type %q lacks that part", it.Type)
	switch it.Type {
	case "click":
		if it.Click == nil {
			return missing
		}
		return firstError(bytes("click.id", it.Click.ID, 0, 128), bytes("click.content", it.Click.Content, 1, 128))
	case "view":
		if it.View == nil {
			return missing
		}
		return firstError(bytes("view.url", it.View.URL, 1, 2048), bytes("view.content", it.View.Content, 1, 1024))
	case "miniprogram":
		if it.MiniProgram == nil {
			return missing
		}
		return firstError(bytes("miniprogram.appid", it.MiniProgram.AppID, 1, 32),
			bytes("miniprogram.pagepath", it.MiniProgram.PagePath, 1, 1024), bytes("miniprogram.content", it.MiniProgram.Content, 1, 1024))
	case "text":
		if it.Text == nil {
			return missing
		}
		return bytes("text.content", it.Text.Content, 1, 256)
	}
	return refuse(95009, "menu item type %q: must be click, view, miniprogram or text", it.Type)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// summary is the message in words for the oracle, menus line by line.
func (q *kfContent) summary() string {
	switch q.MsgType {
	case "text":
		return q.Text.Content
	case "link":
		return fmt.Sprintf("[link]%s %s", q.Link.Title, q.Link.URL)
	case "ca_link":
		return "[ca_link]" + q.CALink.LinkURL
	case "msgmenu":
		lines := []string{q.MsgMenu.Head}
		for i := range q.MsgMenu.List {
			lines = append(lines, q.MsgMenu.List[i].summary())
		}
		return strings.Trim(strings.Join(append(lines, q.MsgMenu.Tail), "\n"), "\n")
	}
	return "[" + q.MsgType + "]"
}

func (it *kfMenuItem) summary() string {
	switch it.Type {
	case "click":
		return "[" + it.Click.Content + "]"
	case "view":
		return "[" + it.View.Content + "] " + it.View.URL
	case "miniprogram":
		return "[" + it.MiniProgram.Content + "]"
	}
	return it.Text.Content
}
