package sandbox

import (
	"regexp"
	"slices"
	"time"
)

// appChat is a group of members that the app made.
type appChat struct {
	id, name string
	owner    int32
	members  []int32
	shown    bool // members see it from the first message on
}

// appChats are all groups of the app, and the limits of their calls.
type appChats struct {
	index    map[string]*appChat
	seq      uint64
	day      time.Time
	made     int // today
	hour     int64
	changed  int // in this hour
	sent     volume
	received map[int32]*volume // by member
}

// volume counts in the current minute, hour and day.
type volume struct {
	minute, hour, day       int64
	inMinute, inHour, inDay int
}

func appChatFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/appchat/create", byApp, appChatCreate),
			post("/cgi-bin/appchat/update", byApp, appChatUpdate),
			get("/cgi-bin/appchat/get", byApp, appChatGet),
			post("/cgi-bin/appchat/send", byApp, appChatSend),
		},
		build: func(s *Sandbox) {
			s.world.appChats = &appChats{index: map[string]*appChat{}, received: map[int32]*volume{}}
		},
	}
}

const (
	appChatName       = 50 // characters; longer ones are cut
	appChatLeast      = 2
	appChatMost       = 2000
	appChatID         = 32
	appChatsADay      = 1000
	appChatEditsAHour = 1000
)

var appChatIDForm = regexp.MustCompile(`^[0-9A-Za-z]+$`)

// appChatCaller refuses apps that do not see the whole corp.
func (c *call) appChatCaller() error {
	if !c.w.app.visible.whole() {
		return refuse(48002, "the visible range of the app is not the root department")
	}
	return nil
}

type appChatCreateQuery struct {
	Name     string   `json:"name"`
	Owner    string   `json:"owner"`
	UserList []string `json:"userlist"`
	ChatID   string   `json:"chatid"`
}

type appChatIDReply struct {
	reply
	ChatID string `json:"chatid"`
}

func appChatCreate(c *call, q *appChatCreateQuery) (any, error) {
	all := c.w.appChats
	if err := c.appChatCaller(); err != nil {
		return nil, err
	}
	switch {
	case len(q.ChatID) > appChatID:
		return nil, refuse(86205, "chatid has %d characters, at most %d are allowed", len(q.ChatID), appChatID)
	case q.ChatID != "" && !appChatIDForm.MatchString(q.ChatID):
		return nil, refuse(86001, "chatid %q: only digits and letters are allowed", q.ChatID)
	case q.ChatID != "" && (all.index[q.ChatID] != nil || c.w.otherChat(q.ChatID)):
		return nil, refuse(86215, "chatid %q exists", q.ChatID)
	case len(q.UserList) == 0:
		return nil, refuse(86204, "userlist is missing")
	case len(q.UserList) > appChatMost:
		return nil, refuse(86006, "userlist has %d members, at most %d are allowed", len(q.UserList), appChatMost)
	}
	members, err := c.chatMembers(nil, q.UserList)
	if err != nil {
		return nil, err
	}
	if len(members) < appChatLeast {
		return nil, refuse(86006, "userlist has %d members, at least %d are needed", len(members), appChatLeast)
	}
	if day := today(c.now); !day.Equal(all.day) {
		all.day, all.made = day, 0
	}
	if all.made >= appChatsADay {
		return nil, refuse(45009, "%d chats were made today, no more are allowed", appChatsADay)
	}
	id := q.ChatID
	all.seq++
	if id == "" {
		id = "wrk" + letters(appChatID-3, c.w.seed, all.seq, hashString("app chat"))
	}
	chat := &appChat{id: id, name: cut(q.Name, appChatName), members: members}
	chat.owner = members[hash(c.w.seed, hashString(id))%uint64(len(members))]
	if q.Owner != "" {
		if chat.owner, err = c.chatOwner(q.Owner, members, 86207); err != nil {
			return nil, err
		}
	}
	all.made++
	all.index[id] = chat
	c.s.journal(entry{Kind: "app_chat_created", Chat: id, Staff: c.w.staff[chat.owner].id, Detail: chat.name})
	return appChatIDReply{reply: done(), ChatID: id}, nil
}

// chatMembers adds the members of those userids, each once.
func (c *call) chatMembers(members []int32, users []string) ([]int32, error) {
	for _, id := range users {
		if !userIDForm.MatchString(id) {
			return nil, refuse(86216, "%q is no userid", id)
		}
		n, ok := c.w.staffByID(id)
		if !ok {
			return nil, refuse(86007, "no member %q", id)
		}
		if !slices.Contains(members, n) {
			members = append(members, n)
		}
	}
	return members, nil
}

// chatOwner is the member who is to own a chat; outside is the errcode of one
// who is not in it.
func (c *call) chatOwner(id string, members []int32, outside int) (int32, error) {
	n, ok := c.w.staffByID(id)
	switch {
	case !ok:
		return 0, refuse(86005, "no member %q", id)
	case !slices.Contains(members, n):
		return 0, refuse(outside, "the owner %q is none of the members", id)
	}
	return n, nil
}

// otherChat is true for ids of groups that the app did not make.
func (w *world) otherChat(id string) bool { return w.chatIndex[id] != nil || w.archive.room(id) != nil }

// appChatParam finds the chat a call names, without those who resigned.
func (c *call) appChatParam(id string) (*appChat, error) {
	if err := c.appChatCaller(); err != nil {
		return nil, err
	}
	chat := c.w.appChats.index[id]
	switch {
	case chat == nil && c.w.otherChat(id):
		return nil, refuse(86008, "the chat %q was not made by this app", id)
	case len(id) > appChatID || !appChatIDForm.MatchString(id):
		return nil, refuse(86001, "chatid %q must have 1 to %d digits and letters", id, appChatID)
	case chat == nil:
		return nil, refuse(86003, "no chat %q", id)
	}
	gone := func(n int32) bool { return c.w.staff[n].resigned }
	chat.members = slices.DeleteFunc(chat.members, gone)
	if gone(chat.owner) && len(chat.members) > 0 {
		chat.owner = chat.members[0]
	}
	return chat, nil
}

type appChatUpdateQuery struct {
	ChatID string   `json:"chatid"`
	Name   string   `json:"name"`
	Owner  string   `json:"owner"`
	Add    []string `json:"add_user_list"`
	Delete []string `json:"del_user_list"`
}

func appChatUpdate(c *call, q *appChatUpdateQuery) (any, error) {
	chat, err := c.appChatParam(q.ChatID)
	if err != nil {
		return nil, err
	}
	all := c.w.appChats
	if h := c.now.Unix() / 3600; h != all.hour {
		all.hour, all.changed = h, 0
	}
	if all.changed >= appChatEditsAHour {
		return nil, refuse(45009, "%d changes were made in this hour, no more are allowed", appChatEditsAHour)
	}
	members, err := c.chatMembers(slices.Clone(chat.members), q.Add)
	if err != nil {
		return nil, err
	}
	leaving, err := c.chatMembers(nil, q.Delete)
	if err != nil {
		return nil, err
	}
	members = slices.DeleteFunc(members, func(n int32) bool { return slices.Contains(leaving, n) })
	if len(members) < appChatLeast || len(members) > appChatMost {
		return nil, refuse(86006, "the chat would have %d members, %d to %d are allowed", len(members), appChatLeast, appChatMost)
	}
	owner := chat.owner
	if q.Owner != "" {
		if owner, err = c.chatOwner(q.Owner, members, 86005); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(members, owner) {
		return nil, refuse(86005, "del_user_list holds the owner: name another one")
	}
	all.changed++
	chat.members, chat.owner = members, owner
	if q.Name != "" {
		chat.name = cut(q.Name, appChatName)
	}
	c.s.journal(entry{Kind: "app_chat_changed", Chat: chat.id, Staff: c.w.staff[owner].id, Detail: chat.name})
	return nil, nil
}

type appChatGetQuery struct {
	ChatID string `json:"chatid"`
}

type appChatReply struct {
	reply
	ChatInfo appChatView `json:"chat_info"`
}

type appChatView struct {
	ChatID   string   `json:"chatid"`
	Name     string   `json:"name"`
	Owner    string   `json:"owner"`
	UserList []string `json:"userlist"`
	ChatType int      `json:"chat_type"` // 0: ordinary
}

func appChatGet(c *call, q *appChatGetQuery) (any, error) {
	chat, err := c.appChatParam(q.ChatID)
	if err != nil {
		return nil, err
	}
	out := appChatView{ChatID: chat.id, Name: chat.name, Owner: c.w.staff[chat.owner].id, UserList: []string{}}
	for _, n := range chat.members {
		out.UserList = append(out.UserList, c.w.staff[n].id)
	}
	return appChatReply{reply: done(), ChatInfo: out}, nil
}
