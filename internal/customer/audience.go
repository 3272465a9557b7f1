package customer

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
)

// TagMode says how several tags of an audience are joined.
type TagMode string

// The modes.
const (
	AnyTag TagMode = "any"
	AllTag TagMode = "all"
)

// AudienceQuery chooses live relations. Tags count for the person, whoever of the staff gave them; those of ended
// relations count no more.
type AudienceQuery struct {
	TagIDs        []string
	TagMode       TagMode // "" = any
	ExcludeTagIDs []string
	StaffIDs      []string // nil = all
	LeftStaffIDs  []string // who left the company: a relation to them lives on until it is handed over, but nobody speaks there
	AwayStaffIDs  []string // who cannot send now: they speak only to whom nobody else of the members has
}

// Member is one person of an audience with the member of staff who is to speak: the one with the newest live relation,
// of those who can send now if there is one.
type Member struct {
	CustomerID string
	StaffID    string
	AddedAt    clock.Time
}

// Audience answers the persons that the query chooses, each once, ordered by customer id.
func (s *Service) Audience(ctx context.Context, q AudienceQuery) ([]Member, error) {
	sel := s.DB.Read().NewSelect().Model((*relationRow)(nil)).Column("customer_id", "staff_id", "added_at").
		Where("r.corp_id = ? AND r.live", s.CorpID)
	if q.StaffIDs != nil {
		sel.Where("r.staff_id IN (?)", bun.List(orNone(q.StaffIDs)))
	}
	if len(q.LeftStaffIDs) > 0 {
		sel.Where("r.staff_id NOT IN (?)", bun.List(q.LeftStaffIDs))
	}
	having := func(tags []string) *bun.SelectQuery {
		return s.DB.Read().NewSelect().Model((*relationTagRow)(nil)).ColumnExpr("rt.customer_id").
			Join("JOIN relation AS held ON held.corp_id = rt.corp_id AND held.customer_id = rt.customer_id AND held.staff_id = rt.staff_id AND held.live").
			Where("rt.corp_id = ? AND rt.tag_id IN (?)", s.CorpID, bun.List(tags))
	}
	if len(q.TagIDs) > 0 {
		wanted := slices.Compact(slices.Sorted(slices.Values(q.TagIDs)))
		in := having(wanted)
		if q.TagMode == AllTag {
			in = in.GroupExpr("rt.customer_id").Having("COUNT(DISTINCT rt.tag_id) = ?", len(wanted))
		}
		sel.Where("r.customer_id IN (?)", in)
	}
	if len(q.ExcludeTagIDs) > 0 {
		sel.Where("r.customer_id NOT IN (?)", having(q.ExcludeTagIDs))
	}
	var rows []Member
	if err := sel.OrderExpr("r.customer_id, r.added_at DESC, r.staff_id").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("choose an audience: %w", err)
	}
	out := rows[:0]
	for _, m := range rows {
		switch n := len(out); {
		case n == 0 || out[n-1].CustomerID != m.CustomerID:
			out = append(out, m)
		case slices.Contains(q.AwayStaffIDs, out[n-1].StaffID) && !slices.Contains(q.AwayStaffIDs, m.StaffID):
			out[n-1] = m
		}
	}
	return out, nil
}

// Carriers answers the live relations that carry a tag, ordered by customer.
func (s *Service) Carriers(ctx context.Context, tagID string) ([]Member, error) {
	var rows []Member
	err := s.DB.Read().NewSelect().Model((*relationRow)(nil)).Column("r.customer_id", "r.staff_id", "r.added_at").
		Join("JOIN relation_tag AS rt ON rt.corp_id = r.corp_id AND rt.customer_id = r.customer_id AND rt.staff_id = r.staff_id AND rt.tag_id = ?", tagID).
		Where("r.corp_id = ? AND r.live", s.CorpID).OrderExpr("r.customer_id, r.staff_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read who carries tag %s: %w", tagID, err)
	}
	return rows, nil
}

// orNone keeps an empty list an empty list in SQL.
func orNone(ids []string) []string {
	if len(ids) == 0 {
		return []string{""}
	}
	return ids
}

// Names answers the names of persons by id; unknown ids are left out.
func (s *Service) Names(ctx context.Context, q bun.IDB, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct{ ID, Name string }
	err := q.NewSelect().Model((*customerRow)(nil)).Column("id", "name").Where("corp_id = ? AND id IN (?)", s.CorpID, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read names of %d customers: %w", len(ids), err)
	}
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, nil
}

// Briefs answers a person's name and whether they use another corp's WeCom, by id.
func (s *Service) Briefs(ctx context.Context, ids []string) (map[string]struct {
	Name  string
	WeCom bool
}, error,
) {
	out := map[string]struct {
		Name  string
		WeCom bool
	}{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []customerRow
	err := s.DB.Read().NewSelect().Model(&rows).Column("id", "name", "kind").Where("corp_id = ? AND id IN (?)", s.CorpID, bun.List(ids)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d customers: %w", len(ids), err)
	}
	for _, r := range rows {
		out[r.ID] = struct {
			Name  string
			WeCom bool
		}{r.Name, r.Kind == WeCom}
	}
	return out, nil
}

// CountLive counts the persons with a live relation.
func (s *Service) CountLive(ctx context.Context) (int, error) {
	var n int
	err := s.DB.Read().NewSelect().Model((*relationRow)(nil)).ColumnExpr("COUNT(DISTINCT customer_id)").Where("corp_id = ? AND live", s.CorpID).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count customers: %w", err)
	}
	return n, nil
}

// CountByStaff counts live relations by member.
func (s *Service) CountByStaff(ctx context.Context, staffIDs []string) (map[string]int, error) {
	out := map[string]int{}
	if len(staffIDs) == 0 {
		return out, nil
	}
	var rows []struct {
		StaffID string
		N       int
	}
	err := s.DB.Read().NewSelect().Model((*relationRow)(nil)).Column("staff_id").ColumnExpr("COUNT(*) AS n").
		Where("corp_id = ? AND live AND staff_id IN (?)", s.CorpID, bun.List(staffIDs)).GroupExpr("staff_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count customers of %d members: %w", len(staffIDs), err)
	}
	for _, r := range rows {
		out[r.StaffID] = r.N
	}
	return out, nil
}

// UnionIDs answers the union ids of persons by id; who has none is left out.
func (s *Service) UnionIDs(ctx context.Context, q bun.IDB, ids []string) (map[string][]string, error) {
	out := map[string][]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []customerRow
	err := q.NewSelect().Model(&rows).Column("id", "unionid").Where("corp_id = ? AND unionid <> '' AND id IN ?", s.CorpID, s.DB.OneOf(ids)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the union ids of %d customers: %w", len(ids), err)
	}
	for _, r := range rows {
		out[r.ID] = []string{r.UnionID}
	}
	return out, nil
}

// MetBy answers since when a member has had those of the customers who are theirs now.
func (s *Service) MetBy(ctx context.Context, q bun.IDB, staffID string, customerIDs []string) (map[string]clock.Time, error) {
	var rows []Member
	err := q.NewSelect().Model((*relationRow)(nil)).Column("customer_id", "staff_id", "added_at").
		Where("corp_id = ? AND staff_id = ? AND live AND customer_id IN (?)", s.CorpID, staffID, bun.List(orNone(customerIDs))).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read since when %s has %d customers: %w", staffID, len(customerIDs), err)
	}
	out := make(map[string]clock.Time, len(rows))
	for _, r := range rows {
		out[r.CustomerID] = r.AddedAt
	}
	return out, nil
}

// Followers answers the members who have a customer now, who added them last first.
func (s *Service) Followers(ctx context.Context, q bun.IDB, customerID string) ([]string, error) {
	var ids []string
	err := q.NewSelect().Model((*relationRow)(nil)).Column("staff_id").Where("corp_id = ? AND customer_id = ? AND live", s.CorpID, customerID).
		OrderExpr("added_at DESC, staff_id").Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("read who has customer %s: %w", customerID, err)
	}
	return ids, nil
}
