package governance

import (
	"context"
	"fmt"
	"strconv"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

const kindExpire = "governance.expire"

// Register says which work the governor does.
func (g *Governor) Register(b *bus.Bus) { b.Handle(kindExpire, g.expire) }

func expiryItem(corpID string, at clock.Time) bus.Item {
	return bus.Item{
		CorpID: corpID, Lane: bus.Timer, Kind: kindExpire, Key: "governance/expire/" + strconv.FormatInt(int64(at), 10),
		OrderKey: "governance/expire", DueAt: at,
	}
}

// expire releases reservations that became no task in time. Tasked touches never end by time alone.
func (g *Governor) expire(ctx context.Context, tx *db.Tx, w bus.Work) error {
	now := g.world.Now()
	_, err := tx.NewUpdate().Model((*Touch)(nil)).Set("state = ?", Released).Set("released_at = ?", now).
		Set("rule_id = ?", ruleLease).Set("reason_zh = ?", reasonLease.ZH).Set("reason_en = ?", reasonLease.EN).Set("next_at = 0").
		Where("corp_id = ? AND state = ? AND expires_at <= ?", w.CorpID, Reserved, now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end reservations: %w", err)
	}
	return nil
}
