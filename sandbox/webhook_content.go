package sandbox

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

type webhookQuery struct {
	MsgType string `json:"msgtype" bad:"40008"`
	Text    *struct {
		Content         string   `json:"content"`
		MentionedList   []string `json:"mentioned_list"`
		MentionedMobile []string `json:"mentioned_mobile_list"`
	} `json:"text"`
	Markdown   *textContent `json:"markdown"`
	MarkdownV2 *textContent `json:"markdown_v2"`
	Image      *struct {
		Base64 string `json:"base64"`
		MD5    string `json:"md5"`
	} `json:"image"`
	News *struct {
		Articles []robotArticle `json:"articles"`
	} `json:"news"`
	File         *mediaRef     `json:"file"`
	Voice        *mediaRef     `json:"voice"`
	TemplateCard *templateCard `json:"template_card"`
}

type robotArticle struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	PicURL      string `json:"picurl"`
}

const (
	robotTextLimit     = 2048
	robotMarkdownLimit = 4096
	robotImageLimit    = 2 * megabyte
)

// check refuses a message of a robot that is not as the page says.
func (q *webhookQuery) check(c *call, r *robot) error {
	switch q.MsgType {
	case "text":
		if q.Text == nil || q.Text.Content == "" {
			return refuse(44004, "text.content is empty")
		}
		if len(q.Text.Content) > robotTextLimit {
			return refuse(40058, "text.content has more than %d bytes", robotTextLimit)
		}
	case "markdown":
		return checkRobotMarkdown("markdown", q.Markdown)
	case "markdown_v2":
		return checkRobotMarkdown("markdown_v2", q.MarkdownV2)
	case "image":
		return q.checkImage()
	case "news":
		return q.checkNews()
	case "file", "voice":
		ref := map[string]*mediaRef{"file": q.File, "voice": q.Voice}[q.MsgType]
		if ref == nil || !r.media.has(ref.MediaID, q.MsgType, c.now) {
			return refuse(40058, "%s.media_id is no %s that this robot uploaded in the last 3 days", q.MsgType, q.MsgType)
		}
	case "template_card":
		return q.checkCard(c)
	default:
		return refuse(40008, "msgtype %q is unknown to robots", q.MsgType)
	}
	return nil
}

func checkRobotMarkdown(kind string, t *textContent) error {
	switch {
	case t == nil || t.Content == "":
		return refuse(44004, "%s.content is empty", kind)
	case len(t.Content) > robotMarkdownLimit:
		return refuse(40058, "%s.content exceeds the length of %d bytes", kind, robotMarkdownLimit)
	}
	return nil
}

func (q *webhookQuery) checkImage() error {
	if q.Image == nil {
		return refuse(40058, "msgtype is image, but that part is missing")
	}
	data, err := base64.StdEncoding.DecodeString(q.Image.Base64)
	picture := mediaFile{data: data}
	sum := md5.Sum(data)
	switch {
	case err != nil || len(data) == 0:
		return refuse(40058, "image.base64 is empty or no base64")
	case len(data) > robotImageLimit:
		return refuse(40009, "the picture has %d bytes, at most %d are allowed", len(data), robotImageLimit)
	case !strings.EqualFold(q.Image.MD5, hex.EncodeToString(sum[:])):
		return refuse(301019, "image.md5 is not the MD5 of the picture before base64")
	case !picture.looksLike("image"):
		return refuse(40058, "the picture is neither JPG nor PNG")
	}
	return nil
}

func (q *webhookQuery) checkNews() error {
	if q.News == nil || len(q.News.Articles) == 0 || len(q.News.Articles) > articlesPerNews {
		return refuse(40058, "news must have 1 to %d articles", articlesPerNews)
	}
	for i, a := range q.News.Articles {
		if a.Title == "" || !hasScheme(a.URL) {
			return refuse(40058, "news.articles[%d]: title is missing, or url does not begin with http:// or https://", i)
		}
	}
	return nil
}

// checkCard allows notices only. Their errcodes of message/send are not listed
// for robots.
func (q *webhookQuery) checkCard(c *call) error {
	t := q.TemplateCard
	switch {
	case t == nil:
		return refuse(40058, "msgtype is template_card, but that part is missing")
	case t.CardType != "text_notice" && t.CardType != "news_notice":
		return refuse(40058, "card_type %q: robots post text_notice and news_notice", t.CardType)
	case t.ActionMenu != nil || t.TaskID != "":
		return refuse(40058, "cards of robots have no action_menu and no task_id")
	case t.CardType == "news_notice" && (t.CardImage == nil || t.CardImage.URL == ""):
		return refuse(40058, "card_image.url is missing")
	}
	var no *refusal
	if err := t.check(c); errors.As(err, &no) {
		return refuse(40058, "template_card: %s", no.hint)
	}
	return nil
}

// summary is the message in words, with those it mentions at its end.
func (q *webhookQuery) summary(w *world) string {
	switch q.MsgType {
	case "text":
		return strings.Join(append([]string{q.Text.Content}, q.mentioned(w)...), " ")
	case "markdown":
		return q.Markdown.Content
	case "markdown_v2":
		return q.MarkdownV2.Content
	case "news":
		return "[news]" + cutBytes(q.News.Articles[0].Title, 128)
	case "template_card":
		return "[template_card]" + q.TemplateCard.title()
	}
	return "[" + q.MsgType + "]"
}

// mentioned are those a text mentions; who does not exist is passed over.
func (q *webhookQuery) mentioned(w *world) []string {
	var out []string
	if slices.Contains(slices.Concat(q.Text.MentionedList, q.Text.MentionedMobile), "@all") {
		out = append(out, "@all")
	}
	for i := range w.staff {
		m := &w.staff[i]
		if m.resigned {
			continue
		}
		byID := slices.ContainsFunc(q.Text.MentionedList, func(id string) bool { return strings.EqualFold(id, m.id) })
		if byID || m.card != nil && m.card.mobile != "" && slices.Contains(q.Text.MentionedMobile, m.card.mobile) {
			out = append(out, "@"+m.id)
		}
	}
	return out
}
