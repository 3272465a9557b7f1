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

// expireStep is how many reservations end in one transaction.
const expireStep = 1000

// expire releases reservations that became no task in time. Tasked touches never end by time alone.
func (g *Governor) expire(ctx context.Context, tx *db.Tx, w bus.Work) error {
	now := g.world.Now()
	var of []person
	err := tx.NewRaw(`UPDATE touch SET state = ?, released_at = ?, rule_id = ?, reason_zh = ?, reason_en = ?, next_at = 0
		WHERE id IN (SELECT id FROM touch WHERE corp_id = ? AND state = 'reserved' AND expires_at <= ? LIMIT ?) RETURNING corp_id, customer_id`,
		Released, now, ruleLease, reasonLease.ZH, reasonLease.EN, w.CorpID, now, expireStep).Scan(ctx, &of)
	if err != nil {
		return fmt.Errorf("end reservations: %w", err)
	}
	changedPersons(tx, of)
	if len(of) < expireStep {
		return nil
	}
	_, err = g.bus.Put(ctx, tx, bus.Item{
		CorpID: w.CorpID, Lane: bus.Timer, Kind: kindExpire, Key: fmt.Sprint("governance/expire/after/", w.ID), OrderKey: "governance/expire",
	})
	return err
}
