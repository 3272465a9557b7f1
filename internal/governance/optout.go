package governance

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// OptOutRow says since when a customer wants no marketing.
type OptOutRow struct {
	bun.BaseModel `bun:"table:optout"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CustomerID string
	Since      clock.Time
	Via        string // page, keyword, staff, import, erasure
	ByWhom     string
	LiftedAt   clock.Time
	Evidence   string
}

// OptOut ends all marketing to a customer at once: no new task is made, reservations are released, and subscribers of
// OnOptOut cancel the tasks WeCom still holds. Asked twice, the first time counts.
func (g *Governor) OptOut(ctx context.Context, tx *db.Tx, corpID, customerID, via, by string) error {
	if err := lockKeys(ctx, tx, []string{customerLock(corpID, customerID)}); err != nil {
		return err
	}
	now := g.world.Now()
	row := &OptOutRow{CorpID: corpID, ID: tx.NewID(), CustomerID: customerID, Since: now, Via: via, ByWhom: by}
	res, err := tx.NewInsert().Model(row).On("CONFLICT (corp_id, customer_id) WHERE lifted_at = 0 DO NOTHING").Exec(ctx)
	if err != nil {
		return fmt.Errorf("opt %s out: %w", customerID, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("opt %s out: %w", customerID, err)
	}
	if n == 0 {
		return nil
	}
	if err := g.changedPerson(ctx, tx, corpID, customerID); err != nil {
		return err
	}
	if err := logOptOut(ctx, tx, "optout.set", row, now); err != nil {
		return err
	}
	if err := g.withdrawConsent(ctx, tx, corpID, customerID, by); err != nil {
		return err
	}
	if err := g.suppress(ctx, tx, corpID, customerID, now); err != nil {
		return err
	}
	var open []Touch
	err = tx.NewSelect().Model(&open).
		Where("corp_id = ? AND customer_id = ? AND state IN (?, ?) AND class IN (?, ?)", corpID, customerID, Reserved, Tasked, Marketing, Lifecycle).
		OrderExpr("id").Scan(ctx)
	if err != nil {
		return fmt.Errorf("read open touches of %s: %w", customerID, err)
	}
	e := OptedOut{CorpID: corpID, CustomerID: customerID, At: now, Via: via, By: by}
	var reserved []int64
	for _, t := range open {
		if t.State == Reserved {
			reserved = append(reserved, t.ID)
		} else {
			e.Open = append(e.Open, t)
		}
	}
	if err := g.ReleaseAll(ctx, tx, reserved, ruleOptOut, reasonOptOut); err != nil {
		return err
	}
	for _, f := range g.OnOptOut {
		if err := f(ctx, tx, e); err != nil {
			return fmt.Errorf("tell that %s opted out: %w", customerID, err)
		}
	}
	return nil
}

// OptIn records the customer's own new consent, as a person writes it down, and lifts an opt-out: nothing else can (FTG-09).
func (g *Governor) OptIn(ctx context.Context, tx *db.Tx, corpID, customerID, evidence, by string) error {
	if evidence == "" {
		return errs.Bad("evidence", "governance.no_evidence",
			errs.T("恢复接收需要客户本人的同意凭证（FTG-09）。", "Resuming needs evidence of the customer's own new consent (FTG-09)."))
	}
	if err := g.lift(ctx, tx, corpID, customerID, evidence, by); err != nil {
		return err
	}
	via := "staff"
	if by == ByCustomer {
		via = "page"
	}
	return g.consent(ctx, tx, Consent{CorpID: corpID, CustomerID: customerID, Via: via, ByWhom: by, Words: evidence})
}

// lift ends an opt-out and what suppressed the person.
func (g *Governor) lift(ctx context.Context, tx *db.Tx, corpID, customerID, evidence, by string) error {
	if err := lockKeys(ctx, tx, []string{customerLock(corpID, customerID)}); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model((*OptOutRow)(nil)).Set("lifted_at = ?", max(g.world.Now(), 1)).Set("evidence = ?", by+": "+evidence).
		Where("corp_id = ? AND customer_id = ? AND lifted_at = 0", corpID, customerID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("opt %s in: %w", customerID, err)
	}
	if err := g.changedPerson(ctx, tx, corpID, customerID); err != nil {
		return err
	}
	hashes, err := g.hashes(ctx, tx, corpID, []string{customerID})
	if err != nil {
		return err
	}
	_, err = tx.NewRaw("DELETE FROM suppression WHERE corp_id = ? AND hash IN (?)", corpID, bun.List(hashes[customerID])).Exec(ctx)
	if err != nil {
		return fmt.Errorf("opt %s in: %w", customerID, err)
	}
	return logOptOut(ctx, tx, "optout.lift", &OptOutRow{CorpID: corpID, CustomerID: customerID, ByWhom: by}, g.world.Now())
}

func logOptOut(ctx context.Context, tx *db.Tx, act string, o *OptOutRow, now clock.Time) error {
	detail := audit.Detail{}
	if o.Via != "" {
		detail["via"] = o.Via
	}
	return audit.Log(ctx, tx, audit.Entry{CorpID: o.CorpID, Act: act, Subject: audit.Of("customers", o.CustomerID), Who: o.ByWhom, At: now, Detail: detail})
}

// OptOutOf answers the opt-outs in force of the customers, by customer.
func (g *Governor) OptOutOf(ctx context.Context, corpID string, customerIDs ...string) (map[string]OptOutRow, error) {
	return g.optOuts(ctx, g.db.Read(), corpID, customerIDs)
}

func (g *Governor) optOuts(ctx context.Context, q bun.IDB, corpID string, customerIDs []string) (map[string]OptOutRow, error) {
	out := map[string]OptOutRow{}
	if len(customerIDs) == 0 {
		return out, nil
	}
	var rows []OptOutRow
	err := g.along(ctx, "customer_id", customerIDs, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw("SELECT * FROM optout WHERE corp_id = ? AND lifted_at = 0 AND "+where, append([]any{corpID}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read opt-outs: %w", err)
	}
	wanted := setOf(customerIDs)
	for _, r := range rows {
		if wanted[r.CustomerID] {
			out[r.CustomerID] = r
		}
	}
	return out, nil
}

// stopped reads what the customers said themselves: opt-outs, suppressions, preferences; and what is wrong with them, or known of their age.
func (g *Governor) stopped(ctx context.Context, q bun.IDB, corpID string, customers []string) (map[string]standing, error) {
	out := make(map[string]standing, len(customers))
	rows, err := g.optOuts(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	for id, r := range rows {
		s := out[id]
		s.optedOut = r.Since
		out[id] = s
	}
	prefs, err := g.preferencesOf(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	for id, p := range prefs {
		s := out[id]
		s.pref = p
		out[id] = s
	}
	sorrows, err := g.sorrowsOf(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	for id, v := range sorrows {
		s := out[id]
		s.sorrow = v
		out[id] = s
	}
	minors, err := g.minorsOf(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	for id, m := range minors {
		s := out[id]
		s.minor = m
		out[id] = s
	}
	hashes, err := g.hashes(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	owners := map[string][]string{} // two customers may be one person
	var all []string
	for id, hs := range hashes {
		for _, h := range hs {
			if owners[h] == nil {
				all = append(all, h)
			}
			owners[h] = append(owners[h], id)
		}
	}
	var hits []struct {
		Hash  string
		Since clock.Time
	}
	err = q.NewRaw("SELECT hash, since FROM suppression WHERE corp_id = ? AND hash IN ?", corpID, g.db.OneOf(all)).Scan(ctx, &hits)
	if err != nil {
		return nil, fmt.Errorf("read suppressions: %w", err)
	}
	for _, h := range hits {
		for _, id := range owners[h.Hash] {
			s := out[id]
			if s.suppressed == 0 || h.Since < s.suppressed {
				s.suppressed = h.Since
			}
			out[id] = s
		}
	}
	return out, nil
}

// changedPerson notes a change of a customer and of whoever is known to be the same person.
func (g *Governor) changedPerson(ctx context.Context, tx *db.Tx, corpID, customerID string) error {
	ids := []string{customerID}
	if g.alike != nil {
		same, err := g.alike(ctx, tx, corpID, customerID)
		if err != nil {
			return fmt.Errorf("look for others that are %s: %w", customerID, err)
		}
		ids = append(ids, same...)
	}
	changed(tx, corpID, ids...)
	return nil
}

func (g *Governor) suppress(ctx context.Context, tx *db.Tx, corpID, customerID string, at clock.Time) error {
	hashes, err := g.hashes(ctx, tx, corpID, []string{customerID})
	if err != nil {
		return err
	}
	for _, h := range hashes[customerID] {
		_, err := tx.NewRaw("INSERT INTO suppression (corp_id, hash, since) VALUES (?, ?, ?) ON CONFLICT (corp_id, hash) DO NOTHING",
			corpID, h, at).Exec(ctx)
		if err != nil {
			return fmt.Errorf("suppress %s: %w", customerID, err)
		}
	}
	return nil
}

// hashes are the salted hashes of every lasting id we know of the customers.
func (g *Governor) hashes(ctx context.Context, q bun.IDB, corpID string, customers []string) (map[string][]string, error) {
	var more map[string][]string
	if g.identities != nil {
		var err error
		if more, err = g.identities(ctx, q, corpID, customers); err != nil {
			return nil, fmt.Errorf("read identities: %w", err)
		}
	}
	out := make(map[string][]string, len(customers))
	for _, c := range customers {
		out[c] = append(out[c], g.mac("suppression", corpID, "customer", c))
		for _, id := range more[c] {
			if id != "" {
				out[c] = append(out[c], g.mac("suppression", corpID, "identity", id))
			}
		}
	}
	return out, nil
}

// heldOut says whether a customer belongs to the holdout (FTG-11): by a keyed hash, so that it is stable, even, and nobody's
// choice. A larger share holds out everybody that a smaller one did.
func (g *Governor) heldOut(corpID, customerID string, percent int) bool {
	return percent > 0 && customerID != "" && int(g.share(corpID, customerID)) < percent*100
}

func (g *Governor) mac(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = append(strconv.AppendInt(b, int64(len(p)), 10), ':')
		b = append(b, p...)
	}
	return hex.EncodeToString(g.sum(b))
}

// sum is a keyed hash. Keying it anew for each of a million customers would cost twice the hash itself.
func (g *Governor) sum(b []byte) []byte {
	m, ok := g.macs.Get().(hash.Hash)
	if !ok {
		m = hmac.New(sha256.New, g.key)
	}
	defer g.macs.Put(m)
	m.Reset()
	_, _ = m.Write(b)
	return m.Sum(nil)
}
