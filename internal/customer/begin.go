package customer

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
)

// relationKey names a relation within a corp.
type relationKey struct{ customerID, staffID string }

// standing reads what is known of persons and of all their relations.
func standing(ctx context.Context, tx *db.Tx, corpID string, ids []string) (map[string]customerRow, map[relationKey]relationRow, error) {
	persons, relations := make(map[string]customerRow, len(ids)), make(map[relationKey]relationRow, len(ids))
	if len(ids) == 0 {
		return persons, relations, nil
	}
	var people []customerRow
	if err := tx.NewSelect().Model(&people).Where("corp_id = ? AND id IN (?)", corpID, bun.List(ids)).Scan(ctx); err != nil {
		return nil, nil, fmt.Errorf("read %d customers: %w", len(ids), err)
	}
	for _, p := range people {
		persons[p.ID] = p
	}
	var rows []relationRow
	if err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND customer_id IN (?)", corpID, bun.List(ids)).Scan(ctx); err != nil {
		return nil, nil, fmt.Errorf("read the relations of %d customers: %w", len(ids), err)
	}
	for _, r := range rows {
		relations[relationKey{r.CustomerID, r.StaffID}] = r
	}
	return persons, relations, nil
}

// beginnings collects what the beginnings of relations write, at most one for each person.
type beginnings struct {
	relations []relationRow
	persons   []customerRow
	notes     []Entry
}

// add takes one; person says that the person's row has to be made, or made live.
func (b *beginnings) add(e Added, person bool) {
	b.relations = append(b.relations, relationRow{
		CorpID: e.CorpID, CustomerID: e.CustomerID, StaffID: e.StaffID, Live: true, AddedAt: e.At, AddWay: -1, State: e.State,
	})
	if person {
		b.persons = append(b.persons, customerRow{CorpID: e.CorpID, ID: e.CustomerID, Live: true, AddedAt: e.At})
	}
	b.notes = append(b.notes, Entry{CorpID: e.CorpID, CustomerID: e.CustomerID, At: e.At, Kind: "added", Actor: e.StaffID, Detail: e.State})
}

func (b *beginnings) write(ctx context.Context, tx *db.Tx) error {
	if len(b.relations) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&b.relations).On("CONFLICT (corp_id, customer_id, staff_id) DO UPDATE").
		Set("live = TRUE").Set("added_at = EXCLUDED.added_at").Set("state = EXCLUDED.state").Set("lost_at = 0").Set("lost_by = ''").Exec(ctx)
	if err != nil {
		return fmt.Errorf("begin %d relations: %w", len(b.relations), err)
	}
	if len(b.persons) > 0 {
		_, err := tx.NewInsert().Model(&b.persons).On("CONFLICT (corp_id, id) DO UPDATE").Set("live = TRUE").Set("lost_at = 0").
			Set("added_at = CASE WHEN EXCLUDED.added_at < c.added_at THEN EXCLUDED.added_at ELSE c.added_at END").Exec(ctx)
		if err != nil {
			return fmt.Errorf("store %d customers: %w", len(b.persons), err)
		}
	}
	ids := make([]string, len(b.relations))
	for i, r := range b.relations {
		ids[i] = r.CustomerID
	}
	changed(tx, b.relations[0].CorpID, ids...)
	return noteAll(ctx, tx, b.notes)
}
