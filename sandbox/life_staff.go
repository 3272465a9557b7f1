package sandbox

import (
	"slices"
	"time"
)

// resignsPerHour is the rate at which members of n leave, in the population's
// own hours.
func (l *lifeSettings) resignsPerHour(n int) float64 {
	day := l.Closes - l.Opens
	return float64(n) * l.ResignsAYear / (365 * (day + (24-day)*l.NightShare))
}

// memberResigns is a member leaving the corp: nobody of the first two, who keep
// it running. Somebody follows after a while, in the same department and at the
// same codes of the stores.
func (s *Sandbox) memberResigns(l *life) {
	w := s.world
	var here []int32
	for i := range w.staff {
		if i >= 2 && !w.staff[i].resigned {
			here = append(here, int32(i))
		}
	}
	if len(here) == 0 {
		return
	}
	n := here[w.draw(143)%uint64(len(here))]
	gone := w.staff[n].id
	s.removeMember(n, byConsole)
	s.later(l, hours(24*l.HireDays), func() {
		q := &staffQuery{Department: s.world.staff[n].department}
		if _, err := staffJoins(s, q); err != nil {
			return // the department is gone
		}
		id := s.world.staff[len(s.world.staff)-1].id
		for _, way := range s.world.ways {
			if i := slices.Index(way.users, gone); i >= 0 && s.world.storeState[s.world.staff[n].department] == way.state {
				way.users = slices.Clone(way.users)
				way.users[i] = id
			}
		}
	})
}

// planConfirmations lets each member with an open task confirm it late, or
// never, when the population lives.
func (s *Sandbox) planConfirmations(m *massMessage) {
	l := s.world.life
	if l == nil || m.byMember != "" {
		return
	}
	for _, t := range m.tasks {
		if t.sentAt != 0 || t.declined {
			continue
		}
		draw := hash(s.world.seed, m.number, uint64(t.staff), 111)
		at := time.Unix(m.dispatched, 0).Add(delay(l.ConfirmMinutes, mix(draw)))
		if at.Before(s.now()) {
			at = s.now().Add(time.Minute)
		}
		s.when(l, s.atWork(l, t.staff, at), func() {
			if t.sentAt != 0 || t.declined || m.cancelled || s.world.staff[t.staff].resigned {
				return
			}
			if chance(l.DeclineShare, draw) {
				s.decline(m, t)
				return
			}
			s.confirm(m, t, nil)
		})
	}
}

// planReminded makes the members who are reminded look again soon.
func (s *Sandbox) planReminded(m *massMessage) {
	l := s.world.life
	if l == nil {
		return
	}
	for _, t := range m.tasks {
		if t.sentAt == 0 && t.declined && chance(0.5, hash(s.world.seed, m.number, uint64(t.staff), uint64(len(m.reminded)), 112)) {
			s.when(l, s.atWork(l, t.staff, s.now().Add(5*time.Minute)), func() {
				if t.sentAt == 0 && !m.cancelled && !s.world.staff[t.staff].resigned {
					t.declined = false
					s.confirm(m, t, nil)
				}
			})
		}
	}
}
