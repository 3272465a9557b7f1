package sandbox

import "time"

type kfSendQuery struct {
	ToUser   string `json:"touser"`
	OpenKfID string `json:"open_kfid"`
	MsgID    string `json:"msgid"`
	kfContent
}

type kfSendReply struct {
	reply
	MsgID string `json:"msgid"`
}

// kfSend sends a message to a customer. The order of the checks is a choice:
// WeCom publishes none.
func kfSend(c *call, q *kfSendQuery) (any, error) {
	a, customer, err := c.kfPair(q.OpenKfID, q.ToUser)
	if err != nil {
		return nil, err
	}
	ks := a.sessions[customer]
	switch {
	case ks == nil || ks.wroteAt == 0:
		return nil, refuse(95031, "the customer never wrote to this account")
	case !within(ks.wroteAt, c.now):
		return nil, refuse(95002, "the customer wrote last at %s of the world, more than 48 hours ago", stamp(time.Unix(ks.wroteAt, 0)))
	case ks.state(c.now) == kfEnded:
		return nil, refuse(95013, "the session has ended: only the customer's next message opens one")
	case ks.state(c.now) > kfAssistant:
		return nil, refuse(95018, "the session is in state %d, only 0 and 1 allow sending", ks.stored)
	case ks.replies >= kfRepliesAllowed:
		return nil, refuse(95001, "%d messages since the customer's last one", ks.replies)
	}
	if err := a.checkMsgID(q.MsgID); err != nil {
		return nil, err
	}
	if err := q.check(c); err != nil {
		return nil, err
	}
	ks.replies++
	ks.stored = kfAssistant
	a.countAssistant(ks, c.now)
	id := c.kfDeliver(a, customer, q.MsgID, &q.kfContent)
	return kfSendReply{reply: done(), MsgID: id}, nil
}

// checkMsgID refuses ids that do not fit or were used in this account before.
func (a *kfAccount) checkMsgID(id string) error {
	switch {
	case id == "":
		return nil
	case !kfWord.MatchString(id):
		return refuse(40058, "msgid %q: at most 32 of 0-9 a-z A-Z _ -", id)
	case a.msgids[id]:
		return refuse(95033, "msgid %q was used in this account before", id)
	}
	return nil
}

// kfDeliver lets an accepted message reach the customer, or fail when the
// customer refuses messages: WeCom accepts it all the same and tells by event.
func (c *call) kfDeliver(a *kfAccount, customer int32, msgid string, q *kfContent) string {
	w, external := c.w, c.w.customerID(customer)
	id := a.append(w, kfItem{id: msgid, at: c.now.Unix(), hidden: true, customer: external, kind: q.MsgType})
	if a.session(customer).blocked {
		c.s.tellEvent(a, "msg_send_fail", kfEvent{"external_userid": external, "fail_msgid": id, "fail_type": 10})
		return id
	}
	c.s.delivered(Delivery{Customer: external, Channel: "kf", Kind: "kf", Origin: "api", Task: id, Text: q.summary()})
	return id
}

type kfOnEventQuery struct {
	Code  string `json:"code"`
	MsgID string `json:"msgid"`
	kfContent
}

// kfCodeState is the state in which a code works; the welcome's in any.
var kfCodeState = map[int]int{kfCodePool: kfPool, kfCodeHuman: kfHuman, kfCodeEnd: kfEnded}

func kfSendOnEvent(c *call, q *kfOnEventQuery) (any, error) {
	k := c.w.kf.codes[q.Code]
	switch {
	case k == nil:
		return nil, refuse(40058, "no such code, or it is long gone")
	case k.used:
		return nil, refuse(40058, "the code was used already, it allows one message")
	case !c.now.Before(k.expires):
		return nil, refuse(40058, "the code expired at %s of the world", stamp(k.expires))
	case k.account.deleted:
		return nil, refuse(95004, "the kf account was deleted")
	}
	ks := k.account.session(k.customer)
	if want, ok := kfCodeState[k.kind]; ok && ks.state(c.now) != want {
		if ks.stored == kfEnded {
			return nil, refuse(95013, "the session has ended since the code was made")
		}
		return nil, refuse(95018, "the session is in state %d by now, the code works in %d only", ks.stored, want)
	}
	if err := k.account.checkMsgID(q.MsgID); err != nil {
		return nil, err
	}
	if err := k.check(c, &q.kfContent); err != nil {
		return nil, err
	}
	k.used = true
	if k.kind == kfCodeWelcome {
		ks.welcomedAt = c.now.Unix()
	}
	id := c.kfDeliver(k.account, k.customer, q.MsgID, &q.kfContent)
	return kfSendReply{reply: done(), MsgID: id}, nil
}

// check allows text, and menus of at most 10 items for welcome and goodbye.
func (k *kfCode) check(c *call, q *kfContent) error {
	menus := k.kind == kfCodeWelcome || k.kind == kfCodeEnd
	switch {
	case q.MsgType == "msgmenu" && menus:
		return q.MsgMenu.check(10)
	case q.MsgType == "text":
		return q.check(c)
	case menus:
		return refuse(40058, "msgtype %q: this code allows text and msgmenu", q.MsgType)
	}
	return refuse(40058, "msgtype %q: this code allows text only", q.MsgType)
}
