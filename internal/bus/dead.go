package bus

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/db"
)

// DeadLetters lists work that was given up, newest first, from after the id `after` (0 = from the newest), and how
// many there are in all.
func (b *Bus) DeadLetters(ctx context.Context, corpID string, after int64, limit int) ([]Work, int, error) {
	var rows []Work
	q := b.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND state = ?", corpID, Dead).OrderExpr("id DESC").Limit(int64(limit))
	if after > 0 {
		q.Where("id < ?", after)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, 0, fmt.Errorf("list dead letters: %w", err)
	}
	n, err := b.db.Read().NewSelect().Model((*Work)(nil)).Where("corp_id = ? AND state = ?", corpID, Dead).Count(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("count dead letters: %w", err)
	}
	return rows, int(n), nil
}

// TryAgain puts one dead letter (or all, with id 0) back to work with its attempts counted from the start. It answers how many.
func (b *Bus) TryAgain(ctx context.Context, corpID string, id int64) (int, error) {
	var n int64
	err := b.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		q := tx.NewUpdate().Model((*Work)(nil)).Set("state = ?", Pending).Set("due_at = ?", b.world.Now()).
			// One attempt stays counted for intents: the outside call may have been made before.
			Set("attempts = CASE WHEN lane = ? THEN 1 ELSE 0 END", Intent).
			Where("corp_id = ? AND state = ?", corpID, Dead)
		if id != 0 {
			q.Where("id = ?", id)
		}
		res, err := q.Exec(ctx)
		if err != nil {
			return fmt.Errorf("try dead letters again: %w", err)
		}
		n, err = res.RowsAffected()
		tx.OnCommit(b.wakeAll)
		return err
	})
	return int(n), err
}

// Counts answers how much work is not done yet and how much was given up.
func (b *Bus) Counts(ctx context.Context, corpID string) (pending, dead int, err error) {
	now := b.world.Now()
	err = b.db.Read().NewRaw("SELECT (SELECT COUNT(*) FROM work WHERE corp_id = ?0 AND state = 'pending' AND due_at <= ?1) + "+
		"(SELECT COUNT(*) FROM work WHERE corp_id = ?0 AND state = 'running'), "+
		"(SELECT COUNT(*) FROM work WHERE corp_id = ?0 AND state = 'dead')", corpID, now).Scan(ctx, &pending, &dead)
	if err != nil {
		return 0, 0, fmt.Errorf("count work: %w", err)
	}
	return pending, dead, nil
}
