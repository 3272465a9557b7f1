package groupchat

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/clock"
)

// JoinedBefore lists everybody from outside who joined a customer group before an instant: for after a leak.
func (s *Service) JoinedBefore(ctx context.Context, before clock.Time) (ids []string, err error) {
	err = s.DB.Read().NewRaw(`SELECT id FROM groupchat_member WHERE corp_id = ? AND kind = 'customer' AND joined_at < ?
		UNION SELECT member_id FROM groupchat_move WHERE corp_id = ? AND kind = 'customer' AND what = 'join' AND at < ?`, s.CorpID, before, s.CorpID, before).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list who was in customer groups: %w", err)
	}
	return ids, nil
}
