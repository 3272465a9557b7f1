package tag

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/wecom"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	WeCom  *wecom.Client
	CorpID string
	World  clock.World
	Zone   *time.Location
	// Governor says which names tell sensitive data.
	Governor *governance.Governor
}

// Service is the use cases of tags.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

type groupRow struct {
	bun.BaseModel `bun:"table:tag_group,alias:g"`

	CorpID string `bun:",pk"`
	ID     string `bun:",pk"`
	Name   string
	Rank   int
}

type tagRow struct {
	bun.BaseModel `bun:"table:tag,alias:t"`

	CorpID  string `bun:",pk"`
	ID      string `bun:",pk"`
	GroupID string
	Name    string
	Rank    int
}

// Sync makes our tags equal to WeCom's; it is a part of internal/sync.
func (s *Service) Sync(ctx context.Context, _ clock.Time, _ func(sync.Count)) (sync.Count, error) {
	groups, err := s.WeCom.CorpTags(ctx, wecom.TagFilter{})
	if err != nil {
		return sync.Count{}, fmt.Errorf("read corp tags: %w", err)
	}
	n := 0
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, table := range []any{(*tagRow)(nil), (*groupRow)(nil)} {
			if _, err := tx.NewDelete().Model(table).Where("corp_id = ?", s.CorpID).Exec(ctx); err != nil {
				return err
			}
		}
		for _, g := range groups {
			n += len(g.Tags)
			if err := s.put(ctx, tx, g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return sync.Count{}, fmt.Errorf("store corp tags: %w", err)
	}
	return sync.Count{Expected: n, Read: n, Stored: n}, nil
}

// put stores a group with the tags that it was read with; what WeCom marks as deleted is dropped.
func (s *Service) put(ctx context.Context, tx *db.Tx, g wecom.TagGroup) error {
	if g.Deleted {
		return s.dropGroup(ctx, tx, g.ID)
	}
	row := groupRow{CorpID: s.CorpID, ID: g.ID, Name: g.Name, Rank: int(g.Order)}
	if _, err := tx.NewInsert().Model(&row).On("CONFLICT (corp_id, id) DO UPDATE").Set("name = EXCLUDED.name").Set("rank = EXCLUDED.rank").
		Exec(ctx); err != nil {
		return fmt.Errorf("store tag group %s: %w", g.ID, err)
	}
	rows := make([]tagRow, 0, len(g.Tags))
	for _, t := range g.Tags {
		if t.Deleted {
			if err := s.drop(ctx, tx, t.ID); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, tagRow{CorpID: s.CorpID, ID: t.ID, GroupID: g.ID, Name: t.Name, Rank: int(t.Order)})
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.NewInsert().Model(&rows).On("CONFLICT (corp_id, id) DO UPDATE").Set("name = EXCLUDED.name").
		Set("rank = EXCLUDED.rank").Set("group_id = EXCLUDED.group_id").Exec(ctx); err != nil {
		return fmt.Errorf("store tags of group %s: %w", g.ID, err)
	}
	return nil
}

// Groups answers all groups with their tags and how many persons have each; of those who are with the members of scope, nil =
// with anybody.
func (s *Service) Groups(ctx context.Context, scope []string) ([]Group, error) {
	var groups []groupRow
	if err := s.DB.Read().NewSelect().Model(&groups).Where("corp_id = ?", s.CorpID).OrderExpr("rank DESC, id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list tag groups: %w", err)
	}
	var tags []tagRow
	if err := s.DB.Read().NewSelect().Model(&tags).Where("corp_id = ?", s.CorpID).OrderExpr("rank DESC, id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list tags: %w", err)
	}
	var counts []struct {
		TagID string
		N     int
	}
	q := s.DB.Read().NewSelect().TableExpr("relation_tag AS rt").ColumnExpr("rt.tag_id, COUNT(DISTINCT rt.customer_id) AS n").
		Join("JOIN relation AS r ON r.corp_id = rt.corp_id AND r.customer_id = rt.customer_id AND r.staff_id = rt.staff_id AND r.live").
		Where("rt.corp_id = ?", s.CorpID).GroupExpr("rt.tag_id")
	if scope != nil {
		q.Where("r.staff_id IN (?)", bun.List(append([]string{""}, scope...))) // no member has an empty id
	}
	if err := q.Scan(ctx, &counts); err != nil {
		return nil, fmt.Errorf("count customers by tag: %w", err)
	}
	by := map[string]int{}
	for _, c := range counts {
		by[c.TagID] = c.N
	}
	out := make([]Group, len(groups))
	at := map[string]int{}
	for i, g := range groups {
		out[i], at[g.ID] = Group{ID: g.ID, Name: g.Name, Rank: g.Rank}, i
	}
	for _, t := range tags {
		if i, ok := at[t.GroupID]; ok {
			out[i].Tags = append(out[i].Tags, Tag{ID: t.ID, GroupID: t.GroupID, Name: t.Name, Rank: t.Rank, Customers: by[t.ID]})
		}
	}
	return out, nil
}

// Add makes tags at WeCom, in the group with this id or in a new group with this name, and stores them.
func (s *Service) Add(ctx context.Context, groupID, groupName string, names []string) (Group, error) {
	if len(names) == 0 {
		return Group{}, errs.Bad("tags", "tag.names", errs.T("至少写一个标签。", "Name at least one tag."))
	}
	in := wecom.NewTags{GroupID: groupID, GroupName: groupName}
	for _, n := range names {
		in.Tags = append(in.Tags, wecom.NewTag{Name: n})
	}
	g, err := s.WeCom.AddCorpTags(ctx, in)
	if err != nil {
		return Group{}, calls.Refused(err, "make tags")
	}
	if err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.put(ctx, tx, g) }); err != nil {
		return Group{}, err
	}
	out := Group{ID: g.ID, Name: g.Name}
	for _, t := range g.Tags {
		out.Tags = append(out.Tags, Tag{ID: t.ID, GroupID: g.ID, Name: t.Name})
	}
	return out, nil
}

// Rename gives a tag another name.
func (s *Service) Rename(ctx context.Context, id, name string) error {
	if err := s.WeCom.EditCorpTag(ctx, wecom.TagEdit{ID: id, Name: name}); err != nil {
		return calls.Refused(err, "rename a tag")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*tagRow)(nil)).Set("name = ?", name).Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
		return err
	})
}

// Delete removes a tag from WeCom and from every customer.
func (s *Service) Delete(ctx context.Context, id string) error {
	if err := s.WeCom.DeleteCorpTags(ctx, wecom.TagFilter{TagIDs: []string{id}}); err != nil {
		return calls.Refused(err, "delete a tag")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.drop(ctx, tx, id) })
}

// Mark changes the tags of one relation at WeCom and answers how to write the same to our tables: WeCom tells no
// callback about what the API writes.
func (s *Service) Mark(ctx context.Context, customerID, staffID string, add, remove []string) (bus.Settle, error) {
	err := s.WeCom.MarkTags(ctx, wecom.TagMark{
		Staff: wecom.StaffID(staffID), Customer: wecom.ExternalUserID(customerID), Add: add, Remove: remove,
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx) error {
		for _, id := range remove {
			if _, err := tx.NewRaw("DELETE FROM relation_tag WHERE corp_id = ? AND customer_id = ? AND staff_id = ? AND tag_id = ?",
				s.CorpID, customerID, staffID, id).Exec(ctx); err != nil {
				return fmt.Errorf("remove a tag of %s: %w", customerID, err)
			}
		}
		for _, id := range add {
			if _, err := tx.NewRaw("INSERT INTO relation_tag (corp_id, customer_id, staff_id, tag_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
				s.CorpID, customerID, staffID, id).Exec(ctx); err != nil {
				return fmt.Errorf("add a tag to %s: %w", customerID, err)
			}
		}
		tx.Changed(s.CorpID, "customer", customerID)
		return nil
	}, nil
}

func (s *Service) byID(ctx context.Context, ids []string) ([]tagRow, error) {
	var rows []tagRow
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND id IN (?)", s.CorpID, bun.List(ids)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the names of tags: %w", err)
	}
	return rows, nil
}
