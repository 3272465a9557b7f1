package sandbox

import (
	"errors"
	"net/http"
	"slices"
	"time"
)

// lifeSettings say how lively the population is. Rates are by working hour.
type lifeSettings struct {
	ArrivalsPerHour float64 `json:"arrivals_per_hour" yaml:"arrivals_per_hour"` // new people through contact ways
	JoinsPerHour    float64 `json:"joins_per_hour" yaml:"joins_per_hour"`       // people scanning group codes
	LeavesPerHour   float64 `json:"leaves_per_hour" yaml:"leaves_per_hour"`     // people leaving groups
	ChatsPerHour    float64 `json:"chats_per_hour" yaml:"chats_per_hour"`       // members writing to customers by themselves
	DeletesPerHour  float64 `json:"deletes_per_hour" yaml:"deletes_per_hour"`   // customers deleting members for their own reasons
	KfPerHour       float64 `json:"kf_per_hour" yaml:"kf_per_hour"`             // people who open a kf chat and ask
	AgreesPerHour   float64 `json:"agrees_per_hour" yaml:"agrees_per_hour"`     // people who agree to the archive
	ConfirmMinutes  float64 `json:"confirm_minutes" yaml:"confirm_minutes"`     // typical time until a member confirms
	DeclineShare    float64 `json:"decline_share" yaml:"decline_share"`         // tasks that are never sent
	Patience        int     `json:"patience" yaml:"patience"`                   // mass messages in 7 days that a customer bears
}

// fits says whether the settings make sense.
func (l lifeSettings) fits() bool {
	rates := []float64{l.ArrivalsPerHour, l.JoinsPerHour, l.LeavesPerHour, l.ChatsPerHour, l.DeletesPerHour, l.KfPerHour, l.AgreesPerHour, l.ConfirmMinutes, l.DeclineShare}
	return slices.Min(rates) >= 0 && l.ArrivalsPerHour <= 1e6 && l.DeclineShare <= 1
}

// life is a population that acts by itself.
type life struct {
	lifeSettings
}

// Working hours in which the population does most of what it does.
const (
	opens, closes = 9, 21
	nightShare    = 0.05 // of the day's rate
)

// startLife lets the population live, with s.mu held.
func (s *Sandbox) startLife(set lifeSettings) {
	l := &life{lifeSettings: set}
	s.world.life = l
	s.livesOn(l, "arrival", set.ArrivalsPerHour, func() {
		_, _ = scanContactWay(s, &scanQuery{}) // a way that vanished is nobody's error
	})
	s.livesOn(l, "join", set.JoinsPerHour, func() {
		_, _ = scanJoinWay(s, &scanJoinQuery{}) // a corp without join ways is allowed
	})
	s.livesOn(l, "leave", set.LeavesPerHour, func() {
		_, _ = leaveGroup(s, &chatActQuery{}) // groups may be empty
	})
	s.livesOn(l, "chat", set.ChatsPerHour, func() {
		_, _ = staffSays(s, &sayQuery{}) // nobody left to write to is no error
	})
	s.livesOn(l, "delete", set.DeletesPerHour, func() {
		_, _ = customerDeletesStaff(s, &pairQuery{}) // nobody left to leave is no error
	})
	s.livesOn(l, "agree", set.AgreesPerHour, func() {
		_, _ = agreeArchive(s, &agreeQuery{}) // everybody may have agreed already
	})
	s.livesOn(l, "kf", set.KfPerHour, func() { s.kfVisit(l) })
	for _, m := range s.world.messages {
		s.planConfirmations(m)
	}
	for _, m := range s.world.moments.all {
		s.planPublications(m)
	}
}

// livesOn does something again and again at a rate, as long as this life goes
// on. The gaps are drawn from the seed; at night they are longer.
func (s *Sandbox) livesOn(l *life, what string, perHour float64, do func()) {
	if perHour <= 0 {
		return
	}
	salt := hashString(what)
	var n uint64
	var next func()
	next = func() {
		n++
		u := float64(hash(s.world.seed, salt, n)>>11) / (1 << 53)
		gap := time.Duration((0.25 + 1.5*u) * float64(time.Hour) / perHour)
		if n == 1 && what == "arrival" {
			gap = min(gap, time.Minute) // somebody always comes soon after the start
		} else {
			gap = s.awake(gap)
		}
		s.after(gap, func() {
			if s.world.life != l {
				return
			}
			do()
			next()
		})
	}
	next()
}

// awake stretches a gap at night.
func (s *Sandbox) awake(gap time.Duration) time.Duration {
	if h := s.now().In(Zone).Hour(); h >= opens && h < closes {
		return gap
	}
	return time.Duration(float64(gap) / nightShare)
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
		u := float64(mix(draw)>>11) / (1 << 53)
		at := time.Unix(m.dispatched, 0).Add(time.Duration((0.1 + 2*u*u) * l.ConfirmMinutes * float64(time.Minute)))
		if at.Before(s.now()) {
			at = s.now().Add(time.Minute)
		}
		s.at(workingTime(at), func() {
			if s.world.life != l || t.sentAt != 0 || t.declined || m.cancelled || s.world.staff[t.staff].resigned {
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
			s.after(5*time.Minute, func() {
				if s.world.life == l && t.sentAt == 0 && !m.cancelled {
					t.declined = false
					s.confirm(m, t, nil)
				}
			})
		}
	}
}

// workingTime moves a time of the night to the next morning.
func workingTime(t time.Time) time.Time {
	t = t.In(Zone)
	day := today(t)
	switch h := t.Hour(); {
	case h < opens:
		return day.Add(opens*time.Hour + t.Sub(day)/6)
	case h >= closes:
		return day.AddDate(0, 0, 1).Add(opens*time.Hour + t.Sub(day.Add(closes*time.Hour))/6)
	}
	return t
}

// touched makes a customer who got too many mass messages in 7 days lose
// patience and delete the member, within the hour.
func (s *Sandbox) touched(staff, cust int32) {
	l := s.world.life
	if l == nil {
		return
	}
	week := s.now().AddDate(0, 0, -7).Unix()
	got := 0
	for _, at := range s.world.massGot[cust] {
		if at > week {
			got++
		}
	}
	draw := hash(s.world.seed, uint64(staff), uint64(cust), uint64(got), 113)
	if got <= l.Patience || !chance(0.3, draw) {
		return
	}
	s.after(time.Duration(mix(draw)%3600)*time.Second, func() {
		if r := s.world.relationOf(staff, cust); s.world.life == l && r != nil && r.friends() {
			s.customerLeaves(r)
		}
	})
}

// controlLife starts, changes or stops life.
func (s *Sandbox) controlLife(_ *http.Request, body []byte) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := struct {
		Running *bool `json:"running"`
		lifeSettings
	}{lifeSettings: s.world.spec.Life}
	if err := readControl(body, &q); err != nil {
		return nil, err
	}
	if !q.fits() {
		return nil, errors.New("life: rates must not be negative, arrivals_per_hour at most 1e6, decline_share at most 1")
	}
	s.world.life = nil
	if q.Running == nil || *q.Running {
		s.startLife(q.lifeSettings)
	}
	return map[string]any{"running": s.world.life != nil}, nil
}
