package wecom

import (
	"slices"
	"strings"
	"time"
)

// Status is what a client knows of itself, for health pages. It makes no call.
type Status struct {
	Slots  int // calls allowed at the same time: Config.InFlight, less after 45033
	InUse  int
	Areas  []AreaStatus
	Limits []LimitedOp // endpoints that WeCom refused with 45009 and that wait
}

// AreaStatus tells how it stands with the secret of an area.
type AreaStatus struct {
	Area    Area
	Missing bool      // no secret, not even one that serves in its place
	Refused int       // errcode that made the secret bad; 0 when it is not
	Until   time.Time // of the corp's clock: renewal of the token at hand; zero when there is none
}

// LimitedOp is an endpoint that is left alone for a while.
type LimitedOp struct {
	Op    string
	Until time.Time // of the corp's clock
}

// Status looks at the client as it is now.
func (c *Client) Status() Status {
	c.slots.mu.Lock()
	s := Status{Slots: min(c.slots.total.limit, c.slots.granted), InUse: c.slots.total.used}
	c.slots.mu.Unlock()
	for _, area := range []Area{AreaContact, AreaExternal, AreaApp, AreaKf, AreaArchive} {
		a := AreaStatus{Area: area}
		if t, err := c.source(area); err != nil {
			a.Missing = true
		} else {
			t.mu.Lock()
			a.Refused, a.Until = t.refused, t.now.stale
			t.mu.Unlock()
		}
		s.Areas = append(s.Areas, a)
	}
	now := c.clock()
	c.rates.mu.Lock()
	defer c.rates.mu.Unlock()
	for op, o := range c.rates.ops {
		if now.Before(o.blocked) {
			s.Limits = append(s.Limits, LimitedOp{Op: op, Until: o.blocked})
		}
	}
	slices.SortFunc(s.Limits, func(a, b LimitedOp) int { return strings.Compare(a.Op, b.Op) })
	return s
}
