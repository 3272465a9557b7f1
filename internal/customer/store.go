package customer

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

type customerRow struct {
	bun.BaseModel `bun:"table:customer,alias:c"`

	CorpID   string `bun:",pk"`
	ID       string `bun:",pk"`
	Name     string
	Avatar   string
	Gender   int
	Kind     Kind
	CorpName string
	UnionID  string `bun:"unionid"`
	Live     bool
	AddedAt  clock.Time
	LostAt   clock.Time
	KnownAt  clock.Time
}

type relationRow struct {
	bun.BaseModel `bun:"table:relation,alias:r"`

	CorpID      string `bun:",pk"`
	CustomerID  string `bun:",pk"`
	StaffID     string `bun:",pk"`
	Live        bool
	Remark      string
	Description string
	AddedAt     clock.Time
	AddWay      int
	State       string
	LostAt      clock.Time
	LostBy      LostBy
	KnownAt     clock.Time
}

type relationTagRow struct {
	bun.BaseModel `bun:"table:relation_tag,alias:rt"`

	CorpID     string `bun:",pk"`
	CustomerID string `bun:",pk"`
	StaffID    string `bun:",pk"`
	TagID      string `bun:",pk"`
}

// Entry is one line of a customer's timeline.
type Entry struct {
	bun.BaseModel `bun:"table:timeline"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CustomerID string
	At         clock.Time
	Kind       string // added, lost, joined_group, left_group, touch, optout, session
	Actor      string // staff id, or "" for the customer
	Detail     string // a name or a word, never a customer's words
	Ref        string // id of the touch, group or session it is about
}

// Note adds a line to a customer's timeline, in the transaction of what happened.
func Note(ctx context.Context, tx *db.Tx, e Entry) error { return noteAll(ctx, tx, []Entry{e}) }

// noteAll is Note for many lines.
func noteAll(ctx context.Context, tx *db.Tx, notes []Entry) error {
	if len(notes) == 0 {
		return nil
	}
	for i := range notes {
		notes[i].ID = tx.NewID()
	}
	if _, err := tx.NewInsert().Model(&notes).Exec(ctx); err != nil {
		return fmt.Errorf("write %d lines of timelines, first %s of %s: %w", len(notes), notes[0].Kind, notes[0].CustomerID, err)
	}
	return nil
}

// getRelation reads one relation; ok is false when there never was one.
func getRelation(ctx context.Context, q bun.IDB, corpID, customerID, staffID string) (r relationRow, ok bool, err error) {
	err = q.NewSelect().Model(&r).Where("corp_id = ? AND customer_id = ? AND staff_id = ?", corpID, customerID, staffID).Scan(ctx)
	if db.IsNoRows(err) {
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("read relation %s/%s: %w", customerID, staffID, err)
	}
	return r, true, nil
}

// getCustomer reads one person; ok is false when the corp never had them.
func getCustomer(ctx context.Context, q bun.IDB, corpID, id string) (c customerRow, ok bool, err error) {
	err = q.NewSelect().Model(&c).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("read customer %s: %w", id, err)
	}
	return c, true, nil
}

// upsertPersons writes what a read call told about persons.
func upsertPersons(ctx context.Context, tx *db.Tx, rows []customerRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (corp_id, id) DO UPDATE").
		Set("name = EXCLUDED.name").Set("avatar = EXCLUDED.avatar").Set("gender = EXCLUDED.gender").Set("kind = EXCLUDED.kind").
		Set("corp_name = EXCLUDED.corp_name").Set("unionid = CASE WHEN EXCLUDED.unionid <> '' THEN EXCLUDED.unionid ELSE c.unionid END").
		Set("known_at = EXCLUDED.known_at").Set("live = TRUE").Set("lost_at = 0").
		Set("added_at = CASE WHEN EXCLUDED.added_at < c.added_at THEN EXCLUDED.added_at ELSE c.added_at END").Exec(ctx)
	if err != nil {
		return fmt.Errorf("store %d customers: %w", len(rows), err)
	}
	return nil
}

// upsertRelations writes what a read call told about relations.
func upsertRelations(ctx context.Context, tx *db.Tx, rows []relationRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (corp_id, customer_id, staff_id) DO UPDATE").
		Set("live = TRUE").Set("remark = EXCLUDED.remark").Set("description = EXCLUDED.description").Set("added_at = EXCLUDED.added_at").
		Set("add_way = EXCLUDED.add_way").Set("state = CASE WHEN EXCLUDED.state <> '' THEN EXCLUDED.state ELSE r.state END").
		Set("lost_at = 0").Set("lost_by = ''").Set("known_at = EXCLUDED.known_at").
		Where("r.live OR r.lost_by = ? OR EXCLUDED.added_at > r.lost_at", ByUnknown). // it may have ended since the caller looked
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("store %d relations: %w", len(rows), err)
	}
	return nil
}

// replaceTags makes the stored tags of the given relations equal to rows.
func replaceTags(ctx context.Context, tx *db.Tx, corpID string, relations []Relation) error {
	var rows []relationTagRow
	pairs := make([]bun.TupleValues, 0, len(relations))
	for _, r := range relations {
		pairs = append(pairs, bun.Tuple([]string{r.CustomerID, r.StaffID}))
		for _, t := range r.TagIDs {
			rows = append(rows, relationTagRow{CorpID: corpID, CustomerID: r.CustomerID, StaffID: r.StaffID, TagID: t})
		}
	}
	_, err := tx.NewDelete().Model((*relationTagRow)(nil)).Where("corp_id = ?", corpID).
		Where("(customer_id, staff_id) IN (VALUES ?)", bun.List(pairs)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("clear tags of %d relations: %w", len(relations), err)
	}
	return addTags(ctx, tx, rows)
}

func addTags(ctx context.Context, tx *db.Tx, rows []relationTagRow) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return fmt.Errorf("store %d tags of relations: %w", len(rows), err)
	}
	return nil
}

// hasLiveRelation says whether the person is still with any member of staff.
func hasLiveRelation(ctx context.Context, tx *db.Tx, corpID, customerID string) (bool, error) {
	n, err := tx.NewSelect().Model((*relationRow)(nil)).Where("corp_id = ? AND customer_id = ? AND live", corpID, customerID).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("count relations of %s: %w", customerID, err)
	}
	return n > 0, nil
}
