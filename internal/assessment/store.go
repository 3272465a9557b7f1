package assessment

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Assessment as it is stored.
type Assessment struct {
	bun.BaseModel `bun:"table:assessment,alias:a"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	Number     string
	Title      string
	Kinds      string // JSON
	Aims       string
	Influence  string
	Measures   string
	Assessor   string
	AssessedAt clock.Time
	ValidUntil clock.Time
	MadeBy     string
	MadeAt     clock.Time
	ReplacedBy int64
	EndedBy    string
	EndedAt    clock.Time
	EndedWhy   string
}

// Covers lists the kinds it is about.
func (a *Assessment) Covers() (out []Kind) {
	_ = json.Unmarshal([]byte(a.Kinds), &out) // we wrote it
	return out
}

// State at an instant.
func (a *Assessment) State(now clock.Time) State {
	switch {
	case a.ReplacedBy != 0:
		return Replaced
	case a.EndedAt != 0:
		return Withdrawn
	case a.ValidUntil <= now:
		return Overdue
	case a.ValidUntil <= now.Add(dueBefore):
		return Due
	}
	return InForce
}

// AutomaticTag is a tag that a machine gives by its own judgement of people.
type AutomaticTag struct {
	bun.BaseModel `bun:"table:automatic_tag,alias:t"`

	CorpID  string `bun:",pk"`
	ID      int64  `bun:",pk"`
	TagID   string
	How     How
	Note    string
	MadeBy  string
	MadeAt  clock.Time
	EndedBy string
	EndedAt clock.Time
}

// How it is known that a machine gives a tag.
type How string

// The ways.
const (
	ByToken  How = "token"    // a program gave it through the API
	Declared How = "declared" // a person said so
)

const shown = 500

// List answers all assessments, those that count first, then the newest.
func (s *Service) List(ctx context.Context) ([]*Assessment, error) {
	var rows []*Assessment
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", s.CorpID).OrderExpr("ended_at = 0 DESC, id DESC").Limit(shown).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list impact assessments: %w", err)
	}
	return rows, nil
}

// Get answers one.
func (s *Service) Get(ctx context.Context, id int64) (*Assessment, error) {
	return s.get(ctx, s.DB.Read(), id)
}

func (s *Service) get(ctx context.Context, q bun.IDB, id int64) (*Assessment, error) {
	var a Assessment
	err := q.NewSelect().Model(&a).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("影响评估", "impact assessment")
	}
	if err != nil {
		return nil, fmt.Errorf("read impact assessment %d: %w", id, err)
	}
	return &a, nil
}

// inForce are those that count now, the newest first.
func (s *Service) inForce(ctx context.Context, q bun.IDB) ([]*Assessment, error) {
	var rows []*Assessment
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND ended_at = 0 AND valid_until > ?", s.CorpID, s.World.Now()).OrderExpr("id DESC").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the impact assessments in force: %w", err)
	}
	return rows, nil
}

// AutomaticTags lists the tags that a machine gives.
func (s *Service) AutomaticTags(ctx context.Context) ([]AutomaticTag, error) {
	var rows []AutomaticTag
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND ended_at = 0", s.CorpID).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the tags that a machine gives: %w", err)
	}
	return rows, nil
}

// Automatic says whether one of the tags is given by a machine.
func (s *Service) Automatic(ctx context.Context, q bun.IDB, tagIDs []string) (bool, error) {
	if len(tagIDs) == 0 {
		return false, nil
	}
	ok, err := q.NewSelect().Model((*AutomaticTag)(nil)).Where("corp_id = ? AND ended_at = 0 AND tag_id IN (?)", s.CorpID, bun.List(tagIDs)).Exists(ctx)
	if err != nil {
		return false, fmt.Errorf("look for tags that a machine gives: %w", err)
	}
	return ok, nil
}

// known are those of tags that are on the list already.
func (s *Service) known(ctx context.Context, q bun.IDB, tagIDs []string) (out []string, err error) {
	err = q.NewSelect().Model((*AutomaticTag)(nil)).Column("tag_id").Where("corp_id = ? AND ended_at = 0 AND tag_id IN (?)", s.CorpID, bun.List(tagIDs)).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("read the tags that a machine gives: %w", err)
	}
	slices.Sort(out)
	return out, nil
}
