package governance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Act is something a customer did by themselves: it ends their silence.
type Act string

// The acts. WeCom tells the first five; what was said to a member alone, bought or visited somebody has to tell.
const (
	Added   Act = "added"   // added a member
	Wrote   Act = "wrote"   // in customer service
	Joined  Act = "joined"  // a group, by its code
	Reacted Act = "reacted" // to a Moment
	Chose   Act = "chose"   // on their preference page
	Replied Act = "replied"
	Bought  Act = "bought"
	Visited Act = "visited"
)

// Sunset says from when on who does not react gets less, and then nothing (FTG-13).
type Sunset struct {
	Cooling int `json:"cooling"` // days of silence from which on they get at most Week within 7 days
	Dormant int `json:"dormant"` // days from which on they get no marketing but one last question
	Week    int `json:"week"`
	Least   int `json:"-"` // messages without a reaction that make it silence
}

// leastCooling is the fewest days of silence that may count: who was written to yesterday has not had time to answer.
const leastCooling = 7

// Silence is how long a customer has not reacted: it begins with the first message to them, of any member, after their last act.
// Moments call nobody and begin none.
type Silence struct {
	bun.BaseModel `bun:"table:silence"`

	CorpID     string `bun:",pk"`
	CustomerID string `bun:",pk"`
	ActedAt    clock.Time
	Act        Act
	Since      clock.Time // 0 = they got nothing since
	Touches    int
	WinbackAt  clock.Time // when the last question reached them; 0 = it did not
}

// unanswered is what decisions need of a Silence; previews of many keep it in memory.
type unanswered struct {
	since   clock.Time
	touches int32
	asked   bool // the last question reached them
}

// hush is what a silence means on a day; nothing before it is long enough.
type hush struct {
	since   clock.Time // the day it began
	dormant bool
	asked   int // last questions that reached them, or may still
}

// on is what the silence means at an instant.
func (u unanswered) on(at clock.Time, s Sunset, zone *time.Location) hush {
	if u.since == 0 || int(u.touches) < s.Least {
		return hush{}
	}
	h := hush{since: u.since.Day(zone)}
	days := h.days(at)
	if days < s.Cooling {
		return hush{}
	}
	if h.dormant = days >= s.Dormant; u.asked {
		h.asked = 1
	}
	return h
}

// days of silence at an instant.
func (h hush) days(at clock.Time) int { return int(at.Sub(h.since) / (24 * time.Hour)) }

// winback marks the step of the one last question.
const winback = "winback"

// steps are what the rule says to a touch that somebody asks for; none when there is nothing to say.
func (h hush) steps(r Request, at clock.Time, c Caps) []Step {
	st := Step{RuleID: ruleSunset, Since: h.since}
	switch {
	case r.Winback:
		st.Text, st.Before, st.After = winback, h.asked, h.asked+1
		if h.dormant {
			st.Cap = 1
		}
	case h.dormant:
		st.Before = h.days(at)
		st.After, st.Cap = st.Before+1, c.Sunset.Dormant
	default:
		return nil
	}
	return []Step{st}
}

// reasonSunset says why silence keeps a touch back, out of what the ledger holds of it.
func reasonSunset(s Step) errs.Text {
	switch {
	case s.Text == winback && s.Cap == 0:
		return errs.T("「最后一问」只发给沉默很久的客户，这位不是。", "The last question goes only to customers who have been silent for long; this one has not.")
	case s.Text == winback:
		return errs.T("「最后一问」已经问过这位客户，没有回应，不再发。", "This customer was asked the last question and did not react; nothing more is sent.")
	case s.Days > 0:
		return errs.T(fmt.Sprintf("这位客户很久没有反应，放慢到 %d 天最多 %d 次，已触达 %d 次。", s.Days, s.Cap, s.Before),
			fmt.Sprintf("This customer has not reacted for long: at most %d within %s; %s so far.", s.Cap, errs.Count(s.Days, "day", "days"), errs.Count(s.Before, "touch", "touches")))
	}
	return errs.T(fmt.Sprintf("这位客户 %d 天没有任何反应，不再发营销；可以用「最后一问」问一次是否还要接收。", s.Before),
		fmt.Sprintf("This customer has not reacted for %s: no more marketing. One last question may ask whether they still want it.", errs.Count(s.Before, "day", "days")))
}

// limits are the caps that hold for a customer's marketing, and the rule behind each window: the customer's own choice, or their
// silence, where that is what limits.
func (s standing) limits(c Caps, class Class) (own Caps, rule [3]string) {
	own = s.pref.limit(c)
	for i := range own.Per {
		rule[i] = capRuleOf(own, c, i)
		if w := &own.Per[i]; class == Marketing && s.hush.since != 0 && w.Days == 7 && c.Sunset.Week < w.Cap {
			w.Cap, rule[i] = c.Sunset.Week, ruleSunset
		}
	}
	return own, rule
}

// Acted notes that customers did something by themselves, each the last time at the instant given: whatever silence there was
// before is over. What was known already changes nothing.
func (g *Governor) Acted(ctx context.Context, tx *db.Tx, corpID string, act Act, at map[string]clock.Time) error {
	ids := slices.Sorted(maps.Keys(at))
	for part := range slices.Chunk(ids, chunk) {
		var known []Silence
		if err := tx.NewSelect().Model(&known).Where("corp_id = ? AND customer_id IN (?)", corpID, bun.List(part)).Scan(ctx); err != nil {
			return fmt.Errorf("read the silence of %d customers: %w", len(part), err)
		}
		was := make(map[string]*Silence, len(known))
		for i := range known {
			was[known[i].CustomerID] = &known[i]
		}
		var rows []*Silence
		var silent []string // whose standing changes
		for _, id := range part {
			v := was[id]
			if v != nil && v.ActedAt >= at[id] {
				continue
			}
			rows = append(rows, &Silence{CorpID: corpID, CustomerID: id, ActedAt: at[id], Act: act})
			if v != nil && v.Since != 0 {
				silent = append(silent, id)
			}
		}
		_, err := db.InsertAlike(ctx, tx, rows, `ON CONFLICT (corp_id, customer_id) DO UPDATE SET acted_at = EXCLUDED.acted_at, act = EXCLUDED.act,
			since = 0, touches = 0, winback_at = 0 WHERE silence.acted_at < EXCLUDED.acted_at`)
		if err != nil {
			return fmt.Errorf("note that %d customers acted: %w", len(rows), err)
		}
		changed(tx, corpID, silent...)
	}
	return nil
}

// Told is Acted for what a person or another system says the customer did.
func (g *Governor) Told(ctx context.Context, tx *db.Tx, corpID, customerID string, act Act, by string) error {
	switch act {
	case Replied, Bought, Visited:
	case Added, Wrote, Joined, Reacted, Chose:
		fallthrough
	default:
		return errs.Bad("act", "invalid", errs.T("请选：回复了员工、购买了、到店了。", "Choose: replied to a member, bought, visited."))
	}
	now := g.world.Now()
	if err := g.Acted(ctx, tx, corpID, act, map[string]clock.Time{customerID: now}); err != nil {
		return err
	}
	return audit.Log(ctx, tx, audit.Entry{
		CorpID: corpID, Act: "customer.acted", Subject: audit.Of("customers", customerID), Who: by, At: now, Detail: audit.Detail{"act": act},
	})
}

// reached notes that messages reached customers: one more without a reaction, for each.
func (g *Governor) reached(ctx context.Context, tx *db.Tx, touches []*Touch) error {
	type who struct{ corpID, customerID string }
	rows := map[who]*Silence{}
	for _, t := range touches {
		if t.Channel != MassCustomer || t.CustomerID == "" || !t.Class.Limited() {
			continue
		}
		k := who{t.CorpID, t.CustomerID}
		v := rows[k]
		if v == nil {
			v = &Silence{CorpID: t.CorpID, CustomerID: t.CustomerID, Since: t.DeliveredAt}
			rows[k] = v
		}
		v.Touches++
		v.Since = min(v.Since, t.DeliveredAt)
		if t.Winback {
			v.WinbackAt = max(v.WinbackAt, t.DeliveredAt)
		}
	}
	list := make([]*Silence, 0, len(rows))
	for _, v := range rows {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b *Silence) int { // the same order in every transaction
		return cmp.Or(cmp.Compare(a.CorpID, b.CorpID), cmp.Compare(a.CustomerID, b.CustomerID))
	})
	for part := range slices.Chunk(list, chunk) {
		_, err := db.InsertAlike(ctx, tx, part, `ON CONFLICT (corp_id, customer_id) DO UPDATE SET touches = silence.touches + EXCLUDED.touches,
			since = CASE WHEN silence.since = 0 OR EXCLUDED.since < silence.since THEN EXCLUDED.since ELSE silence.since END,
			winback_at = CASE WHEN EXCLUDED.winback_at > silence.winback_at THEN EXCLUDED.winback_at ELSE silence.winback_at END
			WHERE EXCLUDED.since > silence.acted_at`)
		if err != nil {
			return fmt.Errorf("note what reached %d customers: %w", len(part), err)
		}
	}
	return nil
}

// unansweredOf reads who of the customers got something since their last act.
func (g *Governor) unansweredOf(ctx context.Context, q bun.IDB, corpID string, customerIDs []string) (map[string]unanswered, error) {
	var rows []Silence
	err := g.along(ctx, "customer_id", customerIDs, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw("SELECT customer_id, since, touches, winback_at FROM silence WHERE corp_id = ? AND since > 0 AND "+where,
			append([]any{corpID}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read the silence of %d customers: %w", len(customerIDs), err)
	}
	out := make(map[string]unanswered, len(rows))
	for i := range rows {
		out[rows[i].CustomerID] = rows[i].unanswered()
	}
	return out, nil
}

func (v *Silence) unanswered() unanswered {
	return unanswered{since: v.Since, touches: int32(min(v.Touches, 1<<20)), asked: v.WinbackAt != 0}
}

// SilenceOf reads what is known of a customer's silence; the zero Silence when nothing.
func (g *Governor) SilenceOf(ctx context.Context, corpID, customerID string) (Silence, error) {
	var rows []Silence
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ?", corpID, customerID).Scan(ctx)
	if err != nil {
		return Silence{}, fmt.Errorf("read the silence of %s: %w", customerID, err)
	}
	if len(rows) == 0 {
		return Silence{CorpID: corpID, CustomerID: customerID}, nil
	}
	return rows[0], nil
}

// tightensSunset says what of the corp's own numbers allows more than the policy.
func (c Caps) tightensSunset(policy Caps) error {
	s, p := c.Sunset, policy.Sunset
	switch {
	case s.Cooling < leastCooling || s.Cooling > p.Cooling:
		return errs.Bad("sunset/cooling", "governance.only_tighter", errs.T(
			fmt.Sprintf("沉默 %d 到 %d 天起放慢，只能提前（FTG-13）。", leastCooling, p.Cooling),
			fmt.Sprintf("Silence of %d to %d days slows messages down; it can only come earlier (FTG-13).", leastCooling, p.Cooling)))
	case s.Dormant < s.Cooling || s.Dormant > p.Dormant:
		return errs.Bad("sunset/dormant", "governance.only_tighter", errs.T(
			fmt.Sprintf("沉默最多 %d 天就停，不能早于放慢的那天（FTG-13）。", p.Dormant),
			fmt.Sprintf("Silence of at most %d days ends marketing, not before the day it slows down (FTG-13).", p.Dormant)))
	case s.Week < 0 || s.Week > p.Week:
		return errs.Bad("sunset/week", "governance.only_tighter", errs.Tf("放慢后 7 天最多 %d 次，只能调低（FTG-13）。", "Slowed down, at most %d within 7 days; it can only be lowered (FTG-13).", p.Week))
	}
	return nil
}
