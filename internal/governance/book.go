package governance

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// What the audit log calls the changes of the ledger.
const (
	actDecide  = "touch.decide"
	actObserve = "touch.observe"
	actPermit  = "touch.permit"
	actRefuse  = "touch.refuse" // at the moment of the call, after it was reserved
	actTask    = "touch.task"
	actRecall  = "touch.recall"
	actDeliver = "touch.deliver"
	actRelease = "touch.release"
	actNote    = "touch.note"
	actReword  = "touch.reword"
	actBind    = "touch.bind" // it counts against a limit of its sender's day from now on
)

// insertTouches writes new rows of the ledger, names in each the entry of the audit log that tells of it, and answers how many
// there are now: where another transaction wrote a key first, its row stays. Log what was written with logTouches.
func (g *Governor) insertTouches(ctx context.Context, tx *db.Tx, act string, rows []*Touch) (int, error) {
	if err := g.shareWords(ctx, tx, rows); err != nil {
		return 0, err
	}
	for _, t := range rows {
		t.EntryID = audit.Touches(tx, t.CorpID, act, t.ReservedAt).ID
	}
	n, err := db.InsertAlike(ctx, tx, rows, "ON CONFLICT (corp_id, key) DO NOTHING")
	if err != nil {
		return 0, fmt.Errorf("write %d touches: %w", len(rows), err)
	}
	return int(n), nil
}

// changeTouches runs an update of the ledger, logs every row that it changed, and answers them as they are now. Nothing else
// changes rows of the ledger: what the audit log does not know of would look forged to its verification.
func changeTouches(ctx context.Context, tx *db.Tx, act string, now clock.Time, q *bun.UpdateQuery) ([]*Touch, error) {
	var rows []*Touch
	if err := q.Model((*Touch)(nil)).Set("rev = rev + 1").Returning("*").Scan(ctx, &rows); err != nil && !db.IsNoRows(err) {
		return nil, err
	}
	logTouches(tx, act, now, rows)
	return rows, nil
}

// logTouches tells the audit log what rows of the ledger are like now.
func logTouches(tx *db.Tx, act string, now clock.Time, rows []*Touch) {
	for _, t := range rows {
		b := audit.Touches(tx, t.CorpID, act, now)
		subject := audit.Of("touch", fmt.Sprint(t.ID))
		if kind, id, ok := strings.Cut(t.CampaignID, "/"); ok {
			subject = audit.Of(kind, id)
		}
		count := string(t.State)
		if t.RuleID != "" {
			count += " " + t.RuleID
		}
		if act == actDecide {
			b.Set("version", t.RuleVersion)
		}
		b.Add(t.auditRow(), t.RequestedBy, subject, count)
	}
}

func personsOf(rows []*Touch) []person {
	out := make([]person, len(rows))
	for i, t := range rows {
		out[i] = person{t.CorpID, t.CustomerID}
	}
	return out
}

func (t *Touch) auditRow() audit.Row {
	return audit.Row{ID: t.ID, Rev: t.Rev, EntryID: t.EntryID, Digest: t.digest()}
}

// columns are the fields of a row by name: the digest holds those that are not zero, so that a column which comes later
// changes no digest of before.
var columns = func() []int {
	typ := reflect.TypeFor[Touch]()
	var out []int
	for i := range typ.NumField() {
		if !typ.Field(i).Anonymous {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b int) int { return strings.Compare(typ.Field(a).Name, typ.Field(b).Name) })
	return out
}()

// digest covers everything the row holds.
func (t *Touch) digest() audit.Digest {
	v := reflect.ValueOf(t).Elem()
	typ := v.Type()
	buf := make([]byte, 0, 2048)
	for _, i := range columns {
		f := v.Field(i)
		if f.IsZero() {
			continue
		}
		buf = append(append(buf, typ.Field(i).Name...), 0)
		switch f.Kind() {
		case reflect.String:
			buf = binary.AppendUvarint(buf, uint64(f.Len()))
			buf = append(buf, f.String()...)
		case reflect.Int, reflect.Int64, reflect.Int32:
			buf = binary.AppendVarint(buf, f.Int())
		default: // true: false is zero
			buf = append(buf, 1)
		}
	}
	sum := sha256.Sum256(buf)
	return audit.Digest(sum[:16])
}

// AuditRows reads what the ledger holds now, for the verification of the audit log.
func (g *Governor) AuditRows(ctx context.Context, q bun.IDB, corpID string, after int64, limit int) ([]audit.Row, error) {
	var rows []*Touch
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND id > ?", corpID, after).OrderExpr("id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	bad, err := forged(ctx, q, rows)
	if err != nil {
		return nil, err
	}
	out := make([]audit.Row, len(rows))
	for i, t := range rows {
		out[i] = t.auditRow()
		for _, s := range t.saying() {
			if bad[wordsKey{t.CorpID, *s}] { // the row is as it was, and what it says is not
				out[i].Digest = audit.Digest{}
			}
		}
	}
	return out, nil
}
