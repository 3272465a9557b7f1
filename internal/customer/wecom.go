package customer

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// FromWeCom turns one pair of a read call into a snapshot.
func FromWeCom(c wecom.Customer, r wecom.Relation) Snapshot {
	kind := WeChat
	if c.Type == wecom.CustomerWeCom {
		kind = WeCom
	}
	tags := append([]string(nil), r.TagIDs...)
	for _, t := range r.Tags {
		if t.ID != "" { // a member's own tags have no id and stay theirs
			tags = append(tags, t.ID)
		}
	}
	return Snapshot{
		Person: Person{
			ID: string(c.ID), Name: c.Name, Avatar: c.Avatar, Gender: c.Gender, Kind: kind, CorpName: c.CorpName, UnionID: c.UnionID,
		},
		Relation: Relation{
			CustomerID: string(c.ID), StaffID: string(r.Staff), Remark: r.Remark, Description: r.Description,
			AddedAt: clock.Unix(r.CreateTime), AddWay: r.AddWay, State: r.State, TagIDs: tags,
		},
	}
}

// read asks WeCom for a person with all relations.
func (s *Service) read(ctx context.Context, customerID string) ([]Snapshot, error) {
	var out []Snapshot
	for cursor := ""; ; {
		d, err := s.WeCom.Customer(ctx, wecom.ExternalUserID(customerID), cursor)
		if err != nil {
			return nil, err
		}
		for _, r := range d.Relations {
			out = append(out, FromWeCom(d.Customer, r))
		}
		if cursor = d.Next; cursor == "" {
			return out, nil
		}
	}
}

// unknown answers the relations of snapshots that we do not hold as live.
func (s *Service) unknown(ctx context.Context, tx *db.Tx, snapshots []Snapshot) ([]Relation, error) {
	pairs := make([]bun.TupleValues, len(snapshots))
	for i, sn := range snapshots {
		pairs[i] = bun.Tuple([]string{sn.Relation.CustomerID, sn.Relation.StaffID})
	}
	var rows []relationRow
	err := tx.NewSelect().Model(&rows).Column("customer_id", "staff_id").Where("corp_id = ? AND live", s.CorpID).
		Where("(customer_id, staff_id) IN (VALUES ?)", bun.List(pairs)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("compare %d relations: %w", len(snapshots), err)
	}
	have := map[[2]string]bool{}
	for _, r := range rows {
		have[[2]string{r.CustomerID, r.StaffID}] = true
	}
	var fresh []Relation
	for _, sn := range snapshots {
		if !have[[2]string{sn.Relation.CustomerID, sn.Relation.StaffID}] {
			fresh = append(fresh, sn.Relation)
		}
	}
	return fresh, nil
}
