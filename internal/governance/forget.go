package governance

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

const actForget = "touch.forget"

// Forget takes a person out of the ledger: a random name stands in their place, and neither words nor reasons stay. What happened is
// still counted. before limits it to touches that were decided before then; 0 = all. None of them may be open.
func (g *Governor) Forget(ctx context.Context, tx *db.Tx, corpID, customerID, stub string, before clock.Time) (int, error) {
	q := tx.NewUpdate().Set("customer_id = ?", stub).Set("key = 'gone/' || id").Set("texts = '[]'").Set("why = '[]'").Set("request_reason = ''").Set("reason_zh = ''").Set("reason_en = ''").
		Where("corp_id = ? AND customer_id = ? AND state NOT IN (?, ?, ?)", corpID, customerID, Reserved, Tasked, Delivered)
	if before != 0 {
		q.Where("reserved_at < ?", before)
	}
	rows, err := changeTouches(ctx, tx, actForget, g.world.Now(), q)
	if err != nil {
		return 0, fmt.Errorf("take a person out of the ledger: %w", err)
	}
	changed(tx, corpID, customerID)
	return len(rows), nil
}

// forgotten says whether the person of a touch was taken out of the ledger.
func (t *Touch) forgotten() bool { return t.Key == fmt.Sprint("gone/", t.ID) }
