package broadcast

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/db"
)

// harmed tells the ladder what a mass message cost its receivers by now (FTG-12).
func (s *Service) harmed(ctx context.Context, tx *db.Tx, b *Broadcast) error {
	sent, err := tx.NewSelect().Model((*Receiver)(nil)).Where("corp_id = ? AND broadcast_id = ? AND state = ?", s.CorpID, b.ID, Delivered).Count(ctx)
	if err != nil {
		return fmt.Errorf("count who got mass message %d: %w", b.ID, err)
	}
	return s.Governor.Harmed(ctx, tx, s.CorpID, campaignID(b.ID), b.Name, b.CreatedBy, int(sent), b.OptOuts+b.Deletions)
}
