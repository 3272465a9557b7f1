package disclosure

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Limit is how many customers one person may take out in 24 hours without a second one. It is the least of what was set within the last
// day: who raises it cannot take out more at once.
func (s *Service) Limit(ctx context.Context, q bun.IDB) (int, error) {
	rows, err := s.limits(ctx, q)
	if err != nil {
		return 0, err
	}
	size := rows[0].Size
	for _, l := range rows {
		size = min(size, l.Size)
	}
	return size, nil
}

// limits are what was set within the last day, the newest first, and what held before.
func (s *Service) limits(ctx context.Context, q bun.IDB) (rows []limitRow, err error) {
	since := s.World.Now().Add(-countBack)
	of := func() *bun.SelectQuery {
		return q.NewSelect().Model(&rows).Where("corp_id = ?", s.CorpID).OrderExpr("id DESC")
	}
	if err := of().Where("made_at > ?", since).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the limit of exports: %w", err)
	}
	var before limitRow
	err = q.NewSelect().Model(&before).Where("corp_id = ? AND made_at <= ?", s.CorpID, since).OrderExpr("id DESC").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		before, err = limitRow{Size: defaultLimit}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the former limit of exports: %w", err)
	}
	return append(rows, before), nil
}

// Raise is a limit that was set and holds only later.
type Raise struct {
	Size int
	At   clock.Time // from when on
}

// NextLimit is what was set last, when it does not hold yet.
func (s *Service) NextLimit(ctx context.Context) (*Raise, error) {
	rows, err := s.limits(ctx, s.DB.Read())
	if err != nil {
		return nil, err
	}
	now, err := s.Limit(ctx, s.DB.Read())
	if err != nil || rows[0].Size == now {
		return nil, err
	}
	return &Raise{rows[0].Size, rows[0].MadeAt.Add(countBack)}, nil
}

// SetLimit says how many customers one person may take out in 24 hours without a second one; 0 = none.
func (s *Service) SetLimit(ctx context.Context, by string, size int) error {
	if size < 0 || size > mostLimit {
		return errs.Bad("size", "export.limit", errs.Tf("写 0 到 %d 之间的数。", "Give a number from 0 to %d.", mostLimit))
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		l := limitRow{CorpID: s.CorpID, ID: tx.NewID(), Size: size, MadeBy: by, MadeAt: s.World.Now()}
		if _, err := tx.NewInsert().Model(&l).Exec(ctx); err != nil {
			return fmt.Errorf("set the limit of exports: %w", err)
		}
		return s.log(ctx, tx, "export_limit.set", "export_limit", l.ID, by, audit.Detail{"size": size})
	})
}
