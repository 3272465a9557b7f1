package sandbox

import "time"

// kfVisit is somebody opening a kf chat and asking, once or twice.
func (s *Sandbox) kfVisit(l *life) {
	w := s.world
	live := w.kf.live()
	if len(live) == 0 {
		return
	}
	draw := w.draw(128)
	a, customer := live[draw%uint64(len(live))], w.kfSomebody(mix(draw))
	s.kfEnter(a, customer, "poster", "")
	ask := func(after time.Duration, salt uint64) {
		s.later(l, after, func() {
			if !a.deleted {
				text := w.spec.Questions[hash(draw, salt)%uint64(len(w.spec.Questions))]
				s.journal(entry{Kind: "customer_says", Customer: w.customerID(customer), ID: a.id, Detail: text})
				s.kfCustomerWrites(a, customer, "text", kfText{Content: text})
			}
		})
	}
	ask(seconds(5, 25, draw), 1)
	if draw%3 == 0 {
		ask(seconds(60, 180, mix(draw)), 2)
	}
}

// seconds draws a length of time.
func seconds(least, most, draw uint64) time.Duration {
	return time.Duration(least+mix(draw)%(most-least+1)) * time.Second
}

// kfServed lets servicers look after a session that the API gave them, when the
// population lives: somebody takes it, answers, and ends it.
func (s *Sandbox) kfServed(a *kfAccount, customer int32) {
	l := s.world.life
	if l == nil {
		return
	}
	who := servicerQuery{kfActor: kfActor{KF: a.id, Customer: s.world.customerID(customer)}}
	draw := hash(s.world.seed, uint64(customer), uint64(s.now().Unix()), 129)
	at := l.awake(s.now()) // what comes at night is looked after in the morning
	then := func(wait time.Duration, do func(*Sandbox, *servicerQuery) (any, error)) {
		at = at.Add(wait)
		s.when(l, at, func() {
			_, _ = do(s, &who) // a session that went elsewhere is left alone
		})
	}
	if a.session(customer).stored == kfPool {
		then(seconds(30, 240, draw), servicerTakes)
	}
	then(seconds(20, 90, mix(draw+1)), servicerSays)
	then(seconds(180, 600, mix(draw+2)), servicerEnds)
}
