package governance

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
)

// lockBuckets bounds the advisory locks of one transaction: PostgreSQL keeps all of them in one table of fixed size.
const lockBuckets = 256

func customerLock(corpID, customerID string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(customerID))
	return "touch/" + corpID + "/" + strconv.Itoa(int(h.Sum32()%lockBuckets))
}

// lockCustomers serialises decisions about the same customers over all nodes. Classes without limits need none.
func lockCustomers(ctx context.Context, tx *db.Tx, reqs []Request, more ...string) error {
	keys := more
	for _, r := range reqs {
		if r.Class.Limited() {
			keys = append(keys, customerLock(r.CorpID, r.subject()))
		}
	}
	return lockKeys(ctx, tx, keys)
}

func lockKeys(ctx context.Context, tx *db.Tx, keys []string) error {
	slices.Sort(keys)
	if err := tx.Lock(ctx, slices.Compact(keys)...); err != nil {
		return fmt.Errorf("lock customers: %w", err)
	}
	return nil
}

func (g *Governor) touchesByKey(ctx context.Context, q bun.IDB, corpID string, keys []string) (map[string]*Touch, error) {
	var rows []*Touch
	err := g.along(ctx, "key", keys, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw("SELECT * FROM touch WHERE corp_id = ? AND "+where, append([]any{corpID}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read touches by key: %w", err)
	}
	wanted := setOf(keys)
	out := make(map[string]*Touch, len(rows))
	for _, t := range rows {
		if wanted[t.Key] {
			out[t.Key] = t
		}
	}
	return out, nil
}

// view is what a standing is for: the instants between which it is meant to be delivered, and what the message says.
type view struct {
	on, last clock.Time
	print    likeness.Print
}

// view is what r is decided by.
func (r Request) view(on clock.Time, print likeness.Print) view {
	return view{on, r.expires(on), print}
}

// standings reads what the ledger knows of every customer and group of the requests, by subject, for each view among them.
func (g *Governor) standings(ctx context.Context, q bun.IDB, reqs []Request, found map[string]*Touch, caps Caps, now clock.Time, known prints, live map[string]*home) (map[view]map[string]standing, error) {
	ids, rooms := map[view][]string{}, map[view][]string{}
	seen := map[view]map[string]bool{}
	for _, r := range reqs {
		if _, ok := found[r.Key]; ok || !r.Class.Limited() {
			continue
		}
		on := r.view(r.earliest(max(now, r.NotBefore), caps.Quiet, live[r.CustomerID], g.zone), g.printOf(known, r))
		if seen[on] == nil {
			seen[on] = map[string]bool{}
		}
		if seen[on][r.subject()] {
			continue
		}
		seen[on][r.subject()] = true
		if r.toRoom() {
			rooms[on] = append(rooms[on], r.ChatID)
		} else {
			ids[on] = append(ids[on], r.CustomerID)
		}
	}
	out := map[view]map[string]standing{}
	for on, customers := range ids {
		f := g.frameOf(now, on.on, on.last, caps)
		f.print = on.print
		f.shares = caps.hasShares(reqs)
		s, err := g.standingIn(ctx, q, reqs[0].CorpID, customers, f)
		if err != nil {
			return nil, err
		}
		out[on] = s
	}
	for on, chats := range rooms {
		s, err := g.roomStandings(ctx, q, reqs[0].CorpID, chats, g.frameOf(now, on.on, on.last, caps))
		if err != nil {
			return nil, err
		}
		if out[on] == nil {
			out[on] = s
		} else {
			maps.Copy(out[on], s)
		}
	}
	return out, nil
}

// membersAt counts what the senders with a limit have to do on the days of the requests.
func (g *Governor) membersAt(ctx context.Context, q bun.IDB, reqs []Request, found map[string]*Touch, caps Caps, began map[string]clock.Time, now clock.Time, live map[string]*home) (map[memberDay]int, error) {
	if len(reqs) == 0 { // a corp without customers plans, too
		return map[memberDay]int{}, nil
	}
	days := map[clock.Time][]string{}
	seen := map[memberDay]bool{}
	for _, r := range reqs {
		if _, ok := found[r.Key]; ok || r.Channel != MassCustomer || !r.Class.Limited() || r.StaffID == "" || caps.StaffDay == 0 && began[r.StaffID] == 0 {
			continue
		}
		k := memberDay{r.StaffID, r.earliest(max(now, r.NotBefore), caps.Quiet, live[r.CustomerID], g.zone).Day(g.zone)}
		if !seen[k] {
			seen[k] = true
			days[k.day] = append(days[k.day], r.StaffID)
		}
	}
	return loads(ctx, q, reqs[0].CorpID, days, g.zone)
}

// standingAt counts for one earliest delivery, in a handful of queries however many customers there are.
func (g *Governor) standingAt(ctx context.Context, q bun.IDB, corpID string, customers []string, caps Caps, on clock.Time) (map[string]standing, error) {
	out, err := g.standingIn(ctx, q, corpID, customers, g.frameOf(on, on, on, caps))
	if err != nil {
		return nil, err
	}
	return out, g.housed(ctx, q, corpID, customers, out)
}

// standingIn is standingAt for a frame.
func (g *Governor) standingIn(ctx context.Context, q bun.IDB, corpID string, customers []string, f frame) (map[string]standing, error) {
	pasts, err := g.pastOf(ctx, q, corpID, customers, f.floor())
	if err != nil {
		return nil, err
	}
	silent, err := g.unansweredOf(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	out := make(map[string]standing, len(pasts))
	for id, p := range pasts {
		out[id] = p.standing(f, silent[id])
	}
	for id, u := range silent {
		if pasts[id] == nil {
			out[id] = pasts[id].standing(f, u)
		}
	}
	footings, err := g.footings(ctx, q, corpID, customers, f.caps)
	if err != nil {
		return nil, err
	}
	for id, f := range footings {
		s := out[id]
		s.narrow, s.consented = f.narrow, f.consented
		out[id] = s
	}
	for _, id := range customers {
		if g.heldOut(corpID, id, f.caps.Holdout) {
			s := out[id]
			s.heldOut = true
			out[id] = s
		}
	}
	return out, nil
}

// write inserts the new touches among rows, and a timer for each hour in which reservations of theirs end. Where another
// transaction wrote a key first, its touch takes the place of ours.
func (g *Governor) write(ctx context.Context, tx *db.Tx, rows []decided) error {
	fresh := make([]*Touch, 0, len(rows))
	for _, r := range rows {
		if !r.existing {
			r.touch.ID = tx.NewID()
			fresh = append(fresh, r.touch)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	n, err := g.insertTouches(ctx, tx, actDecide, fresh)
	if err != nil {
		return err
	}
	whole := n == len(fresh)
	if !whole {
		if err := g.adopt(ctx, tx, rows); err != nil {
			return err
		}
		fresh = fresh[:0]
		for _, r := range rows {
			if !r.existing {
				fresh = append(fresh, r.touch)
			}
		}
	}
	logTouches(tx, actDecide, g.world.Now(), fresh)
	g.noteReserved(tx, fresh, whole)
	return g.putExpiry(ctx, tx, fresh)
}

// noteReserved notes whose past new touches change; whole says that all of them were written.
func (g *Governor) noteReserved(tx *db.Tx, fresh []*Touch, whole bool) {
	var counts []*Touch
	var ids []string
	for _, t := range fresh {
		if t.State == Reserved && t.CustomerID != "" {
			counts, ids = append(counts, t), append(ids, t.CustomerID)
		}
	}
	if len(ids) == 0 {
		return
	}
	corpID := fresh[0].CorpID
	note := tx.Changed(corpID, areaTouch, ids...)
	if whole {
		tx.OnCommit(func() { g.censusOf(corpID).reserved(note.ID, counts) })
	}
}

// adopt replaces touches that lost the race for their key by the ones that won.
func (g *Governor) adopt(ctx context.Context, tx *db.Tx, rows []decided) error {
	keys := make([]string, 0, len(rows))
	for _, r := range rows {
		keys = append(keys, r.touch.Key)
	}
	won, err := g.touchesByKey(ctx, tx, rows[0].touch.CorpID, keys)
	if err != nil {
		return err
	}
	for i, r := range rows {
		if w := won[r.touch.Key]; w != nil && w.ID != r.touch.ID {
			rows[i] = decided{touch: w, existing: true}
		}
	}
	return nil
}

func (g *Governor) putExpiry(ctx context.Context, tx *db.Tx, touches []*Touch) error {
	hours := map[clock.Time]bool{}
	var items []bus.Item
	for _, t := range touches {
		if t.State != Reserved || hours[t.ExpiresAt] {
			continue
		}
		hours[t.ExpiresAt] = true
		items = append(items, expiryItem(t.CorpID, t.ExpiresAt))
	}
	if _, err := g.bus.Put(ctx, tx, items...); err != nil {
		return fmt.Errorf("set the end of reservations: %w", err)
	}
	return nil
}

func (g *Governor) touchesByID(ctx context.Context, q bun.IDB, corpID string, ids []int64) (map[int64]*Touch, error) {
	out := make(map[int64]*Touch, len(ids))
	for part := range slices.Chunk(ids, chunk) {
		var rows []*Touch
		if err := q.NewSelect().Model(&rows).Where("id IN (?)", bun.List(part)).Scan(ctx); err != nil {
			return nil, fmt.Errorf("read touches: %w", err)
		}
		if err := g.spell(ctx, q, rows...); err != nil {
			return nil, err
		}
		for _, t := range rows {
			if corpID == "" || t.CorpID == corpID {
				out[t.ID] = t
			}
		}
	}
	return out, nil
}

// capsOf reads the limits in force, and the notice.
func (g *Governor) capsOf(ctx context.Context, q bun.IDB, corpID string) (Caps, error) {
	caps, err := g.capsVersion(ctx, q, corpID, -1)
	if err != nil {
		return caps, err
	}
	caps.Notice, err = noticeIn(ctx, q, corpID, newest)
	return caps, err
}

// capsVersion reads one version of the limits; -1 is the newest.
func (g *Governor) capsVersion(ctx context.Context, q bun.IDB, corpID string, version int) (Caps, error) {
	caps := g.book.caps
	if version == 0 {
		return caps, nil
	}
	var row struct {
		Version int
		Value   string
	}
	var err error
	if version < 0 {
		err = q.NewRaw("SELECT version, value FROM caps WHERE corp_id = ? ORDER BY version DESC LIMIT 1", corpID).Scan(ctx, &row)
	} else {
		err = q.NewRaw("SELECT version, value FROM caps WHERE corp_id = ? AND version = ?", corpID, version).Scan(ctx, &row)
	}
	if db.IsNoRows(err) {
		return caps, nil
	}
	if err != nil {
		return Caps{}, fmt.Errorf("read the limits of %s: %w", corpID, err)
	}
	if err := json.Unmarshal([]byte(row.Value), &caps); err != nil {
		return Caps{}, fmt.Errorf("read the limits of %s, version %d: %w", corpID, row.Version, err)
	}
	caps.Version = row.Version
	return caps, nil
}
