package sandbox

import (
	"math"
	"time"
)

// mood is how irritated a customer was at a time. Every touch adds its weight,
// and what is there fades by half in every half-life:
//
//	I(t) = I(t0) * 2^(-(t - t0) / half_life_days)
type mood struct {
	level float64
	at    int64
}

// touch is something that somebody got without asking for it.
type touch struct {
	weight   float64
	single   bool // a mass message to one customer: it may be answered
	staff    int32
	customer int32
	chat     *chat // of a mass message to a group
	task     string
}

// touched lets a customer feel a touch: he loses patience and goes, or answers,
// or buys, or does nothing. The chances are written down in docs/sandbox.md.
func (s *Sandbox) touched(t touch) {
	l, w := s.world.life, s.world
	if l == nil || t.weight <= 0 {
		return
	}
	level := s.irritate(t.customer, t.weight)
	draw := hash(w.seed, uint64(t.customer), uint64(t.staff), uint64(s.now().UnixNano()), hashString(t.task), 113)
	strain := level / l.patienceOf(w.seed, t.customer)
	if strain > 1 {
		if chance(1-math.Exp(1-strain), draw) {
			s.fedUp(l, t, mix(draw))
		}
		return
	}
	interest := 1 - strain
	if t.single && chance(l.ReplyShare*interest, mix(draw+1)) {
		s.planReply(l, t, mix(draw+2))
	}
	if r := w.relationOf(t.staff, t.customer); r != nil && chance(l.BuyShare*interest*min(t.weight, 1), mix(draw+3)) {
		s.planPurchase(l, t.staff, t.customer, seconds(300, 86_400, mix(draw+4)))
	}
}

// irritate adds the weight of a touch to what is left of the former ones, more
// at night, and answers the sum.
func (s *Sandbox) irritate(cust int32, weight float64) float64 {
	l, now := s.world.life, s.now()
	if l.asleep(hourOf(now)) {
		weight *= l.Touch.Night
	}
	level := s.world.irritation(&l.lifeSettings, cust, now) + weight
	s.world.moods[cust] = mood{level: level, at: now.Unix()}
	return level
}

// irritation is how irritated a customer is at a time.
func (w *world) irritation(l *lifeSettings, cust int32, now time.Time) float64 {
	m, ok := w.moods[cust]
	if !ok {
		return 0
	}
	days := float64(now.Unix()-m.at) / (24 * 3600)
	return m.level * math.Exp2(-days/l.HalfLifeDays)
}

// patienceOf is what one customer bears: between half and one and a half of
// the average.
func (l *lifeSettings) patienceOf(seed uint64, cust int32) float64 {
	return l.Patience * (0.5 + unit(hash(seed, uint64(cust), hashString("patience"))))
}

// calm is how much of his good will a customer has left, from 0 to 1.
func (s *Sandbox) calm(l *life, cust int32) float64 {
	return max(0, 1-s.world.irritation(&l.lifeSettings, cust, s.now())/l.patienceOf(s.world.seed, cust))
}

// fedUp makes a customer go within the hour: out of the group that wrote, or
// away from the member; some report the member too. WeCom tells the corp of no
// report: only the journal of this world does.
func (s *Sandbox) fedUp(l *life, t touch, draw uint64) {
	s.later(l, seconds(1, 3600, draw), func() {
		w := s.world
		r := w.relationOf(t.staff, t.customer)
		friends := r != nil && r.friends()
		if t.chat == nil && !friends {
			return // gone already
		}
		if chance(l.ReportShare, mix(draw+1)) {
			s.journal(entry{Kind: "customer_reports", Staff: w.staff[t.staff].id, Customer: w.customerID(t.customer), ID: t.task})
		}
		if t.chat == nil {
			s.customerLeaves(r)
		} else if at := t.chat.place(false, t.customer); at >= 0 && !t.chat.dismissed {
			s.leaveChat(t.chat, at, false)
		}
	})
}

// groupTouched lets everybody in a group feel a mass message to it.
func (s *Sandbox) groupTouched(staff int32, c *chat, task string) {
	l := s.world.life
	if l == nil {
		return
	}
	for _, m := range c.members {
		if !m.staff {
			s.touched(touch{weight: l.Touch.Group, staff: staff, customer: m.who, chat: c, task: task})
		}
	}
}

// unit is a draw as a number from 0 up to 1.
func unit(draw uint64) float64 { return float64(draw>>11) / (1 << 53) }
