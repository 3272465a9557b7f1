package sandbox

import (
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
			post("/cgi-bin/message/update_template_card", byApp, updateTemplateCard),
			post("/cgi-bin/message/update_taskcard", byApp, updateTaskCard),
			post("/cgi-bin/message/get_statistics", byApp, messageStatistics),
		},
		acts: []act{
			doing("staff_clicks_card", staffClicksCard),
			doing("staff_clicks_card_menu", staffClicksCardMenu),
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

	messageContent
}

type messageReply struct {
	reply
	InvalidUser  string `json:"invaliduser,omitempty"`
	InvalidParty string `json:"invalidparty,omitempty"`
	InvalidTag   string `json:"invalidtag,omitempty"`
	MsgID        string `json:"msgid,omitempty"`
	ResponseCode string `json:"response_code,omitempty"`
}

// maxDuplicateCheck bounds duplicate_check_interval, in seconds.
const maxDuplicateCheck = 14400

func messageSend(c *call, q *messageQuery) (any, error) {
	if err := q.AgentID.check(c); err != nil {
		return nil, err
	}
	if err := q.check(c, q.MsgType, messageKinds); err != nil {
		return nil, err
	}
	switch {
	case q.Interval < 0 || q.Interval > maxDuplicateCheck:
		return nil, refuse(40058, "duplicate_check_interval is at most %d s", maxDuplicateCheck)
	case q.Safe < 0 || q.Safe > 2 || q.Safe == 2 && q.MsgType != "mpnews":
		return nil, refuse(40058, "safe is 0 or 1, or 2 for mpnews")
	case q.MsgType == "miniprogram_notice" && strings.Contains(q.ToUser, "@all"):
		return nil, refuse(40058, "a miniprogram_notice cannot go to @all")
	case q.IDTrans>>1 != 0 || q.Duplicate>>1 != 0:
		return nil, refuse(40058, "enable_id_trans and enable_duplicate_check are 0 or 1")
	}
	out := messageReply{reply: done()}
	targets, err := q.targets(c, &out)
	if err != nil {
		return nil, err
	}
	app := c.w.app
	if err := app.checkCards(q); err != nil {
		return nil, err
	}
	if c.s.on("message.daily") && app.sentOn(c.now)+len(targets) > 200*c.w.accountLimit() {
		return nil, refuse(45009, "more than %d recipients today", 200*c.w.accountLimit())
	}
	app.seq++
	app.forget(c.now)
	out.MsgID = letters(48, c.w.seed, app.seq, hashString("app message"))
	app.sent[out.MsgID] = c.now
	if q.Duplicate == 1 && app.seen(c.body, q.Interval, c.now) {
		return out, nil
	}
	app.countSent(c.now, len(targets))
	out.ResponseCode = c.keepCard(q, out.MsgID, targets)
	for _, n := range targets {
		sw := app.windows[n]
		if sw == nil {
			sw = &sendWindow{}
			app.windows[n] = sw
		}
		if sw.take(c.now) {
			c.s.journal(entry{Kind: "app_message", Staff: c.w.staff[n].id, ID: out.MsgID, Detail: q.summary(q.MsgType)})
		}
	}
	return out, nil
}

// targets are the members a message goes to; who does not exist or is outside
// the app's visible range is named in out, and refused when it is all there is.
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
		if n, ok := w.staffByID(id); ok && w.appSees(n) {
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
		if !w.staff[i].resigned && (in[i] || slices.Contains(users, "@all")) && w.appSees(int32(i)) {
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
	for _, card := range c.w.app.cards {
		if card.msgid == q.MsgID {
			card.recalled = true
		}
	}
	c.s.journal(entry{Kind: "app_message_recalled", ID: q.MsgID})
	return nil, nil
}
