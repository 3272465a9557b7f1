package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

type staffRow struct {
	bun.BaseModel `bun:"table:staff"`

	CorpID   string `bun:",pk"`
	ID       string `bun:",pk"`
	Name     string
	Position string
	Active   bool
	Contact  bool
	GoneAt   clock.Time
	Role     string
	Scope    string
}

type departmentRow struct {
	bun.BaseModel `bun:"table:department"`

	CorpID   string `bun:",pk"`
	ID       int64  `bun:",pk"`
	Name     string
	ParentID int64
	Rank     int64
}

type membershipRow struct {
	bun.BaseModel `bun:"table:staff_department"`

	CorpID       string `bun:",pk"`
	StaffID      string `bun:",pk"`
	DepartmentID int64  `bun:",pk"`
}

const chunk = 200 // rows of one statement

// upsert writes members as WeCom told them when it was asked; role and scope of known ones stay. An answer from before a
// member left does not bring that member back.
func (s *Service) upsert(ctx context.Context, tx *db.Tx, members []Member, asked clock.Time) error {
	for part := range slices.Chunk(members, chunk) {
		rows := make([]staffRow, len(part))
		ids := make([]string, len(part))
		for i, m := range part {
			ids[i] = m.ID
			rows[i] = staffRow{
				CorpID: s.CorpID, ID: m.ID, Name: m.Name, Position: m.Position, Active: m.Active, Contact: m.Contact, Role: "staff", Scope: "own",
			}
		}
		former, err := s.members(ctx, tx, ids)
		if err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&rows).On("CONFLICT (corp_id, id) DO UPDATE").
			Set("name = EXCLUDED.name").Set("position = EXCLUDED.position").Set("active = EXCLUDED.active").
			Set("contact = EXCLUDED.contact").Set("gone_at = 0").
			Where("staff_row.gone_at = 0 OR staff_row.gone_at < ?", asked).Exec(ctx)
		if err != nil {
			return fmt.Errorf("store %d members: %w", len(rows), err)
		}
		var places []membershipRow
		var moved []string
		for _, m := range part {
			before, known := former[m.ID]
			if known && !before.GoneAt.IsZero() && before.GoneAt >= asked {
				continue
			}
			if known && before.Active == m.Active && slices.Equal(before.Departments, sorted(m.Departments)) {
				continue
			}
			moved = append(moved, m.ID)
			for _, d := range sorted(m.Departments) {
				places = append(places, membershipRow{CorpID: s.CorpID, StaffID: m.ID, DepartmentID: d})
			}
			if known {
				if err := s.tellAccess(ctx, tx, m.ID); err != nil {
					return err
				}
			}
		}
		if err := s.setPlaces(ctx, tx, moved, places); err != nil {
			return err
		}
	}
	return nil
}

func sorted(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (s *Service) setPlaces(ctx context.Context, tx *db.Tx, staffIDs []string, places []membershipRow) error {
	if len(staffIDs) == 0 {
		return nil
	}
	_, err := tx.NewDelete().Model((*membershipRow)(nil)).Where("corp_id = ? AND staff_id IN (?)", s.CorpID, bun.List(staffIDs)).Exec(ctx)
	if err == nil && len(places) > 0 {
		_, err = tx.NewInsert().Model(&places).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("store the departments of %d members: %w", len(staffIDs), err)
	}
	return nil
}

// setDepartments replaces the corp's departments.
func (s *Service) setDepartments(ctx context.Context, tx *db.Tx, list []Department) error {
	_, err := tx.NewDelete().Model((*departmentRow)(nil)).Where("corp_id = ?", s.CorpID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("replace the departments: %w", err)
	}
	for part := range slices.Chunk(list, chunk) {
		rows := make([]departmentRow, len(part))
		for i, d := range part {
			rows[i] = departmentRow{CorpID: s.CorpID, ID: d.ID, Name: d.Name, ParentID: d.ParentID, Rank: d.Rank}
		}
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("store %d departments: %w", len(rows), err)
		}
	}
	return nil
}

// departments lists all departments in the order WeCom shows them.
func (s *Service) departments(ctx context.Context) ([]Department, error) {
	var rows []departmentRow
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", s.CorpID).OrderExpr("rank DESC, id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list departments: %w", err)
	}
	out := make([]Department, len(rows))
	for i, r := range rows {
		out[i] = Department{ID: r.ID, Name: r.Name, ParentID: r.ParentID, Rank: r.Rank}
	}
	return out, nil
}

// headcount counts the members that are in each department itself.
func (s *Service) headcount(ctx context.Context) (map[int64]int, error) {
	var rows []struct {
		DepartmentID int64
		N            int
	}
	err := s.DB.Read().NewSelect().TableExpr("staff_department AS d").
		Join("JOIN staff AS s ON s.corp_id = d.corp_id AND s.id = d.staff_id").
		ColumnExpr("d.department_id, COUNT(*) AS n").Where("d.corp_id = ? AND s.gone_at = 0", s.CorpID).
		GroupExpr("d.department_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count members of departments: %w", err)
	}
	out := map[int64]int{}
	for _, r := range rows {
		out[r.DepartmentID] = r.N
	}
	return out, nil
}

// members reads members by id; unknown ids are left out.
func (s *Service) members(ctx context.Context, q bun.IDB, ids []string) (map[string]Member, error) {
	out := make(map[string]Member, len(ids))
	for part := range slices.Chunk(ids, chunk) {
		var rows []staffRow
		err := q.NewSelect().Model(&rows).Where("corp_id = ? AND id IN (?)", s.CorpID, bun.List(part)).Scan(ctx)
		if err != nil {
			return nil, fmt.Errorf("read %d members: %w", len(part), err)
		}
		list, err := s.withDepartments(ctx, q, rows)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			out[m.ID] = m
		}
	}
	return out, nil
}

func (s *Service) withDepartments(ctx context.Context, q bun.IDB, rows []staffRow) ([]Member, error) {
	list := make([]Member, len(rows))
	at := make(map[string]int, len(rows))
	ids := make([]string, len(rows))
	for i, r := range rows {
		list[i] = Member{
			ID: r.ID, Name: r.Name, Position: r.Position, Active: r.Active, Contact: r.Contact, GoneAt: r.GoneAt, Role: r.Role, Scope: r.Scope,
		}
		at[r.ID], ids[i] = i, r.ID
	}
	if len(rows) == 0 {
		return list, nil
	}
	var places []membershipRow
	err := q.NewSelect().Model(&places).Where("corp_id = ? AND staff_id IN (?)", s.CorpID, bun.List(ids)).OrderExpr("department_id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the departments of %d members: %w", len(rows), err)
	}
	for _, p := range places {
		m := &list[at[p.StaffID]]
		m.Departments = append(m.Departments, p.DepartmentID)
	}
	return list, nil
}

// ids lists members for whom a condition holds.
func (s *Service) ids(ctx context.Context, q bun.IDB, where string) ([]string, error) {
	var ids []string
	err := q.NewSelect().Model((*staffRow)(nil)).Column("id").Where("corp_id = ?", s.CorpID).Where(where).OrderExpr("id").Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list members with %s: %w", where, err)
	}
	return ids, nil
}

// Filter chooses members of a list.
type Filter struct {
	Query      string // part of the name or id
	Department int64  // this one and those below; 0 = any
	Active     *bool
	IDs        []string // only these; nil = any
	Gone       bool     // also those who left
}

func (s *Service) where(ctx context.Context, f Filter) (*bun.SelectQuery, error) {
	q := s.DB.Read().NewSelect().Model((*staffRow)(nil)).Where("corp_id = ?", s.CorpID)
	if !f.Gone {
		q.Where("gone_at = 0")
	}
	if f.Query != "" {
		like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(f.Query) + "%"
		q.Where("(name LIKE ? ESCAPE '!' OR id LIKE ? ESCAPE '!')", like, like)
	}
	if f.Active != nil {
		q.Where("active = ?", *f.Active)
	}
	if f.IDs != nil {
		q.Where("id IN (?)", bun.List(f.IDs))
	}
	if f.Department != 0 {
		all, err := s.departments(ctx)
		if err != nil {
			return nil, err
		}
		q.Where("id IN (SELECT staff_id FROM staff_department WHERE corp_id = ? AND department_id IN (?))",
			s.CorpID, bun.List(below(all, []int64{f.Department})))
	}
	return q, nil
}

// getMember reads one member.
func (s *Service) getMember(ctx context.Context, q bun.IDB, id string) (Member, error) {
	found, err := s.members(ctx, q, []string{id})
	if err != nil {
		return Member{}, err
	}
	m, ok := found[id]
	if !ok {
		return Member{}, errs.Missing("成员", "member")
	}
	return m, nil
}
