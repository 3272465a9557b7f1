package sandbox

import (
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// kbIntent is a question of the knowledge base with its answer.
type kbIntent struct {
	id       string
	group    *kbGroup
	question string
	similar  []string
	answer   kbAnswer
	names    []string // of the files of the answer, by attachment
}

const (
	kbSimilarLimit    = 100
	kbQuestionLimit   = 200 // characters
	kbAnswerLimit     = 500
	kbAttachmentLimit = 4
)

type kbText struct {
	Text struct {
		Content string `json:"content"`
	} `json:"text"`
}

type kbSimilar struct {
	Items []kbText `json:"items"`
}

type kbAnswer struct {
	Text struct {
		Content string `json:"content"`
	} `json:"text"`
	Attachments []kbAttachment `json:"attachments"`
}

type kbAttachment struct {
	MsgType     string         `json:"msgtype"`
	Image       *kbMedia       `json:"image,omitempty"`
	Video       *kbMedia       `json:"video,omitempty"`
	Link        *kbLink        `json:"link,omitempty"`
	MiniProgram *kbMiniProgram `json:"miniprogram,omitempty"`
}

// kbMedia is given by media id and shown by name.
type kbMedia struct {
	MediaID string `json:"media_id,omitempty"`
	Name    string `json:"name,omitempty"`
}

type kbLink struct {
	Title  string `json:"title"`
	Desc   string `json:"desc,omitempty"`
	URL    string `json:"url"`
	PicURL string `json:"pic_url,omitempty"`
}

type kbMiniProgram struct {
	Title        string `json:"title,omitempty"`
	ThumbMediaID string `json:"thumb_media_id,omitempty"`
	AppID        string `json:"appid"`
	PagePath     string `json:"pagepath"`
}

type kbIntentQuery struct {
	GroupID  string     `json:"group_id"`
	IntentID string     `json:"intent_id"`
	Question *kbText    `json:"question"`
	Similar  *kbSimilar `json:"similar_questions"`
	Answers  []kbAnswer `json:"answers"`
}

// check judges the parts that are given; must says that question and answer
// must be.
func (q *kbIntentQuery) check(c *call, own *kbIntent, must bool) error {
	if must && (q.Question == nil || len(q.Answers) == 0) {
		return refuse(40058, "question and answers must be given")
	}
	var asked []string
	if q.Question != nil {
		asked = append(asked, q.Question.Text.Content)
	}
	if q.Similar != nil {
		if len(q.Similar.Items) > kbSimilarLimit {
			return refuse(40058, "similar_questions has %d items, at most %d are allowed", len(q.Similar.Items), kbSimilarLimit)
		}
		for _, item := range q.Similar.Items {
			asked = append(asked, item.Text.Content)
		}
	}
	for i, text := range asked {
		if n := utf8.RuneCountInString(text); n == 0 || n > kbQuestionLimit {
			return refuse(40058, "a question must have 1 to %d characters", kbQuestionLimit)
		}
		if slices.Contains(asked[:i], text) || c.w.kf.knowledge.asks(text, own) {
			return refuse(40058, "the question %q is there already", text)
		}
	}
	if len(q.Answers) > 1 {
		return refuse(40058, "answers has %d items, one is allowed", len(q.Answers))
	}
	for i := range q.Answers {
		if err := q.Answers[i].check(c); err != nil {
			return err
		}
	}
	return nil
}

// asks reports whether another intent has the question, in any group.
func (k *knowledge) asks(text string, own *kbIntent) bool {
	for _, g := range k.groups {
		for _, it := range g.intents {
			if it != own && (it.question == text || slices.Contains(it.similar, text)) {
				return true
			}
		}
	}
	return false
}

func (a *kbAnswer) check(c *call) error {
	if n := utf8.RuneCountInString(a.Text.Content); n == 0 || n > kbAnswerLimit {
		return refuse(40058, "an answer must have 1 to %d characters", kbAnswerLimit)
	}
	if len(a.Attachments) > kbAttachmentLimit {
		return refuse(40058, "%d attachments, at most %d are allowed", len(a.Attachments), kbAttachmentLimit)
	}
	for i := range a.Attachments {
		if err := a.Attachments[i].check(c); err != nil {
			return err
		}
	}
	return nil
}

func (a *kbAttachment) check(c *call) error {
	media := func(kind string, m *kbMedia) error {
		if m == nil || !c.w.media.has(m.MediaID, kind, c.now) {
			return refuse(40007, "%s.media_id is missing, or no live %s", kind, kind)
		}
		return nil
	}
	switch a.MsgType {
	case "image":
		return media("image", a.Image)
	case "video":
		return media("video", a.Video)
	case "link":
		if a.Link == nil || a.Link.Title == "" || !hasScheme(a.Link.URL) {
			return refuse(40058, "link needs a title and a url with http:// or https://")
		}
		return nil
	case "miniprogram":
		m := a.MiniProgram
		if m == nil || m.AppID == "" || m.PagePath == "" || len(m.Title) > 64 {
			return refuse(40058, "miniprogram needs appid and pagepath, its title has at most 64 bytes")
		}
		return media("image", &kbMedia{MediaID: m.ThumbMediaID})
	}
	return refuse(40058, "msgtype %q: must be image, video, link or miniprogram", a.MsgType)
}

// fill takes over the parts that are given, each as a whole.
func (it *kbIntent) fill(c *call, q *kbIntentQuery) {
	if q.Question != nil {
		it.question = q.Question.Text.Content
	}
	if q.Similar != nil {
		it.similar = nil
		for _, item := range q.Similar.Items {
			it.similar = append(it.similar, item.Text.Content)
		}
	}
	if len(q.Answers) == 0 {
		return
	}
	it.answer, it.names = q.Answers[0], nil
	for _, a := range it.answer.Attachments {
		name := ""
		for _, m := range []*kbMedia{a.Image, a.Video} {
			if m != nil && c.w.media.files[m.MediaID] != nil {
				name = path.Base(c.w.media.files[m.MediaID].name)
			}
		}
		it.names = append(it.names, name)
	}
}

type kbIntentAddReply struct {
	reply
	IntentID string `json:"intent_id"`
}

type kbIntentAddQuery struct {
	GroupID  string     `json:"group_id"`
	Question *kbText    `json:"question"`
	Similar  *kbSimilar `json:"similar_questions"`
	Answers  []kbAnswer `json:"answers"`
}

func kbIntentAdd(c *call, add *kbIntentAddQuery) (any, error) {
	q := &kbIntentQuery{GroupID: add.GroupID, Question: add.Question, Similar: add.Similar, Answers: add.Answers}
	k := c.w.kf.knowledge
	g := k.group(q.GroupID)
	if g == nil {
		return nil, refuse(40058, "no group %q", q.GroupID)
	}
	if err := q.check(c, nil, true); err != nil {
		return nil, err
	}
	if len(g.intents) >= kbIntentsGroup {
		return nil, refuse(40058, "the group has %d questions already", kbIntentsGroup)
	}
	k.seq++
	it := &kbIntent{id: "ki" + letters(30, c.w.seed, k.seq, hashString("knowledge intent")), group: g}
	it.fill(c, q)
	g.intents = append(g.intents, it)
	return kbIntentAddReply{reply: done(), IntentID: it.id}, nil
}

func (k *knowledge) intent(id string) *kbIntent {
	for _, g := range k.groups {
		for _, it := range g.intents {
			if it.id == id {
				return it
			}
		}
	}
	return nil
}

type kbIntentIDQuery struct {
	IntentID string `json:"intent_id"`
}

func kbIntentDel(c *call, q *kbIntentIDQuery) (any, error) {
	it := c.w.kf.knowledge.intent(q.IntentID)
	if it == nil {
		return nil, refuse(40058, "no question %q", q.IntentID)
	}
	it.group.intents = slices.DeleteFunc(it.group.intents, func(o *kbIntent) bool { return o == it })
	return nil, nil
}

type kbIntentModQuery struct {
	IntentID string     `json:"intent_id"`
	Question *kbText    `json:"question"`
	Similar  *kbSimilar `json:"similar_questions"`
	Answers  []kbAnswer `json:"answers"`
}

func kbIntentMod(c *call, mod *kbIntentModQuery) (any, error) {
	q := &kbIntentQuery{IntentID: mod.IntentID, Question: mod.Question, Similar: mod.Similar, Answers: mod.Answers}
	it := c.w.kf.knowledge.intent(q.IntentID)
	if it == nil {
		return nil, refuse(40058, "no question %q", q.IntentID)
	}
	if err := q.check(c, it, false); err != nil {
		return nil, err
	}
	it.fill(c, q)
	return nil, nil
}

type kbIntentListQuery struct {
	Cursor   string `json:"cursor"`
	Limit    int    `json:"limit"`
	GroupID  string `json:"group_id"`
	IntentID string `json:"intent_id"`
}

type kbQuestionView struct {
	kbText
	Similar *kbSimilar `json:"similar_questions,omitempty"`
	Answers []kbAnswer `json:"answers,omitempty"`
}

type kbIntentView struct {
	GroupID  string         `json:"group_id"`
	IntentID string         `json:"intent_id"`
	Question kbQuestionView `json:"question"`
	Similar  *kbSimilar     `json:"similar_questions,omitempty"`
	Answers  []kbAnswer     `json:"answers,omitempty"`
}

type kbIntentListReply struct {
	reply
	NextCursor string         `json:"next_cursor"`
	HasMore    int            `json:"has_more"`
	IntentList []kbIntentView `json:"intent_list"`
}

func kbIntentList(c *call, q *kbIntentListQuery) (any, error) {
	if q.GroupID != "" && c.w.kf.knowledge.group(q.GroupID) == nil {
		return nil, refuse(40058, "no group %q", q.GroupID)
	}
	var all []*kbIntent
	for _, g := range c.w.kf.knowledge.groups {
		for _, it := range g.intents {
			if (q.GroupID == "" || g.id == q.GroupID) && (q.IntentID == "" || it.id == q.IntentID) {
				all = append(all, it)
			}
		}
	}
	from, to, next, err := kbPageOf(q.Cursor, q.Limit, len(all), hashString(strings.Join([]string{q.GroupID, q.IntentID}, "/")))
	if err != nil {
		return nil, err
	}
	out := kbIntentListReply{reply: done(), NextCursor: next, HasMore: more(to, len(all)), IntentList: []kbIntentView{}}
	for _, it := range all[from:to] {
		out.IntentList = append(out.IntentList, it.view(c.s.switches["kf.intent_shape"] == "nested"))
	}
	return out, nil
}

// view shows files by name and mini programs without their picture. The page's
// sample puts answers into the question, its table beside it.
func (it *kbIntent) view(nested bool) kbIntentView {
	v := kbIntentView{GroupID: it.group.id, IntentID: it.id}
	v.Question.Text.Content = it.question
	similar := &kbSimilar{Items: []kbText{}}
	for _, text := range it.similar {
		var item kbText
		item.Text.Content = text
		similar.Items = append(similar.Items, item)
	}
	answer := kbAnswer{Text: it.answer.Text, Attachments: []kbAttachment{}}
	for i, a := range it.answer.Attachments {
		shown := kbAttachment{MsgType: a.MsgType}
		switch a.MsgType {
		case "image":
			shown.Image = &kbMedia{Name: it.names[i]}
		case "video":
			shown.Video = &kbMedia{Name: it.names[i]}
		case "link":
			shown.Link = a.Link
		case "miniprogram":
			m := *a.MiniProgram
			m.ThumbMediaID = ""
			shown.MiniProgram = &m
		}
		answer.Attachments = append(answer.Attachments, shown)
	}
	if nested {
		v.Question.Similar, v.Question.Answers = similar, []kbAnswer{answer}
	} else {
		v.Similar, v.Answers = similar, []kbAnswer{answer}
	}
	return v
}
