package sandbox

import "time"

// Shares of those who see a moment and react to it.
const (
	likeShare    = 0.04
	commentShare = 0.01
)

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
		u := float64(mix(draw)>>11) / (1 << 53)
		at := m.dispatched.Add(time.Duration((0.1 + 2*u*u) * l.ConfirmMinutes * float64(time.Minute)))
		if at.Before(s.now()) {
			at = s.now().Add(time.Minute)
		}
		s.at(workingTime(at), func() {
			if s.world.life != l || t.publishedAt != 0 || t.declined || m.cancelled || s.world.staff[t.staff].resigned {
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

// planEchoes lets some of those who see a moment like it or write below it,
// within a day.
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
		react := func(do func(momentEcho)) {
			s.at(workingTime(s.now().Add(seconds(60, 86400, draw))), func() {
				if s.world.life == l && !m.deleted {
					do(momentEcho{who: v.customer, at: s.now().Unix()})
				}
			})
		}
		if chance(likeShare, draw) {
			react(func(e momentEcho) { s.like(m, t, e) })
		}
		if chance(commentShare, mix(draw)) {
			react(func(e momentEcho) { s.comment(m, t, e, "收到啦") })
		}
	}
}
