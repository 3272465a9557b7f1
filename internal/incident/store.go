package incident

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Incident as it is stored.
type Incident struct {
	bun.BaseModel `bun:"table:incident,alias:i"`

	CorpID    string `bun:",pk"`
	ID        int64  `bun:",pk"`
	Title     string
	Kind      Kind
	Ref       string
	Since     clock.Time
	Until     clock.Time // 0 = the hole is open
	FoundAt   clock.Time
	DataKinds string
	Cause     string
	Harm      string
	Remedies  string
	Advice    string
	Contact   string
	MadeBy    string
	MadeAt    clock.Time
	ChangedBy string
	ChangedAt clock.Time
}

// Step is something that was done.
type Step struct {
	bun.BaseModel `bun:"table:incident_step,alias:s"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	IncidentID int64
	Kind       StepKind
	Note       string
	Affected   int
	DoneAt     clock.Time
	MadeBy     string
	MadeAt     clock.Time
}

func (i *Incident) take(d Draft) {
	i.Title, i.Kind, i.Ref, i.Since, i.FoundAt, i.Until = d.Title, d.Kind, d.Ref, clock.At(d.Since), clock.At(d.FoundAt), 0
	if !d.Until.IsZero() {
		i.Until = clock.At(d.Until)
	}
	i.DataKinds, i.Cause, i.Harm, i.Remedies, i.Advice, i.Contact = d.DataKinds, d.Cause, d.Harm, d.Remedies, d.Advice, d.Contact
}

// List answers all incidents, the newest first.
func (s *Service) List(ctx context.Context) ([]*Incident, error) {
	var rows []*Incident
	if err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", s.CorpID).OrderExpr("id DESC").Limit(500).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return rows, nil
}

// Get answers one.
func (s *Service) Get(ctx context.Context, id int64) (*Incident, error) {
	return s.get(ctx, s.DB.Read(), id)
}

func (s *Service) get(ctx context.Context, q bun.IDB, id int64) (*Incident, error) {
	var i Incident
	err := q.NewSelect().Model(&i).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("泄露事件", "incident")
	}
	if err != nil {
		return nil, fmt.Errorf("read incident %d: %w", id, err)
	}
	return &i, nil
}

// steps of some incidents, in the order in which they were noted.
func (s *Service) steps(ctx context.Context, ids ...int64) (map[int64][]Step, error) {
	out := map[int64][]Step{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []Step
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND incident_id IN (?)", s.CorpID, bun.List(ids)).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the steps of incidents: %w", err)
	}
	for _, r := range rows {
		out[r.IncidentID] = append(out[r.IncidentID], r)
	}
	return out, nil
}
