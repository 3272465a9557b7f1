package sandbox

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

func (q *messageQuery) checkContent(c *call) error {
	media := func(kind, id string) error {
		if !c.w.media.has(id, kind, c.now) {
			return refuse(40007, "%s.media_id %q is no live %s", kind, id, kind)
		}
		return nil
	}
	var raw json.RawMessage
	switch q.MsgType {
	case "text":
		if q.Text == nil || q.Text.Content == "" {
			return refuse(44004, "text.content is empty")
		}
		return nil
	case "markdown":
		if q.Markdown == nil || q.Markdown.Content == "" {
			return refuse(44004, "markdown.content is empty")
		}
		if len(q.Markdown.Content) > 2048 {
			return refuse(40058, "markdown.content has more than 2048 bytes")
		}
		return nil
	case "image", "voice", "file":
		ref := map[string]*mediaRef{"image": q.Image, "voice": q.Voice, "file": q.File}[q.MsgType]
		if ref == nil {
			return refuse(40063, "msgtype is %q, but that part is missing", q.MsgType)
		}
		return media(q.MsgType, ref.MediaID)
	case "video":
		if q.Video == nil {
			return refuse(40063, `msgtype is "video", but that part is missing`)
		}
		return media("video", q.Video.MediaID)
	case "textcard":
		return q.checkTextCard()
	case "news":
		return q.checkNews()
	case "mpnews":
		raw = q.MPNews
	case "miniprogram_notice":
		raw = q.MiniProgram
	case "template_card":
		raw = q.TemplateCard
	case "taskcard":
		raw = q.TaskCard
	default:
		return refuse(40008, "msgtype %q is unknown", q.MsgType)
	}
	if len(raw) == 0 || string(raw) == "null" {
		return refuse(40063, "msgtype is %q, but that part is missing", q.MsgType)
	}
	return nil
}

func (q *messageQuery) checkTextCard() error {
	card := q.TextCard
	switch {
	case card == nil || card.Title == "":
		return refuse(41016, "textcard.title is missing")
	case card.Description == "":
		return refuse(41033, "textcard.description is missing")
	case len(card.URL) > 2048 || card.URL == "":
		return refuse(40058, "textcard.url must have 1 to 2048 bytes")
	case !hasScheme(card.URL):
		return refuse(45034, "textcard.url must begin with http:// or https://")
	}
	return nil
}

func (q *messageQuery) checkNews() error {
	if q.News == nil || len(q.News.Articles) == 0 || len(q.News.Articles) > 8 {
		return refuse(45008, "news must have 1 to 8 articles")
	}
	for i, a := range q.News.Articles {
		switch {
		case a.Title == "":
			return refuse(41016, "news.articles[%d].title is missing", i)
		case a.AppID != "":
			continue
		case !hasScheme(a.URL):
			return refuse(45034, "news.articles[%d].url must begin with http:// or https://", i)
		}
	}
	return nil
}

// summary is the message in words for the journal.
func (q *messageQuery) summary() string {
	switch q.MsgType {
	case "text":
		return cutBytes(q.Text.Content, 2048)
	case "markdown":
		return q.Markdown.Content
	case "textcard":
		return fmt.Sprintf("[textcard]%s %s", q.TextCard.Title, q.TextCard.URL)
	case "news":
		return "[news]" + q.News.Articles[0].Title
	}
	return "[" + q.MsgType + "]"
}

// cutBytes shortens a text to n bytes, between two characters.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
