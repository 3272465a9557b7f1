package governance

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/uptrace/bun"

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
	Via        string // page, keyword, staff, import
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

// OptIn lifts an opt-out. It needs evidence of the customer's own new consent: nobody else can lift it (FTG-09).
func (g *Governor) OptIn(ctx context.Context, tx *db.Tx, corpID, customerID, evidence, by string) error {
	if evidence == "" {
		return errs.Bad("evidence", "governance.no_evidence",
			errs.T("恢复接收需要客户本人的同意凭证（FTG-09）。", "Resuming needs evidence of the customer's own new consent (FTG-09)."))
	}
	if err := lockKeys(ctx, tx, []string{customerLock(corpID, customerID)}); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model((*OptOutRow)(nil)).Set("lifted_at = ?", max(g.world.Now(), 1)).Set("evidence = ?", by+": "+evidence).
		Where("corp_id = ? AND customer_id = ? AND lifted_at = 0", corpID, customerID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("opt %s in: %w", customerID, err)
	}
	hashes, err := g.hashes(ctx, tx, corpID, []string{customerID})
	if err != nil {
		return err
	}
	_, err = tx.NewRaw("DELETE FROM suppression WHERE corp_id = ? AND hash IN (?)", corpID, bun.List(hashes[customerID])).Exec(ctx)
	if err != nil {
		return fmt.Errorf("opt %s in: %w", customerID, err)
	}
	return nil
}

// OptOutOf answers the opt-outs in force of the customers, by customer.
func (g *Governor) OptOutOf(ctx context.Context, corpID string, customerIDs ...string) (map[string]OptOutRow, error) {
	return optOuts(ctx, g.db.Read(), corpID, customerIDs)
}

func optOuts(ctx context.Context, q bun.IDB, corpID string, customerIDs []string) (map[string]OptOutRow, error) {
	out := map[string]OptOutRow{}
	if len(customerIDs) == 0 {
		return out, nil
	}
	var rows []OptOutRow
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND lifted_at = 0 AND customer_id IN (?)", corpID, bun.List(customerIDs)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read opt-outs: %w", err)
	}
	for _, r := range rows {
		out[r.CustomerID] = r
	}
	return out, nil
}

// stopped reads what the customers said themselves: opt-outs, suppressions, preferences.
func (g *Governor) stopped(ctx context.Context, q bun.IDB, corpID string, customers []string) (map[string]standing, error) {
	out := make(map[string]standing, len(customers))
	rows, err := optOuts(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	for id, r := range rows {
		s := out[id]
		s.optedOut = r.Since
		out[id] = s
	}
	prefs, err := preferencesOf(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	for id, p := range prefs {
		s := out[id]
		s.pref = p
		out[id] = s
	}
	hashes, err := g.hashes(ctx, q, corpID, customers)
	if err != nil {
		return nil, err
	}
	owner := map[string]string{}
	var all []string
	for id, hs := range hashes {
		for _, h := range hs {
			owner[h] = id
			all = append(all, h)
		}
	}
	var hits []struct {
		Hash  string
		Since clock.Time
	}
	err = q.NewRaw("SELECT hash, since FROM suppression WHERE corp_id = ? AND hash IN (?)", corpID, bun.List(all)).Scan(ctx, &hits)
	if err != nil {
		return nil, fmt.Errorf("read suppressions: %w", err)
	}
	for _, h := range hits {
		s := out[owner[h.Hash]]
		s.suppressed = h.Since
		out[owner[h.Hash]] = s
	}
	return out, nil
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
	if percent <= 0 || customerID == "" {
		return false
	}
	m := hmac.New(sha256.New, g.key)
	_, _ = fmt.Fprintf(m, "holdout:%d:%s%s", len(corpID), corpID, customerID)
	return binary.BigEndian.Uint64(m.Sum(nil))%10_000 < uint64(percent)*100
}

func (g *Governor) mac(parts ...string) string {
	m := hmac.New(sha256.New, g.key)
	for _, p := range parts {
		_, _ = fmt.Fprintf(m, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(m.Sum(nil))
}
