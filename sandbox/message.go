package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// appState is what the one app of the corp keeps: its messages and its menu.
type appState struct {
	sent        map[string]time.Time // messages by msgid, for recall
	seq         uint64
	windows     map[int32]*sendWindow
	bodies      map[uint64]time.Time // identical requests, until when they are dropped
	menu        []menuButton
	tickets     map[string]*jsTicket
	userTickets map[string]userTicket
	asked       int // tickets in this hour
	hour        int64
}

// sendWindow counts what one member got, in the current minute and hour.
type sendWindow struct {
	minute, hour     int64
	inMinute, inHour int
}

// Above these WeCom drops what the app sends to one member, silently.
const (
	appMessagesAMinute = 30
	appMessagesAnHour  = 1000
)

// take reports whether one more message gets through.
func (sw *sendWindow) take(now time.Time) bool {
	if m := now.Unix() / 60; m != sw.minute {
		sw.minute, sw.inMinute = m, 0
	}
	if h := now.Unix() / 3600; h != sw.hour {
		sw.hour, sw.inHour = h, 0
	}
	if sw.inMinute >= appMessagesAMinute || sw.inHour >= appMessagesAnHour {
		return false
	}
	sw.inMinute++
	sw.inHour++
	return true
}

func messageFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/message/send", byApp, messageSend),
			post("/cgi-bin/message/recall", byApp, messageRecall),
		},
		build: func(s *Sandbox) {
			s.world.app = &appState{
				sent: map[string]time.Time{}, windows: map[int32]*sendWindow{}, bodies: map[uint64]time.Time{},
				tickets: map[string]*jsTicket{}, userTickets: map[string]userTicket{},
			}
		},
	}
}

// agentID is an agentid as clients send it: a number, or a number in a string.
type agentID struct {
	given bool
	n     int
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *agentID) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" || text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		n = -1 // no agent has it: refused as a wrong agentid
	}
	a.given, a.n = true, n
	return nil
}

// check refuses a call for another app than that of the token.
func (a agentID) check(c *call) error {
	switch {
	case !a.given:
		return refuse(41011, "agentid is missing")
	case a.n < 0:
		return refuse(40056, "agentid is no number")
	case a.n != c.s.agentID:
		return refuse(301002, "the token is of agent %d", c.s.agentID)
	}
	return nil
}

type messageQuery struct {
	ToUser    string  `json:"touser"`
	ToParty   string  `json:"toparty"`
	ToTag     string  `json:"totag"`
	MsgType   string  `json:"msgtype" bad:"40008"`
	AgentID   agentID `json:"agentid"`
	Safe      int     `json:"safe"`
	IDTrans   int     `json:"enable_id_trans"`
	Duplicate int     `json:"enable_duplicate_check"`
	Interval  int     `json:"duplicate_check_interval"`

	Text *struct {
		Content string `json:"content"`
	} `json:"text"`
	Markdown *struct {
		Content string `json:"content"`
	} `json:"markdown"`
	Image *mediaRef `json:"image"`
	Voice *mediaRef `json:"voice"`
	File  *mediaRef `json:"file"`
	Video *struct {
		MediaID     string `json:"media_id"`
		Title       string `json:"title"`
		Description string `json:"description"`
	} `json:"video"`
	TextCard *struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		URL         string `json:"url"`
		BtnTxt      string `json:"btntxt"`
	} `json:"textcard"`
	News *struct {
		Articles []struct {
			Title       string `json:"title"`
			Description string `json:"description"`
			URL         string `json:"url"`
			PicURL      string `json:"picurl"`
			AppID       string `json:"appid"`
			PagePath    string `json:"pagepath"`
		} `json:"articles"`
	} `json:"news"`
	// The other kinds are taken as they are.
	MPNews       json.RawMessage `json:"mpnews"`
	MiniProgram  json.RawMessage `json:"miniprogram_notice"`
	TemplateCard json.RawMessage `json:"template_card"`
	TaskCard     json.RawMessage `json:"taskcard"`
}

type messageReply struct {
	reply
	InvalidUser  string `json:"invaliduser,omitempty"`
	InvalidParty string `json:"invalidparty,omitempty"`
	InvalidTag   string `json:"invalidtag,omitempty"`
	MsgID        string `json:"msgid,omitempty"`
}

// maxDuplicateCheck bounds duplicate_check_interval, in seconds.
const maxDuplicateCheck = 14400

func messageSend(c *call, q *messageQuery) (any, error) {
	if err := q.AgentID.check(c); err != nil {
		return nil, err
	}
	if err := q.checkContent(c); err != nil {
		return nil, err
	}
	if q.Interval < 0 || q.Interval > maxDuplicateCheck || q.Safe < 0 || q.Safe > 2 {
		return nil, refuse(40058, "duplicate_check_interval is at most %d s, safe is 0, 1 or 2", maxDuplicateCheck)
	}
	out := messageReply{reply: done()}
	targets, err := q.targets(c, &out)
	if err != nil {
		return nil, err
	}
	app := c.w.app
	app.seq++
	out.MsgID = letters(48, c.w.seed, app.seq, hashString("app message"))
	app.sent[out.MsgID] = c.now
	if q.Duplicate == 1 && app.seen(c.body, q.Interval, c.now) {
		return out, nil
	}
	for _, n := range targets {
		sw := app.windows[n]
		if sw == nil {
			sw = &sendWindow{}
			app.windows[n] = sw
		}
		if sw.take(c.now) {
			c.s.journal(entry{Kind: "app_message", Staff: c.w.staff[n].id, ID: out.MsgID, Detail: q.summary()})
		}
	}
	return out, nil
}

// seen reports whether the same body came within interval seconds.
func (a *appState) seen(body []byte, interval int, now time.Time) bool {
	if interval == 0 {
		interval = 1800
	}
	key := hashString(string(body))
	if now.Before(a.bodies[key]) {
		return true
	}
	a.bodies[key] = now.Add(time.Duration(interval) * time.Second)
	return false
}

// targets are the members a message goes to; what does not exist is named in
// out, and refused when it is all there is.
func (q *messageQuery) targets(c *call, out *messageReply) ([]int32, error) {
	split := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, "|"), func(id string) bool { return id == "" })
	}
	users, parties, tags := split(q.ToUser), split(q.ToParty), split(q.ToTag)
	switch {
	case len(users)+len(parties)+len(tags) == 0:
		return nil, refuse(82001, "touser, toparty and totag are all empty")
	case len(users) > 1000:
		return nil, refuse(40032, "touser has %d ids, at most 1000 are allowed", len(users))
	case len(parties) > 100:
		return nil, refuse(82002, "toparty has %d ids, at most 100 are allowed", len(parties))
	case len(tags) > 100:
		return nil, refuse(82003, "totag has %d ids, at most 100 are allowed", len(tags))
	}
	w := c.w
	in := make([]bool, len(w.staff))
	var badUsers, badParties []string
	for _, id := range users {
		if n, ok := w.staffByID(id); ok {
			in[n] = true
		} else if id != "@all" {
			badUsers = append(badUsers, strings.ToLower(id))
		}
	}
	for _, text := range parties {
		id, err := strconv.Atoi(text)
		members, notThere := w.membersOf(id, true)
		if err != nil || id == 0 || notThere != nil {
			badParties = append(badParties, text)
			continue
		}
		for _, m := range members {
			in[w.staffIndexOf(m)] = true
		}
	}
	var found []int32
	for i := range w.staff {
		if !w.staff[i].resigned && (in[i] || slices.Contains(users, "@all")) {
			found = append(found, int32(i))
		}
	}
	// The corp has no tags of members: every tag is invalid.
	if len(found) == 0 && len(badUsers)+len(badParties)+len(tags) > 0 {
		return nil, refuse(81013, "no target exists: members %v, departments %v, tags %v", badUsers, badParties, tags)
	}
	out.InvalidUser, out.InvalidParty, out.InvalidTag = strings.Join(badUsers, "|"), strings.Join(badParties, "|"), strings.Join(tags, "|")
	return found, nil
}

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
		return q.Text.Content
	case "markdown":
		return q.Markdown.Content
	case "textcard":
		return fmt.Sprintf("[textcard]%s %s", q.TextCard.Title, q.TextCard.URL)
	case "news":
		return "[news]" + q.News.Articles[0].Title
	}
	return "[" + q.MsgType + "]"
}

type messageRecallQuery struct {
	MsgID string `json:"msgid"`
}

func messageRecall(c *call, q *messageRecallQuery) (any, error) {
	at, ok := c.w.app.sent[q.MsgID]
	if !ok {
		return nil, refuse(40058, "this app sent no message %q", q.MsgID)
	}
	if c.now.Sub(at) > 24*time.Hour {
		return nil, refuse(42052, "the message was sent more than 24 hours ago")
	}
	c.s.journal(entry{Kind: "app_message_recalled", ID: q.MsgID})
	return nil, nil
}
