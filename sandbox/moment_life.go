package sandbox

import "time"

// planPublications lets each member with an unpublished moment publish it late,
// or never, when the population lives.
func (s *Sandbox) planPublications(m *moment) {
	l := s.world.life
	if l == nil || m.personal() || m.history || m.cancelled {
		return
	}
	for _, t := range m.tasks {
		if t.publishedAt != 0 || t.declined {
			continue
		}
		draw := hash(s.world.seed, m.number, uint64(t.staff), 114)
		at := m.dispatched.Add(delay(l.ConfirmMinutes, mix(draw)))
		if at.Before(s.now()) {
			at = s.now().Add(time.Minute)
		}
		s.when(l, s.atWork(l, t.staff, at), func() {
			if t.publishedAt != 0 || t.declined || m.cancelled || s.world.staff[t.staff].resigned {
				return
			}
			if chance(l.DeclineShare, draw) {
				s.declineMoment(m, t)
				return
			}
			s.publish(m, t)
		})
	}
}

// planEchoes lets those who see a moment feel it, and some of them like it or
// write below it, within a day.
func (s *Sandbox) planEchoes(m *moment, t *momentTask) {
	l := s.world.life
	if l == nil {
		return
	}
	for _, v := range t.viewers {
		if !v.seen {
			continue
		}
		draw := hash(s.world.seed, m.number, uint64(t.staff), uint64(v.customer), 115)
		calm := s.calm(l, v.customer)
		react := func(do func(momentEcho)) {
			s.when(l, l.awake(s.now().Add(seconds(60, 86400, draw))), func() {
				if !m.deleted {
					do(momentEcho{who: v.customer, at: s.now().Unix()})
				}
			})
		}
		if chance(l.LikeShare*calm, draw) {
			react(func(e momentEcho) { s.like(m, t, e) })
		}
		if chance(l.CommentShare*calm, mix(draw)) {
			react(func(e momentEcho) { s.comment(m, t, e, pick(s.world.spec.Thanks, draw)) })
		}
		s.touched(touch{weight: l.Touch.Moment, staff: t.staff, customer: v.customer, task: m.id})
	}
}
