package governance

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
)

// Touches of members who had no limit of a day when they were decided are not in the index of a member's day: a message to everybody
// would write a page of it for each customer. When the corp sets such a limit, those that still count are put in first.

// stillCount are the touches in no index of a member's day that may count on a day which begins at ?1 or later.
const stillCount = `SELECT id, customer_id FROM touch WHERE corp_id = ?0 AND channel = 'mass_customer' AND class IN ('marketing','lifecycle')
	AND state IN ('reserved','tasked','delivered','committed') AND (delivered_at = 0 OR delivered_at >= ?1) AND unbound AND earliest_at >= ?2 `

// bindDays puts the touches that count on members' days from now on into their index, some in each transaction.
func (g *Governor) bindDays(ctx context.Context, corpID string) error {
	day := g.world.Now().Day(g.zone)
	for from := ""; ; {
		var rows []struct {
			ID         int64
			CustomerID string
		}
		err := g.db.Read().NewRaw(stillCount+"AND customer_id >= ?3 ORDER BY customer_id LIMIT ?4", corpID, day, day.Add(-longOpen), from, chunk).Scan(ctx, &rows)
		if err != nil {
			return fmt.Errorf("read what members have to do on a day: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		if err := g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return g.bind(ctx, tx, ids) }); err != nil {
			return err
		}
		from = rows[len(rows)-1].CustomerID
	}
}

// bindLatest binds what was decided since an id was made. It waits for decisions that are being made and did not see the limit.
func (g *Governor) bindLatest(ctx context.Context, tx *db.Tx, corpID string, since int64) error {
	keys := make([]string, lockBuckets)
	for i := range keys {
		keys[i] = "touch/" + corpID + "/" + strconv.Itoa(i)
	}
	if err := lockKeys(ctx, tx, keys); err != nil {
		return err
	}
	var ids []int64
	day := g.world.Now().Day(g.zone)
	err := tx.NewRaw("SELECT id FROM ("+stillCount+"AND id >= ?3) AS t", corpID, day, day.Add(-longOpen), since).Scan(ctx, &ids)
	if err != nil {
		return fmt.Errorf("read what members have to do on a day: %w", err)
	}
	for part := range slices.Chunk(ids, chunk) {
		if err := g.bind(ctx, tx, part); err != nil {
			return err
		}
	}
	return nil
}

// clocksApart is how far the clocks of two nodes may differ, and how long one decision may take.
const clocksApart = time.Minute

func (g *Governor) bind(ctx context.Context, tx *db.Tx, ids []int64) error {
	_, err := changeTouches(ctx, tx, actBind, g.world.Now(), tx.NewUpdate().Set("unbound = ?", false).Where("id IN (?) AND unbound", bun.List(ids)))
	if err != nil {
		return fmt.Errorf("count %d touches by the day: %w", len(ids), err)
	}
	return nil
}
