package governance

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Instant is a customer at a moment of the world's clock.
type Instant struct {
	CustomerID string
	At         clock.Time
}

// LastBefore answers for each instant the last touch that reached its customer at or before it, and after `since`: what the
// customer had just got. Staff limits it to touches of those members; nil = all. An instant without a touch is missing.
func (g *Governor) LastBefore(ctx context.Context, corpID string, instants []Instant, since clock.Time, staff []string) (map[Instant]*Touch, error) {
	out := map[Instant]*Touch{}
	if len(instants) == 0 {
		return out, nil
	}
	ids, latest := make([]string, len(instants)), clock.Time(0)
	for i, m := range instants {
		ids[i], latest = m.CustomerID, max(latest, m.At)
	}
	var rows []*Touch
	q := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND customer_id IN (?)", corpID, bun.List(ids)).
		Where("delivered_at > ? AND delivered_at <= ?", since, latest).OrderExpr("delivered_at DESC, id DESC")
	if staff != nil {
		q.Where("staff_id IN (?)", bun.List(db.OrNobody(staff)))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the last touches of %d customers: %w", len(ids), err)
	}
	if err := g.spell(ctx, g.db.Read(), rows...); err != nil {
		return nil, err
	}
	of := map[string][]*Touch{}
	for _, t := range rows {
		of[t.CustomerID] = append(of[t.CustomerID], t)
	}
	for _, m := range instants {
		for _, t := range of[m.CustomerID] {
			if t.DeliveredAt <= m.At {
				out[m] = t
				break
			}
		}
	}
	return out, nil
}

// FirstText is the first text of the message, as lists show it.
func (t *Touch) FirstText() string {
	if texts := t.texts(); len(texts) > 0 {
		return texts[0]
	}
	return ""
}
