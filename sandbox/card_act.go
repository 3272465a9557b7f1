package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

type cardActQuery struct {
	Staff    string              `json:"staff"`
	Task     string              `json:"task_id"` // empty: the newest card the member got
	Key      string              `json:"key"`
	Selected map[string][]string `json:"selected"` // option ids by question_key
}

// pickCard is the card an act names, or the newest that the member can press.
func (s *Sandbox) pickCard(q *cardActQuery) (*member, *sentCard, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, nil, err
	}
	n := s.world.staffIndexOf(m)
	var found *sentCard
	for _, id := range slices.Sorted(maps.Keys(s.world.app.cards)) {
		card := s.world.app.cards[id]
		newer := found == nil || s.world.app.sent[found.msgid].Before(s.world.app.sent[card.msgid])
		if (q.Task == "" && newer || q.Task == id) && slices.Contains(card.to, n) && !card.recalled {
			found = card
		}
	}
	switch {
	case found == nil:
		return nil, nil, unknownID("card of "+m.id, q.Task)
	case found.dead[n]:
		return nil, nil, fmt.Errorf("the buttons of card %q are grey for %s", found.taskID, m.id)
	}
	return m, found, nil
}

// staffClicksCard is a member pressing a button of a card, or sending its form.
func staffClicksCard(s *Sandbox, q *cardActQuery) (any, error) {
	m, card, err := s.pickCard(q)
	if err != nil {
		return nil, err
	}
	key, err := pickKey(card.keys, q.Key)
	if err != nil {
		return nil, err
	}
	if card.kind == "taskcard" {
		e := s.cardEvent(m, "taskcard_click", key, card)
		s.send(e.number("AgentID", int64(s.agentID)))
		return map[string]any{"staff": m.id, "key": key}, nil
	}
	code := s.newResponse(card)
	e := s.cardEvent(m, "template_card_event", key, card)
	e.text("CardType", card.kind).text("ResponseCode", code)
	if len(q.Selected) > 0 {
		e.within("SelectedItems", func() {
			for _, question := range slices.Sorted(maps.Keys(q.Selected)) {
				e.within("SelectedItem", func() {
					e.text("QuestionKey", question)
					e.within("OptionIds", func() {
						for _, id := range q.Selected[question] {
							e.text("OptionId", id)
						}
					})
				})
			}
		})
	}
	s.send(e.number("AgentID", int64(s.agentID)))
	return map[string]any{"staff": m.id, "key": key, "response_code": code}, nil
}

// staffClicksCardMenu is a member choosing an entry of a card's menu.
func staffClicksCardMenu(s *Sandbox, q *cardActQuery) (any, error) {
	m, card, err := s.pickCard(q)
	if err != nil {
		return nil, err
	}
	key, err := pickKey(card.menu, q.Key)
	if err != nil {
		return nil, err
	}
	code := s.newResponse(card)
	e := s.cardEvent(m, "template_card_menu_event", key, card)
	s.send(e.text("CardType", card.kind).text("ResponseCode", code).number("AgentID", int64(s.agentID)))
	return map[string]any{"staff": m.id, "key": key, "response_code": code}, nil
}

func pickKey(keys []string, key string) (string, error) {
	if key == "" && len(keys) > 0 {
		return keys[0], nil
	}
	if !slices.Contains(keys, key) {
		return "", unknownID("key of the card", key)
	}
	return key, nil
}

// cardEvent begins what a member's click tells.
func (s *Sandbox) cardEvent(m *member, name, key string, card *sentCard) *event {
	e := s.newMessage(AreaApp, name, m.id, m.id, "event", s.now())
	e.text("Event", name).text("EventKey", key).text("TaskId", card.taskID)
	s.journal(entry{Kind: "staff_clicks_card", Staff: m.id, ID: card.msgid, Detail: key})
	return e
}

// sentOn counts the recipients of a day.
func (a *appState) sentOn(now time.Time) int { return a.inDay[today(now).Unix()] }

// countSent adds recipients to today; two days are kept.
func (a *appState) countSent(now time.Time, n int) {
	day := today(now)
	a.inDay[day.Unix()] += n
	maps.DeleteFunc(a.inDay, func(at int64, _ int) bool { return at < day.AddDate(0, 0, -1).Unix() })
}

type statisticsQuery struct {
	TimeType int `json:"time_type"`
}

type statisticsReply struct {
	reply
	Statistics []statisticsLine `json:"statistics"`
}

type statisticsLine struct {
	AgentID int    `json:"agentid"`
	AppName string `json:"app_name"`
	Count   int    `json:"count"`
}

// messageStatistics counts the recipients of the app today or yesterday.
func messageStatistics(c *call, q *statisticsQuery) (any, error) {
	if q.TimeType>>1 != 0 {
		return nil, refuse(40058, "time_type is 0 (today) or 1 (yesterday)")
	}
	out := statisticsReply{reply: done(), Statistics: []statisticsLine{}}
	if n := c.w.app.sentOn(c.now.AddDate(0, 0, -q.TimeType)); n > 0 {
		out.Statistics = append(out.Statistics, statisticsLine{AgentID: c.s.agentID, AppName: c.viewAgent().Name, Count: n})
	}
	return out, nil
}
