package sandbox

import (
	"slices"
	"time"
)

// massParam finds the message a call names; 41063 while it is dispatched.
func (c *call) massParam(id string) (*massMessage, error) {
	if id == "" {
		return nil, refuse(41046, "msgid is missing")
	}
	m := c.w.msgIndex[id]
	if m == nil {
		return nil, refuse(41047, "no mass message %q", id)
	}
	return m, nil
}

func (c *call) dispatchedParam(id string) (*massMessage, error) {
	m, err := c.massParam(id)
	if err == nil && c.now.Unix() < m.dispatched {
		return nil, refuse(41063, "the message is dispatched until %s of the world", stamp(time.Unix(m.dispatched, 0)))
	}
	return m, err
}

type massListQuery struct {
	ChatType   string `json:"chat_type"`
	StartTime  int64  `json:"start_time"`
	EndTime    int64  `json:"end_time"`
	Creator    string `json:"creator"`
	FilterType *int   `json:"filter_type"`
	Limit      int    `json:"limit"`
	Cursor     string `json:"cursor"`
}

type textView struct {
	Content string `json:"content"`
}

type massView struct {
	MsgID       string       `json:"msgid"`
	Creator     string       `json:"creator,omitempty"`
	CreateTime  int64        `json:"create_time"`
	CreateType  int          `json:"create_type"`
	Text        textView     `json:"text"`
	Attachments []attachment `json:"attachments"`
}

type massListReply struct {
	reply
	NextCursor string     `json:"next_cursor"`
	List       []massView `json:"group_msg_list"`
}

// pageSize applies the rule of the mass-message calls: too large falls back to
// the default.
func pageSize(limit, most, normal int) int {
	if limit <= 0 || limit > most {
		return normal
	}
	return limit
}

func massList(c *call, q *massListQuery) (any, error) {
	switch {
	case q.ChatType != "single" && q.ChatType != "group":
		return nil, refuse(40058, "chat_type %q: must be single or group", q.ChatType)
	case q.StartTime <= 0 || q.EndTime <= 0 || q.EndTime < q.StartTime:
		return nil, refuse(40058, "start_time and end_time are required, in this order")
	case time.Unix(q.EndTime, 0).After(time.Unix(q.StartTime, 0).AddDate(0, 1, 0)):
		return nil, refuse(40058, "end_time is more than a month after start_time")
	case q.FilterType != nil && (*q.FilterType < 0 || *q.FilterType > 2):
		return nil, refuse(40058, "filter_type %d: must be between 0 and 2", *q.FilterType)
	}
	filter := hash(uint64(q.StartTime), uint64(q.EndTime), hashString(q.ChatType), hashString(q.Creator))
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, 100, 50)
	out := massListReply{reply: done(), List: []massView{}}
	for ; at < len(c.w.messages); at++ {
		m := c.w.messages[at]
		personal := 0
		if m.byMember != "" {
			personal = 1
		}
		if m.chatType != q.ChatType || m.created < q.StartTime || m.created > q.EndTime ||
			(q.Creator != "" && q.Creator != m.byMember) || (q.FilterType != nil && *q.FilterType != 2 && *q.FilterType != personal) {
			continue
		}
		if len(out.List) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		out.List = append(out.List, massView{
			MsgID: m.id, Creator: m.byMember, CreateTime: m.created, CreateType: personal,
			Text: textView{m.text}, Attachments: copied(m.attachments),
		})
	}
	return out, nil
}

type massTaskQuery struct {
	MsgID  string `json:"msgid"`
	Limit  int    `json:"limit"`
	Cursor string `json:"cursor"`
}

type massTaskView struct {
	UserID   string `json:"userid"`
	Status   int    `json:"status"`
	SendTime int64  `json:"send_time,omitempty"`
}

type massTaskReply struct {
	reply
	NextCursor string         `json:"next_cursor"`
	TaskList   []massTaskView `json:"task_list"`
}

func massTasks(c *call, q *massTaskQuery) (any, error) {
	m, err := c.dispatchedParam(q.MsgID)
	if err != nil {
		return nil, err
	}
	at, err := readCursor(q.Cursor, m.number)
	if err != nil {
		return nil, err
	}
	limit := pageSize(q.Limit, 1000, 500)
	out := massTaskReply{reply: done(), TaskList: []massTaskView{}}
	for ; at < len(m.tasks); at++ {
		if len(out.TaskList) == limit {
			out.NextCursor = makeCursor(m.number, at)
			break
		}
		t := m.tasks[at]
		v := massTaskView{UserID: c.w.staff[t.staff].id, SendTime: t.sentAt}
		if t.sentAt != 0 {
			v.Status = 2
		}
		out.TaskList = append(out.TaskList, v)
	}
	return out, nil
}

type massResultQuery struct {
	MsgID  string `json:"msgid"`
	UserID string `json:"userid"`
	Limit  int    `json:"limit"`
	Cursor string `json:"cursor"`
}

type massResultView struct {
	ExternalUserID string `json:"external_userid,omitempty"`
	ChatID         string `json:"chat_id,omitempty"`
	UserID         string `json:"userid"`
	Status         uint8  `json:"status"`
	SendTime       int64  `json:"send_time,omitempty"`
}

type massResultReply struct {
	reply
	NextCursor string           `json:"next_cursor"`
	SendList   []massResultView `json:"send_list"`
}

func massResults(c *call, q *massResultQuery) (any, error) {
	m, err := c.dispatchedParam(q.MsgID)
	if err != nil {
		return nil, err
	}
	if q.UserID == "" {
		return nil, refuse(41009, "userid is missing")
	}
	staff, ok := c.w.anyStaff(q.UserID)
	if !ok {
		return nil, refuse(40003, "no member %q", q.UserID)
	}
	filter := hash(m.number, uint64(staff))
	at, err := readCursor(q.Cursor, filter)
	if err != nil {
		return nil, err
	}
	out := massResultReply{reply: done(), SendList: []massResultView{}}
	i := slices.IndexFunc(m.tasks, func(t *massTask) bool { return t.staff == staff })
	if i < 0 {
		return out, nil
	}
	task, limit := m.tasks[i], pageSize(q.Limit, 1000, 500)
	for ; at < len(task.targets); at++ {
		target := task.targets[at]
		if m.chatType == "group" && target.status == massUnsent {
			continue // group sending lists sent records only
		}
		if len(out.SendList) == limit {
			out.NextCursor = makeCursor(filter, at)
			break
		}
		v := massResultView{UserID: c.w.staff[staff].id, Status: target.status}
		if target.status == massSent {
			v.SendTime = task.sentAt
		}
		if m.chatType == "group" {
			v.ChatID = c.w.chats[target.to].id
		} else {
			v.ExternalUserID = c.w.customerID(target.to)
		}
		out.SendList = append(out.SendList, v)
	}
	return out, nil
}

type massIDQuery struct {
	MsgID string `json:"msgid"`
}

func massRemind(c *call, q *massIDQuery) (any, error) {
	m, err := c.massParam(q.MsgID)
	if err != nil {
		return nil, err
	}
	if m.cancelled {
		return nil, refuse(41093, "the message was cancelled")
	}
	now := c.now.Unix()
	m.reminded = slices.DeleteFunc(m.reminded, func(at int64) bool { return at <= now-86400 })
	if len(m.reminded) >= remindersADay {
		return nil, refuse(41094, "%d reminders in the last 24 h", remindersADay)
	}
	m.reminded = append(m.reminded, now)
	c.s.journal(entry{Kind: "mass_reminded", ID: m.id})
	c.s.planReminded(m)
	return nil, nil
}

func massCancel(c *call, q *massIDQuery) (any, error) {
	m, err := c.massParam(q.MsgID)
	if err != nil {
		return nil, err
	}
	if m.cancelled {
		return nil, refuse(41093, "the message was cancelled before")
	}
	m.cancelled = true
	c.s.journal(entry{Kind: "mass_cancelled", ID: m.id})
	return nil, nil
}
