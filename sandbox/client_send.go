package sandbox

import (
	"encoding/json"
	"errors"
	"strings"
)

// clientMessage is what a page sends into the conversation of its window.
type clientMessage struct {
	MsgType     string         `json:"msgtype"`
	Text        textContent    `json:"text"`
	Image       clientMedia    `json:"image"`
	Video       clientMedia    `json:"video"`
	File        clientMedia    `json:"file"`
	News        clientNews     `json:"news"`
	MiniProgram clientMiniPage `json:"miniprogram"`
}

type clientMedia struct {
	MediaID string `json:"mediaid"`
}

type clientNews struct {
	Link   string `json:"link"`
	Title  string `json:"title"`
	Desc   string `json:"desc"`
	ImgURL string `json:"imgUrl"`
}

type clientMiniPage struct {
	AppID  string `json:"appid"`
	Title  string `json:"title"`
	ImgURL string `json:"imgUrl"`
	Page   string `json:"page"`
}

var errBadPicture = errors.New("imgUrl must begin with http:// or https://")

// part is the message as a member's own: its kind in the archive, what it holds
// there, and its words.
func (m *clientMessage) part(s *Sandbox) (kind string, content map[string]any, words string, err error) {
	switch m.MsgType {
	case "text":
		if m.Text.Content == "" {
			return "", nil, "", errors.New("text.content is empty")
		}
		return "text", nil, m.Text.Content, nil
	case "image", "video", "file":
		id := map[string]string{"image": m.Image.MediaID, "video": m.Video.MediaID, "file": m.File.MediaID}[m.MsgType]
		if !s.knowsMedia(id) || s.world.media.files[id].kind != m.MsgType {
			return "", nil, "", errors.New("mediaid is no live " + m.MsgType + " of media/upload")
		}
		if m.MsgType == "file" {
			name := s.world.media.files[id].name
			return "file", map[string]any{"filename": name}, "[file]" + name, nil
		}
		return m.MsgType, nil, "[" + m.MsgType + "]", nil
	case "news":
		n := &m.News
		switch {
		case n.Title == "" || !hasScheme(n.Link):
			return "", nil, "", errors.New("news.title is missing, or news.link does not begin with http:// or https://")
		case n.ImgURL != "" && !hasScheme(n.ImgURL):
			return "", nil, "", errBadPicture
		}
		return "link", map[string]any{"title": n.Title, "description": n.Desc, "link_url": n.Link, "image_url": n.ImgURL}, "[link]" + n.Title + " " + n.Link, nil
	case "miniprogram":
		p := &m.MiniProgram
		page, _, _ := strings.Cut(p.Page, "?")
		switch {
		case !isMiniAppID(p.AppID) || p.Title == "" || !strings.HasSuffix(page, ".html"):
			return "", nil, "", errors.New("miniprogram.appid is no mini program, title is missing, or page does not end in .html")
		case !hasScheme(p.ImgURL):
			return "", nil, "", errBadPicture
		}
		return "weapp", map[string]any{"title": p.Title, "description": p.Title, "username": p.AppID + "@app"}, "[miniprogram]" + p.Title, nil
	}
	return "", nil, "", errors.New("msgtype must be text, image, video, file, news or miniprogram")
}

// clientSend sends into the conversation of the window, as the member's own
// words.
func (s *Sandbox) clientSend(win *clientWindow, args []byte) clientAnswer {
	r, c := s.withCustomer(win), s.inChat(win)
	if win.entry == entryProfile || win.entry == entryNormal || r == nil && c == nil && win.kf == "" {
		return failed(withoutContext, "the entry %s leads into no conversation of the member", win.entry)
	}
	var m clientMessage
	if err := json.Unmarshal(args, &m); err != nil {
		return failed("invalid param", "the arguments do not fit: %v", err)
	}
	kind, content, words, err := m.part(s)
	switch {
	case errors.Is(err, errBadPicture):
		return failed("invalid imgUrl", "%v", err)
	case err != nil:
		return failed("invalid param", "%v", err)
	case r != nil && r.left: // the phone shows that it did not arrive
		s.journal(entry{Kind: "chat_not_delivered", Staff: s.world.staff[win.staff].id, Customer: s.world.customerID(win.customer), Detail: words})
		return clientAnswer{OK: true}
	}
	q := sayQuery{Staff: s.world.staff[win.staff].id, Chat: win.chat, KF: win.kf, Text: words}
	if win.customer >= 0 {
		q.Customer = s.world.customerID(win.customer)
	}
	var out any
	switch {
	case kind == "text":
		out, err = staffSays(s, &q)
	case win.kf != "":
		return failed("nosupport", "into sessions of kf accounts the sandbox's client sends text only")
	default:
		send := staffSendsQuery{Staff: q.Staff, Customer: q.Customer, Chat: q.Chat, archiveSend: archiveSend{MsgType: kind, words: words}}
		if content != nil {
			send.Content = json.RawMessage(jsonText(content))
		}
		out, err = staffSends(s, &send)
	}
	if err != nil {
		return failed("fail", "%v", err)
	}
	if answer, ok := out.(map[string]any); ok && answer["intercepted"] != nil {
		return failed("fail", "the rule %v keeps this from being sent", answer["intercepted"])
	}
	return clientAnswer{OK: true}
}
