package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// life is a population that acts by itself.
type life struct {
	lifeSettings
}

// startLife lets the population live, with s.mu held.
func (s *Sandbox) startLife(set lifeSettings) {
	l := &life{lifeSettings: set}
	s.world.life = l
	s.livesOn(l, "arrival", set.ArrivalsPerHour, func() { s.somebodyArrives(l) })
	s.livesOn(l, "join", set.JoinsPerHour, func() {
		_, _ = scanJoinWay(s, &scanJoinQuery{}) // a corp without join ways is allowed
	})
	s.livesOn(l, "leave", set.LeavesPerHour, func() {
		_, _ = leaveGroup(s, &chatActQuery{}) // groups may be empty
	})
	s.livesOn(l, "chat", set.ChatsPerHour, func() { s.memberWrites(l) })
	s.livesOn(l, "ask", set.AsksPerHour, func() { s.customerAsks(l) })
	s.livesOn(l, "buy", set.BuysPerHour, func() {
		_, _ = customerPays(s, &customerPaysQuery{}) // a corp may collect no money
	})
	s.livesOn(l, "delete", set.DeletesPerHour, func() {
		_, _ = customerDeletesStaff(s, &pairQuery{}) // nobody left to leave is no error
	})
	s.livesOn(l, "agree", set.AgreesPerHour, s.somebodyAgrees)
	s.livesOn(l, "kf", set.KfPerHour, func() { s.kfVisit(l) })
	s.livesOn(l, "resign", set.resignsPerHour(len(s.world.staff)), func() { s.memberResigns(l) })
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
	if what != "resign" {
		perHour *= l.Pace
	}
	if perHour <= 0 {
		return
	}
	salt := hashString(what)
	var n uint64
	var next func()
	next = func() {
		n++
		gap := time.Duration((0.25 + 1.5*unit(hash(s.world.seed, salt, n))) * float64(time.Hour) / perHour)
		at := l.after(s.now(), gap)
		if n == 1 && what == "arrival" { // somebody always comes soon after the start
			at = s.now().Add(min(gap, time.Minute))
		}
		s.when(l, at, func() {
			do()
			next()
		})
	}
	next()
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
	if bad := q.fault(); bad != nil {
		return nil, fmt.Errorf("life: %s: it takes %s", bad.field, bad.want)
	}
	s.world.life = nil
	if q.Running == nil || *q.Running {
		s.startLife(q.lifeSettings)
	}
	return map[string]any{"running": s.world.life != nil}, nil
}
