package sandbox

import (
	"errors"
	"slices"
)

// kfUpgrade is what the console set up under "service upgrade" (升级服务): whom
// servicers may recommend to customers.
type kfUpgrade struct {
	staff       []string
	departments []int
	chats       []string
}

// kfAdvice is what the API recommends for a customer, shown to the servicer.
type kfAdvice struct {
	staff string // or
	chat  string
}

func kfUpgradeRoutes() []route {
	return []route{
		get("/cgi-bin/kf/customer/get_upgrade_service_config", byKF, kfUpgradeConfig),
		post("/cgi-bin/kf/customer/upgrade_service", byKF, kfUpgradeSet),
		post("/cgi-bin/kf/customer/cancel_upgrade_service", byKF, kfUpgradeCancel),
	}
}

// buildUpgrade lets the first members and groups of a world be recommended.
func (w *world) buildUpgrade() {
	for i := range min(4, len(w.staff)) {
		w.kf.upgrade.staff = append(w.kf.upgrade.staff, w.staff[i].id)
	}
	for i := range min(2, len(w.chats)) {
		w.kf.upgrade.chats = append(w.kf.upgrade.chats, w.chats[i].id)
	}
}

type kfUpgradeReply struct {
	reply
	Members struct {
		UserIDs       []string `json:"userid_list"`
		DepartmentIDs []int    `json:"department_id_list"`
	} `json:"member_range"`
	Groups struct {
		ChatIDs []string `json:"chat_id_list"`
	} `json:"groupchat_range"`
}

func kfUpgradeConfig(c *call, _ *none) (any, error) {
	u := c.w.kf.upgrade
	out := kfUpgradeReply{reply: done()}
	out.Members.UserIDs = append([]string{}, u.staff...)
	out.Members.DepartmentIDs = append([]int{}, u.departments...)
	out.Groups.ChatIDs = append([]string{}, u.chats...)
	return out, nil
}

type kfUpgradeQuery struct {
	OpenKfID       string `json:"open_kfid"`
	ExternalUserID string `json:"external_userid"`
	Type           int    `json:"type"`
	Member         *struct {
		UserID  string `json:"userid"`
		Wording string `json:"wording"`
	} `json:"member"`
	GroupChat *struct {
		ChatID  string `json:"chat_id"`
		Wording string `json:"wording"`
	} `json:"groupchat"`
}

// kfUpgradeSet recommends a member or a group for a customer. Nothing is sent:
// the servicer sees it, and may pass it on (act servicer_upgrades).
func kfUpgradeSet(c *call, q *kfUpgradeQuery) (any, error) {
	a, customer, err := c.kfPair(q.OpenKfID, q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	var advice kfAdvice
	switch {
	case q.Type == 1 && q.Member != nil && q.Member.UserID != "":
		if !c.w.mayRecommend(q.Member.UserID) {
			return nil, refuse(95021, "member %q is not configured under service upgrade", q.Member.UserID)
		}
		advice.staff = q.Member.UserID
	case q.Type == 2 && q.GroupChat != nil && q.GroupChat.ChatID != "":
		if !slices.Contains(c.w.kf.upgrade.chats, q.GroupChat.ChatID) {
			return nil, refuse(95021, "group %q is not configured under service upgrade", q.GroupChat.ChatID)
		}
		advice.chat = q.GroupChat.ChatID
	default:
		return nil, refuse(40058, "type must be 1 with member.userid, or 2 with groupchat.chat_id")
	}
	a.session(customer).advice = &advice
	return nil, nil
}

// mayRecommend is true for members named in the console, or in a department
// named there.
func (w *world) mayRecommend(userid string) bool {
	n, ok := w.staffByID(userid)
	if !ok {
		return false
	}
	if slices.Contains(w.kf.upgrade.staff, w.staff[n].id) {
		return true
	}
	return slices.Contains(w.kf.upgrade.departments, w.staff[n].department)
}

func kfUpgradeCancel(c *call, q *kfStateQuery) (any, error) {
	a, customer, err := c.kfPair(q.OpenKfID, q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	if ks := a.sessions[customer]; ks != nil {
		ks.advice = nil
	}
	return nil, nil
}

type upgradeConfigQuery struct {
	Staff       []string `json:"staff"`
	Departments []int    `json:"departments"`
	Chats       []string `json:"chats"`
}

// adminSetsUpgrade is the administrator choosing whom servicers may recommend.
func adminSetsUpgrade(s *Sandbox, q *upgradeConfigQuery) (any, error) {
	for _, id := range q.Staff {
		if _, ok := s.world.staffByID(id); !ok {
			return nil, unknownID("member", id)
		}
	}
	for _, id := range q.Chats {
		if s.world.chatIndex[id] == nil {
			return nil, unknownID("group", id)
		}
	}
	s.world.kf.upgrade = kfUpgrade{staff: q.Staff, departments: q.Departments, chats: q.Chats}
	return map[string]any{"staff": q.Staff, "departments": q.Departments, "chats": q.Chats}, nil
}

// servicerUpgrades is a servicer passing the recommendation on, and the
// customer taking it: they add the member, or join the group.
func servicerUpgrades(s *Sandbox, q *servicerQuery) (any, error) {
	w := s.world
	a, customer, err := s.kfTalk(q.kfActor, inState(kfHuman))
	if err != nil {
		return nil, err
	}
	ks := a.session(customer)
	if ks.advice == nil {
		return nil, errors.New("nothing is recommended for this customer")
	}
	day := a.day(s.now()).servicer(ks.servicer)
	answer := s.kfServicerAnswer(a, customer, "")
	if ks.advice.staff != "" {
		n, ok := w.staffByID(ks.advice.staff)
		if !ok {
			return nil, unknownID("member", ks.advice.staff)
		}
		day.memberInvites++
		if s.addFriend(n, customer, "", false) {
			w.relationOf(n, customer).addWay = 0 // the facts name no source for it
			day.memberCustomers.add(customer)
		}
		answer["added"] = w.staff[n].id
	} else {
		c := w.chatIndex[ks.advice.chat]
		if c == nil || c.dismissed {
			return nil, unknownID("group", ks.advice.chat)
		}
		day.groupInvites++
		if c.place(false, customer) < 0 && len(c.members) < chatLimit {
			s.joinChat(c, chatMember{who: customer, at: s.now().Unix(), scene: 2, inviter: -1})
			day.groupCustomers.add(customer)
		}
		answer["joined"] = c.id
	}
	a.day(s.now()).upgraded.add(customer)
	day.upgraded.add(customer)
	ks.advice = nil
	return answer, nil
}

type rejectQuery struct {
	servicerQuery
	Rejected *bool `json:"rejected"` // default true
}

// servicerRejects is a servicer refusing a customer's messages, or taking that
// back.
func servicerRejects(s *Sandbox, q *rejectQuery) (any, error) {
	a, customer, err := s.kfTalk(q.kfActor, inState(kfHuman))
	if err != nil {
		return nil, err
	}
	ks := a.session(customer)
	ks.rejected = q.Rejected == nil || *q.Rejected
	e := kfEvent{"external_userid": s.world.customerID(customer), "servicer_userid": ks.servicer, "reject_switch": 0}
	if ks.rejected {
		e["reject_switch"] = 1
		a.day(s.now()).rejected.add(customer)
		a.day(s.now()).servicer(ks.servicer).rejected.add(customer)
	}
	s.tellEvent(a, "reject_customer_msg_switch_change", e)
	return s.kfServicerAnswer(a, customer, ""), nil
}

// servicerRecalls is a servicer taking a message of theirs back.
func servicerRecalls(s *Sandbox, q *recallQuery) (any, error) {
	a, customer, err := s.kfTalk(q.kfActor, anyState)
	if err != nil {
		return nil, err
	}
	external := s.world.customerID(customer)
	for i := len(a.log) - 1; i >= 0; i-- {
		it := &a.log[i]
		if it.origin == kfFromServicer && it.customer == external && (q.MsgID == "" || it.id == q.MsgID) {
			s.tellEvent(a, "servicer_recall_msg", kfEvent{
				"external_userid": external, "recall_msgid": it.id, "servicer_userid": it.servicer,
			})
			return s.kfAnswer(a, customer, it.id), nil
		}
	}
	return nil, unknownID("message of a servicer to this customer", q.MsgID)
}
