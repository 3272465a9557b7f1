package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"zhiyin.dev/zhiyin/internal/clock"
)

// The queries below name states and lanes as literals: only then do both engines see that the partial indexes of the
// table fit. A lane is asked twice, for what is to be done at once (due_at = 0, read in the order of the index however
// much of it waits) and for what had a time or failed before (sorted, and rarely much).
const (
	atOnce = "due_at = 0"
	timed  = "due_at > 0 AND due_at <= ?1"
)

// heldBack is true for a row whose order key waits for the next try of an earlier row; ?1 is now. It stands in a sum: SQLite would
// look at the value of ?1 to find a partial index, and read the prepared statement anew for each. So does LIMIT.
const heldBack = "EXISTS (SELECT 1 FROM work AS e WHERE e.corp_id = work.corp_id AND e.order_key = work.order_key AND e.lane = work.lane " +
	"AND e.id < work.id AND e.state = 'pending' AND e.attempts > 0 AND e.due_at > ?1 + 0)"

// firstOf is the query for the first rows of one lane; ?0 is the partition, ?1 is now, ?2 how many.
func firstOf(lane Lane, when string) string {
	return "SELECT * FROM (SELECT id, corp_id, lane, kind, key, part, order_key, urgent, payload, created_at, due_at, state, attempts, error, done_at " +
		"FROM work WHERE part = ?0 AND lane = '" + string(lane) + "' AND state = 'pending' AND " + when + " AND NOT " + heldBack +
		" ORDER BY urgent DESC, id LIMIT ?2 + 0) AS w"
}

// due reads what may be done now: in order, without rows whose order key waits for an earlier row.
func (p *partition) due(ctx context.Context, lanes []Lane, limit int) ([]Work, error) {
	var each []string
	for _, lane := range lanes {
		each = append(each, firstOf(lane, atOnce), firstOf(lane, timed))
	}
	var rows []Work
	query := strings.Join(each, " UNION ALL ") + " ORDER BY urgent DESC, id LIMIT ?2 + 0"
	if err := p.bus.db.Ask(ctx, &rows, query, p.n, p.bus.world.Now(), limit); err != nil {
		return nil, fmt.Errorf("read due work: %w", err)
	}
	return rows, nil
}

// next answers when the next work of the lanes is due after now, 0 when none is.
func (p *partition) next(ctx context.Context, lanes []Lane, now clock.Time) (first clock.Time, err error) {
	var each []string
	for _, lane := range lanes {
		each = append(each, "SELECT MIN(due_at) AS due FROM work WHERE part = ?0 AND lane = '"+string(lane)+"' AND state = 'pending' AND due_at > ?1 + 0")
	}
	query := "SELECT COALESCE(MIN(due), 0) FROM (" + strings.Join(each, " UNION ALL ") + ") AS f"
	if err := p.bus.db.Ask(ctx, &first, query, p.n, now); err != nil {
		return 0, fmt.Errorf("find the next due work: %w", err)
	}
	return first, nil
}

// Load tells whether work is due now, and when the next will be (0 = none): a world that is followed stands still
// while there is. Work that is held back by an earlier failure of its order key is not due: it waits for world time.
func (b *Bus) Load(ctx context.Context, now clock.Time) (busy bool, next clock.Time) {
	var first clock.Time // busyNow, or when the next work is due
	if err := b.db.Ask(ctx, &first, loadQuery(), now); err != nil || first == busyNow {
		return true, 0 // a database that cannot be read is work not done
	}
	return false, first
}

// busyNow stands for "work is due" in the answer of loadQuery.
const busyNow clock.Time = -1

// loadQuery asks for busyNow when work runs or is due, else for when the next is due, 0 when none is; ?0 is now. The partitions are
// named one by one: so each is looked up in the index of its lane.
func loadQuery() string {
	const mine = "?0"
	held := strings.ReplaceAll(heldBack, "?1", mine)
	parts := make([]string, Partitions)
	for i := range parts {
		parts[i] = strconv.Itoa(i)
	}
	return "SELECT CASE WHEN EXISTS (SELECT 1 FROM work WHERE state = 'running')" +
		" OR EXISTS (SELECT 1 FROM work WHERE state = 'pending' AND " + strings.ReplaceAll(timed, "?1", mine) + " AND NOT " + held + ")" +
		" OR EXISTS (SELECT 1 FROM work WHERE part IN (" + strings.Join(parts, ",") + ") AND lane IN ('inbox', 'timer', 'intent') AND state = 'pending' AND " + atOnce +
		" AND NOT " + held + ") THEN -1 ELSE COALESCE((SELECT MIN(due_at) FROM work WHERE state = 'pending' AND due_at > 0 AND due_at > " + mine + " + 0), 0) END"
}
