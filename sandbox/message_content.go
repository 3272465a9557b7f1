package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// messageContent is the body of an app's message, for a member or an app chat.
type messageContent struct {
	Text     *textContent  `json:"text"`
	Markdown *textContent  `json:"markdown"`
	Image    *mediaRef     `json:"image"`
	Voice    *mediaRef     `json:"voice"`
	File     *mediaRef     `json:"file"`
	Video    *videoContent `json:"video"`
	TextCard *struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		URL         string `json:"url"`
		BtnTxt      string `json:"btntxt"`
	} `json:"textcard"`
	News *struct {
		Articles []newsArticle `json:"articles"`
	} `json:"news"`
	MPNews *struct {
		Articles []mpArticle `json:"articles"`
	} `json:"mpnews"`
	MiniProgram  *miniProgramNotice `json:"miniprogram_notice"`
	TemplateCard *templateCard      `json:"template_card"`
	TaskCard     *taskCard          `json:"taskcard"`
}

type textContent struct {
	Content string `json:"content"`
}

type videoContent struct {
	MediaID     string `json:"media_id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type newsArticle struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	PicURL      string `json:"picurl"`
	AppID       string `json:"appid"`
	PagePath    string `json:"pagepath"`
}

type mpArticle struct {
	Title            string `json:"title"`
	ThumbMediaID     string `json:"thumb_media_id"`
	Author           string `json:"author"`
	ContentSourceURL string `json:"content_source_url"`
	Content          string `json:"content"`
	Digest           string `json:"digest"`
}

type miniProgramNotice struct {
	AppID             string `json:"appid"`
	Page              string `json:"page"`
	Title             string `json:"title"`
	Description       string `json:"description"`
	EmphasisFirstItem bool   `json:"emphasis_first_item"`
	ContentItem       []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"content_item"`
}

// Kinds of messages: app chats take fewer.
var (
	chatKinds = []string{"text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown"}

	messageKinds = append(slices.Clone(chatKinds), "miniprogram_notice", "template_card", "taskcard")
)

const (
	mpContentLimit   = 666 << 10
	urlLimit         = 2048
	markdownLimit    = 2048
	chatTextLimit    = 2048
	articlesPerNews  = 8
	mpAuthorLimit    = 64
	noticeItemsLimit = 10
)

// check refuses a message whose kind is none of kinds or whose body is wrong.
func (m *messageContent) check(c *call, kind string, kinds []string) error {
	if !slices.Contains(kinds, kind) {
		return refuse(40008, "msgtype %q is none of %s", kind, strings.Join(kinds, ", "))
	}
	missing := refuse(40063, "msgtype is %q, but that part is missing", kind)
	switch kind {
	case "text":
		if m.Text == nil || m.Text.Content == "" {
			return refuse(44004, "text.content is empty")
		}
	case "markdown":
		if m.Markdown == nil || m.Markdown.Content == "" {
			return refuse(44004, "markdown.content is empty")
		}
		if len(m.Markdown.Content) > markdownLimit {
			return refuse(40058, "markdown.content has more than %d bytes", markdownLimit)
		}
	case "image", "voice", "file":
		ref := map[string]*mediaRef{"image": m.Image, "voice": m.Voice, "file": m.File}[kind]
		if ref == nil {
			return missing
		}
		return c.liveMedia(kind, ref.MediaID)
	case "video":
		if m.Video == nil {
			return missing
		}
		return c.liveMedia("video", m.Video.MediaID)
	case "textcard":
		return m.checkTextCard()
	case "news":
		return m.checkNews()
	case "mpnews":
		return m.checkMPNews(c)
	case "miniprogram_notice":
		if m.MiniProgram == nil {
			return missing
		}
		return m.MiniProgram.check()
	case "template_card":
		if m.TemplateCard == nil {
			return missing
		}
		return m.TemplateCard.check(c)
	case "taskcard":
		if m.TaskCard == nil {
			return missing
		}
		return m.TaskCard.check()
	}
	return nil
}

func (c *call) liveMedia(kind, id string) error {
	if !c.w.media.has(id, kind, c.now) {
		return refuse(40007, "%s.media_id %q is no live %s", kind, id, kind)
	}
	return nil
}

func (m *messageContent) checkTextCard() error {
	card := m.TextCard
	switch {
	case card == nil || card.Title == "":
		return refuse(41016, "textcard.title is missing")
	case card.Description == "":
		return refuse(41033, "textcard.description is missing")
	case card.URL == "":
		return refuse(41010, "textcard.url is missing")
	case len(card.URL) > urlLimit:
		return refuse(40058, "textcard.url has more than %d bytes", urlLimit)
	case !hasScheme(card.URL):
		return refuse(45034, "textcard.url must begin with http:// or https://")
	}
	return nil
}

func (m *messageContent) checkNews() error {
	if m.News == nil || len(m.News.Articles) == 0 || len(m.News.Articles) > articlesPerNews {
		return refuse(45008, "news must have 1 to %d articles", articlesPerNews)
	}
	for i, a := range m.News.Articles {
		switch {
		case a.Title == "":
			return refuse(41016, "news.articles[%d].title is missing", i)
		case a.AppID != "" && (!isMiniAppID(a.AppID) || len(a.PagePath) > 128):
			return refuse(90207, "news.articles[%d]: appid is no mini program, or pagepath has more than 128 bytes", i)
		case len(a.URL) > urlLimit || len(a.PicURL) > urlLimit:
			return refuse(40058, "news.articles[%d]: url and picurl have at most %d bytes", i, urlLimit)
		case a.AppID == "" && a.URL == "":
			return refuse(41010, "news.articles[%d].url is missing", i)
		case a.AppID == "" && !hasScheme(a.URL):
			return refuse(45034, "news.articles[%d].url must begin with http:// or https://", i)
		}
	}
	return nil
}

func (m *messageContent) checkMPNews(c *call) error {
	if m.MPNews == nil || len(m.MPNews.Articles) == 0 || len(m.MPNews.Articles) > articlesPerNews {
		return refuse(45008, "mpnews must have 1 to %d articles", articlesPerNews)
	}
	for i, a := range m.MPNews.Articles {
		switch {
		case a.Title == "":
			return refuse(41016, "mpnews.articles[%d].title is missing", i)
		case !c.w.media.has(a.ThumbMediaID, "image", c.now):
			return refuse(40007, "mpnews.articles[%d].thumb_media_id %q is no live image", i, a.ThumbMediaID)
		case len(a.Author) > mpAuthorLimit:
			return refuse(45032, "mpnews.articles[%d].author has more than %d bytes", i, mpAuthorLimit)
		case a.Content == "":
			return refuse(44004, "mpnews.articles[%d].content is empty", i)
		case len(a.Content) > mpContentLimit:
			return refuse(45002, "mpnews.articles[%d].content has more than 666 KB", i)
		}
	}
	return nil
}

// isMiniAppID is true for ids that look like one; every mini program counts as
// linked to the app.
func isMiniAppID(id string) bool { return strings.HasPrefix(id, "wx") && len(id) == 18 }

func (n *miniProgramNotice) check() error {
	chars := utf8.RuneCountInString
	switch {
	case !isMiniAppID(n.AppID):
		return refuse(90207, "miniprogram_notice.appid %q is no mini program", n.AppID)
	case len(n.Page) > 1024:
		return refuse(90204, "miniprogram_notice.page has more than 1024 bytes")
	case chars(n.Title) < 4 || chars(n.Title) > 12:
		return refuse(40058, "miniprogram_notice.title must have 4 to 12 characters")
	case n.Description != "" && (chars(n.Description) < 4 || chars(n.Description) > 12):
		return refuse(40058, "miniprogram_notice.description must have 4 to 12 characters")
	case len(n.ContentItem) > noticeItemsLimit:
		return refuse(90201, "miniprogram_notice.content_item has more than %d lines", noticeItemsLimit)
	}
	for i, item := range n.ContentItem {
		if item.Key == "" || chars(item.Key) > 10 {
			return refuse(90202, "miniprogram_notice.content_item[%d].key must have 1 to 10 characters", i)
		}
		if item.Value == "" || chars(item.Value) > 30 {
			return refuse(90203, "miniprogram_notice.content_item[%d].value must have 1 to 30 characters", i)
		}
	}
	return nil
}

// summary is the message in words for the journal, cut as members see it.
func (m *messageContent) summary(kind string) string {
	switch kind {
	case "text":
		return cutBytes(m.Text.Content, chatTextLimit)
	case "markdown":
		return m.Markdown.Content
	case "textcard":
		return fmt.Sprintf("[textcard]%s %s", cut(m.TextCard.Title, 128), m.TextCard.URL)
	case "news":
		return "[news]" + cutBytes(m.News.Articles[0].Title, 128)
	case "mpnews":
		return "[mpnews]" + cutBytes(m.MPNews.Articles[0].Title, 128)
	case "miniprogram_notice":
		return "[miniprogram_notice]" + m.MiniProgram.Title
	case "template_card":
		return "[template_card]" + m.TemplateCard.title()
	case "taskcard":
		return "[taskcard]" + m.TaskCard.Title
	}
	return "[" + kind + "]"
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
