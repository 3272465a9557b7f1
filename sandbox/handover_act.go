package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// refusalShare of the customers refuse to be handed over, when the population
// lives.
const refusalShare = 0.05

// startHandover lets a customer know that another member takes over in a day.
func (s *Sandbox) startHandover(h *handover) {
	w, b := s.world, s.world.handovers
	due := s.now().Add(handoverWait)
	h.status, h.at = handoverWaiting, due.Unix()
	b.all = append(b.all, h)
	b.open[pairKey{h.from, h.customer}] = h
	s.journal(entry{Kind: "handover_started", Staff: w.staff[h.to].id, Customer: w.customerID(h.customer), Detail: w.staff[h.from].id})
	s.at(due, func() {
		if h.status == handoverWaiting {
			s.finishHandover(h)
		}
	})
	l := w.life
	draw := hash(w.seed, uint64(h.from), uint64(h.to), uint64(h.customer), uint64(len(b.all)), 132)
	if l != nil && chance(refusalShare, draw) {
		s.after(seconds(60, 80_000, draw), func() {
			if s.world.life == l && h.status == handoverWaiting {
				s.refusedHandover(h)
			}
		})
	}
}

// finishHandover moves the customer: the taker gets a relation, the giver loses
// the old one. It fails when the taker can hold no more customers.
func (s *Sandbox) finishHandover(h *handover) {
	w, b := s.world, s.world.handovers
	delete(b.open, pairKey{h.from, h.customer})
	had := w.relationOf(h.to, h.customer)
	friend := had != nil && had.alive()
	if !friend && w.staff[h.to].live >= s.count("customer.member_limit") {
		s.failHandover(h, handoverFull, "customer_limit_exceed")
		return
	}
	h.status, h.at = handoverDone, s.now().Unix()
	if !friend {
		s.takeOver(h)
	}
	giver, taker := w.relationOf(h.from, h.customer), w.relationOf(h.to, h.customer)
	if giver.alive() {
		giver.dead = true
		w.countRelation(giver, -1)
		if !h.resigned {
			s.contactEventFrom(giver, "DELETE_BY_TRANSFER")
		}
	}
	b.gone[pairKey{h.from, h.customer}] = true
	if !h.resigned {
		b.moves[h.customer] = append(b.moves[h.customer], s.now().Unix())
	}
	staff, customer := w.staff[h.to].id, w.customerID(h.customer)
	s.journal(entry{Kind: "handover_done", Staff: staff, Customer: customer, Detail: w.staff[h.from].id})
	if taker.friends() {
		text := h.message
		if text == "" {
			text = "您好，您的服务已升级，后续将由我为您服务"
		}
		s.delivered(Delivery{Customer: customer, Staff: staff, Channel: "contact", Kind: "transfer", Origin: "api", Text: text})
	}
}

// takeOver gives the taker a relation. The platform hears of it, unless the
// customer comes back to a member from whom he was moved away before.
func (s *Sandbox) takeOver(h *handover) {
	w, now := s.world, s.now().Unix()
	r := w.relationOf(h.to, h.customer)
	switch {
	case r == nil:
		r = w.relate(h.to, h.customer, now)
	case r.half:
		r.half = false
		w.countRelation(r, +1)
	default:
		r.dead = false
		w.countRelation(r, +1)
	}
	r.left, r.talked, r.state, r.addWay, r.addedAt, r.lastTalk = false, false, "", addWayAssigned, now, now
	w.handovers.givers[pairKey{h.to, h.customer}] = h.from
	giver := w.relationOf(h.from, h.customer)
	if s.switches["transfer.carries"] == "tags" {
		r.tags = slices.Clone(giver.tags)
	}
	s.journal(entry{Kind: "add_external_contact", Staff: w.staff[h.to].id, Customer: w.customerID(h.customer), Detail: "handover"})
	if !w.handovers.gone[pairKey{h.to, h.customer}] {
		s.contactEvent("add_external_contact", r, "", "")
	}
}

// contactEventFrom tells that a relation was deleted, and by what.
func (s *Sandbox) contactEventFrom(r *relation, source string) {
	w := s.world
	external := w.customerID(r.customer)
	s.journal(entry{Kind: "del_external_contact", Staff: w.staff[r.staff].id, Customer: external, Detail: source})
	s.send(s.newEvent(AreaExternal, "change_external_contact.del_external_contact", external, "change_external_contact", "del_external_contact").
		text("UserID", w.staff[r.staff].id).text("ExternalUserID", external).text("Source", source))
}

// failHandover tells the platform; the event names the taker.
func (s *Sandbox) failHandover(h *handover, status int, reason string) {
	w := s.world
	h.status, h.at = status, 0
	delete(w.handovers.open, pairKey{h.from, h.customer})
	staff, external := w.staff[h.to].id, w.customerID(h.customer)
	s.journal(entry{Kind: "handover_failed", Staff: staff, Customer: external, Detail: reason})
	s.send(s.newEvent(AreaExternal, "change_external_contact.transfer_fail", external, "change_external_contact", "transfer_fail").
		text("FailReason", reason).text("UserID", staff).text("ExternalUserID", external))
}

func (s *Sandbox) refusedHandover(h *handover) {
	s.failHandover(h, handoverRefused, "customer_refused")
}

// refuseHandover is a customer who does not want the new member.
func refuseHandover(s *Sandbox, q *pairQuery) (any, error) {
	w := s.world
	for _, h := range w.handovers.all {
		if h.status == handoverWaiting && (q.Customer == "" || w.customerID(h.customer) == q.Customer) &&
			(q.Staff == "" || w.staff[h.to].id == q.Staff) {
			s.refusedHandover(h)
			return map[string]any{"customer": w.customerID(h.customer), "staff": w.staff[h.to].id}, nil
		}
	}
	return nil, errors.New("no waiting handover fits")
}

// accounts are the states a member's account can be in, with the code of calls
// that need a good one.
var accounts = map[string]int{"active": 0, "unverified": 40098, "banned": 40143, "stale": 40205}

type accountQuery struct {
	Staff   string `json:"staff"`
	Account string `json:"account"`
}

// changeAccount makes a member's account unfit to take over customers: without
// a verified name, banned, or not logged in for a year.
func changeAccount(s *Sandbox, q *accountQuery) (any, error) {
	n, ok := s.world.staffByID(q.Staff)
	if !ok {
		return nil, unknownID("member", q.Staff)
	}
	code, ok := accounts[q.Account]
	if !ok {
		return nil, fmt.Errorf("account %q: there are %s", q.Account, strings.Join(slices.Sorted(maps.Keys(accounts)), ", "))
	}
	s.world.staff[n].unfit = code
	s.journal(entry{Kind: "staff_account", Staff: q.Staff, Detail: q.Account})
	return map[string]any{"staff": q.Staff, "account": q.Account}, nil
}

// accountError is the code of a member whose account is unfit; a banned one
// may still give.
func (w *world) accountError(n int32, taker bool) error {
	m := &w.staff[n]
	if m.unfit == 0 || (!taker && m.unfit != accounts["stale"]) {
		return nil
	}
	return refuse(m.unfit, "the account of %s cannot take part in handovers (act staff_changes_account)", m.id)
}

// resign takes a member out of the corp.
func (w *world) resign(n int32, at time.Time) {
	w.staff[n].resigned, w.staff[n].resignedAt = true, at.Unix()
}
