package governance

import (
	"context"
	"fmt"
	"strconv"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

const (
	kindExpire   = "governance.expire"
	kindHalt     = "governance.halt"     // more of what was reserved when sending was stopped is released
	kindLimited  = "governance.limited"  // is a member still limited?
	kindGreeting = "governance.greeting" // what a member sent on their own has had time for answers
)

// Register says which work the governor does.
func (g *Governor) Register(b *bus.Bus) {
	b.Handle(kindExpire, g.expire)
	b.Handle(kindHalt, g.haltMore)
	b.Handle(kindLimited, g.stillLimited)
	b.Handle(kindGreeting, g.greeted)
	b.Handle(kindComplaintDue, g.complaintDue)
}

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
	rows, err := changeTouches(ctx, tx, actRelease, now, tx.NewUpdate().Set("state = ?", Released).Set("released_at = ?", now).
		Set("rule_id = ?", ruleLease).Set("reason_zh = ?", reasonLease.ZH).Set("reason_en = ?", reasonLease.EN).Set("next_at = 0").
		Where("id IN (SELECT id FROM touch WHERE corp_id = ? AND state = 'reserved' AND expires_at <= ? LIMIT ?)", w.CorpID, now, expireStep))
	if err != nil {
		return fmt.Errorf("end reservations: %w", err)
	}
	changedPersons(tx, personsOf(rows))
	if len(rows) < expireStep {
		return nil
	}
	_, err = g.bus.Put(ctx, tx, bus.Item{
		CorpID: w.CorpID, Lane: bus.Timer, Kind: kindExpire, Key: fmt.Sprint("governance/expire/after/", w.ID), OrderKey: "governance/expire",
	})
	return err
}
