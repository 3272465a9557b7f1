package governance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Budget is what a customer's contact budget looks like now.
type Budget struct {
	Windows []BudgetWindow // FTG-01, shortest first
	Full    bool           // no marketing touch is possible now; quiet hours aside
	Next    clock.Time     // when one is possible at the earliest; 0 = now, or never while opted out
	OptOut  clock.Time     // since when the customer wants none; 0 = they do
	// Pace and PausedUntil are the customer's own choice, HeldOut says that they are in the holdout.
	Pace        Pace
	PausedUntil clock.Time
	HeldOut     bool
	ConsentedAt clock.Time // since when they consent to marketing; 0 = no consent is on record
	NoConsent   bool       // there is none, and the corp sends marketing only to who consented (LAW-21)
	Narrow      bool       // they were told of service only, or asked again since, and have not said yes to more (LAW-04)
	Age         Age        // a minor (LAW-08); "" = nobody said so
	Guarded     bool       // marketing to the minor is refused for want of a guardian's consent
	NoTraits    bool       // they do not want to be chosen by what is known of them (LAW-12)
	// Grievance keeps marketing away, until GrievanceUntil once it has ended (FTG-15).
	Grievance      GrievanceKind
	GrievanceUntil clock.Time
	// SilentSince is the day since when nothing that reached them got a reaction, when it is long enough to count; Dormant says
	// that they get no marketing any more for it (FTG-13).
	SilentSince clock.Time
	Dormant     bool
}

// BudgetWindow is one sliding limit with what is used of it.
type BudgetWindow struct {
	RuleID string
	Days   int
	Cap    int
	Used   int
	Next   clock.Time // when it has room again; 0 = it has
}

// Budget answers the budgets of the customers of a list, in a handful of queries however many they are.
func (g *Governor) Budget(ctx context.Context, corpID string, customerIDs ...string) (map[string]Budget, error) {
	caps, err := g.capsOf(ctx, g.db.Read(), corpID)
	if err != nil {
		return nil, err
	}
	now := g.world.Now()
	out := make(map[string]Budget, len(customerIDs))
	for part := range slices.Chunk(customerIDs, chunk) {
		facts, err := g.standingAt(ctx, g.db.Read(), corpID, part, caps, now)
		if err != nil {
			return nil, err
		}
		consents, err := g.consentsOf(ctx, g.db.Read(), corpID, part, caps.Notice)
		if err != nil {
			return nil, err
		}
		for _, id := range part {
			out[id] = g.budget(facts[id], consents[id], caps, now)
		}
	}
	return out, nil
}

func (g *Governor) budget(s standing, consentedAt clock.Time, caps Caps, now clock.Time) Budget {
	b := Budget{OptOut: s.optedOut, ConsentedAt: consentedAt, NoConsent: caps.OnlyConsented && consentedAt == 0}
	b.Narrow = s.narrow && consentedAt == 0
	if b.Age = s.minor.age; b.Age == Under14 {
		b.Guarded = !s.minor.marketing
		b.NoConsent, b.Narrow = b.NoConsent && b.Guarded, b.Narrow && b.Guarded
	}
	if b.OptOut == 0 {
		b.OptOut = s.suppressed
	}
	own, rule := s.limits(caps, Marketing)
	for i, w := range own.Per {
		bw := BudgetWindow{RuleID: rule[i], Days: w.Days, Cap: w.Cap, Used: s.used[i]}
		if !w.fits(bw.Used, 1) {
			b.Full = true
			bw.Next = w.room(s.at, 1, now)
		}
		b.Windows = append(b.Windows, bw)
	}
	b.HeldOut = s.heldOut
	if s.pref != nil {
		b.Pace, b.PausedUntil, b.NoTraits = s.pref.Pace, s.pref.PausedUntil, s.pref.NoTraits
		if b.PausedUntil <= now {
			b.PausedUntil = 0
		}
	}
	if !s.sorrow.over(now) {
		b.Grievance, b.GrievanceUntil = s.sorrow.kind, s.sorrow.until
	}
	b.SilentSince, b.Dormant = s.hush.since, s.hush.dormant
	switch {
	case b.OptOut != 0, b.NoConsent, b.Narrow, b.Guarded, b.HeldOut, b.Dormant, b.Grievance != "" && b.GrievanceUntil == 0:
		b.Full = true
	case b.GrievanceUntil != 0:
		b.Full, b.Next = true, own.room(s.at, 1, max(now, b.PausedUntil, b.GrievanceUntil), s.home.or(g.zone))
	case b.Full:
		b.Next = own.room(s.at, 1, max(now, b.PausedUntil), s.home.or(g.zone))
	case b.PausedUntil != 0:
		b.Full, b.Next = true, caps.Quiet.Next(b.PausedUntil, s.home.or(g.zone))
	}
	return b
}

// Caps answers the limits in force, and the policy's own, which are the most that can be set.
func (g *Governor) Caps(ctx context.Context, corpID string) (inForce, policy Caps, err error) {
	inForce, err = g.capsOf(ctx, g.db.Read(), corpID)
	return inForce, g.book.caps, err
}

// SetCaps puts the corp's own limits in force. They may only be tighter than the policy's; what was decided before keeps
// its version.
func (g *Governor) SetCaps(ctx context.Context, corpID, by string, c Caps) (Caps, error) {
	if err := c.tightens(g.book.caps); err != nil {
		return Caps{}, err
	}
	value, err := json.Marshal(c)
	if err != nil {
		return Caps{}, fmt.Errorf("write the limits: %w", err)
	}
	since := g.db.IDBefore(clocksApart)
	if c.StaffDay > 0 {
		if err := g.bindDays(ctx, corpID); err != nil {
			return Caps{}, err
		}
	}
	err = g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "caps/"+corpID); err != nil {
			return err
		}
		now, err := g.capsOf(ctx, tx, corpID)
		if err != nil {
			return err
		}
		if c.StaffDay > 0 {
			if err := g.bindLatest(ctx, tx, corpID, since); err != nil {
				return err
			}
		}
		c.Version = now.Version + 1
		_, err = tx.NewRaw("INSERT INTO caps (corp_id, version, value, set_at, set_by) VALUES (?, ?, ?, ?, ?)",
			corpID, c.Version, string(value), g.world.Now(), by).Exec(ctx)
		if err != nil {
			return err
		}
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: corpID, Act: "caps.set", Subject: audit.Of("caps", strconv.Itoa(c.Version)), Who: by, At: g.world.Now(),
			Detail: audit.Detail{"caps": c, "policy": g.book.Version},
		})
	})
	if err != nil {
		return Caps{}, fmt.Errorf("set the limits: %w", err)
	}
	return c, nil
}

// Window answers when marketing that is wanted at t may go out, and when the sending hours of then end.
func (g *Governor) Window(ctx context.Context, corpID string, t clock.Time) (opens, closes clock.Time, err error) {
	caps, err := g.capsOf(ctx, g.db.Read(), corpID)
	if err != nil {
		return 0, 0, err
	}
	return caps.Quiet.Next(t, g.zone), caps.Quiet.Close(t, g.zone), nil
}

// StaffHour answers how many receivers of one mass message a member gets within an hour (FTG-17).
func (g *Governor) StaffHour(ctx context.Context, q bun.IDB, corpID string) (int, error) {
	caps, err := g.capsOf(ctx, q, corpID)
	return max(caps.StaffHour, 1), err
}

// Platform answers WeCom's own quota of mass messages (WC-01): how many one customer may get in the present period, and
// the most that one of these customers has had.
func (g *Governor) Platform(ctx context.Context, corpID string, customerIDs ...string) (limit, usedMost int, err error) {
	caps, err := g.capsOf(ctx, g.db.Read(), corpID)
	if err != nil {
		return 0, 0, err
	}
	now := g.world.Now()
	_, _, limit = caps.MassMode.Period(now, g.zone)
	for part := range slices.Chunk(customerIDs, chunk) {
		facts, err := g.standingAt(ctx, g.db.Read(), corpID, part, caps, now)
		if err != nil {
			return 0, 0, err
		}
		for _, s := range facts {
			usedMost = max(usedMost, s.mass)
		}
	}
	return limit, usedMost, nil
}

// Harm answers how many of the customers reached by marketing since `from` said stop within 24 hours, and how many were
// reached: the price of sending, for forecasts.
func (g *Governor) Harm(ctx context.Context, corpID string, from clock.Time) (optOuts, reached int, err error) {
	err = g.db.Read().NewRaw(`SELECT COUNT(DISTINCT customer_id) FROM touch
		WHERE corp_id = ? AND delivered_at >= ? AND class = 'marketing' AND state IN ('delivered','committed')`, corpID, from).Scan(ctx, &reached)
	if err != nil {
		return 0, 0, fmt.Errorf("count customers reached: %w", err)
	}
	err = g.db.Read().NewRaw(`SELECT COUNT(DISTINCT o.customer_id) FROM optout o JOIN touch t ON t.corp_id = o.corp_id AND t.customer_id = o.customer_id
		WHERE o.corp_id = ? AND o.since >= ? AND t.delivered_at >= ? AND t.class = 'marketing' AND t.state IN ('delivered','committed')
		AND o.since >= t.delivered_at AND o.since < t.delivered_at + 86400000`, corpID, from, from).Scan(ctx, &optOuts)
	if err != nil {
		return 0, 0, fmt.Errorf("count opt-outs after touches: %w", err)
	}
	return optOuts, reached, nil
}

// TaskKnown says whether a touch of ours already carries WeCom's task id.
func (g *Governor) TaskKnown(ctx context.Context, corpID, taskID string) (bool, error) {
	n, err := g.db.Read().NewSelect().Model((*Touch)(nil)).Where("corp_id = ? AND task_id = ?", corpID, taskID).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for task %s: %w", taskID, err)
	}
	return n > 0, nil
}

// HeldBack says how much was not sent, and why.
type HeldBack struct {
	Touches  int
	Persons  int
	Deferred int // waiting for the end of quiet hours: reserved, not refused
	Refused  int
	Rules    []HeldRule // most frequent first
}

// HeldRule is one rule's share.
type HeldRule struct {
	RuleID   string
	ReasonZh string
	ReasonEn string
	Count    int
}

// Held sums up what was held back in [from, to), for the staff given (nil = all).
func (g *Governor) Held(ctx context.Context, corpID string, from, to clock.Time, staffIDs []string) (HeldBack, error) {
	var h HeldBack
	where := func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Model((*Touch)(nil)).Where("corp_id = ? AND reserved_at >= ? AND reserved_at < ?", corpID, from, to).
			Where("(state = ? OR state = ? AND rule_id = ?)", Held, Reserved, ruleQuiet)
		if staffIDs != nil {
			q = q.Where("staff_id IN (?)", bun.List(db.OrNobody(staffIDs)))
		}
		return q
	}
	err := where(g.db.Read().NewSelect()).ColumnExpr("COUNT(*) AS touches").ColumnExpr("COUNT(DISTINCT customer_id) AS persons").
		ColumnExpr("COALESCE(SUM(CASE WHEN state = ? THEN 1 ELSE 0 END), 0) AS deferred", Reserved).
		Scan(ctx, &h.Touches, &h.Persons, &h.Deferred)
	if err != nil {
		return h, fmt.Errorf("count what was held back: %w", err)
	}
	h.Refused = h.Touches - h.Deferred
	err = where(g.db.Read().NewSelect()).ColumnExpr("rule_id, MAX(reason_zh) AS reason_zh, MAX(reason_en) AS reason_en, COUNT(*) AS count").
		GroupExpr("rule_id").OrderExpr("count DESC, rule_id").Scan(ctx, &h.Rules)
	if err != nil {
		return h, fmt.Errorf("count rules that held back: %w", err)
	}
	return h, nil
}
