package sandbox

import (
	"slices"
	"time"
)

// sentCard is a card that the app sent and may still change.
type sentCard struct {
	msgid    string
	taskID   string
	kind     string   // card_type, or taskcard
	keys     []string // of its buttons
	menu     []string // of its action menu
	to       []int32
	dead     map[int32]bool // members who see greyed buttons
	recalled bool
}

// cardResponse lets a card be changed once.
type cardResponse struct {
	card    *sentCard
	expires time.Time
}

// responseLife is how long a response_code lives.
const responseLife = 72 * time.Hour

// taskCard is the predecessor of button_interaction.
type taskCard struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	TaskID      string `json:"task_id"`
	Btn         []struct {
		Key         string `json:"key"`
		Name        string `json:"name"`
		ReplaceName string `json:"replace_name"`
		Color       string `json:"color"`
		IsBold      bool   `json:"is_bold"`
	} `json:"btn"`
}

func (t *taskCard) check() error {
	switch {
	case t.Title == "":
		return refuse(41016, "taskcard.title is missing")
	case t.Description == "":
		return refuse(41033, "taskcard.description is missing")
	case !goodTaskID(t.TaskID):
		return refuse(42014, "taskcard.task_id must be 1 to %d digits, letters and _-@", taskIDLimit)
	case len(t.Btn) == 0 || len(t.Btn) > 2:
		return refuse(42038, "taskcard.btn has %d buttons, 1 or 2 are allowed", len(t.Btn))
	}
	for i, b := range t.Btn {
		if b.Key == "" {
			return refuse(42039, "taskcard.btn[%d].key is missing", i)
		}
		if b.Name == "" {
			return refuse(42038, "taskcard.btn[%d].name is missing", i)
		}
	}
	return nil
}

// checkCards refuses a task_id that the app has used already.
func (a *appState) checkCards(q *messageQuery) error {
	id := ""
	switch {
	case q.MsgType == "template_card":
		id = q.TemplateCard.TaskID
	case q.MsgType == "taskcard":
		id = q.TaskCard.TaskID
	}
	if id != "" && a.cards[id] != nil {
		return refuse(42014, "the app has used the task_id %q already", id)
	}
	return nil
}

// keepCard remembers a card that can answer, and makes its first response_code.
func (c *call) keepCard(q *messageQuery, msgid string, to []int32) string {
	card := &sentCard{msgid: msgid, to: slices.Clone(to), dead: map[int32]bool{}}
	switch {
	case q.MsgType == "taskcard":
		card.taskID, card.kind = q.TaskCard.TaskID, "taskcard"
		for _, b := range q.TaskCard.Btn {
			card.keys = append(card.keys, b.Key)
		}
		c.w.app.cards[card.taskID] = card
		return ""
	case q.MsgType != "template_card" || !q.TemplateCard.answers():
		return ""
	}
	card.taskID = q.TemplateCard.TaskID
	card.show(q.TemplateCard)
	c.w.app.cards[card.taskID] = card
	return c.s.newResponse(card)
}

// show takes over what members can press on a card.
func (card *sentCard) show(t *templateCard) {
	card.kind, card.keys, card.menu = t.CardType, nil, nil
	for _, b := range t.ButtonList {
		if b.Type == 0 {
			card.keys = append(card.keys, b.Key)
		}
	}
	if t.SubmitButton != nil {
		card.keys = append(card.keys, t.SubmitButton.Key)
	}
	if t.ActionMenu != nil {
		for _, a := range t.ActionMenu.ActionList {
			card.menu = append(card.menu, a.Key)
		}
	}
}

func (s *Sandbox) newResponse(card *sentCard) string {
	app := s.world.app
	app.seq++
	code := letters(43, s.world.seed, app.seq, hashString("response code"))
	app.responses[code] = &cardResponse{card: card, expires: s.now().Add(responseLife)}
	return code
}

type updateCardQuery struct {
	UserIDs      []string `json:"userids"`
	PartyIDs     []int    `json:"partyids"`
	TagIDs       []int    `json:"tagids"`
	AtAll        int      `json:"atall"`
	AgentID      agentID  `json:"agentid"`
	ResponseCode string   `json:"response_code"`
	IDTrans      int      `json:"enable_id_trans"`
	Button       *struct {
		ReplaceName string `json:"replace_name"`
	} `json:"button"`
	TemplateCard *templateCard `json:"template_card"`
}

type updateCardReply struct {
	reply
	InvalidUser []string `json:"invaliduser,omitempty"`
}

func updateTemplateCard(c *call, q *updateCardQuery) (any, error) {
	if err := q.AgentID.check(c); err != nil {
		return nil, err
	}
	response := c.w.app.responses[q.ResponseCode]
	switch {
	case response == nil || !c.now.Before(response.expires):
		return nil, refuse(60140, "response_code %q is unknown, used or older than 72 hours", q.ResponseCode)
	case q.AtAll>>1 != 0 || q.IDTrans>>1 != 0:
		return nil, refuse(40058, "atall and enable_id_trans are 0 or 1")
	case len(q.UserIDs) > 1000 || len(q.PartyIDs) > 100 || len(q.TagIDs) > 100:
		return nil, refuse(40058, "at most 1000 members, 100 departments and 100 tags are allowed")
	case q.Button == nil && q.TemplateCard == nil:
		return nil, refuse(40058, "button and template_card are both missing")
	case q.TemplateCard == nil && !slices.Contains(interactiveCards, response.card.kind):
		return nil, refuse(42031, "a card of kind %s has no buttons to grey", response.card.kind)
	case q.TemplateCard == nil && q.Button.ReplaceName == "":
		return nil, refuse(42038, "button.replace_name is missing")
	}
	if q.TemplateCard != nil {
		if err := q.TemplateCard.check(c); err != nil {
			return nil, err
		}
	}
	to, out, err := q.targets(c, response.card)
	if err != nil {
		return nil, err
	}
	delete(c.w.app.responses, q.ResponseCode)
	if q.TemplateCard != nil {
		response.card.show(q.TemplateCard)
	}
	for _, n := range to {
		response.card.dead[n] = q.TemplateCard == nil || q.TemplateCard.ReplaceText != ""
		c.s.journal(entry{Kind: "app_card_updated", Staff: c.w.staff[n].id, ID: response.card.msgid})
	}
	return out, nil
}

// targets are the receivers of the card whom a change is for.
func (q *updateCardQuery) targets(c *call, card *sentCard) ([]int32, updateCardReply, error) {
	out := updateCardReply{reply: done()}
	if q.AtAll == 1 {
		return card.to, out, nil
	}
	if len(q.UserIDs)+len(q.PartyIDs)+len(q.TagIDs) == 0 {
		return nil, out, refuse(82101, "userids, partyids, tagids and atall are all empty")
	}
	var to []int32
	for _, id := range q.UserIDs {
		if n, ok := c.w.staffByID(id); ok && slices.Contains(card.to, n) {
			to = append(to, n)
		} else {
			out.InvalidUser = append(out.InvalidUser, id)
		}
	}
	for _, n := range card.to {
		m := &c.w.staff[n]
		if slices.ContainsFunc(q.PartyIDs, m.in) || slices.ContainsFunc(q.TagIDs, func(id int) bool {
			t := c.w.staffTag(id)
			return t != nil && slices.Contains(c.w.staffWith(t), n)
		}) {
			to = append(to, n)
		}
	}
	if len(to) == 0 {
		return nil, out, refuse(82102, "none of the targets got the card")
	}
	slices.Sort(to)
	return slices.Compact(to), out, nil
}

type updateTaskQuery struct {
	UserIDs     []string `json:"userids"`
	AgentID     agentID  `json:"agentid"`
	TaskID      string   `json:"task_id"`
	ClickedKey  string   `json:"clicked_key"`
	ReplaceName string   `json:"replace_name"` // instead of clicked_key, in newer texts
}

func updateTaskCard(c *call, q *updateTaskQuery) (any, error) {
	if err := q.AgentID.check(c); err != nil {
		return nil, err
	}
	card := c.w.app.cards[q.TaskID]
	switch {
	case len(q.UserIDs) == 0 || len(q.UserIDs) > 1000:
		return nil, refuse(40058, "userids must have 1 to 1000 ids")
	case q.TaskID == "":
		return nil, refuse(42014, "task_id is missing")
	case card == nil || card.kind != "taskcard":
		return nil, refuse(42016, "the app sent no task card %q", q.TaskID)
	case q.ReplaceName == "" && !slices.Contains(card.keys, q.ClickedKey):
		return nil, refuse(42017, "the task card has no button %q", q.ClickedKey)
	}
	out := updateCardReply{reply: done()}
	for _, id := range q.UserIDs {
		n, ok := c.w.staffByID(id)
		if !ok || !slices.Contains(card.to, n) {
			out.InvalidUser = append(out.InvalidUser, id)
			continue
		}
		card.dead[n] = true
		c.s.journal(entry{Kind: "app_card_updated", Staff: c.w.staff[n].id, ID: card.msgid, Detail: q.ClickedKey})
	}
	return out, nil
}
