package kf

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/clock"
)

// WroteBefore lists everybody who wrote to customer service before an instant: for after a leak.
func (s *Service) WroteBefore(ctx context.Context, before clock.Time) (ids []string, err error) {
	err = s.DB.Read().NewRaw("SELECT DISTINCT customer_id FROM kf_session WHERE corp_id = ? AND opened_at < ? ORDER BY customer_id", s.CorpID, before).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list who wrote to customer service: %w", err)
	}
	return ids, nil
}
