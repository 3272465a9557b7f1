package governance

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// stepsIn reads the steps that count now.
func stepsIn(ctx context.Context, q bun.IDB, corpID string) (steps, error) {
	return stepsWhere(ctx, q, "corp_id = ? AND ended_at = 0", corpID)
}

// stepsThen reads the steps that counted when a touch was decided.
func (g *Governor) stepsThen(ctx context.Context, t *Touch) (steps, error) {
	return stepsWhere(ctx, g.db.Read(), "corp_id = ? AND since <= ? AND (ended_at = 0 OR ended_at > ?) AND id < ?", t.CorpID, t.ReservedAt, t.ReservedAt, t.ID)
}

func stepsWhere(ctx context.Context, q bun.IDB, where string, args ...any) (steps, error) {
	var rows []*LadderStep
	if err := q.NewSelect().Model(&rows).Where(where, args...).OrderExpr("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the ladder: %w", err)
	}
	out := steps{OnStaff: {}, OnCampaign: {}, OnCorp: {}}
	for _, s := range rows {
		out[s.Subject][s.SubjectID] = s
	}
	return out, nil
}

// lastStep is the newest step of somebody that no appeal overturned, or nil.
func lastStep(ctx context.Context, q bun.IDB, corpID string, on Subject, id string) (*LadderStep, error) {
	s := new(LadderStep)
	err := q.NewSelect().Model(s).Where("corp_id = ? AND subject = ? AND subject_id = ? AND ended_why NOT IN (?, ?)", corpID, on, id, endedAppeal, endedRejected).
		OrderExpr("id DESC").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, nil //nolint:nilnil // somebody who never stood there
	}
	if err != nil {
		return nil, fmt.Errorf("read the last step of %s %s: %w", on, id, err)
	}
	return s, nil
}

// hitsOf are those of the last 30 days that no appeal took away.
func hitsOf(ctx context.Context, q bun.IDB, corpID string, on Subject, id string, now clock.Time) ([]LadderHit, error) {
	var rows []LadderHit
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND subject = ? AND subject_id = ? AND removed_at = 0 AND at > ?", corpID, on, id, now.Add(-hitWindow)).
		OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what speaks against %s %s: %w", on, id, err)
	}
	return rows, nil
}

func getStep(ctx context.Context, q bun.IDB, corpID string, id int64) (*LadderStep, error) {
	s := new(LadderStep)
	err := q.NewSelect().Model(s).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("阶梯记录", "step of the ladder")
	}
	if err != nil {
		return nil, fmt.Errorf("read step %d of the ladder: %w", id, err)
	}
	return s, nil
}

// lockSubject serialises what changes somebody's place, over all nodes.
func lockSubject(ctx context.Context, tx *db.Tx, corpID string, on Subject, id string) error {
	if err := tx.Lock(ctx, fmt.Sprint("ladder/", corpID, "/", on, "/", id)); err != nil {
		return fmt.Errorf("lock a place on the ladder: %w", err)
	}
	return nil
}

// lockStep reads a step as it is under its subject's lock.
func lockStep(ctx context.Context, tx *db.Tx, corpID string, id int64) (*LadderStep, error) {
	s, err := getStep(ctx, tx, corpID, id)
	if err != nil {
		return nil, err
	}
	if err := lockSubject(ctx, tx, corpID, s.Subject, s.SubjectID); err != nil {
		return nil, err
	}
	return getStep(ctx, tx, corpID, id)
}

func saveStep(ctx context.Context, tx *db.Tx, s *LadderStep) error {
	_, err := tx.NewUpdate().Model(s).WherePK().
		Column("hits", "rules", "state", "confirmed_by", "confirmed_at", "resume_by", "appeal", "appealed_by", "appealed_at", "decision", "decided_by",
			"decided_at", "decision_note", "ended_at", "ended_by", "ended_why").Exec(ctx)
	if err != nil {
		return fmt.Errorf("save step %d of the ladder: %w", s.ID, err)
	}
	return nil
}

// addHit writes a hit, or makes a known one heavier; new says whether anything changed.
func addHit(ctx context.Context, tx *db.Tx, h *LadderHit) (changed bool, err error) {
	h.ID = tx.NewID()
	res, err := tx.NewInsert().Model(h).On("CONFLICT (corp_id, key) DO UPDATE").Set("weight = EXCLUDED.weight").Set("text = EXCLUDED.text").
		Where("ladder_hit.weight < EXCLUDED.weight AND ladder_hit.removed_at = 0").Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("note what speaks against %s: %w", h.SubjectID, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
