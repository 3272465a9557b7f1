package sandbox

import (
	"errors"
	"fmt"
)

type servicerQuery struct {
	kfActor
	Staff string `json:"staff"`
	To    string `json:"to"` // whom a session goes to
	Text  string `json:"text"`
}

// changes of a session that servicers make in the client
const (
	kfTaken = iota + 1
	kfHandedOn
	kfClosed
	kfReopened
)

// pickServicer is the servicer an act names, or the first who takes customers.
func (s *Sandbox) pickServicer(a *kfAccount, userid, not string) (string, error) {
	if userid != "" {
		sv := a.serves(s.world, userid)
		if sv == nil {
			return "", unknownID("servicer of the account", userid)
		}
		return sv.staff, nil
	}
	for _, sv := range a.servicers {
		if _, here := s.world.staffByID(sv.staff); here && !sv.stopped && sv.staff != not {
			return sv.staff, nil
		}
	}
	for i := range s.world.staff {
		if m := &s.world.staff[i]; !m.resigned && m.id != not && a.serves(s.world, m.id) != nil {
			return m.id, nil
		}
	}
	return "", errors.New("nobody serves this account now")
}

// kfChanged notes what a servicer did to a session and raises the event.
func (s *Sandbox) kfChanged(a *kfAccount, customer int32, change int, fields kfEvent) {
	w, external := s.world, s.world.customerID(customer)
	fields["external_userid"], fields["change_type"] = external, change
	if ks := a.session(customer); ks.stored == kfHuman {
		a.countServed(customer, ks, s.now())
	}
	switch change {
	case kfTaken:
		fields["msg_code"] = w.kf.newCode(w.seed, a, customer, kfCodeHuman, s.now())
	case kfClosed:
		fields["msg_code"] = w.kf.newCode(w.seed, a, customer, kfCodeEnd, s.now())
	}
	s.journal(entry{
		Kind: "kf_state", Customer: external, Staff: a.session(customer).servicer, ID: a.id,
		Detail: fmt.Sprintf("servicer, change %d", change),
	})
	s.tellEvent(a, "session_status_change", fields)
}

// servicerTakes is a servicer taking a customer out of the pool.
func servicerTakes(s *Sandbox, q *servicerQuery) (any, error) {
	a, customer, err := s.kfTalk(q.kfActor, inState(kfPool))
	if err != nil {
		return nil, err
	}
	staff, err := s.pickServicer(a, q.Staff, "")
	if err != nil {
		return nil, err
	}
	ks := a.session(customer)
	ks.stored, ks.servicer = kfHuman, staff
	s.kfChanged(a, customer, kfTaken, kfEvent{"new_servicer_userid": staff})
	return s.kfServicerAnswer(a, customer, ""), nil
}

func (s *Sandbox) kfServicerAnswer(a *kfAccount, customer int32, msgid string) map[string]any {
	v := s.kfAnswer(a, customer, msgid)
	v["staff"] = a.session(customer).servicer
	return v
}

// servicerSays is a servicer writing in the client, in a session they hold.
func servicerSays(s *Sandbox, q *servicerQuery) (any, error) {
	if q.Text == "" {
		q.Text = "您好，我来为您处理"
	}
	return s.servicerSends(q, "text", kfText{Content: q.Text})
}

// servicerSends is a servicer sending a message of a kind; Text of the query
// are its words.
func (s *Sandbox) servicerSends(q *servicerQuery, kind string, body any) (any, error) {
	a, customer, err := s.kfTalk(q.kfActor, inState(kfHuman))
	if err != nil {
		return nil, err
	}
	ks := a.session(customer)
	if q.Staff != "" && q.Staff != ks.servicer {
		return nil, fmt.Errorf("the session is with %s, not with %s", ks.servicer, q.Staff)
	}
	external := s.world.customerID(customer)
	a.countReply(ks, s.now())
	id := s.tell(a, kfItem{
		origin: kfFromServicer, customer: external, servicer: ks.servicer, kind: kind, body: body,
	})
	s.delivered(Delivery{
		Customer: external, Staff: ks.servicer, Channel: "kf", Kind: "kf", Origin: "member", Task: id, Text: q.Text,
	})
	return s.kfServicerAnswer(a, customer, id), nil
}

// servicerTransfers hands a session on to another servicer.
func servicerTransfers(s *Sandbox, q *servicerQuery) (any, error) {
	a, customer, err := s.kfTalk(q.kfActor, inState(kfHuman))
	if err != nil {
		return nil, err
	}
	ks := a.session(customer)
	to, err := s.pickServicer(a, q.To, ks.servicer)
	if err != nil {
		return nil, err
	}
	old := ks.servicer
	ks.servicer = to
	s.kfChanged(a, customer, kfHandedOn, kfEvent{"old_servicer_userid": old, "new_servicer_userid": to})
	return s.kfServicerAnswer(a, customer, ""), nil
}

// servicerEnds ends a session in the client.
func servicerEnds(s *Sandbox, q *servicerQuery) (any, error) {
	a, customer, err := s.kfTalk(q.kfActor, inState(kfHuman))
	if err != nil {
		return nil, err
	}
	ks := a.session(customer)
	ks.stored = kfEnded
	s.kfChanged(a, customer, kfClosed, kfEvent{"old_servicer_userid": ks.servicer})
	return s.kfServicerAnswer(a, customer, ""), nil
}

// servicerReopens opens an ended session again, within 48 hours of the
// customer's last message.
func servicerReopens(s *Sandbox, q *servicerQuery) (any, error) {
	a, customer, err := s.kfTalk(q.kfActor, inState(kfEnded))
	if err != nil {
		return nil, err
	}
	ks := a.session(customer)
	if !within(ks.wroteAt, s.now()) {
		return nil, errors.New("the customer wrote nothing within 48 hours")
	}
	staff, err := s.pickServicer(a, q.Staff, "")
	if err != nil {
		return nil, err
	}
	old := ks.servicer
	ks.stored, ks.servicer = kfHuman, staff
	s.kfChanged(a, customer, kfReopened, kfEvent{"old_servicer_userid": old, "new_servicer_userid": staff})
	return s.kfServicerAnswer(a, customer, ""), nil
}

type servicerStatusQuery struct {
	kfActor
	Staff  string `json:"staff"`
	Status string `json:"status"` // receiving, stopped or suspended
}

// servicerChangesStatus switches the reception of a servicer. The event counts
// 1 and 2 where servicer/list counts 0 and 1.
func servicerChangesStatus(s *Sandbox, q *servicerStatusQuery) (any, error) {
	a, err := s.world.kfByName(q.kfActor)
	if err != nil {
		return nil, err
	}
	if a == nil {
		a = s.world.kf.live()[0]
	}
	for _, sv := range a.servicers {
		if q.Staff != "" && sv.staff != q.Staff {
			continue
		}
		e := kfEvent{"servicer_userid": sv.staff, "status": 1}
		switch q.Status {
		case "receiving":
			sv.stopped, sv.suspended = false, false
		case "stopped", "suspended":
			sv.stopped, sv.suspended = true, q.Status == "suspended"
			e["status"], e["stop_type"] = 2, 0
			if sv.suspended {
				e["stop_type"] = 1
			}
		default:
			return nil, fmt.Errorf("status %q: must be receiving, stopped or suspended", q.Status)
		}
		s.tellEvent(a, "servicer_status_change", e)
		return map[string]any{"kf": a.id, "staff": sv.staff}, nil
	}
	return nil, unknownID("servicer of the account", q.Staff)
}
