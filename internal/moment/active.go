package moment

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// active tells governance how many Moments each member published on a day, by themselves or for us, beside all who published
// any lately: who does far more than the others is cooled down before WeChat hides them (OWN-05).
func (s *Service) active(ctx context.Context, tx *db.Tx, now clock.Time) error {
	day := now.Day(s.Zone)
	var rows []struct {
		StaffID string
		N       int
	}
	err := tx.NewRaw(`SELECT a.staff_id, SUM(CASE WHEN p.made_at >= ? THEN 1 ELSE 0 END) AS n FROM moment_author AS a
		JOIN moment_post AS p ON p.corp_id = a.corp_id AND p.id = a.post_id
		WHERE a.corp_id = ? AND p.made_at >= ? GROUP BY a.staff_id`, day, s.CorpID, day.Add(-30*dayLong)).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("count who published today: %w", err)
	}
	counts := make(map[string]int, len(rows))
	for _, r := range rows {
		counts[r.StaffID] = r.N
	}
	return s.Governor.Active(ctx, tx, s.CorpID, day, counts)
}
