package groupchat

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
)

// Membership is one live group that a customer is in.
type Membership struct {
	CustomerID string
	ChatID     string
	Name       string
	JoinedAt   clock.Time
}

// OfCustomers answers the live groups that customers are in, by customer, oldest membership first.
func (s *Service) OfCustomers(ctx context.Context, ids []string) (map[string][]Membership, error) {
	out := map[string][]Membership{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []Membership
	err := s.DB.Read().NewRaw("SELECT m.id AS customer_id, m.chat_id, g.name, m.joined_at FROM groupchat_member AS m "+
		"JOIN groupchat AS g ON g.corp_id = m.corp_id AND g.id = m.chat_id WHERE m.corp_id = ? AND g.state = ? "+
		"AND m.id IN (?) ORDER BY m.joined_at, m.chat_id", s.CorpID, Live, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the groups of %d customers: %w", len(ids), err)
	}
	for _, r := range rows {
		out[r.CustomerID] = append(out[r.CustomerID], r)
	}
	return out, nil
}
