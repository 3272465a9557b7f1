package governance

import (
	"context"
	"encoding/binary"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"zhiyin.dev/zhiyin/internal/db"
)

// Areas of changes that a census follows.
const (
	areaTouch    = "touch"    // the past of customers: touches that count, opt-outs, preferences, suppressions
	areaCustomer = "customer" // who a customer is: noted by the room of customers
)

// census keeps the past of many customers in memory, so that a plan for a million is decided in a second. Before each use
// it reads again whatever changed since, so it is as good as the database; it decides nothing that is sent: a reservation
// reads the tables.
type census struct {
	mu       sync.Mutex
	follower *db.Follower
	at       map[string]int32
	pasts    []*past // nil = nothing is known
	shares   []uint16
	silent   []unanswered
	footings []footing
	homes    []*home // nil = the corp's zone
	known    map[*home]bool

	ownMu sync.Mutex
	own   map[int64][]ownTouch // what this process reserved, by the change that tells of it
}

type ownTouch struct {
	customerID string
	counted    counted
}

// maxOwn bounds what waits for the next use; what is dropped is read from the tables.
const maxOwn = 8192

// reserved tells the census what a change of areaTouch was, which spares reading it again.
func (c *census) reserved(changeID int64, touches []*Touch) {
	c.ownMu.Lock()
	defer c.ownMu.Unlock()
	if c.own == nil { // nobody has planned for many yet
		return
	}
	if len(c.own) >= maxOwn {
		clear(c.own)
	}
	list := make([]ownTouch, 0, len(touches))
	for _, t := range touches {
		list = append(list, ownTouch{t.CustomerID, countedOf(t)})
	}
	c.own[changeID] = list
}

func (c *census) takeOwn(changeID int64) ([]ownTouch, bool) {
	c.ownMu.Lock()
	defer c.ownMu.Unlock()
	list, ok := c.own[changeID]
	delete(c.own, changeID)
	return list, ok
}

// update brings the census up to date and makes sure that all of these customers are in it.
func (g *Governor) update(ctx context.Context, c *census, corpID string, to []Recipient) error {
	if c.follower != nil {
		changes, lost, err := c.follower.Next(ctx)
		if err != nil {
			return err
		}
		if lost || slices.ContainsFunc(changes, func(ch db.Change) bool { return ch.Area == areaTouch && len(ch.Names) == 0 }) {
			c.follower = nil
		} else if err := g.follow(ctx, c, corpID, changes); err != nil {
			c.follower = nil // half of it is read: begin anew next time
			return err
		}
	}
	if c.follower == nil {
		c.follower = g.db.Follow(corpID, areaTouch, areaCustomer)
		c.at, c.pasts, c.shares = make(map[string]int32, len(to)), make([]*past, 0, len(to)), make([]uint16, 0, len(to))
		c.footings = make([]footing, 0, len(to))
		c.silent, c.homes, c.known = make([]unanswered, 0, len(to)), make([]*home, 0, len(to)), map[*home]bool{}
		c.ownMu.Lock()
		c.own = map[int64][]ownTouch{}
		c.ownMu.Unlock()
	}
	var missing []string
	for _, r := range to {
		if _, ok := c.at[r.CustomerID]; !ok {
			missing = append(missing, r.CustomerID)
		}
	}
	if err := g.load(ctx, c, corpID, missing); err != nil {
		c.follower = nil
		return err
	}
	return nil
}

// follow applies changes in their order.
func (g *Governor) follow(ctx context.Context, c *census, corpID string, changes []db.Change) error {
	stale := map[string]bool{}
	for _, ch := range changes {
		if own, ok := c.takeOwn(ch.ID); ok {
			for _, t := range own {
				if i, known := c.at[t.customerID]; known && !stale[t.customerID] {
					c.pasts[i] = c.pasts[i].with(t.counted)
				}
			}
			continue
		}
		for _, id := range ch.Names {
			if _, known := c.at[id]; known {
				stale[id] = true
			}
		}
	}
	ids := make([]string, 0, len(stale))
	for id := range stale {
		ids = append(ids, id)
	}
	return g.load(ctx, c, corpID, ids)
}

// with adds a touch that it does not hold yet.
func (p *past) with(t counted) *past {
	if p == nil {
		return &past{touches: []counted{t}}
	}
	for _, h := range p.touches {
		if h.id == t.id {
			return p
		}
	}
	p.touches = append(p.touches, t)
	return p
}

// load reads the past of customers anew; some hundred at a time, on as many cores as there are.
func (g *Governor) load(ctx context.Context, c *census, corpID string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids) // neighbours in the index
	floor := g.world.Now().Add(-longestWindow)
	caps, err := g.capsOf(ctx, g.db.Read(), corpID)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(runtime.GOMAXPROCS(0), 4))
	for part := range slices.Chunk(ids, chunk) {
		group.Go(func() error {
			pasts, err := g.pastOf(ctx, g.db.Read(), corpID, part, floor)
			if err != nil {
				return err
			}
			silent, err := g.unansweredOf(ctx, g.db.Read(), corpID, part)
			if err != nil {
				return err
			}
			live, err := g.homesOf(ctx, g.db.Read(), corpID, part)
			if err != nil {
				return err
			}
			asking := caps
			asking.OnlyConsented = true // whether the corp asks for consents may change
			footings, err := g.footings(ctx, g.db.Read(), corpID, part, asking)
			if err != nil {
				return err
			}
			shares := make([]uint16, len(part))
			for i, id := range part {
				shares[i] = g.share(corpID, id)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, h := range live {
				c.known[h] = true
			}
			for i, id := range part {
				if at, ok := c.at[id]; ok {
					c.footings[at] = footings[id]
					c.pasts[at], c.silent[at], c.homes[at] = pasts[id], silent[id], live[id]
					continue
				}
				c.at[id] = int32(len(c.pasts))
				c.pasts, c.shares, c.silent = append(c.pasts, pasts[id]), append(c.shares, shares[i]), append(c.silent, silent[id])
				c.homes, c.footings = append(c.homes, live[id]), append(c.footings, footings[id])
			}
			return nil
		})
	}
	return group.Wait()
}

// share is where a customer stands among 10,000 by the keyed hash of the holdout.
func (g *Governor) share(corpID, customerID string) uint16 {
	b := append(strconv.AppendInt([]byte("holdout:"), int64(len(corpID)), 10), ':')
	b = append(append(b, corpID...), customerID...)
	return uint16(binary.BigEndian.Uint64(g.sum(b)) % 10_000)
}

// changed notes that the past of customers changed.
func changed(tx *db.Tx, corpID string, customerIDs ...string) {
	ids := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(customerIDs))), func(id string) bool { return id == "" })
	if len(ids) > 0 {
		tx.Changed(corpID, areaTouch, ids...)
	}
}

// changedTouches is changed for the customers of touches.
func changedTouches(tx *db.Tx, touches map[int64]*Touch) {
	of := make([]person, 0, len(touches))
	for _, t := range touches {
		of = append(of, person{t.CorpID, t.CustomerID})
	}
	changedPersons(tx, of)
}

// person names a customer of a corp.
type person struct{ CorpID, CustomerID string }

func changedPersons(tx *db.Tx, of []person) {
	byCorp := map[string][]string{}
	for _, p := range of {
		byCorp[p.CorpID] = append(byCorp[p.CorpID], p.CustomerID)
	}
	for corpID, ids := range byCorp {
		changed(tx, corpID, ids...)
	}
}
