package sandbox

import (
	"slices"
	"time"
)

const handoverGroups = 100 // a call

// Status of a group that groupchat/list shows besides 0.
const (
	chatOwnerless  = 1 // the owner has left
	chatInheriting = 2
	chatInherited  = 3
)

// status is what groupchat/list says of a group.
func (w *world) chatStatus(ch *chat) int {
	switch {
	case ch.inheriting:
		return chatInheriting
	case w.staff[ch.owner].resigned:
		return chatOwnerless
	case ch.inherited:
		return chatInherited
	}
	return 0
}

type groupHandoverQuery struct {
	ChatIDList []string `json:"chat_id_list"`
	NewOwner   string   `json:"new_owner"`
}

type failedChat struct {
	ChatID  string `json:"chat_id"`
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

type groupHandoverReply struct {
	reply
	Failed []failedChat `json:"failed_chat_list"`
}

func groupHandOver(c *call, q *groupHandoverQuery) (any, error) {
	return c.handOverGroups(q, func(ch *chat, to int32) int {
		switch {
		case c.w.staff[ch.owner].resigned:
			return 90502
		case ch.owner == to:
			return 90504
		case c.w.handovers.groups.movedLately(ch, c.now) >= handoverMoves:
			return 40128
		}
		return 0
	}, func(ch *chat, to int32) {
		b := c.w.handovers.groups.byChat
		b[ch.number] = append(b[ch.number], c.now.Unix())
		c.s.giveGroup(ch, to)
	})
}

// groupHandOverOfLeaver gives groups whose owner has left to a new one. It
// takes as long as a change of a group takes to show.
func groupHandOverOfLeaver(c *call, q *groupHandoverQuery) (any, error) {
	return c.handOverGroups(q, func(ch *chat, _ int32) int {
		switch {
		case ch.inheriting:
			return 90507
		case !c.w.staff[ch.owner].resigned && ch.inherited:
			return 90508
		case !c.w.staff[ch.owner].resigned:
			return 90500
		case c.now.Sub(c.w.leftAt(ch.owner)) > leaverLife*24*time.Hour:
			return 90500
		}
		return 0
	}, func(ch *chat, to int32) {
		ch.inheriting = true
		c.s.after(c.s.millis("groupchat.read_delay_ms"), func() {
			ch.inheriting, ch.inherited = false, true
			c.s.giveGroup(ch, to)
		})
	})
}

// handOverGroups is what both calls share: each group is given, or fails alone.
func (c *call) handOverGroups(q *groupHandoverQuery, check func(*chat, int32) int, give func(*chat, int32)) (any, error) {
	if n := len(q.ChatIDList); n == 0 || n > handoverGroups {
		return nil, refuse(40058, "chat_id_list holds %d groups: must be between 1 and %d", n, handoverGroups)
	}
	to, err := c.w.memberParam("new_owner", q.NewOwner)
	if err != nil {
		return nil, err
	}
	if err := c.w.accountError(to, true); err != nil {
		return nil, err
	}
	out := groupHandoverReply{reply: done(), Failed: []failedChat{}}
	for _, id := range q.ChatIDList {
		ch, code := c.w.chatIndex[id], 0
		switch {
		case ch == nil || ch.dismissed:
			code = 90501
		default:
			code = check(ch, to)
		}
		if code == 0 && len(ch.members) >= chatLimit && ch.place(true, to) < 0 {
			code = 90503
		}
		if code == 0 && !c.w.handovers.groups.take(ch.owner, to, c.now) {
			code = 45009
		}
		if code != 0 {
			out.Failed = append(out.Failed, failedChat{ChatID: id, ErrCode: code, ErrMsg: errmsgs()[code]})
			continue
		}
		give(ch, to)
	}
	return out, nil
}

// giveGroup makes a member the owner. The API causes no event.
func (s *Sandbox) giveGroup(ch *chat, to int32) {
	from := ch.owner
	joins := ch.place(true, to) < 0
	s.change(ch, func() {
		if joins {
			ch.members = slices.Clone(ch.members)
			ch.join(chatMember{staff: true, who: to, at: s.now().Unix(), scene: 1, inviter: from})
		}
		ch.owner = to
	})
	if joins {
		s.journal(entry{Kind: "group_join", Customer: s.world.staff[to].id, Chat: ch.id})
	}
	s.journal(entry{Kind: "group_handed_over", Staff: s.world.staff[to].id, Chat: ch.id, Detail: s.world.staff[from].id})
}

// take counts one more group of a day between two owners; false above 300.
func (g *groupMoves) take(from, to int32, now time.Time) bool {
	if day := today(now); !day.Equal(g.day) {
		g.day = day
		clear(g.between)
	}
	key := pairKey{from, to}
	if g.between[key] >= handoverGroupsDay {
		return false
	}
	g.between[key]++
	return true
}

// movedLately counts the moves of a group between serving owners.
func (g *groupMoves) movedLately(ch *chat, now time.Time) int {
	since := today(now).AddDate(0, 0, -handoverWindow).Unix()
	kept := slices.DeleteFunc(g.byChat[ch.number], func(at int64) bool { return at < since })
	if len(kept) > 0 {
		g.byChat[ch.number] = kept
	}
	return len(kept)
}
