package sandbox

import "time"

// memberWrites is a member who works now writing first to one of his customers.
func (s *Sandbox) memberWrites(l *life) {
	w := s.world
	var here []string
	for i := range w.staff {
		if !w.staff[i].resigned && s.working(l, int32(i)) {
			here = append(here, w.staff[i].id)
		}
	}
	if len(here) == 0 {
		return
	}
	r, err := s.pair(pairQuery{Staff: pick(here, w.draw(144))}, (*relation).friends)
	if err != nil {
		return // nobody is left to write to
	}
	if s.memberTells(r, "您好") == nil {
		s.touched(touch{weight: l.Touch.Chat, staff: r.staff, customer: r.customer})
	}
}

// customerAsks is a customer asking his member something.
func (s *Sandbox) customerAsks(l *life) {
	r, err := s.pair(pairQuery{}, (*relation).friends)
	if err != nil {
		return // nobody is left who could ask
	}
	draw := s.world.draw(140)
	s.customerTells(r, pick(s.world.spec.Questions, draw))
	s.planAnswer(l, r, mix(draw))
}

// planReply lets a customer answer a mass message within two hours, or the next
// morning.
func (s *Sandbox) planReply(l *life, t touch, draw uint64) {
	s.when(l, l.awake(s.now().Add(seconds(30, 7200, draw))), func() {
		w := s.world
		r := w.relationOf(t.staff, t.customer)
		if r == nil || !r.friends() || w.staff[t.staff].resigned {
			return
		}
		s.journal(entry{Kind: "mass_replied", Staff: w.staff[t.staff].id, Customer: w.customerID(t.customer), ID: t.task})
		s.customerTells(r, pick(w.spec.Replies, mix(draw)))
		s.planAnswer(l, r, mix(draw+1))
	})
}

// planAnswer lets the member answer when he works. Some customers thank him,
// and some buy.
func (s *Sandbox) planAnswer(l *life, asked *relation, draw uint64) {
	staff, cust := asked.staff, asked.customer
	s.when(l, s.atWork(l, staff, s.now().Add(delay(l.AnswerMinutes, draw))), func() {
		w := s.world
		r := w.relationOf(staff, cust)
		if !r.friends() || w.staff[staff].resigned {
			return
		}
		_ = s.memberTells(r, "好的，我来帮您看看") // a rule may stop his words
		if chance(l.ThanksShare, mix(draw+1)) {
			s.later(l, seconds(20, 900, mix(draw+2)), func() {
				if r := s.world.relationOf(staff, cust); r.friends() {
					s.customerTells(r, pick(s.world.spec.Thanks, mix(draw+3)))
				}
			})
		}
		if chance(l.SaleShare*s.calm(l, cust), mix(draw+4)) {
			s.planPurchase(l, staff, cust, seconds(120, 7200, mix(draw+5)))
		}
	})
}

// planPurchase lets a customer pay his member after a while, by day.
func (s *Sandbox) planPurchase(l *life, staff, cust int32, wait time.Duration) {
	s.when(l, l.awake(s.now().Add(wait)), func() {
		w := s.world
		if !w.staff[staff].resigned {
			_, _ = customerPays(s, &customerPaysQuery{Staff: w.staff[staff].id, Customer: w.customerID(cust)}) // who left in between does not buy
		}
	})
}

// Tries to find somebody who has not decided about the archive.
const agreeTries = 16

// somebodyAgrees is a customer agreeing to the archive. Where nearly all have,
// nobody may be found.
func (s *Sandbox) somebodyAgrees() {
	w := s.world
	for range agreeTries {
		r := w.pickRelation(w.draw(141))
		if r == nil {
			return
		}
		_, seat := w.archive.seats[r.staff]
		if c, _ := w.consentOf(r.staff, r.customer); seat && !c.agreed {
			_, _ = agreeArchive(s, &agreeQuery{Staff: w.staff[r.staff].id, Customer: w.customerID(r.customer)}) // the archive may be closed
			return
		}
	}
}

// pick is one of the texts.
func pick(texts []string, draw uint64) string { return texts[draw%uint64(len(texts))] }
