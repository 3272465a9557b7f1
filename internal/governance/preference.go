package governance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Pace is how often a customer wants marketing at most (FTG-07).
type Pace string

// The paces.
const (
	Usual   Pace = ""        // as often as the corp's own caps allow
	Weekly  Pace = "weekly"  // once in 7 days
	Monthly Pace = "monthly" // once in 30 days
)

// maxTopics bounds what one customer can switch off.
const maxTopics = 50

// Preference is what a customer chose for themselves short of stopping. It only ever tightens what the corp allows.
type Preference struct {
	bun.BaseModel `bun:"table:preference"`

	CorpID      string `bun:",pk"`
	ID          int64  `bun:",pk"`
	CustomerID  string
	Pace        Pace
	PausedUntil clock.Time // nothing before then; 0 = no pause
	TopicsOff   topics
	NoTraits    bool // nothing may be chosen for them by what is known of them (LAW-12)
	SetAt       clock.Time
	Via         string // page, staff
	ByWhom      string
	ReplacedAt  clock.Time // 0 = in force
}

// topics is a list kept as JSON text, the same on both engines.
type topics []string

// limit is what is left of the caps for a customer with this preference.
func (p *Preference) limit(c Caps) Caps {
	if p == nil {
		return c
	}
	for i := range c.Per {
		w := &c.Per[i]
		if p.Pace == Weekly && w.Days == 7 || p.Pace == Monthly && w.Days >= 7 {
			w.Cap = min(w.Cap, 1)
		}
	}
	return c
}

// refuses says why a touch about a topic may not go out at `on`; an empty rule means that it may, as far as this goes.
func (p *Preference) refuses(topic string, on clock.Time) (st Step, reason errs.Text) {
	switch {
	case p == nil:
		return Step{}, errs.Text{}
	case p.PausedUntil > on:
		st = Step{RuleID: rulePreference, Since: p.SetAt, Next: p.PausedUntil}
		return st, reasonPaused
	case topic != "" && slices.Contains(p.TopicsOff, topic):
		st = Step{RuleID: rulePreference, Since: p.SetAt, Text: topic}
		return st, reasonTopic(topic)
	}
	return Step{}, errs.Text{}
}

// traits is what LAW-12 says to a touch whose customer was chosen by their traits: it refuses when it has a time.
func (p *Preference) traits() Step {
	st := Step{RuleID: ruleTraits}
	if p != nil && p.NoTraits {
		st.Since = p.SetAt
	}
	return st
}

// check says what is wrong with a preference that somebody sends.
func (p *Preference) check(now clock.Time) error {
	switch p.Pace {
	case Usual, Weekly, Monthly:
	default:
		return errs.Bad("pace", "invalid", errs.T("请选：照常、每周一次、每月一次。", "Choose: as usual, once a week, once a month."))
	}
	if len(p.TopicsOff) > maxTopics {
		return errs.Bad("topics_off", "invalid", errs.Tf("最多关闭 %d 个主题。", "At most %d topics can be switched off.", maxTopics))
	}
	if p.PausedUntil != 0 && p.PausedUntil > now.Add(366*24*time.Hour) {
		return errs.Bad("paused_until", "invalid", errs.T("最长可以暂停一年；不想再收到，请选「全部停止」。", "A pause is at most a year; to get none at all, choose “Stop all”."))
	}
	return nil
}

// PreferenceChanged is told inside the transaction in which a customer chooses something for themselves.
type PreferenceChanged struct {
	CorpID     string
	CustomerID string
	At         clock.Time
}

// SetPreference puts what a customer chose in force, at once: reservations it forbids are released, and subscribers of
// OnPreference take back the tasks WeCom still holds.
func (g *Governor) SetPreference(ctx context.Context, tx *db.Tx, p Preference) error {
	now := g.world.Now()
	if err := p.check(now); err != nil {
		return err
	}
	if err := lockKeys(ctx, tx, []string{customerLock(p.CorpID, p.CustomerID)}); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model((*Preference)(nil)).Set("replaced_at = ?", max(now, 1)).
		Where("corp_id = ? AND customer_id = ? AND replaced_at = 0", p.CorpID, p.CustomerID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("replace the preference of %s: %w", p.CustomerID, err)
	}
	if p.PausedUntil <= now {
		p.PausedUntil = 0
	}
	p.TopicsOff = slices.Compact(slices.Sorted(slices.Values(p.TopicsOff)))
	p.ID, p.SetAt, p.ReplacedAt = tx.NewID(), now, 0
	if _, err := tx.NewInsert().Model(&p).Exec(ctx); err != nil {
		return fmt.Errorf("set the preference of %s: %w", p.CustomerID, err)
	}
	changed(tx, p.CorpID, p.CustomerID)
	err = audit.Log(ctx, tx, audit.Entry{
		CorpID: p.CorpID, Act: "preference.set", Subject: audit.Of("customers", p.CustomerID), Who: p.ByWhom, At: now,
		Detail: audit.Detail{"pace": p.Pace, "paused_until": p.PausedUntil, "topics_off": len(p.TopicsOff), "no_traits": p.NoTraits, "via": p.Via},
	})
	if err != nil {
		return err
	}
	return g.tellChosen(ctx, tx, p.CorpID, p.CustomerID, now)
}

// releaseUnwanted gives back the customer's reservations that they do not want any more.
func (g *Governor) releaseUnwanted(ctx context.Context, tx *db.Tx, corpID, customerID string) error {
	var ids []int64
	err := tx.NewSelect().Model((*Touch)(nil)).Column("id").
		Where("corp_id = ? AND customer_id = ? AND state = ? AND class IN (?, ?)", corpID, customerID, Reserved, Marketing, Lifecycle).
		OrderExpr("id").Scan(ctx, &ids)
	if err != nil {
		return fmt.Errorf("read reservations of %s: %w", customerID, err)
	}
	unwanted, err := g.Unwanted(ctx, tx, corpID, ids...)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if u, ok := unwanted[id]; ok {
			if err := g.Release(ctx, tx, id, u.RuleID, u.Reason); err != nil {
				return err
			}
		}
	}
	return nil
}

// Objection is why a customer does not want a touch any more.
type Objection struct {
	RuleID string
	Reason errs.Text
}

// Unwanted answers which of the open touches their customers do not want any more, by touch: they said stop, paused,
// switched the topic off, do not want to be chosen as they were, or chose a pace that others fill by now; or a consent, the notice or their age stands against it; or something is wrong between them and the corp; or the hours of
// their own zone are over. Marketing and lifecycle only.
func (g *Governor) Unwanted(ctx context.Context, tx *db.Tx, corpID string, touchIDs ...int64) (map[int64]Objection, error) {
	found, err := g.touchesByID(ctx, tx, corpID, touchIDs)
	if err != nil {
		return nil, err
	}
	out := map[int64]Objection{}
	now := g.world.Now()
	type paced struct {
		*Touch
		own Caps // what their customer's choice leaves of the caps
	}
	var open []paced
	var inForce Caps
	err = g.eachLimited(ctx, tx, found, func(t *Touch, caps Caps, s standing) {
		inForce = caps
		switch st, reason := s.pref.refuses(t.Topic, now); {
		case s.optedOut != 0:
			out[t.ID] = Objection{ruleOptOut, reasonOptOut}
		case s.suppressed != 0:
			out[t.ID] = Objection{ruleSuppressed, reasonSuppressed}
		case t.ungranted(caps, s).RuleID != "":
			out[t.ID] = t.ungranted(caps, s)
		case !s.sorrow.over(now):
			st := s.sorrow.step()
			out[t.ID] = Objection{st.RuleID, st.reason()}
		case t.Traits && s.pref.traits().Since != 0:
			out[t.ID] = Objection{ruleTraits, reasonTraits}
		case st.RuleID != "":
			out[t.ID] = Objection{st.RuleID, reason}
		case t.State == Tasked && s.home != nil && !caps.Quiet.Open(now, s.home.loc): // what is only reserved waits for its hours
			out[t.ID] = Objection{ruleQuiet, ReasonHours(s.home.name)}
		case s.pref != nil && s.pref.Pace != Usual:
			open = append(open, paced{t, s.pref.limit(caps)})
		}
	})
	if err != nil {
		return nil, err
	}
	for _, t := range open { // rare: somebody who asked for less
		full, err := paceFull(ctx, tx, t.Touch, t.own, inForce, now)
		if err != nil {
			return nil, err
		}
		if full {
			out[t.ID] = Objection{rulePreference, reasonPace}
		}
	}
	return out, nil
}

// paceFull says whether the touches before t fill the pace its customer chose: own are their caps, corp those of everybody.
func paceFull(ctx context.Context, q bun.IDB, t *Touch, own, corp Caps, now clock.Time) (bool, error) {
	for i, w := range own.Per {
		if w.Cap == corp.Per[i].Cap {
			continue
		}
		var used int
		err := q.NewRaw(`SELECT COALESCE(SUM(cost), 0) FROM touch WHERE corp_id = ? AND customer_id = ? AND class IN ('marketing','lifecycle')
			AND (state IN ('delivered','committed') AND delivered_at > ? OR state IN ('reserved','tasked') AND id < ?) AND id <> ?`,
			t.CorpID, t.CustomerID, now.Add(-w.length()), t.ID, t.ID).Scan(ctx, &used)
		if err != nil {
			return false, fmt.Errorf("count touches of %s: %w", t.CustomerID, err)
		}
		if !w.fits(used, t.Cost) {
			return true, nil
		}
	}
	return false, nil
}

// preferencesOf reads what is in force of the customers.
func (g *Governor) preferencesOf(ctx context.Context, q bun.IDB, corpID string, customerIDs []string) (map[string]*Preference, error) {
	out := map[string]*Preference{}
	if len(customerIDs) == 0 {
		return out, nil
	}
	var rows []*Preference
	err := g.along(ctx, "customer_id", customerIDs, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw("SELECT * FROM preference WHERE corp_id = ? AND replaced_at = 0 AND "+where, append([]any{corpID}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read preferences: %w", err)
	}
	wanted := setOf(customerIDs)
	for _, p := range rows {
		if wanted[p.CustomerID] {
			out[p.CustomerID] = p
		}
	}
	return out, nil
}

// preferenceThen is what was in force of a customer when a touch was decided.
func (g *Governor) preferenceThen(ctx context.Context, t *Touch) (*Preference, error) {
	var rows []*Preference
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ? AND set_at <= ?", t.CorpID, t.CustomerID, t.ReservedAt).
		Where("(replaced_at = 0 OR replaced_at >= ?) AND id < ?", t.ReservedAt, t.ID).OrderExpr("id DESC").Limit(1).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the preference of then: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // nobody has to have one: a nil *Preference wants everything as usual
	}
	return rows[0], nil
}

// PreferenceOf reads what a customer chose; the zero Preference when nothing.
func (g *Governor) PreferenceOf(ctx context.Context, corpID, customerID string) (Preference, error) {
	prefs, err := g.preferencesOf(ctx, g.db.Read(), corpID, []string{customerID})
	if err != nil {
		return Preference{}, err
	}
	if p := prefs[customerID]; p != nil {
		return *p, nil
	}
	return Preference{CorpID: corpID, CustomerID: customerID}, nil
}

// TopicsOf are the topics a customer heard about in the last half year, or switched off: what their page offers.
func (g *Governor) TopicsOf(ctx context.Context, corpID, customerID string) ([]string, error) {
	var heard []string
	err := g.db.Read().NewRaw(`SELECT DISTINCT topic FROM touch WHERE corp_id = ? AND customer_id = ? AND topic <> '' AND reserved_at > ?
		AND class IN ('marketing','lifecycle') AND state IN ('reserved','tasked','delivered','committed')`,
		corpID, customerID, g.world.Now().Add(-180*24*time.Hour)).Scan(ctx, &heard)
	if err != nil {
		return nil, fmt.Errorf("read the topics of %s: %w", customerID, err)
	}
	p, err := g.PreferenceOf(ctx, corpID, customerID)
	if err != nil {
		return nil, err
	}
	all := slices.Compact(slices.Sorted(slices.Values(append(heard, p.TopicsOff...))))
	return all[:min(len(all), maxTopics)], nil
}
