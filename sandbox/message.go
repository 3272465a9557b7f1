package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

func messageFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/message/send", byApp, messageSend),
			post("/cgi-bin/message/recall", byApp, messageRecall),
		},
		build: func(s *Sandbox) { s.world.app = newAppState() },
	}
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
	switch {
	case q.Interval < 0 || q.Interval > maxDuplicateCheck:
		return nil, refuse(40058, "duplicate_check_interval is at most %d s", maxDuplicateCheck)
	case q.Safe < 0 || q.Safe > 2:
		return nil, refuse(40058, "safe is 0, 1 or 2")
	case q.IDTrans>>1 != 0 || q.Duplicate>>1 != 0:
		return nil, refuse(40058, "enable_id_trans and enable_duplicate_check are 0 or 1")
	}
	out := messageReply{reply: done()}
	targets, err := q.targets(c, &out)
	if err != nil {
		return nil, err
	}
	app := c.w.app
	app.seq++
	app.forget(c.now)
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
	var badTags []string
	for _, text := range tags {
		id, err := strconv.Atoi(text)
		t := w.staffTag(id)
		if err != nil || t == nil {
			badTags = append(badTags, text)
			continue
		}
		for _, n := range w.staffWith(t) {
			in[n] = true
		}
	}
	var found []int32
	for i := range w.staff {
		if !w.staff[i].resigned && (in[i] || slices.Contains(users, "@all")) {
			found = append(found, int32(i))
		}
	}
	if len(found) == 0 && len(badUsers)+len(badParties)+len(badTags) > 0 {
		return nil, refuse(81013, "no target exists: members %v, departments %v, tags %v", badUsers, badParties, badTags)
	}
	out.InvalidUser, out.InvalidParty, out.InvalidTag = strings.Join(badUsers, "|"), strings.Join(badParties, "|"), strings.Join(badTags, "|")
	return found, nil
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
