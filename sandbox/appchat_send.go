package sandbox

import (
	"strconv"
	"time"
)

type appChatSendQuery struct {
	ChatID  string `json:"chatid"`
	MsgType string `json:"msgtype" bad:"40008"`
	Safe    int    `json:"safe"`

	messageContent
}

// Limits of what goes into app chats. What one member gets beyond is dropped
// silently.
const (
	appChatCorpMinute   = 20_000
	appChatMemberMinute = 200
	appChatMemberDay    = 10_000
)

func appChatSend(c *call, q *appChatSendQuery) (any, error) {
	chat, err := c.appChatParam(q.ChatID)
	if err != nil {
		return nil, err
	}
	if err := q.check(c, q.MsgType, chatKinds); err != nil {
		return nil, err
	}
	if q.Safe>>1 != 0 {
		return nil, refuse(40058, "safe is 0 or 1")
	}
	all := c.w.appChats
	all.sent.roll(c.now)
	hourly, err := strconv.Atoi(c.s.switches["appchat.hourly"])
	if err != nil {
		return nil, err
	}
	if all.sent.inMinute+len(chat.members) > appChatCorpMinute || all.sent.inHour+len(chat.members) > hourly {
		return nil, refuse(45009, "more than %d recipients in this minute or %d in this hour (switch appchat.hourly)", appChatCorpMinute, hourly)
	}
	all.sent.add(len(chat.members))
	if !chat.shown {
		chat.shown = true
		c.s.journal(entry{Kind: "app_chat_shown", Chat: chat.id})
	}
	text := q.summary(q.MsgType)
	for _, n := range chat.members {
		got := all.received[n]
		if got == nil {
			got = &volume{}
			all.received[n] = got
		}
		got.roll(c.now)
		if got.inMinute < appChatMemberMinute && got.inDay < appChatMemberDay {
			got.add(1)
			c.s.journal(entry{Kind: "app_chat_message", Staff: c.w.staff[n].id, Chat: chat.id, Detail: text})
		}
	}
	return nil, nil
}

// roll begins new windows where the old ones are over.
func (v *volume) roll(now time.Time) {
	if m := now.Unix() / 60; m != v.minute {
		v.minute, v.inMinute = m, 0
	}
	if h := now.Unix() / 3600; h != v.hour {
		v.hour, v.inHour = h, 0
	}
	if d := today(now).Unix(); d != v.day {
		v.day, v.inDay = d, 0
	}
}

func (v *volume) add(n int) {
	v.inMinute += n
	v.inHour += n
	v.inDay += n
}
