package customer

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
)

// KnownBefore lists everybody whose first relation began before an instant, also those who left: for after a leak.
func (s *Service) KnownBefore(ctx context.Context, before clock.Time) (ids []string, err error) {
	err = s.DB.Read().NewSelect().Model((*customerRow)(nil)).Column("id").Where("corp_id = ? AND added_at < ?", s.CorpID, before).OrderExpr("id").Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list all customers: %w", err)
	}
	return ids, nil
}

// OfMember lists the customers with whom a member had a relation at some moment from an instant on and before another.
func (s *Service) OfMember(ctx context.Context, staffID string, from, to clock.Time) (ids []string, err error) {
	err = s.DB.Read().NewSelect().Model((*relationRow)(nil)).Column("customer_id").
		Where("corp_id = ? AND staff_id = ? AND added_at < ? AND (live OR lost_at >= ?)", s.CorpID, staffID, to, from).OrderExpr("customer_id").Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list the customers of %s: %w", staffID, err)
	}
	return ids, nil
}

// MembersOf answers the members who have customers now, by customer.
func (s *Service) MembersOf(ctx context.Context, ids []string) (map[string][]string, error) {
	out := map[string][]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []relationRow
	err := s.DB.Read().NewSelect().Model(&rows).Column("customer_id", "staff_id").Where("corp_id = ? AND live AND customer_id IN (?)", s.CorpID, bun.List(ids)).
		OrderExpr("customer_id, staff_id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read who has %d customers: %w", len(ids), err)
	}
	for _, r := range rows {
		out[r.CustomerID] = append(out[r.CustomerID], r.StaffID)
	}
	return out, nil
}
