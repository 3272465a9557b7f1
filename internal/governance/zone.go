package governance

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// WeCom does not tell where a customer is, and nothing here guesses it: a zone is known when somebody said so. Quiet hours are then
// those of that zone (FTG-05). Days and periods that count against a limit stay the corp's: WeCom cuts its own by the corp, too.

// Zone is the zone a customer lives in, as somebody said.
type Zone struct {
	bun.BaseModel `bun:"table:customer_zone"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CustomerID string
	Zone       string // IANA name or an offset, "UTC+08:00"; empty = not known any more
	Via        string // staff, api, import
	ByWhom     string
	SetAt      clock.Time
	ReplacedAt clock.Time // 0 = in force
}

// home is a zone customers live in. There is one of each, so that two can be compared by their address.
type home struct {
	name string
	loc  *time.Location
}

// or is the zone's clock, or another one's where none is known.
func (h *home) or(zone *time.Location) *time.Location {
	if h == nil {
		return zone
	}
	return h.loc
}

// zone is its name; empty where none is known.
func (h *home) zone() string {
	if h == nil {
		return ""
	}
	return h.name
}

// homes are the zones that were asked for. Their number is bounded by that of all zones.
type homes struct {
	mu    sync.Mutex
	known map[string]*home
}

func (s *homes) of(name string) (*home, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.known[name]; h != nil {
		return h, nil
	}
	loc, err := loadZone(name)
	if err != nil {
		return nil, err
	}
	s.known[name] = &home{name, loc}
	return s.known[name], nil
}

var (
	offsetPattern = regexp.MustCompile(`^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$`)
	errZone       = errs.Bad("zone", "governance.zone", errs.T("不认识这个时区。请写 Asia/Shanghai 这样的名称，或 +08:00 这样的时差。",
		"This zone is not known. Write a name such as Asia/Shanghai, or an offset such as +08:00."))
)

// parseZone reads a zone as people write it: a name of the IANA database, or an offset, which knows no summer time. Empty stays
// empty.
func parseZone(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	if m := offsetPattern.FindStringSubmatch(strings.ToUpper(s)); m != nil {
		hours, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(cmp.Or(m[3], "0"))
		if hours > 14 || minutes%15 != 0 || minutes > 45 || hours == 14 && minutes > 0 {
			return "", errZone
		}
		return fmt.Sprintf("UTC%s%02d:%02d", m[1], hours, minutes), nil
	}
	if _, err := loadZone(s); err != nil || s == "Local" {
		return "", errZone
	}
	return s, nil
}

// loadZone is the clock of a zone as it is stored.
func loadZone(name string) (*time.Location, error) {
	if m := offsetPattern.FindStringSubmatch(name); m != nil {
		hours, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.Atoi(m[3])
		seconds := hours*3600 + minutes*60
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone(name, seconds), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %q: %w", name, err)
	}
	return loc, nil
}

// homesOf reads where customers live; those of whom it is not known are left out.
func (g *Governor) homesOf(ctx context.Context, q bun.IDB, corpID string, customers []string) (map[string]*home, error) {
	if len(customers) == 0 {
		return nil, nil //nolint:nilnil // nobody lives anywhere
	}
	var rows []struct{ CustomerID, Zone string }
	err := g.along(ctx, "customer_id", customers, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw("SELECT customer_id, zone FROM customer_zone WHERE corp_id = ? AND replaced_at = 0 AND zone <> '' AND "+where,
			append([]any{corpID}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read the zones of %d customers: %w", len(customers), err)
	}
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	wanted := setOf(customers)
	out := make(map[string]*home, len(rows))
	for _, r := range rows {
		if !wanted[r.CustomerID] {
			continue
		}
		if out[r.CustomerID], err = g.homes.of(r.Zone); err != nil {
			return nil, fmt.Errorf("read the zone of %s: %w", r.CustomerID, err)
		}
	}
	return out, nil
}

// housed adds to standings where their customers live.
func (g *Governor) housed(ctx context.Context, q bun.IDB, corpID string, customers []string, into map[string]standing) error {
	live, err := g.homesOf(ctx, q, corpID, customers)
	for id, h := range live {
		s := into[id]
		s.home = h
		into[id] = s
	}
	return err
}

// homeThen is where a customer lived when a touch was decided.
func (g *Governor) homeThen(ctx context.Context, t *Touch) (*home, error) {
	var rows []Zone
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ? AND set_at <= ?", t.CorpID, t.CustomerID, t.ReservedAt).
		Where("(replaced_at = 0 OR replaced_at >= ?) AND id < ?", t.ReservedAt, t.ID).OrderExpr("id DESC").Limit(1).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the zone of then: %w", err)
	}
	if len(rows) == 0 || rows[0].Zone == "" {
		return nil, nil //nolint:nilnil // a nil *home is the corp's zone
	}
	return g.homes.of(rows[0].Zone)
}

func customersOf(reqs []Request) []string {
	out := make([]string, 0, len(reqs))
	for _, r := range reqs {
		if r.CustomerID != "" && r.Class.Limited() {
			out = append(out, r.CustomerID)
		}
	}
	return out
}

// SetZones notes where customers live, each of them once; an empty zone says that it is not known any more. What is reserved is looked
// at again when its task is made; tasks that are open with a customer whose hours are over are taken back and made without
// them. It answers how many zones changed.
func (g *Governor) SetZones(ctx context.Context, tx *db.Tx, corpID, via, by string, zones map[string]string) (int, error) {
	ids := make([]string, 0, len(zones))
	var keys []string
	for id := range zones {
		ids, keys = append(ids, id), append(keys, customerLock(corpID, id))
	}
	slices.Sort(ids)
	if err := lockKeys(ctx, tx, keys); err != nil {
		return 0, err
	}
	was, err := g.ZonesOf(ctx, tx, corpID, ids...)
	if err != nil {
		return 0, err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return was[id].Zone == zones[id] })
	now := g.world.Now()
	for part := range slices.Chunk(ids, chunk) {
		_, err := tx.NewUpdate().Model((*Zone)(nil)).Set("replaced_at = ?", max(now, 1)).
			Where("corp_id = ? AND customer_id IN (?) AND replaced_at = 0", corpID, bun.List(part)).Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("replace the zones of %d customers: %w", len(part), err)
		}
		rows := make([]*Zone, len(part))
		for i, id := range part {
			rows[i] = &Zone{CorpID: corpID, ID: tx.NewID(), CustomerID: id, Zone: zones[id], Via: via, ByWhom: by, SetAt: now}
		}
		if _, err := db.InsertAlike(ctx, tx, rows, ""); err != nil {
			return 0, fmt.Errorf("set the zones of %d customers: %w", len(part), err)
		}
		for _, z := range rows {
			err := audit.Log(ctx, tx, audit.Entry{
				CorpID: corpID, Act: "zone.set", Subject: audit.Of("customers", z.CustomerID), Who: by, At: now,
				Detail: audit.Detail{"zone": z.Zone, "was": was[z.CustomerID].Zone, "via": via},
			})
			if err != nil {
				return 0, err
			}
		}
		changed(tx, corpID, part...)
		if err := g.moved(ctx, tx, corpID, part, now); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// moved tells the rooms of customers whose zone changed while something is under way to them.
func (g *Governor) moved(ctx context.Context, tx *db.Tx, corpID string, customers []string, now clock.Time) error {
	var waits []string
	err := tx.NewSelect().Model((*Touch)(nil)).ColumnExpr("DISTINCT customer_id").
		Where("corp_id = ? AND customer_id IN (?) AND state = ? AND class IN (?, ?)", corpID, bun.List(customers), Tasked, Marketing, Lifecycle).
		OrderExpr("customer_id").Scan(ctx, &waits)
	if err != nil {
		return fmt.Errorf("look for what is under way to %d customers: %w", len(customers), err)
	}
	for _, id := range waits {
		if err := g.tellChosen(ctx, tx, corpID, id, now); err != nil {
			return err
		}
	}
	return nil
}

// ZonesOf reads what is in force of customers, also that a zone is not known any more.
func (g *Governor) ZonesOf(ctx context.Context, q bun.IDB, corpID string, customers ...string) (map[string]Zone, error) {
	out := make(map[string]Zone, len(customers))
	for part := range slices.Chunk(customers, chunk) {
		var rows []Zone
		err := q.NewSelect().Model(&rows).Where("corp_id = ? AND customer_id IN (?) AND replaced_at = 0", corpID, bun.List(part)).Scan(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the zones of %d customers: %w", len(part), err)
		}
		for _, z := range rows {
			out[z.CustomerID] = z
		}
	}
	return out, nil
}

// Hours are the part of a sender's hours in which one customer may be reached.
type Hours struct {
	Zone   string // the customer's own; empty = the corp's
	Opens  clock.Time
	Closes clock.Time // not above Opens: there is none
}

// HoursWithin answers, by customer, which part of a sender's hours is within their own. Those without a zone of their own are left
// out: the corp's hours are theirs.
func (g *Governor) HoursWithin(ctx context.Context, q bun.IDB, corpID string, customers []string, opens, closes clock.Time) (map[string]Hours, error) {
	caps, err := g.capsOf(ctx, q, corpID)
	if err != nil {
		return nil, err
	}
	out := map[string]Hours{}
	of := map[*home]Hours{}
	for part := range slices.Chunk(customers, chunk) {
		live, err := g.homesOf(ctx, q, corpID, part)
		if err != nil {
			return nil, err
		}
		for id, h := range live {
			if _, ok := of[h]; !ok {
				from := caps.Quiet.Next(opens, h.loc)
				of[h] = Hours{Zone: h.name, Opens: from, Closes: min(closes, caps.Quiet.Close(from, h.loc))}
			}
			out[id] = of[h]
		}
	}
	return out, nil
}

// ReasonHours is why somebody who lives in a zone is held back: their hours and the sender's do not meet.
func ReasonHours(zone string) errs.Text {
	return errs.T(fmt.Sprintf("按客户自己的时区（%s），这次发送时是安静时段。", zone), fmt.Sprintf("By the customer's own zone (%s) it is quiet time when this goes out.", zone))
}

// reasonHours is what quiet hours say to a touch.
func reasonHours(s Step) errs.Text {
	switch {
	case s.Text == "":
		return reasonQuiet
	case s.Verdict == Waits:
		return errs.T(fmt.Sprintf("按客户自己的时区（%s）现在是安静时段，等到允许发送的时段再发。", s.Text),
			fmt.Sprintf("By the customer's own zone (%s) it is quiet time now; it waits until sending is allowed again.", s.Text))
	}
	return ReasonHours(s.Text)
}
