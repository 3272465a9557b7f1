package calls

import (
	"context"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Shares divides WeCom's limits of a corp among the nodes of one database: it is the wecom.Leaser of a platform on
// PostgreSQL. A node that is alone gets everything; with others each gets an equal part, as soon as those that had more
// ask again. What one node was granted is never granted to another before it was given back or has lapsed, so that all
// together stay within the limit at every moment.
type Shares struct {
	DB     *db.DB
	Wall   clock.Wall
	CorpID string
	Node   string
}

// shareFor is how long a grant is good. The client asks again a second before its end while it has calls to make, so a
// node that joins waits two seconds at most, and the units of a node that died are free after three.
const shareFor = 3 * time.Second

// Lease implements wecom.Leaser.
func (s *Shares) Lease(ctx context.Context, family string, inUse, want, limit int) (granted int, until time.Time, err error) {
	now := s.Wall.Now()
	end := now.Add(shareFor)
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "share/"+s.CorpID+"/"+family); err != nil {
			return err
		}
		if _, err := tx.NewRaw("DELETE FROM share WHERE corp_id = ? AND family = ? AND until < ?", s.CorpID, family, now).Exec(ctx); err != nil {
			return fmt.Errorf("forget what lapsed: %w", err)
		}
		var others, taken int
		err := tx.NewRaw("SELECT COUNT(*), COALESCE(SUM(held), 0) FROM share WHERE corp_id = ? AND family = ? AND node <> ?", s.CorpID, family, s.Node).
			Scan(ctx, &others, &taken)
		if err != nil {
			return fmt.Errorf("read what others hold: %w", err)
		}
		granted = share(want, limit, others, taken)
		// A row with nothing held counts too: it makes the others come down to their part.
		_, err = tx.NewRaw("INSERT INTO share (corp_id, family, node, held, until) VALUES (?, ?, ?, ?, ?) "+
			"ON CONFLICT (corp_id, family, node) DO UPDATE SET held = EXCLUDED.held, until = EXCLUDED.until",
			s.CorpID, family, s.Node, max(granted, inUse), end).Exec(ctx)
		return err
	})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("share the limit %s: %w", family, err)
	}
	return granted, end.Std(), nil
}

// share is the part of limit for one node beside others that hold taken units. With more nodes than units each still may
// have one, first come first served.
func share(want, limit, others, taken int) int {
	return max(0, min(want, max(1, limit/(others+1)), limit-taken))
}
