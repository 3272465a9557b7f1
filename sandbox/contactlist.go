package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// contactTraversal is one walk over all external contacts; its temporary ids
// and cursors live for four hours.
type contactTraversal struct{ began time.Time }

const (
	contactListPage = 1000
	contactListLife = 4 * time.Hour
)

func contactListFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/externalcontact/contact_list", byApp, contactList),
			post("/cgi-bin/externalcontact/check_follow_user", byExternal, checkFollowUser),
			post("/cgi-bin/externalcontact/opengid_to_chatid", byExternal, openGIDToChat),
			post("/cgi-bin/externalcontact/convert_to_openid", byExternal, convertToOpenID),
		},
		acts: []act{
			doing("customer_opens_miniprogram", opensMiniProgram),
			doing("create_plain_group", createPlainGroup),
		},
	}
}

type contactListQuery struct {
	Cursor string `json:"cursor"`
	Limit  int    `json:"limit"`
}

type contactRow struct {
	IsCustomer     bool   `json:"is_customer"`
	TmpOpenID      string `json:"tmp_openid"`
	ExternalUserID string `json:"external_userid,omitempty"` // customers only
	Name           string `json:"name,omitempty"`            // masked, others only
	FollowUserID   string `json:"follow_userid"`
	ChatID         string `json:"chat_id,omitempty"`   // of a customer group
	ChatName       string `json:"chat_name,omitempty"` // of another group
	AddTime        int64  `json:"add_time"`
}

type contactListReply struct {
	reply
	List       []contactRow `json:"info_list"`
	NextCursor string       `json:"next_cursor"`
}

// contactList walks over all people the corp serves: customers, and those whom
// it knows from a group only.
func contactList(c *call, q *contactListQuery) (any, error) {
	w := c.w
	walk, at := 0, 0
	if q.Cursor == "" {
		w.traversals = append(w.traversals, contactTraversal{c.now})
		walk = len(w.traversals)
	} else if n, err := fmt.Sscanf(q.Cursor, "t%d-%d", &walk, &at); err != nil || n != 2 ||
		walk < 1 || walk > len(w.traversals) || at < 0 || c.now.Sub(w.traversals[walk-1].began) > contactListLife {
		return nil, refuse(60268, "cursor %q was not made by this call in the last 4 h", q.Cursor)
	}
	limit := pageSize(q.Limit, contactListPage, contactListPage)
	guests := w.groupGuests()
	out := contactListReply{reply: done(), List: []contactRow{}}
	for ; at < len(w.customers); at++ {
		row, ok := w.contactRow(int32(at), guests)
		if !ok {
			continue
		}
		if len(out.List) == limit {
			out.NextCursor = fmt.Sprintf("t%d-%d", walk, at)
			break
		}
		row.TmpOpenID = "wo" + letters(28, w.seed, uint64(walk), uint64(at), hashString("tmp openid"))
		out.List = append(out.List, row)
	}
	return out, nil
}

// plainChat is a group with people from outside that is no customer group: no
// other call knows it.
type plainChat struct {
	name   string
	owner  int32
	guests []chatMember
}

// guest is the first group in which somebody is who is nobody's customer.
type guest struct {
	id, name string // of a customer group, of another one
	owner    int32
	at       int64
}

func (w *world) groupGuests() map[int32]guest {
	out := map[int32]guest{}
	look := func(members []chatMember, in guest) {
		for _, m := range members {
			if !m.staff && w.customers[m.who].live == 0 {
				if g, ok := out[m.who]; !ok || m.at < g.at {
					in.at = m.at
					out[m.who] = in
				}
			}
		}
	}
	for _, ch := range w.chats {
		if !ch.dismissed {
			look(ch.members, guest{id: ch.id, owner: ch.owner})
		}
	}
	for _, ch := range w.plainChats {
		look(ch.guests, guest{name: ch.name, owner: ch.owner})
	}
	return out
}

type plainGroupQuery struct {
	Staff  string `json:"staff"`
	Name   string `json:"name"`
	Guests int    `json:"guests"` // people whom nobody knows yet; default 1
}

// createPlainGroup is a member making a group with people from outside that is
// no customer group.
func createPlainGroup(s *Sandbox, q *plainGroupQuery) (any, error) {
	w := s.world
	owner, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	q.Guests = cmp.Or(q.Guests, 1)
	if q.Guests < 1 || q.Guests > chatLimit-1 {
		return nil, fmt.Errorf("guests %d: must be between 1 and %d", q.Guests, chatLimit-1)
	}
	ch := &plainChat{name: cmp.Or(q.Name, "群聊"), owner: owner}
	for range q.Guests {
		ch.guests = append(ch.guests, chatMember{who: w.newPerson(), at: s.now().Unix()})
	}
	w.plainChats = append(w.plainChats, ch)
	s.journal(entry{Kind: "plain_group_created", Staff: w.staff[owner].id, Detail: ch.name})
	return map[string]any{"staff": w.staff[owner].id, "name": ch.name, "guests": q.Guests}, nil
}

func (w *world) contactRow(n int32, guests map[int32]guest) (contactRow, bool) {
	var first *relation
	for i := w.customers[n].first; i != 0; i = w.relations[i-1].next {
		if r := &w.relations[i-1]; r.alive() && (first == nil || r.addedAt < first.addedAt) {
			first = r
		}
	}
	if first != nil {
		return contactRow{
			IsCustomer: true, ExternalUserID: w.customerID(n), FollowUserID: w.staff[first.staff].id, AddTime: first.addedAt,
		}, true
	}
	g, ok := guests[n]
	if !ok {
		return contactRow{}, false
	}
	return contactRow{
		Name: string([]rune(customerName(n))[:1]) + "**", FollowUserID: w.staff[g.owner].id, ChatID: g.id, ChatName: g.name, AddTime: g.at,
	}, true
}

type checkFollowQuery struct {
	UserID  []string `json:"userid"`
	PartyID []int    `json:"partyid"`
}

type followSet struct {
	UserID  []string `json:"userid"`
	PartyID []int    `json:"partyid"`
}

type checkFollowReply struct {
	reply
	Authorized   followSet `json:"authorized"`
	Unauthorized followSet `json:"unauthorized"`
}

// checkFollowUser tells who may use customer contact: all who serve.
func checkFollowUser(c *call, q *checkFollowQuery) (any, error) {
	if len(q.UserID) == 0 && len(q.PartyID) == 0 {
		return nil, refuse(40058, "userid and partyid are both empty")
	}
	out := checkFollowReply{
		reply: done(), Authorized: followSet{[]string{}, []int{}}, Unauthorized: followSet{[]string{}, []int{}},
	}
	for _, id := range q.UserID {
		set := &out.Authorized
		if _, ok := c.w.staffByID(id); !ok {
			set = &out.Unauthorized
		}
		set.UserID = append(set.UserID, id)
	}
	for _, p := range q.PartyID {
		set := &out.Authorized
		if _, err := c.w.under(p); err != nil || p == 0 {
			set = &out.Unauthorized
		}
		set.PartyID = append(set.PartyID, p)
	}
	return out, nil
}

// openGID is the id by which a mini-program in WeChat knows a group.
func (c *chat) openGID() string { return "tG" + letters(26, c.seed, c.number, hashString("opengid")) }

type openGIDQuery struct {
	OpenGID string `json:"opengid"`
}

type chatIDReply struct {
	reply
	ChatID string `json:"chat_id"`
}

func openGIDToChat(c *call, q *openGIDQuery) (any, error) {
	i := slices.IndexFunc(c.w.chats, func(ch *chat) bool { return ch.openGID() == q.OpenGID && !ch.dismissed })
	if i < 0 {
		return nil, refuse(90511, "opengid %q stands for no group", q.OpenGID)
	}
	return chatIDReply{reply: done(), ChatID: c.w.chats[i].id}, nil
}

// opensMiniProgram is a member of a group opening a mini-program there, which
// learns the opengid.
func opensMiniProgram(s *Sandbox, q *chatActQuery) (any, error) {
	c, err := s.pickChat(q.Chat, func(*chat) bool { return true })
	if err != nil {
		return nil, err
	}
	return map[string]any{"chat": c.id, "opengid": c.openGID()}, nil
}

type customerOpenIDQuery struct {
	ExternalUserID string `json:"external_userid"`
}

type openIDReply struct {
	reply
	OpenID string `json:"openid"`
}

func convertToOpenID(c *call, q *customerOpenIDQuery) (any, error) {
	cust, err := c.w.customerParam(q.ExternalUserID)
	switch {
	case err != nil:
		return nil, err
	case c.w.customers[cust].wecom:
		return nil, refuse(41056, "%s is a WeCom user, who has no openid", q.ExternalUserID)
	case c.w.customers[cust].live == 0:
		return nil, refuse(84061, "no member of this corp has %s as a customer", q.ExternalUserID)
	}
	return openIDReply{reply: done(), OpenID: c.w.customerOpenID(cust)}, nil
}

// customerOpenID is the id of a person's WeChat account for payments.
func (w *world) customerOpenID(n int32) string {
	return "oK" + letters(26, w.seed, uint64(n), hashString("openid"))
}
