package sandbox

import (
	"errors"
	"fmt"
)

// consentKey is a customer and whom they talk with: a member, or a group.
type consentKey struct {
	customer int32
	staff    int32
	chat     uint64 // number of the group; 0 = the two alone
}

// consent is what a customer decided about the archive, and when.
type consent struct {
	agreed bool
	at     int64
}

// consentOf is what a customer decided about a chat with a member. Of the
// relations older than this world two in three had agreed by its start.
func (w *world) consentOf(staff, cust int32) (consent, bool) {
	if c, ok := w.archive.consents[consentKey{customer: cust, staff: staff}]; ok {
		return c, true
	}
	r := w.relationOf(staff, cust)
	if r == nil || r.addedAt >= w.began.Unix() || hash(w.seed, uint64(staff), uint64(cust), hashString("consent"))%3 == 0 {
		return consent{}, false
	}
	return consent{agreed: true, at: r.addedAt + 60}, true
}

// roomConsent is the same for a group.
func (w *world) roomConsent(c *chat, m chatMember) (consent, bool) {
	if got, ok := w.archive.consents[consentKey{customer: m.who, chat: c.number}]; ok {
		return got, true
	}
	if m.at >= w.began.Unix() || hash(w.seed, c.number, uint64(m.who), hashString("consent"))%3 == 0 {
		return consent{}, false
	}
	return consent{agreed: true, at: m.at + 60}, true
}

type singleAgreeQuery struct {
	Info []struct {
		UserID   string `json:"userid"`
		External string `json:"exteranalopenid"` // spelled like this by WeCom
	} `json:"info"`
}

type agreeInfo struct {
	ChangeTime int64  `json:"status_change_time"`
	UserID     string `json:"userid,omitempty"`
	External   string `json:"exteranalopenid"`
	Status     string `json:"agree_status"` // Agree or Disagree
}

type agreeReply struct {
	reply
	AgreeInfo []agreeInfo `json:"agreeinfo"`
}

func (q *agreeReply) add(c consent, userid, external string) {
	status := "Disagree"
	if c.agreed {
		status = "Agree"
	}
	q.AgreeInfo = append(q.AgreeInfo, agreeInfo{ChangeTime: c.at, UserID: userid, External: external, Status: status})
}

const agreeQueryLimit = 100

// checkSingleAgree answers what customers decided; who decided nothing is left
// out.
func checkSingleAgree(c *call, q *singleAgreeQuery) (any, error) {
	if err := c.s.archiveOpen(); err != nil {
		return nil, err
	}
	switch {
	case len(q.Info) == 0:
		return nil, refuse(40058, "info is empty")
	case len(q.Info) > agreeQueryLimit:
		return nil, refuse(301060, "info has %d items, at most %d are allowed", len(q.Info), agreeQueryLimit)
	}
	out := agreeReply{reply: done(), AgreeInfo: []agreeInfo{}}
	for _, item := range q.Info {
		if item.UserID == "" || item.External == "" {
			return nil, refuse(40058, "an item of info lacks userid or exteranalopenid")
		}
		staff, known := c.w.staffByID(item.UserID)
		cust, ok := c.w.customerByID(item.External)
		if !known || !ok {
			return nil, refuse(301061, "no member %q or no customer %q", item.UserID, item.External)
		}
		if got, decided := c.w.consentOf(staff, cust); decided {
			out.add(got, c.w.staff[staff].id, item.External)
		}
	}
	return out, nil
}

type roomQuery struct {
	RoomID string `json:"roomid"`
}

// checkRoomAgree answers what the customers of a group decided, without saying
// who the members are.
func checkRoomAgree(c *call, q *roomQuery) (any, error) {
	if err := c.s.archiveOpen(); err != nil {
		return nil, err
	}
	if q.RoomID == "" {
		return nil, refuse(40058, "roomid is missing")
	}
	out := agreeReply{reply: done(), AgreeInfo: []agreeInfo{}}
	if c.w.archive.room(q.RoomID) != nil {
		return out, nil // members only: nobody has to agree
	}
	room := c.w.chatIndex[q.RoomID]
	if room == nil || room.dismissed {
		return nil, refuse(301061, "no group %q", q.RoomID)
	}
	for _, m := range room.members {
		if m.staff {
			continue
		}
		if got, decided := c.w.roomConsent(room, m); decided {
			out.add(got, "", c.w.customerID(m.who))
		}
	}
	return out, nil
}

type agreeQuery struct {
	Staff    string `json:"staff"`
	Customer string `json:"customer"`
	Chat     string `json:"chat"` // a group instead of a member
}

func agreeArchive(s *Sandbox, q *agreeQuery) (any, error) { return s.decide(q, true) }

func disagreeArchive(s *Sandbox, q *agreeQuery) (any, error) { return s.decide(q, false) }

// decide is a customer answering the question of the archive, in a chat with a
// member or in a group.
func (s *Sandbox) decide(q *agreeQuery, agreed bool) (any, error) {
	if !s.on("archive.open") {
		return nil, errors.New("the corp has not opened the archive (switch archive.open)")
	}
	if q.Chat != "" {
		return s.decideInRoom(q, agreed)
	}
	w := s.world
	r, err := s.pair(pairQuery{q.Staff, q.Customer}, func(r *relation) bool {
		had, decided := w.consentOf(r.staff, r.customer)
		_, seat := w.archive.seats[r.staff]
		return r.friends() && seat && (!decided || had.agreed != agreed)
	})
	if err != nil {
		return nil, fmt.Errorf("nobody decides about the archive: %w", err)
	}
	w.archive.consents[consentKey{customer: r.customer, staff: r.staff}] = consent{agreed, s.now().Unix()}
	s.noteConsent(speaker{customerSpeaks, r.customer}, archived{to: speaker{staffSpeaks, r.staff}}, agreed)
	s.journal(entry{Kind: consentKind(agreed) + "_archive", Staff: w.staff[r.staff].id, Customer: w.customerID(r.customer)})
	if agreed {
		s.contactEvent("msg_audit_approved", r, "", s.welcomeAfterConsent(r))
	}
	return s.viewPair(r), nil
}

// welcomeAfterConsent is the code of the event, absent when a chat has begun or
// the customer was welcomed already.
func (s *Sandbox) welcomeAfterConsent(r *relation) string {
	if r.talked {
		return ""
	}
	for _, old := range s.world.welcomes {
		if old.used && old.staff == r.staff && old.customer == r.customer {
			return ""
		}
	}
	return s.welcomeFor(r)
}

func (s *Sandbox) decideInRoom(q *agreeQuery, agreed bool) (any, error) {
	w := s.world
	c := w.chatIndex[q.Chat]
	if c == nil || c.dismissed {
		return nil, unknownID("group", q.Chat)
	}
	for _, m := range c.members {
		had, decided := w.roomConsent(c, m)
		if m.staff || q.Customer != "" && w.customerID(m.who) != q.Customer || decided && had.agreed == agreed {
			continue
		}
		w.archive.consents[consentKey{customer: m.who, chat: c.number}] = consent{agreed, s.now().Unix()}
		s.noteConsent(speaker{customerSpeaks, m.who}, inRoom(c.id, c.members), agreed)
		s.journal(entry{Kind: consentKind(agreed) + "_archive", Chat: c.id, Customer: w.customerID(m.who)})
		return map[string]any{"chat": c.id, "customer": w.customerID(m.who)}, nil
	}
	return nil, unknownID("customer of the group who decides otherwise", q.Customer)
}

func consentKind(agreed bool) string {
	if agreed {
		return "agree"
	}
	return "disagree"
}

// noteConsent archives the decision itself, which needs no consent.
func (s *Sandbox) noteConsent(from speaker, m archived, agreed bool) {
	m.from, m.kind = from, consentKind(agreed)
	m.body = map[string]any{"userid": s.world.speakerID(from), m.kind + "_time": s.now().UnixMilli()}
	s.archiveWrite(m)
}
