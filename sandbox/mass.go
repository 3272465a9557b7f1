package sandbox

import (
	"slices"
	"strconv"
	"time"
)

// massMessage is one mass message: a task for each member who has to send.
type massMessage struct {
	id          string
	number      uint64
	chatType    string // single or group
	created     int64
	dispatched  int64  // from then on tasks can be read and confirmed
	byMember    string // creator, empty when made through the API
	text        string
	attachments []attachment
	tasks       []*massTask
	cancelled   bool
	reminded    []int64
}

// massTask is what one member has to send.
type massTask struct {
	staff    int32
	targets  []massTarget
	sentAt   int64 // 0 = not sent
	declined bool
}

// massTarget is a customer, or the number of a chat, and what became of it.
type massTarget struct {
	to     int32
	status uint8
}

// Status of a target.
const (
	massUnsent    uint8 = 0
	massSent      uint8 = 1
	massNoFriend  uint8 = 2
	massOverLimit uint8 = 3
)

const (
	massCustomersLimit = 10_000
	massChatsLimit     = 2_000
	remindersADay      = 3
)

func (w *world) addMessage(m *massMessage) *massMessage {
	w.messages = append(w.messages, m)
	m.number = uint64(len(w.messages))
	m.id = "msg" + letters(29, w.seed, m.number, 91)
	w.msgIndex[m.id] = m
	return m
}

func massFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/externalcontact/add_msg_template", byExternal, massAdd).alias("/cgi-bin/crm/add_msg_template"),
			post("/cgi-bin/externalcontact/get_groupmsg_list_v2", byExternal, massList),
			post("/cgi-bin/externalcontact/get_groupmsg_task", byExternal, massTasks),
			post("/cgi-bin/externalcontact/get_groupmsg_send_result", byExternal, massResults),
			post("/cgi-bin/externalcontact/remind_groupmsg_send", byExternal, massRemind),
			post("/cgi-bin/externalcontact/cancel_groupmsg_send", byExternal, massCancel),
		},
		acts: []act{
			doing("staff_confirms", staffConfirms),
			doing("staff_declines", staffDeclines),
		},
	}
}

type massAddQuery struct {
	ChatType       string   `json:"chat_type"`
	ExternalUserID []string `json:"external_userid"`
	ChatIDList     []string `json:"chat_id_list"`
	TagFilter      *struct {
		GroupList []struct {
			TagList []string `json:"tag_list"`
		} `json:"group_list"`
	} `json:"tag_filter"`
	Sender      string `json:"sender"`
	AllowSelect bool   `json:"allow_select"`
	content
}

type massAddReply struct {
	reply
	FailList []string `json:"fail_list"`
	MsgID    string   `json:"msgid"`
}

func massAdd(c *call, q *massAddQuery) (any, error) {
	if q.ChatType == "" {
		q.ChatType = "single"
	}
	if q.ChatType != "single" && q.ChatType != "group" {
		return nil, refuse(86214, "chat_type %q: must be single or group", q.ChatType)
	}
	if len(q.ExternalUserID) > massCustomersLimit || len(q.ChatIDList) > massChatsLimit {
		return nil, refuse(40058, "at most %d customers or %d groups a call", massCustomersLimit, massChatsLimit)
	}
	if err := c.checkContent(&q.content); err != nil {
		return nil, err
	}
	sender := int32(-1)
	if q.Sender != "" {
		n, err := c.w.staffParam(q.Sender)
		if err != nil {
			return nil, err
		}
		sender = n
	}
	tasks, failed, err := c.massTargets(q, sender)
	if err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, refuse(41048, "nobody can be sent to: %d targets, all invalid", len(failed))
	}
	delay, err := strconv.Atoi(c.s.switches["mass.dispatch_ms"])
	if err != nil {
		delay = 0 // the switch holds numbers only
	}
	ready := c.now.Add(time.Duration(delay) * time.Millisecond)
	m := c.w.addMessage(&massMessage{
		chatType: q.ChatType, created: c.now.Unix(), dispatched: ready.Unix(), text: q.text(),
		attachments: slices.Clone(q.Attachments), tasks: tasks,
	})
	c.s.journal(entry{Kind: "mass_created", ID: m.id, Detail: strconv.Itoa(len(tasks)) + " tasks"})
	c.s.planConfirmations(m)
	return massAddReply{reply: done(), FailList: failed, MsgID: m.id}, nil
}

// massTargets deals the receivers out to the members who have to send.
func (c *call) massTargets(q *massAddQuery, sender int32) ([]*massTask, []string, error) {
	failed := []string{}
	deal := newDealer()
	if q.ChatType == "group" {
		return c.groupTargets(q, sender, deal)
	}
	if sender < 0 && len(q.ExternalUserID) == 0 && q.TagFilter == nil {
		return nil, nil, refuse(40058, "sender, external_userid and tag_filter are all empty")
	}
	wanted, err := c.tagGroups(q)
	if err != nil {
		return nil, nil, err
	}
	if len(q.ExternalUserID) > 0 { // the filter then does not count
		seen := map[int32]bool{}
		for _, id := range q.ExternalUserID {
			cust, ok := c.w.customerByID(id)
			r := (*relation)(nil)
			if ok {
				r = c.w.lastTalker(cust, sender)
			}
			switch {
			case r == nil:
				failed = append(failed, id)
			case !seen[cust]:
				seen[cust] = true
				deal.add(r.staff, cust)
			}
		}
		return deal.tasks, failed, nil
	}
	staff := []int32{sender}
	if sender < 0 {
		staff = staff[:0]
		for i := range c.w.staff {
			staff = append(staff, int32(i))
		}
	}
	for _, n := range staff {
		for _, rel := range c.w.staff[n].relations {
			r := &c.w.relations[rel]
			if r.alive() && c.w.hasTags(r, wanted) && c.w.lastTalker(r.customer, sender) == r {
				deal.add(n, r.customer)
			}
		}
	}
	return deal.tasks, failed, nil
}

func (c *call) groupTargets(q *massAddQuery, sender int32, deal *dealer) ([]*massTask, []string, error) {
	failed := []string{}
	if sender < 0 {
		return nil, nil, refuse(40058, "sender is required when chat_type is group")
	}
	if len(q.ChatIDList) == 0 {
		for i, ch := range c.w.chats {
			if ch.owner == sender && !ch.dismissed {
				deal.add(sender, int32(i))
			}
		}
		return deal.tasks, failed, nil
	}
	for _, id := range q.ChatIDList {
		ch := c.w.chatIndex[id]
		if ch == nil || ch.dismissed || ch.owner != sender {
			failed = append(failed, id)
			continue
		}
		deal.add(sender, int32(ch.number-1))
	}
	return deal.tasks, failed, nil
}

// tagGroups reads the filter: OR within a list, AND between lists.
func (c *call) tagGroups(q *massAddQuery) ([][]int32, error) {
	if q.TagFilter == nil {
		return nil, nil
	}
	var out [][]int32
	for _, g := range q.TagFilter.GroupList {
		if len(g.TagList) > 100 {
			return nil, refuse(40058, "a tag_list has %d tags, at most 100 are allowed", len(g.TagList))
		}
		var list []int32
		for _, id := range g.TagList {
			t := c.w.tagIndex[id]
			if t == nil {
				return nil, refuse(40068, "tag_filter names %q, which does not exist", id)
			}
			list = append(list, t.number)
		}
		if len(list) > 0 {
			out = append(out, list)
		}
	}
	return out, nil
}

func (w *world) hasTags(r *relation, groups [][]int32) bool {
	for _, g := range groups {
		if !slices.ContainsFunc(g, func(t int32) bool { return slices.Contains(r.tags, t) }) {
			return false
		}
	}
	return true
}

// lastTalker is the relation whose member talked with the customer last, or the
// sender's own; nil when there is none.
func (w *world) lastTalker(cust, sender int32) *relation {
	var best *relation
	for i := w.customers[cust].first; i != 0; i = w.relations[i-1].next {
		r := &w.relations[i-1]
		if !r.alive() || w.staff[r.staff].resigned || (sender >= 0 && r.staff != sender) {
			continue
		}
		if best == nil || r.lastTalk > best.lastTalk || (r.lastTalk == best.lastTalk && r.staff < best.staff) {
			best = r
		}
	}
	return best
}

// dealer collects receivers by member.
type dealer struct {
	byStaff map[int32]*massTask
	tasks   []*massTask
}

func newDealer() *dealer { return &dealer{byStaff: map[int32]*massTask{}} }

func (d *dealer) add(staff, to int32) {
	t := d.byStaff[staff]
	if t == nil {
		t = &massTask{staff: staff}
		d.byStaff[staff] = t
		d.tasks = append(d.tasks, t)
	}
	t.targets = append(t.targets, massTarget{to: to})
}
