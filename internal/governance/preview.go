package governance

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
)

// Recipient is one customer of a message to many, with who sends it.
type Recipient struct {
	CustomerID string
	StaffID    string
}

// Preview says what a message to many would do now.
type Preview struct {
	Tally
	PerStaff map[string]int // reachable
	Limit    int            // WeCom's own quota of the period (WC-01)
	UsedMost int            // the most that one of the customers has had of it
}

// censusFrom is from how many recipients on their past is kept in memory.
const censusFrom = 20_000

// Preview decides about everybody as Reserve would if r were asked for each of them, and writes nothing. Each customer is
// there once.
func (g *Governor) Preview(ctx context.Context, r Request, to []Recipient) (Preview, error) {
	r.Key, r.CustomerID = "preview", "preview"
	if err := r.validate(); err != nil {
		return Preview{}, err
	}
	caps, err := g.capsOf(ctx, g.db.Read(), r.CorpID)
	if err != nil {
		return Preview{}, err
	}
	stops, err := haltsIn(ctx, g.db.Read(), r.CorpID)
	if err != nil {
		return Preview{}, err
	}
	ladder, err := stepsIn(ctx, g.db.Read(), r.CorpID)
	if err != nil {
		return Preview{}, err
	}
	own, err := g.ownNow(ctx, g.db.Read(), r.CorpID)
	if err != nil {
		return Preview{}, err
	}
	now := g.world.Now()
	wanted := max(now, r.NotBefore)
	on := r.earliest(wanted, caps.Quiet, nil, g.zone)
	r.Closes = r.tooLate(wanted)
	if r.Class == Lifecycle { // may take the place of others
		return g.previewEach(ctx, r, to)
	}
	c := &counter{
		r: r, now: now, on: on, wanted: wanted, caps: caps, stops: stops, ladder: ladder, content: g.reader(own).of(r), g: g,
		month: g.frameOf(now, now, now, caps).from, at: map[*home]arrival{},
	}
	c.print, c.shares = g.printOf(prints{}, r), caps.hasShares([]Request{r})
	c.know(nil)
	if err := g.members(ctx, c, to, now); err != nil {
		return Preview{}, err
	}
	out := Preview{PerStaff: map[string]int{}}
	_, _, out.Limit = caps.MassMode.Period(now, g.zone)
	if len(to) >= g.censusFrom {
		err := g.countCensus(ctx, c, to, &out)
		return out, err
	}
	part := newCount()
	for some := range slices.Chunk(to, chunk) {
		ids := make([]string, len(some))
		for i, t := range some {
			ids[i] = t.CustomerID
		}
		live, err := g.homesOf(ctx, g.db.Read(), r.CorpID, ids)
		if err != nil {
			return Preview{}, err
		}
		footings, err := g.footings(ctx, g.db.Read(), r.CorpID, ids, caps)
		if err != nil {
			return Preview{}, err
		}
		floor := c.month - 1
		for _, h := range live {
			c.know(h)
		}
		for _, a := range c.at {
			floor = min(floor, a.frame.floor())
		}
		pasts, err := g.pastOf(ctx, g.db.Read(), r.CorpID, ids, floor)
		if err != nil {
			return Preview{}, err
		}
		silent, err := g.unansweredOf(ctx, g.db.Read(), r.CorpID, ids)
		if err != nil {
			return Preview{}, err
		}
		for _, t := range some {
			part.add(c, t, pasts[t.CustomerID], silent[t.CustomerID], live[t.CustomerID], g.heldOut(r.CorpID, t.CustomerID, caps.Holdout), footings[t.CustomerID])
		}
	}
	part.sum(&out)
	return out, nil
}

// previewEach is Preview where decisions depend on each other.
func (g *Governor) previewEach(ctx context.Context, r Request, to []Recipient) (Preview, error) {
	reqs, ids := make([]Request, len(to)), make([]string, len(to))
	for i, t := range to {
		reqs[i], ids[i] = r, t.CustomerID
		reqs[i].Key, reqs[i].CustomerID, reqs[i].StaffID = "preview/"+t.CustomerID, t.CustomerID, t.StaffID
	}
	decisions, err := g.Plan(ctx, reqs...)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{Tally: TallyOf(decisions), PerStaff: map[string]int{}}
	for i, d := range decisions {
		if d.OK() {
			out.PerStaff[to[i].StaffID]++
		}
	}
	out.Limit, out.UsedMost, err = g.Platform(ctx, r.CorpID, ids...)
	return out, err
}

// senders is the request once for each member who sends.
func senders(r Request, to []Recipient) []Request {
	var one []Request
	seen := map[string]bool{}
	for _, t := range to {
		if !seen[t.StaffID] {
			seen[t.StaffID] = true
			r.StaffID = t.StaffID
			one = append(one, r)
		}
	}
	return one
}

// members reads which senders have a limit of a day, and what they have to do already.
func (g *Governor) members(ctx context.Context, c *counter, to []Recipient, now clock.Time) error {
	one := senders(c.r, to)
	var err error
	if c.began, err = g.newcomers(ctx, g.db.Read(), one, now); err != nil {
		return err
	}
	c.day = c.on.Day(g.zone)
	c.used, err = g.membersAt(ctx, g.db.Read(), one, nil, c.caps, c.began, now, nil)
	return err
}

// Warm reads the past of many customers, so that a preview for them is quick.
func (g *Governor) Warm(ctx context.Context, corpID string, to []Recipient) error {
	if len(to) < g.censusFrom {
		return nil
	}
	c := g.censusOf(corpID)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := g.update(ctx, c, corpID, to); err != nil {
		return err
	}
	r := Request{CorpID: corpID, Channel: MassCustomer, Class: Marketing}
	_, err := g.newcomers(ctx, g.db.Read(), senders(r, to), g.world.Now())
	return err
}

func (g *Governor) censusOf(corpID string) *census {
	g.censusMu.Lock()
	defer g.censusMu.Unlock()
	if g.censuses[corpID] == nil {
		g.censuses[corpID] = new(census)
	}
	return g.censuses[corpID]
}

// countCensus counts with what is kept in memory, on all cores.
func (g *Governor) countCensus(ctx context.Context, c *counter, to []Recipient, out *Preview) error {
	kept := g.censusOf(c.r.CorpID)
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if err := g.update(ctx, kept, c.r.CorpID, to); err != nil {
		return err
	}
	for h := range kept.known {
		c.know(h)
	}
	var mu sync.Mutex
	var group errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	if c.caps.StaffDay > 0 || len(c.began) > 0 { // what one takes of a member's day, the next one misses
		workers = 1
	}
	for some := range slices.Chunk(to, (len(to)+workers-1)/workers) {
		group.Go(func() error {
			part := newCount()
			held := uint16(c.caps.Holdout * 100)
			for _, t := range some {
				i := kept.at[t.CustomerID]
				part.add(c, t, kept.pasts[i], kept.silent[i], kept.homes[i], kept.shares[i] < held, kept.footings[i])
			}
			mu.Lock()
			defer mu.Unlock()
			part.sum(out)
			return nil
		})
	}
	return group.Wait()
}

// counter is what is the same for all recipients of a preview.
type counter struct {
	g       *Governor
	r       Request
	now     clock.Time
	on      clock.Time // by the corp's zone
	wanted  clock.Time
	caps    Caps
	stops   halts
	ladder  steps
	content *Finding
	print   likeness.Print
	shares  bool
	at      map[*home]arrival // by where they live; nil = the corp's zone
	month   clock.Time        // since when mass messages count against WeCom's quota now

	began map[string]clock.Time // members who are new
	used  map[memberDay]int     // what members with a limit have to do already
	day   clock.Time
}

// arrival is the earliest delivery to all who live in one zone.
type arrival struct {
	on    clock.Time
	waits bool
	frame frame
}

// know works out when somebody who lives there could be reached.
func (c *counter) know(h *home) {
	if _, ok := c.at[h]; ok {
		return
	}
	on := c.r.earliest(c.wanted, c.caps.Quiet, h, c.g.zone)
	f := c.g.frameOf(c.now, on, c.r.expires(on), c.caps)
	f.print, f.shares = c.print, c.shares
	c.at[h] = arrival{on, on > c.wanted, f}
}

// stance is all that a verdict depends on beside what all recipients share: who stands alike is judged once.
type stance struct {
	optedOut, suppressed clock.Time
	used                 [3]int
	mass, open           int
	at, week             [3]spent
	halted               stop
	ladder               *LadderStep
	house                *Finding
	pref                 *Preference
	sorrow               sorrow
	hush                 hush
	twin                 twin
	consented, narrow    bool
	minor                minor
	heldOut              bool
	load                 load
	displaced            int
	home                 *home
}

// stanceOf answers the key of a standing; ok is false when it has none.
func stanceOf(s standing) (k stance, ok bool) {
	k = stance{
		optedOut: s.optedOut, suppressed: s.suppressed, used: s.used, mass: s.mass, open: s.open, halted: s.halted, ladder: s.ladder, house: s.house, pref: s.pref, sorrow: s.sorrow, hush: s.hush, twin: s.twin,
		consented: s.consented, narrow: s.narrow, minor: s.minor, heldOut: s.heldOut, load: s.load, displaced: s.displaced, home: s.home,
	}
	put := func(into *[3]spent, list []spent) bool {
		if len(list) > len(into) {
			return false
		}
		for i, x := range list {
			x.id = 0         // whose it is does not matter
			if x.cost == 0 { // would look like none
				return false
			}
			into[i] = x
		}
		return true
	}
	ok = put(&k.at, s.at) && put(&k.week, s.week)
	return k, ok
}

// count adds up what is decided about a part of the recipients.
type count struct {
	tally    tally
	judged   map[stance]Decision
	perStaff map[string]int
	usedMost int
	days     map[string]int // what members with a limit got to do
}

func newCount() *count {
	return &count{judged: map[stance]Decision{}, perStaff: map[string]int{}, days: map[string]int{}}
}

func (n *count) add(c *counter, to Recipient, p *past, u unanswered, live *home, heldOut bool, on footing) {
	when := c.at[live]
	s := p.standing(when.frame, u)
	s.home = live
	if p != nil {
		mass := 0
		for _, t := range p.touches {
			if t.mass && (t.at == 0 || t.at >= c.month) {
				mass++
			}
		}
		n.usedMost = max(n.usedMost, mass)
	}
	s.heldOut, s.narrow, s.consented = heldOut, on.narrow, on.consented && (c.caps.OnlyConsented || on.narrow) // who stands alike is judged once
	s.halted = c.stops.of(to.StaffID)
	s.ladder = c.ladder.against(c.r.Class, to.StaffID, c.r.By, c.r.CampaignID, when.on)
	began := c.began[to.StaffID]
	limited := c.caps.limits(began)
	if limited {
		s.load = load{since: began, used: c.used[memberDay{to.StaffID, c.day}] + n.days[to.StaffID]}
	}
	key, ok := stanceOf(s)
	d, known := n.judged[key]
	if !ok || !known {
		v := judge(c.r, when.on, when.waits, s, c.caps, c.content, c.g.zone)
		d = Decision{State: Reserved, RuleID: v.rule, Reason: v.reason, Next: v.next}
		if v.held {
			d.State = Held
		}
		if ok {
			n.judged[key] = d
		}
	}
	n.tally.add(d)
	if d.OK() {
		n.perStaff[to.StaffID]++
		if limited {
			n.days[to.StaffID]++
		}
	}
}

func (n *count) sum(out *Preview) {
	for id, k := range n.perStaff {
		out.PerStaff[id] += k
	}
	out.UsedMost = max(out.UsedMost, n.usedMost)
	out.Tally = n.tally.with(out.Tally)
}
