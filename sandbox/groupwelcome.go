package sandbox

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// groupWelcome is one template of what groups say to those who join.
type groupWelcome struct {
	id      string
	by      caller
	text    string
	part    *attachment // one kind besides the text
	picture string      // name of the picture that readers get
	deleted bool
}

// groupWelcomes are all templates of the corp.
type groupWelcomes struct {
	index map[string]*groupWelcome
	seq   uint64
}

const (
	groupWelcomeLimit = 100
	groupWelcomeText  = 3000 // bytes
	templateIDLength  = 32
	// greetingGap collects those who join meanwhile into one greeting.
	greetingGap = time.Minute
)

func groupWelcomeFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/externalcontact/group_welcome_template/add", byExternal, groupWelcomeAdd),
			post("/cgi-bin/externalcontact/group_welcome_template/edit", byExternal, groupWelcomeEdit),
			post("/cgi-bin/externalcontact/group_welcome_template/get", byExternal, groupWelcomeGet),
			post("/cgi-bin/externalcontact/group_welcome_template/del", byExternal, groupWelcomeDelete),
		},
		acts: []act{doing("staff_sets_group_welcome", setGroupWelcome)},
	}
}

type groupWelcomeQuery struct {
	TemplateID  string       `json:"template_id"` // edit only
	Text        *textView    `json:"text"`
	Image       *imagePart   `json:"image"`
	Link        *linkPart    `json:"link"`
	MiniProgram *programPart `json:"miniprogram"`
	File        *mediaRef    `json:"file"`
	Video       *mediaRef    `json:"video"`
	AgentID     int          `json:"agentid"`
	Notify      *int         `json:"notify"` // add only
}

// part is the one kind besides the text: of several the first counts.
func (q *groupWelcomeQuery) part() *attachment {
	switch {
	case q.Image != nil:
		return &attachment{MsgType: "image", Image: q.Image}
	case q.Link != nil:
		return &attachment{MsgType: "link", Link: q.Link}
	case q.MiniProgram != nil:
		return &attachment{MsgType: "miniprogram", MiniProgram: q.MiniProgram}
	case q.File != nil:
		return &attachment{MsgType: "file", File: q.File}
	case q.Video != nil:
		return &attachment{MsgType: "video", Video: q.Video}
	}
	return nil
}

// fill checks what a request holds and puts it into a template.
func (c *call) fillGroupWelcome(t *groupWelcome, q *groupWelcomeQuery) error {
	text, part := "", q.part()
	if q.Text != nil {
		text = q.Text.Content
	}
	switch {
	case text == "" && part == nil:
		return refuse(40058, "text and all other kinds are empty")
	case len(text) > groupWelcomeText:
		return refuse(40058, "text.content has %d bytes, at most %d are allowed", len(text), groupWelcomeText)
	}
	picture := ""
	if part != nil {
		c.purpose = forGroupWelcome
		if err := c.checkAttachment(part); err != nil {
			return err
		}
		if part.Image != nil {
			name, err := c.groupWelcomePicture(part.Image)
			if err != nil {
				return err
			}
			picture = name
		}
	}
	t.text, t.part, t.picture = text, part, picture
	return nil
}

// groupWelcomePicture is what readers get instead of a media id. A URL must be
// one of media/uploadimg.
func (c *call) groupWelcomePicture(p *imagePart) (string, error) {
	media := c.w.media
	if p.MediaID == "" {
		name := path.Base(p.PicURL)
		if media.images[name] == nil || !strings.Contains(p.PicURL, "/wwpic/") {
			return "", refuse(40058, "image.pic_url %q was not made by media/uploadimg", p.PicURL)
		}
		return name, nil
	}
	name := fmt.Sprintf("welcome_%s", letters(20, c.w.seed, hashString(p.MediaID)))
	f := *media.files[p.MediaID]
	media.images[name] = &f
	return name, nil
}

type templateReply struct {
	reply
	TemplateID string `json:"template_id"`
}

func groupWelcomeAdd(c *call, q *groupWelcomeQuery) (any, error) {
	all := &c.w.groupWelcomes
	switch {
	case q.TemplateID != "":
		return nil, refuse(40058, "template_id is made by this call, not given")
	case q.Notify != nil && *q.Notify != 0 && *q.Notify != 1:
		return nil, refuse(40058, "notify %d: must be 0 or 1", *q.Notify)
	case len(all.index) >= groupWelcomeLimit:
		return nil, refuse(41055, "a corp has at most %d group welcome templates", groupWelcomeLimit)
	}
	t := &groupWelcome{by: c.caller}
	if err := c.fillGroupWelcome(t, q); err != nil {
		return nil, err
	}
	all.seq++
	t.id = "msg" + letters(templateIDLength-3, c.w.seed, all.seq, hashString("group welcome"))
	all.index[t.id] = t
	detail := "notified"
	if q.Notify != nil && *q.Notify == 0 {
		detail = ""
	}
	c.s.journal(entry{Kind: "group_welcome_added", ID: t.id, Detail: detail})
	return templateReply{reply: done(), TemplateID: t.id}, nil
}

// templateParam finds the template a call names; to change it, the app must
// have made it.
func (c *call) templateParam(id string, change bool) (*groupWelcome, error) {
	if len(id) != templateIDLength {
		return nil, refuse(40036, "template_id %q has %d characters, not %d", id, len(id), templateIDLength)
	}
	t := c.w.groupWelcomes.index[id]
	switch {
	case t == nil:
		return nil, refuse(40037, "no template %q", id)
	case change && t.by != c.caller:
		return nil, refuse(41058, "template %q was made by another app", id)
	}
	return t, nil
}

func groupWelcomeEdit(c *call, q *groupWelcomeQuery) (any, error) {
	t, err := c.templateParam(q.TemplateID, true)
	if err != nil {
		return nil, err
	}
	return nil, c.fillGroupWelcome(t, q)
}

type templateQuery struct {
	TemplateID string `json:"template_id"`
	AgentID    int    `json:"agentid"`
}

type groupWelcomeReply struct {
	reply
	Text        *textView    `json:"text,omitempty"`
	Image       *imagePart   `json:"image,omitempty"`
	Link        *linkPart    `json:"link,omitempty"`
	MiniProgram *programPart `json:"miniprogram,omitempty"`
	File        *mediaRef    `json:"file,omitempty"`
	Video       *mediaRef    `json:"video,omitempty"`
}

// groupWelcomeGet shows the parts at the top of the answer.
func groupWelcomeGet(c *call, q *templateQuery) (any, error) {
	t, err := c.templateParam(q.TemplateID, false)
	if err != nil {
		return nil, err
	}
	out := groupWelcomeReply{reply: done()}
	if t.text != "" {
		out.Text = &textView{t.text}
	}
	if p := t.part; p != nil {
		out.Link, out.MiniProgram, out.File, out.Video = p.Link, p.MiniProgram, p.File, p.Video
	}
	if t.picture != "" {
		out.Image = &imagePart{PicURL: c.base + "/wwpic/" + t.picture}
	}
	return out, nil
}

func groupWelcomeDelete(c *call, q *templateQuery) (any, error) {
	t, err := c.templateParam(q.TemplateID, true)
	if err != nil {
		return nil, err
	}
	t.deleted = true
	delete(c.w.groupWelcomes.index, t.id)
	return nil, nil
}

type setGroupWelcomeQuery struct {
	Chat     string `json:"chat"`
	Template string `json:"template"` // empty: no greeting any more
}

// setGroupWelcome is an owner choosing what his group says to those who join.
func setGroupWelcome(s *Sandbox, q *setGroupWelcomeQuery) (any, error) {
	c := s.world.chatIndex[q.Chat]
	if c == nil || c.dismissed {
		return nil, unknownID("group", q.Chat)
	}
	t := s.world.groupWelcomes.index[q.Template]
	if t == nil && q.Template != "" {
		return nil, unknownID("group welcome template", q.Template)
	}
	c.welcome = t
	return map[string]any{"chat": q.Chat, "template": q.Template}, nil
}

// greet lets a group greet a customer who has joined, together with those who
// join in the next minute.
func (s *Sandbox) greet(c *chat, cust int32) {
	if c.welcome == nil {
		return
	}
	c.joiners = append(c.joiners, cust)
	if len(c.joiners) > 1 {
		return
	}
	s.after(greetingGap, func() {
		joined, t := c.joiners, c.welcome
		c.joiners = nil
		if t != nil && !t.deleted && !c.dismissed {
			s.greetAll(c, t, joined)
		}
	})
}

func (s *Sandbox) greetAll(c *chat, t *groupWelcome, joined []int32) {
	names := make([]string, 0, len(joined))
	for _, n := range joined {
		if c.place(false, n) >= 0 {
			names = append(names, customerName(n))
		}
	}
	owner := s.world.staff[c.owner].id
	if len(names) == 0 {
		return
	}
	if p := t.part; p != nil && slices.ContainsFunc(p.mediaIDs(), func(id string) bool { return !s.knowsMediaFor(id, forGroupWelcome) }) {
		s.journal(entry{Kind: "group_welcome_failed", Staff: owner, Chat: c.id, ID: t.id, Detail: "its media expired"})
		return
	}
	text := strings.ReplaceAll(t.text, "%NICKNAME%", strings.Join(names, "、"))
	if t.part != nil {
		text += (&content{Attachments: []attachment{*t.part}}).summary()
	}
	s.delivered(Delivery{Staff: owner, Chat: c.id, Channel: "group", Kind: "group_welcome", Origin: "api", Task: t.id, Text: text})
}

// mediaIDs are the uploads an attachment needs.
func (a *attachment) mediaIDs() []string {
	var out []string
	switch {
	case a.Image != nil && a.Image.MediaID != "":
		out = append(out, a.Image.MediaID)
	case a.MiniProgram != nil:
		out = append(out, a.MiniProgram.PicMediaID)
	case a.File != nil:
		out = append(out, a.File.MediaID)
	case a.Video != nil:
		out = append(out, a.Video.MediaID)
	}
	return out
}
