package broadcast

import (
	"context"
	"fmt"
	"slices"
)

// Progress is a mass message with how far it is and how many members have not confirmed: for the home page.
type Progress struct {
	*Broadcast
	Counts      Counts
	Unconfirmed int // tasks
}

// Lately answers the newest mass messages that were submitted, those still running first. scope is the caller's staff
// ids, nil = all; counts and unconfirmed tasks are those of these members.
func (s *Service) Lately(ctx context.Context, scope []string, limit int) ([]Progress, error) {
	var rows []*Broadcast
	q := (&API{Service: s}).visible(ctx, s.DB.Read().NewSelect().Model(&rows), scope).Where("b.state <> ?", Draft)
	err := q.ColumnExpr("b.*").OrderExpr("CASE WHEN b.state IN (?, ?, ?, ?) THEN 0 ELSE 1 END, b.id DESC", Review, Planned, Creating, Open).
		Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the newest mass messages: %w", err)
	}
	ids := make([]int64, len(rows))
	for i, b := range rows {
		ids[i] = b.ID
	}
	if len(ids) == 0 {
		return nil, nil
	}
	counts, err := s.counts(ctx, s.DB.Read(), ids, scope)
	if err != nil {
		return nil, err
	}
	tasks, err := s.tasksOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Progress, len(rows))
	for i, b := range rows {
		out[i] = Progress{Broadcast: b, Counts: counts[b.ID]}
		for _, t := range tasks[b.ID] {
			if t.State == TaskOpen && (scope == nil || slices.Contains(scope, t.StaffID)) {
				out[i].Unconfirmed++
			}
		}
	}
	return out, nil
}
