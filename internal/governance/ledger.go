package governance

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/house"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
)

// Config of a Governor.
type Config struct {
	DB    *db.DB
	Bus   *bus.Bus // for the timers that end reservations
	World clock.World
	Zone  *time.Location // the corp's zone: quiet hours and calendar periods are cut by it
	Key   []byte         // at least 16 secret bytes: salts the suppression hashes and signs preference links
	Log   *slog.Logger
	// PublicURL is the address under which customers reach the platform: links to it are the corp's own. "" = it is not known.
	PublicURL string
	// Identities answers further lasting ids of a customer (a unionid), so that an opt-out survives a new external_userid. It may
	// be nil.
	Identities func(ctx context.Context, tx bun.IDB, corpID string, customerIDs []string) (map[string][]string, error)
	// Began answers since when members have had customers, for those who began at or after the instant. It may be nil: nobody is
	// new then.
	Began func(ctx context.Context, tx bun.IDB, corpID string, staffIDs []string, after clock.Time) (map[string]clock.Time, error)
	// Narrow answers which customers with a relation came, by all of those that live, where they were told of service only, or before the
	// instant since. It may be nil: everybody was told of marketing, too.
	Narrow func(ctx context.Context, tx bun.IDB, corpID string, customerIDs []string, since clock.Time) (map[string]bool, error)
	// Alike answers the customers that share a lasting id with one. It may be nil.
	Alike func(ctx context.Context, tx bun.IDB, corpID, customerID string) ([]string, error)
	// Met answers since when a member has had those of the customers who are theirs. It may be nil: nobody's first messages are counted.
	Met func(ctx context.Context, tx bun.IDB, corpID, staffID string, customerIDs []string) (map[string]clock.Time, error)
	// Documented says whether the platform knows what a code of WeCom's means. It may be nil.
	Documented func(code int) bool
	// Step is how many reservations one transaction releases when sending is stopped; 0 = 500.
	Step int
}

// Governor decides about every touch and keeps the ledger.
type Governor struct {
	db         *db.DB
	bus        *bus.Bus
	world      clock.World
	zone       *time.Location
	key        []byte
	log        *slog.Logger
	book       *rulebook
	publicURL  string   // without a slash at its end
	host       string   // of it
	houses     programs // expressions of the corp's own rules
	homes      homes    // zones that customers live in
	words      words    // that touches share
	identities func(ctx context.Context, tx bun.IDB, corpID string, customerIDs []string) (map[string][]string, error)
	narrow     func(ctx context.Context, tx bun.IDB, corpID string, customerIDs []string, since clock.Time) (map[string]bool, error)
	began      func(ctx context.Context, tx bun.IDB, corpID string, staffIDs []string, after clock.Time) (map[string]clock.Time, error)
	alike      func(ctx context.Context, tx bun.IDB, corpID, customerID string) ([]string, error)
	met        func(ctx context.Context, tx bun.IDB, corpID, staffID string, customerIDs []string) (map[string]clock.Time, error)
	documented func(code int) bool

	step       int
	macs       sync.Pool // keyed hashes, of hash.Hash
	censusFrom int
	censusMu   sync.Mutex
	censuses   map[string]*census // by corp

	// Erased answers which of the persons were erased and have not come back: what members do outside of us is not booked for them. It
	// may be nil.
	Erased func(ctx context.Context, q bun.IDB, customerIDs ...string) (map[string]bool, error)

	// OnOptOut are called inside the transaction in which a customer says stop.
	OnOptOut []func(ctx context.Context, tx *db.Tx, e OptedOut) error
	// OnHalt are called inside the transaction in which sending is stopped.
	OnHalt []func(ctx context.Context, tx *db.Tx, e Halted) error
	// OnLimited are called inside the transaction in which a member is found to be limited, and when a day later nobody has said that
	// the account works.
	OnLimited []func(ctx context.Context, tx *db.Tx, e LimitTold) error
	// OnGreeted are called inside the transaction in which too many unanswered first messages of a member are found.
	OnGreeted []func(ctx context.Context, tx *db.Tx, e Greeted) error
	// OnLadder are called inside the transaction in which somebody's place on the ladder changes.
	OnLadder []func(ctx context.Context, tx *db.Tx, s LadderStep) error
	// OnPreference are called inside the transaction in which a customer chooses a pace, a pause or topics.
	OnPreference []func(ctx context.Context, tx *db.Tx, e PreferenceChanged) error
	// OnComplaint are called inside the transaction in which a complaint is noted, and when its time is up while it is open.
	OnComplaint []func(ctx context.Context, tx *db.Tx, e GrievanceTold) error
	// OnDisplaced are called inside the transaction in which reserved touches gave their place to one of a higher class.
	OnDisplaced []func(ctx context.Context, tx *db.Tx, e Displaced) error
}

// New makes a Governor. It fails when the built-in policy cannot be read or Key is too short.
func New(c Config) (*Governor, error) {
	if len(c.Key) < 16 {
		return nil, fmt.Errorf("governance: the key has %d bytes, want at least 16", len(c.Key))
	}
	book, err := newRulebook()
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	host, _ := guard.SiteOf(c.PublicURL) // an address without a domain is nobody's link
	return &Governor{
		db: c.DB, bus: c.Bus, world: c.World, zone: c.Zone, key: c.Key, log: c.Log, book: book, houses: programs{known: map[string]*house.Rule{}}, homes: homes{known: map[string]*home{}}, publicURL: strings.TrimRight(c.PublicURL, "/"), host: host, identities: c.Identities,
		narrow: c.Narrow, began: c.Began, step: cmp.Or(c.Step, chunk),
		alike: c.Alike, met: c.Met, documented: c.Documented, censusFrom: censusFrom, censuses: map[string]*census{},
	}, nil
}

// chunk is how many requests share one round of queries.
const chunk = 500

// Reserve decides about each request and writes it into the ledger: reserved, or held with the rule that refused it. A
// Key that was asked before gets its former answer. All requests are of one corp. They are decided as one batch: higher
// classes first, whatever the order they came in; one of them may take the place of a reserved touch of a lower class.
// Thousands in one call are fine, but the transaction keeps their customers' locks until it ends: take a thousand or two a
// transaction.
func (g *Governor) Reserve(ctx context.Context, tx *db.Tx, reqs ...Request) ([]Decision, error) {
	if len(reqs) == 0 {
		return nil, nil
	}
	caps, err := g.capsOf(ctx, tx, reqs[0].CorpID)
	if err != nil {
		return nil, err
	}
	began, err := g.newcomers(ctx, tx, reqs, g.world.Now())
	if err != nil {
		return nil, err
	}
	if err := lockCustomers(ctx, tx, reqs, memberLocks(reqs, caps, began)...); err != nil {
		return nil, err
	}
	return inOrder(reqs, func(part []Request) ([]decided, error) {
		rows, err := g.decide(ctx, tx, part, caps, began, newOverlay())
		if err != nil {
			return nil, err
		}
		if err := g.write(ctx, tx, rows); err != nil {
			return nil, err
		}
		return rows, g.giveWay(ctx, tx, rows)
	})
}

// Plan decides as Reserve would, and writes nothing: for previews.
func (g *Governor) Plan(ctx context.Context, reqs ...Request) ([]Decision, error) {
	if len(reqs) == 0 {
		return nil, nil
	}
	caps, err := g.capsOf(ctx, g.db.Read(), reqs[0].CorpID)
	if err != nil {
		return nil, err
	}
	began, err := g.newcomers(ctx, g.db.Read(), reqs, g.world.Now())
	if err != nil {
		return nil, err
	}
	over := newOverlay()
	return inOrder(reqs, func(part []Request) ([]decided, error) {
		return g.decide(ctx, g.db.Read(), part, caps, began, over)
	})
}

// inOrder decides a batch chunk by chunk in the order that does not depend on its arrival, and answers in the caller's.
func inOrder(reqs []Request, decide func(part []Request) ([]decided, error)) ([]Decision, error) {
	at := order(reqs)
	rows, err := inParts(sortedBy(reqs, at), decide)
	if err != nil {
		return nil, err
	}
	return inPlace(rows, at), nil
}

// sortedBy puts requests in the order of their indexes; nil = as they are.
func sortedBy(reqs []Request, at []int) []Request {
	if at == nil {
		return reqs
	}
	out := make([]Request, len(reqs))
	for i, j := range at {
		out[i] = reqs[j]
	}
	return out
}

func inParts(sorted []Request, decide func(part []Request) ([]decided, error)) ([]decided, error) {
	out := make([]decided, 0, len(sorted))
	for from := 0; from < len(sorted); from += chunk {
		rows, err := decide(sorted[from:min(from+chunk, len(sorted))])
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// inPlace answers decisions in the caller's order.
func inPlace(rows []decided, at []int) []Decision {
	out := make([]Decision, len(rows))
	for i, r := range rows {
		if at != nil {
			i = at[i]
		}
		out[i] = r.touch.decision(r.existing)
	}
	return out
}

// decided is a touch as it was decided, new or found.
type decided struct {
	touch    *Touch
	existing bool
	gone     []*Touch // what gives way to it
}

// overlay counts what was decided in this call and is not in the tables yet.
type overlay struct {
	used map[string]int
	mass map[string]int
	open map[string]int // Moments for everybody
	keys map[string]*Touch
	week map[string][]spent
	days map[memberDay]int
	gone map[int64]*Touch // what gave way already

	winbacks map[string]int
	prints   prints
	said     map[string][]likeness.Print // what each customer gets by this call
}

func newOverlay() overlay {
	return overlay{
		used: map[string]int{}, mass: map[string]int{}, open: map[string]int{}, keys: map[string]*Touch{}, week: map[string][]spent{},
		days: map[memberDay]int{}, gone: map[int64]*Touch{}, winbacks: map[string]int{}, prints: prints{}, said: map[string][]likeness.Print{},
	}
}

// decide judges one chunk, in its order.
func (g *Governor) decide(ctx context.Context, q bun.IDB, reqs []Request, caps Caps, began map[string]clock.Time, over overlay) ([]decided, error) {
	corpID := reqs[0].CorpID
	keys := make([]string, len(reqs))
	for i, r := range reqs {
		if err := r.validate(); err != nil {
			return nil, err
		}
		if r.CorpID != corpID {
			return nil, fmt.Errorf("touch request %s: one call decides for one corp", r.Key)
		}
		keys[i] = r.Key
	}
	found, err := g.touchesByKey(ctx, q, corpID, keys)
	if err != nil {
		return nil, err
	}
	maps.Copy(over.keys, found)
	now := g.world.Now()
	live, err := g.homesOf(ctx, q, corpID, customersOf(reqs))
	if err != nil {
		return nil, err
	}
	facts, err := g.standings(ctx, q, reqs, found, caps, now, over.prints, live)
	if err != nil {
		return nil, err
	}
	used, err := g.membersAt(ctx, q, reqs, found, caps, began, now, live)
	if err != nil {
		return nil, err
	}
	below, err := lower(ctx, q, corpID, reqs)
	if err != nil {
		return nil, err
	}
	stops, err := haltsIn(ctx, q, corpID)
	if err != nil {
		return nil, err
	}
	ladder, err := stepsIn(ctx, q, corpID)
	if err != nil {
		return nil, err
	}
	own, err := g.ownNow(ctx, q, corpID)
	if err != nil {
		return nil, err
	}
	version := g.version(caps)
	contents := g.reader(own)
	said := verdicts{}
	out := make([]decided, 0, len(reqs))
	var dated, day, end clock.Time // most of a chunk have one day
	for _, r := range reqs {
		if t, ok := over.keys[r.Key]; ok {
			out = append(out, decided{touch: t, existing: true})
			continue
		}
		wanted := max(now, r.NotBefore)
		on := r.earliest(wanted, caps.Quiet, live[r.CustomerID], g.zone)
		r.Closes = r.tooLate(wanted)
		if on != dated {
			dated = on
			day, end = dayOf(on, g.zone)
		}
		member := memberDay{r.StaffID, day}
		subject := r.subject()
		r.print = g.printOf(over.prints, r)
		s := facts[r.view(on, r.print)][subject]
		s.home = live[r.CustomerID]
		s.halted = stops.of(r.StaffID)
		s.ladder = ladder.against(r.Class, r.StaffID, r.By, r.CampaignID, on)
		if s.house, err = g.houseRefusal(ctx, q, r, on); err != nil {
			return nil, err
		}
		limited := caps.limits(began[r.StaffID])
		if limited {
			s.load = load{since: began[r.StaffID], used: used[member] + over.days[member]}
		}
		s = over.onto(s, subject)
		for _, p := range over.said[subject] {
			s.twin = s.twin.closer(r.print, p, 0, on, caps.Alike, g.zone)
		}
		content := contents.of(r)
		again := func(gone []*Touch) verdict {
			return judge(r, on, on > wanted, s.without(gone, g.frameOf(now, on, r.expires(on), caps), r.StaffID, day, end), caps, content, g.zone)
		}
		v, why, err := said.of(r, s, func() verdict { return judge(r, on, on > wanted, s, caps, content, g.zone) })
		if err != nil {
			return nil, err
		}
		var gone []*Touch
		if r.Class == Lifecycle && v.held && budgetary(v.rule) {
			if may, w := displace(over.left(below[r.CustomerID]), again); len(may) > 0 {
				gone, v = may, w
				if why, err = v.why(); err != nil {
					return nil, err
				}
			}
		}
		t, err := newTouch(r, v, why, now, on, version)
		if err != nil {
			return nil, err
		}
		t.Unbound = !limited && t.Channel == MassCustomer
		over.note(t, gone, day, end)
		over.keys[r.Key] = t
		out = append(out, decided{touch: t, gone: gone})
	}
	return out, nil
}

// onto adds to a customer's or group's standing what was decided in this call.
func (o overlay) onto(s standing, subject string) standing {
	for i := range s.used {
		s.used[i] += o.used[subject]
	}
	s.mass += o.mass[subject]
	s.open += o.open[subject]
	s.hush.asked += o.winbacks[subject]
	s.week = slices.Concat(s.week, o.week[subject])
	s.week = slices.DeleteFunc(s.week, func(x spent) bool { return x.id != 0 && o.gone[x.id] != nil })
	return s
}

// left are those of the touches that did not give way in this call.
func (o overlay) left(touches []*Touch) []*Touch {
	return slices.DeleteFunc(slices.Clone(touches), func(t *Touch) bool { return o.gone[t.ID] != nil })
}

// note counts a decision and what gave way to it.
func (o overlay) note(t *Touch, gone []*Touch, day, end clock.Time) {
	if t.State != Reserved {
		return
	}
	add := func(x *Touch, n int) {
		if x.Class.Limited() {
			o.used[x.subject()] += n * x.Cost
		}
		if x.Channel == MassCustomer || x.Channel == MassGroup {
			o.mass[x.subject()] += n
		}
		if x.Winback {
			o.winbacks[x.subject()] += n
		}
		if x.open() {
			o.open[x.subject()] += n
		}
		if x.onDay(false, 0, day, end) {
			o.days[memberDay{x.StaffID, day}] += n
		}
	}
	add(t, 1)
	if t.Print != 0 {
		o.said[t.subject()] = append(o.said[t.subject()], likeness.Print(t.Print))
	}
	if t.Class.Limited() {
		o.week[t.subject()] = append(o.week[t.subject()], spent{cost: t.Cost, topic: t.Topic, channel: t.Channel})
	}
	for _, x := range gone {
		add(x, -1)
		o.gone[x.ID] = x
	}
}

// reader finds what forbids the words of requests of one corp; it spares checking one text ten thousand times.
type reader struct {
	g    *Governor
	own  *guard.Own
	seen map[string]*Finding
}

func (g *Governor) reader(own *guard.Own) reader { return reader{g, own, map[string]*Finding{}} }

// of is the finding that forbids r's words, if there is one.
func (d reader) of(r Request) *Finding {
	raw, _ := json.Marshal(r.Texts) // strings always encode
	about := r.about(d.own)
	k := fmt.Sprint(about.Class, "\x00", about.Channel, "\x00", about.Automatic, "\x00", string(raw))
	f, ok := d.seen[k]
	if !ok {
		if found, blocks := d.g.book.guard.CheckFor(about, fieldsOf(r.Texts)...).Blocking(); blocks {
			f = &found
		}
		d.seen[k] = f
	}
	return f
}

func newTouch(r Request, v verdict, why string, now, on clock.Time, version string) (*Touch, error) {
	texts, err := json.Marshal(append([]string{}, r.Texts...))
	if err != nil {
		return nil, fmt.Errorf("write the texts of %s: %w", r.Key, err)
	}
	t := &Touch{
		CorpID: r.CorpID, Key: r.Key, CustomerID: r.CustomerID, ChatID: r.ChatID, StaffID: r.StaffID, Channel: r.Channel,
		Class: r.Class, Topic: r.Topic, CampaignID: r.CampaignID, CampaignName: r.CampaignName, Texts: string(texts),
		RequestedBy: r.By, RequestReason: r.Reason, Cost: r.cost(), State: Reserved, NextAt: v.next, Why: why,
		RuleVersion: version, ReservedAt: now, EarliestAt: on, Winback: r.Winback, Traits: r.Traits, Print: int64(r.print),
	}
	t.setReason(v.rule, v.reason)
	t.ExpiresAt = r.expires(on) // of one that is held, too: what it was counted with depends on it
	if v.held {
		t.State = Held
	}
	return t, nil
}

func (r Request) cost() int {
	if r.Open {
		return 0
	}
	return max(r.Cost, 1)
}

// open says whether the touch was asked for as Open.
func (t *Touch) open() bool { return t.Channel == Moment && t.Cost == 0 }

// earliest is the earliest possible delivery of a touch that its sender wants to make at `wanted`, by the hours of the zone its
// customer lives in, or else of the corp's.
func (r Request) earliest(wanted clock.Time, q Quiet, live *home, zone *time.Location) clock.Time {
	switch {
	case !r.Class.Limited():
		return wanted
	case live == nil:
		return q.Next(wanted, zone)
	}
	return q.Next(max(wanted, r.Opens), live.loc)
}

// tooLate is the instant from which on an earliest delivery is of no use to the sender; 0 = there is none.
func (r Request) tooLate(wanted clock.Time) clock.Time {
	if r.AtOnce {
		return max(wanted, r.Opens) + 1
	}
	return r.Closes
}

// expires is rounded up to the hour, so that one timer ends all reservations of an hour.
func (r Request) expires(on clock.Time) clock.Time {
	at := r.Expires
	if at == 0 {
		lease := 24 * time.Hour
		if !r.Class.Limited() {
			lease = time.Hour
		}
		at = on.Add(lease)
	}
	const hour = clock.Time(time.Hour / time.Millisecond)
	return (at + hour - 1) / hour * hour
}
