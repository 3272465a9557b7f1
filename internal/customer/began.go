package customer

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Began answers when members got their first customer, for those who got it at or after the instant. Relations that ended count
// too: they show that the account is older.
func (s *Service) Began(ctx context.Context, q bun.IDB, staffIDs []string, after clock.Time) (map[string]clock.Time, error) {
	out := map[string]clock.Time{}
	if len(staffIDs) == 0 {
		return out, nil
	}
	old := map[string]bool{}
	for _, id := range staffIDs { // nearly everybody is old: their first row says so, and it is not read again
		if since, known := s.veterans.Load(id); known && since.(clock.Time) <= after { //nolint:forcetypeassert // only we store
			old[id] = true
			continue
		}
		var n int
		err := q.NewRaw("SELECT 1 FROM relation WHERE corp_id = ? AND staff_id = ? AND added_at < ? LIMIT 1", s.CorpID, id, after).Scan(ctx, &n)
		switch {
		case err == nil:
			old[id] = true
			s.veterans.Store(id, after)
		case !db.IsNoRows(err):
			return nil, fmt.Errorf("look for the first customer of %s: %w", id, err)
		}
	}
	var fresh []string
	for _, id := range staffIDs {
		if !old[id] {
			fresh = append(fresh, id)
		}
	}
	if len(fresh) == 0 {
		return out, nil
	}
	var rows []struct {
		StaffID string
		First   clock.Time
	}
	err := q.NewRaw("SELECT staff_id, MIN(added_at) AS first FROM relation WHERE corp_id = ? AND staff_id IN (?) GROUP BY staff_id", s.CorpID, bun.List(fresh)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the first customers of %d members: %w", len(fresh), err)
	}
	for _, r := range rows {
		out[r.StaffID] = r.First
	}
	return out, nil
}
