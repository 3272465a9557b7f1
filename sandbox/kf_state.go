package sandbox

import (
	"slices"
	"time"
)

// Kinds of codes for send_msg_on_event.
const (
	kfCodeWelcome = iota
	kfCodePool
	kfCodeHuman
	kfCodeEnd
)

// kfCode lets one message answer one event.
type kfCode struct {
	account  *kfAccount
	customer int32
	kind     int
	expires  time.Time
	used     bool
}

// newCode makes a code, and forgets the long expired ones now and then.
func (d *kfDesk) newCode(seed uint64, a *kfAccount, customer int32, kind int, now time.Time) string {
	life := kfReplyCodeLife
	switch kind {
	case kfCodeWelcome:
		life = kfWelcomeLife
	case kfCodeEnd:
		life = kfEndCodeLife
	}
	d.codeSeq++
	if d.codeSeq%1024 == 0 {
		for code, k := range d.codes {
			if now.Sub(k.expires) > time.Hour {
				delete(d.codes, code)
			}
		}
	}
	code := letters(40, seed, d.codeSeq, 125)
	d.codes[code] = &kfCode{account: a, customer: customer, kind: kind, expires: now.Add(life)}
	return code
}

type kfStateQuery struct {
	OpenKfID       string `json:"open_kfid"`
	ExternalUserID string `json:"external_userid"`
}

type kfStateReply struct {
	reply
	ServiceState   int    `json:"service_state"`
	ServicerUserID string `json:"servicer_userid,omitempty"`
}

func kfStateGet(c *call, q *kfStateQuery) (any, error) {
	a, customer, err := c.kfPair(q.OpenKfID, q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	ks := a.sessions[customer]
	out := kfStateReply{reply: done(), ServiceState: ks.state(c.now)}
	if out.ServiceState == kfHuman {
		out.ServicerUserID = ks.servicer
	}
	return out, nil
}

type kfTransQuery struct {
	OpenKfID       string `json:"open_kfid"`
	ExternalUserID string `json:"external_userid"`
	ServiceState   *int   `json:"service_state"`
	ServicerUserID string `json:"servicer_userid"`
}

type kfTransReply struct {
	reply
	MsgCode string `json:"msg_code,omitempty"`
}

// kfMoves are the states the API may move a session to.
var kfMoves = map[int][]int{
	kfNew:       {kfAssistant, kfPool, kfHuman},
	kfAssistant: {kfPool, kfHuman},
	kfPool:      {kfHuman},
	kfHuman:     {kfHuman, kfEnded},
}

func (c *call) kfMayMove(from, to int) error {
	if from == kfEnded {
		return refuse(95013, "the customer has no open session: only their next message opens one")
	}
	if slices.Contains(kfMoves[from], to) {
		return nil
	}
	if to == kfEnded && c.s.switches["kf.trans_to_ended"] == "any" {
		return nil
	}
	return refuse(95016, "a session in state %d cannot be moved to %d", from, to)
}

func kfStateTrans(c *call, q *kfTransQuery) (any, error) {
	a, customer, err := c.kfPair(q.OpenKfID, q.ExternalUserID)
	if err != nil {
		return nil, err
	}
	if q.ServiceState == nil || *q.ServiceState < kfAssistant || *q.ServiceState > kfEnded {
		return nil, refuse(40058, "service_state must be 1, 2, 3 or 4")
	}
	ks, to := a.sessions[customer], *q.ServiceState
	if err := c.kfMayMove(ks.state(c.now), to); err != nil {
		return nil, err
	}
	out := kfTransReply{reply: done()}
	code := func(kind int) { out.MsgCode = c.w.kf.newCode(c.w.seed, a, customer, kind, c.now) }
	switch to {
	case kfPool:
		if !ks.poolCode {
			code(kfCodePool)
		}
		ks.poolCode = true
	case kfHuman:
		sv, err := c.kfReceiving(a, q.ServicerUserID)
		if err != nil {
			return nil, err
		}
		ks.servicer = sv.staff
		if !ks.humanCode {
			code(kfCodeHuman)
		}
		ks.humanCode = true
		a.countServed(customer, ks, c.now)
	case kfEnded:
		code(kfCodeEnd)
	}
	ks.stored = to
	if to == kfPool || to == kfHuman {
		a.countMoved(ks, c.now)
		c.s.kfServed(a, customer)
	}
	c.s.journal(entry{Kind: "kf_state", Customer: q.ExternalUserID, Staff: q.ServicerUserID, ID: a.id, Detail: "api to " + string(rune('0'+to))})
	return out, nil
}

// kfReceiving finds a servicer who takes customers now.
func (c *call) kfReceiving(a *kfAccount, userid string) (*kfServicer, error) {
	sv := a.serves(c.w, userid)
	if userid == "" || sv == nil {
		return nil, refuse(95014, "%q is no servicer of this account", userid)
	}
	if sv.stopped {
		return nil, refuse(95019, "%s takes no customers now", sv.staff)
	}
	return sv, nil
}

type kfBatchQuery struct {
	IDs         []string `json:"external_userid_list"`
	NeedContext int      `json:"need_enter_session_context"`
}

type kfCustomerView struct {
	ExternalUserID string          `json:"external_userid"`
	Nickname       string          `json:"nickname"`
	Avatar         string          `json:"avatar"`
	Gender         int             `json:"gender"`
	UnionID        string          `json:"unionid,omitempty"`
	Context        *kfEnterContext `json:"enter_session_context,omitempty"`
}

type kfEnterContext struct {
	Scene      string `json:"scene"`
	SceneParam string `json:"scene_param"`
}

type kfBatchReply struct {
	reply
	CustomerList []kfCustomerView `json:"customer_list"`
	Invalid      []string         `json:"invalid_external_userid,omitempty"`
}

func kfCustomerBatch(c *call, q *kfBatchQuery) (any, error) {
	if len(q.IDs) == 0 || len(q.IDs) > 100 {
		return nil, refuse(40058, "external_userid_list has %d ids, 1 to 100 are allowed", len(q.IDs))
	}
	if q.NeedContext < 0 || q.NeedContext > 1 {
		return nil, refuse(40058, "need_enter_session_context must be 0 or 1")
	}
	out := kfBatchReply{reply: done(), CustomerList: []kfCustomerView{}}
	for _, id := range q.IDs {
		n, ok := c.w.customerByID(id)
		var last *kfSession
		active := false
		for _, a := range c.w.kf.live() {
			ks := a.sessions[n]
			if !ok || ks == nil || (!within(ks.enteredAt, c.now) && !within(ks.wroteAt, c.now)) {
				continue
			}
			active = true
			if within(ks.enteredAt, c.now) && (last == nil || ks.enteredAt > last.enteredAt) {
				last = ks
			}
		}
		if !active {
			out.Invalid = append(out.Invalid, id)
			continue
		}
		who := c.viewCustomer(n)
		v := kfCustomerView{ExternalUserID: id, Nickname: who.Name, Avatar: who.Avatar, Gender: who.Gender, UnionID: who.UnionID}
		if q.NeedContext == 1 && last != nil {
			v.Context = &kfEnterContext{Scene: last.scene, SceneParam: last.sceneParam}
		}
		out.CustomerList = append(out.CustomerList, v)
	}
	return out, nil
}
