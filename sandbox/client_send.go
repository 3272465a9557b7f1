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

// clientPart is a message as a member's own: its words, and what it is in the
// archive and in the log of a kf account. Empty kinds are texts.
type clientPart struct {
	words            string
	archived, kfKind string
	content          map[string]any // in the archive, where it differs from the usual
	kf               any
}

func (m *clientMessage) part(s *Sandbox) (*clientPart, error) {
	switch m.MsgType {
	case "text":
		if m.Text.Content == "" {
			return nil, errors.New("text.content is empty")
		}
		return &clientPart{words: m.Text.Content}, nil
	case "image", "video", "file":
		return m.mediaPart(s)
	case "news":
		n := &m.News
		switch {
		case n.Title == "" || !hasScheme(n.Link):
			return nil, errors.New("news.title is missing, or news.link does not begin with http:// or https://")
		case n.ImgURL != "" && !hasScheme(n.ImgURL):
			return nil, errBadPicture
		}
		return &clientPart{
			words: "[link]" + n.Title + " " + n.Link, archived: "link", kfKind: "link",
			content: map[string]any{"title": n.Title, "description": n.Desc, "link_url": n.Link, "image_url": n.ImgURL},
			kf:      map[string]any{"title": n.Title, "desc": n.Desc, "url": n.Link, "pic_url": n.ImgURL},
		}, nil
	case "miniprogram":
		p := &m.MiniProgram
		page, _, _ := strings.Cut(p.Page, "?")
		switch {
		case !isMiniAppID(p.AppID) || p.Title == "" || !strings.HasSuffix(page, ".html"):
			return nil, errors.New("miniprogram.appid is no mini program, title is missing, or page does not end in .html")
		case !hasScheme(p.ImgURL):
			return nil, errBadPicture
		}
		thumb := s.world.media.add(mediaFile{kind: "image", name: "cover.png", data: drawnImage(), made: s.now()}, s.world.seed)
		return &clientPart{
			words: "[miniprogram]" + p.Title, archived: "weapp", kfKind: "miniprogram",
			content: map[string]any{"title": p.Title, "description": p.Title, "username": p.AppID + "@app"},
			kf:      map[string]any{"title": p.Title, "appid": p.AppID, "pagepath": p.Page, "thumb_media_id": thumb},
		}, nil
	}
	return nil, errors.New("msgtype must be text, image, video, file, news or miniprogram")
}

func (m *clientMessage) mediaPart(s *Sandbox) (*clientPart, error) {
	kind := m.MsgType
	id := map[string]string{"image": m.Image.MediaID, "video": m.Video.MediaID, "file": m.File.MediaID}[kind]
	if !s.knowsMedia(id) || s.world.media.files[id].kind != kind {
		return nil, errors.New("mediaid is no live " + kind + " of media/upload")
	}
	out := &clientPart{words: "[" + kind + "]", archived: kind, kfKind: kind, kf: mediaRef{MediaID: id}}
	if kind == "file" {
		name := s.world.media.files[id].name
		out.words, out.content = "[file]"+name, map[string]any{"filename": name}
	}
	return out, nil
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
	p, err := m.part(s)
	switch {
	case errors.Is(err, errBadPicture):
		return failed("invalid imgUrl", "%v", err)
	case err != nil:
		return failed("invalid param", "%v", err)
	case r != nil && r.left: // the phone shows that it did not arrive
		s.journal(entry{Kind: "chat_not_delivered", Staff: s.world.staff[win.staff].id, Customer: s.world.customerID(win.customer), Detail: p.words})
		return clientAnswer{OK: true}
	}
	out, err := s.sendPart(win, p)
	if err != nil {
		return failed("fail", "%v", err)
	}
	if answer, ok := out.(map[string]any); ok && answer["intercepted"] != nil {
		return failed("fail", "the rule %v keeps this from being sent", answer["intercepted"])
	}
	return clientAnswer{OK: true}
}

// sendPart is the member of a window sending a message in its conversation.
func (s *Sandbox) sendPart(win *clientWindow, p *clientPart) (any, error) {
	staff, customer := s.world.staff[win.staff].id, ""
	if win.customer >= 0 {
		customer = s.world.customerID(win.customer)
	}
	switch {
	case p.archived == "":
		return staffSays(s, &sayQuery{Staff: staff, Customer: customer, Chat: win.chat, KF: win.kf, Text: p.words})
	case win.kf != "":
		return s.servicerSends(&servicerQuery{kfActor: kfActor{KF: win.kf, Customer: customer}, Staff: staff, Text: p.words}, p.kfKind, p.kf)
	}
	q := staffSendsQuery{Staff: staff, Customer: customer, Chat: win.chat, archiveSend: archiveSend{MsgType: p.archived, words: p.words}}
	if p.content != nil {
		q.Content = json.RawMessage(jsonText(p.content))
	}
	return staffSends(s, &q)
}
