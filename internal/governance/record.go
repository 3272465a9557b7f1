package governance

import (
	"context"
	"fmt"
	"math"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/governance/guard"
)

// now is later than any id: what holds at present.
const latest = math.MaxInt64

// recordAt is what the corp has on record about itself at an instant, as a decision with that id sees it.
func (g *Governor) recordAt(ctx context.Context, q bun.IDB, corpID string, at clock.Time, id int64) (guard.Record, error) {
	var r guard.Record
	var licences []Licence
	err := q.NewSelect().Model(&licences).Where("corp_id = ? AND id < ? AND (ended_id = 0 OR ended_id > ?) AND (valid_until = 0 OR valid_until > ?)", corpID, id, id, at).
		OrderExpr("id").Scan(ctx)
	if err != nil {
		return r, fmt.Errorf("read the licences in force: %w", err)
	}
	for i := range licences {
		r.Papers = append(r.Papers, licences[i].paper())
	}
	err = g.sitesAt(ctx, q, &r, corpID, at, id)
	return r, err
}

// ownNow is what the corp has on record now, ready to read texts by.
func (g *Governor) ownNow(ctx context.Context, q bun.IDB, corpID string) (*guard.Own, error) {
	r, err := g.recordAt(ctx, q, corpID, g.world.Now(), latest)
	if err != nil {
		return nil, err
	}
	return g.book.guard.Own(r), nil
}

// ownThen is what was on record when a touch was decided.
func (g *Governor) ownThen(ctx context.Context, t *Touch) (guard.Record, error) {
	return g.recordAt(ctx, g.db.Read(), t.CorpID, t.ReservedAt, t.ID)
}
