package material

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Material is one of the library as stored.
type Material struct {
	bun.BaseModel `bun:"table:material"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	Kind       Kind
	Name       string
	Hash       string
	Type       string
	Size       int64
	Width      int
	Height     int
	Card       string // JSON
	CreatedBy  string
	CreatedAt  clock.Time
	RemovedAt  clock.Time
	MediaID    string
	MediaUntil clock.Time
}

func (m *Material) card() (Card, error) {
	var c Card
	if err := json.Unmarshal([]byte(m.Card), &c); err != nil {
		return c, fmt.Errorf("read the card of material %d: %w", m.ID, err)
	}
	return c, nil
}

// get reads one, also when it is off the shelf.
func get(ctx context.Context, q bun.IDB, corpID string, id int64) (*Material, error) {
	m := new(Material)
	err := q.NewSelect().Model(m).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("素材", "material")
	}
	if err != nil {
		return nil, fmt.Errorf("read material %d: %w", id, err)
	}
	return m, nil
}

// same is the one on the shelf with the same content and name, if there is one.
func same(ctx context.Context, q bun.IDB, m *Material) (*Material, error) {
	found := new(Material)
	err := q.NewSelect().Model(found).Where("corp_id = ? AND kind = ? AND hash = ? AND name = ? AND removed_at = 0", m.CorpID, m.Kind, m.Hash, m.Name).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, nil //nolint:nilnil // there is none, and that is no fault
	}
	if err != nil {
		return nil, fmt.Errorf("look for the same material: %w", err)
	}
	return found, nil
}
