package sandbox

import "time"

// welcome is one welcome_code.
type welcome struct {
	staff, customer int32
	expires         time.Time
	used            bool
	busyUntil       time.Time // another app is sending
}

const (
	welcomeLife = 20 * time.Second
	welcomeKept = time.Hour // after that a dead code is not told from a made-up one
)

// newWelcome makes a code for a relation.
func (w *world) newWelcome(r *relation, now time.Time) string {
	w.welcomeSeq++
	code := letters(43, w.seed, w.welcomeSeq, 81)
	w.welcomes[code] = &welcome{staff: r.staff, customer: r.customer, expires: now.Add(welcomeLife)}
	w.welcomeLog = append(w.welcomeLog, code)
	for len(w.welcomeLog) > 0 {
		oldest := w.welcomes[w.welcomeLog[0]]
		if oldest != nil && now.Before(oldest.expires.Add(welcomeKept)) {
			break
		}
		delete(w.welcomes, w.welcomeLog[0])
		w.welcomeLog = w.welcomeLog[1:]
	}
	return code
}

// welcomeFor makes the code of an event, or none when WeCom would not send one.
func (s *Sandbox) welcomeFor(r *relation) string {
	if s.on("welcome.console") || s.world.customers[r.customer].wecom {
		return ""
	}
	return s.world.newWelcome(r, s.now())
}

func welcomeFamily() family {
	return family{
		routes: []route{post("/cgi-bin/externalcontact/send_welcome_msg", byExternal, sendWelcome)},
		acts:   []act{doing("other_app_welcomes", otherAppWelcomes)},
	}
}

type sendWelcomeQuery struct {
	WelcomeCode string `json:"welcome_code"`
	content
}

func sendWelcome(c *call, q *sendWelcomeQuery) (any, error) {
	w := c.w
	if q.WelcomeCode == "" {
		return nil, refuse(41049, "welcome_code is missing")
	}
	code := w.welcomes[q.WelcomeCode]
	switch {
	case code == nil:
		return nil, refuse(41050, "no such welcome_code, or it is long gone")
	case c.now.Before(code.busyUntil):
		return nil, refuse(41096, "another app is sending the welcome right now")
	case code.used:
		return nil, refuse(41051, "the welcome was delivered already")
	case !c.now.Before(code.expires):
		return nil, refuse(41050, "the code expired at %s of the world, 20 s after its event", stamp(code.expires))
	}
	r := w.relationOf(code.staff, code.customer)
	if r == nil || r.dead || r.talked {
		return nil, refuse(41051, "the two talk already, or are no friends any more")
	}
	if err := c.checkContent(&q.content); err != nil {
		return nil, err
	}
	code.used = true
	c.s.delivered(Delivery{
		Customer: w.customerID(r.customer), Staff: w.staff[r.staff].id,
		Channel: "contact", Kind: "welcome", Origin: "api", Task: q.WelcomeCode, Text: q.summary(),
	})
	c.s.archiveAll(archived{from: speaker{staffSpeaks, r.staff}, to: speaker{customerSpeaks, r.customer}}, c.s.archiveParts(&q.content))
	return nil, nil
}

type otherAppQuery struct {
	Customer string `json:"customer"`
	Seconds  int    `json:"seconds"` // how long it takes, default 3
}

// otherAppWelcomes lets another app of the corp win the race for the welcome of
// a customer: until it is done callers get 41096, later ones 41051.
func otherAppWelcomes(s *Sandbox, q *otherAppQuery) (any, error) {
	cust, ok := s.world.customerByID(q.Customer)
	if !ok {
		return nil, unknownID("customer", q.Customer)
	}
	if q.Seconds == 0 {
		q.Seconds = 3
	}
	for _, code := range s.world.welcomes {
		if code.customer == cust && !code.used && s.now().Before(code.expires) {
			code.used = true
			code.busyUntil = s.now().Add(time.Duration(q.Seconds) * time.Second)
			return map[string]any{"customer": q.Customer, "until": stamp(code.busyUntil)}, nil
		}
	}
	return nil, unknownID("live welcome of customer", q.Customer)
}
