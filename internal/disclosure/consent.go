package disclosure

import (
	"context"
	"fmt"
	"slices"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// NoteConsents notes that customers consented that a handler gets their data, with where and how they did. Who consented already keeps
// the older evidence. It answers how many are new.
func (s *Service) NoteConsents(ctx context.Context, receiverID int64, by string, customers []string, evidence string) (int, error) {
	evidence, err := words("evidence", evidence, 4, 300, errs.T("写明客户在哪里、怎样单独同意给这个接收方", "Say where and how they consented to this receiver"))
	if err != nil {
		return 0, err
	}
	slices.Sort(customers)
	customers = slices.Compact(customers)
	if len(customers) == 0 || len(customers) > mostAtOnce {
		return 0, errs.Bad("customers", "receiver.customers", errs.Tf("一次选 1 到 %d 位客户。", "Choose 1 to %d customers at once.", mostAtOnce))
	}
	known, err := s.Known(ctx, customers)
	if err != nil {
		return 0, err
	}
	for _, id := range customers {
		if !slices.Contains(known, id) {
			return 0, errs.Bad("customers", "receiver.customer", errs.Tf("没有客户 %s，或者不在你的数据范围里。", "There is no customer %s, or they are outside your data scope.", id))
		}
	}
	added := 0
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, fmt.Sprint("receiver_consent/", s.CorpID, "/", receiverID)); err != nil {
			return err
		}
		r, err := s.receiver(ctx, tx, receiverID)
		if err != nil {
			return err
		}
		if r.Kind != Handler {
			return errs.New(errs.Conflict, "receiver.needs_none", errs.T("受托方按合同替我们处理，不用客户逐个同意。", "It processes for us by contract: customers need not consent to it one by one."))
		}
		if r.EndedAt != 0 {
			return errs.New(errs.Conflict, "receiver.ended", errs.T("这个接收方已经结束。", "This receiver has ended."))
		}
		have, err := s.consenting(ctx, tx, receiverID, customers)
		if err != nil {
			return err
		}
		var rows []*Consent
		for _, id := range customers {
			if !have[id] {
				rows = append(rows, &Consent{CorpID: s.CorpID, ID: tx.NewID(), ReceiverID: receiverID, CustomerID: id, Evidence: evidence, MadeBy: by, MadeAt: max(s.World.Now(), 1)})
			}
		}
		if added = len(rows); added == 0 {
			return nil
		}
		if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
			return fmt.Errorf("note consents to receiver %d: %w", receiverID, err)
		}
		return s.log(ctx, tx, "receiver_consent.note", "receiver", receiverID, by, audit.Detail{"customers": ids(rows)})
	})
	return added, err
}

func ids(rows []*Consent) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.CustomerID
	}
	return out
}

// EndConsent notes that a customer takes the consent back: from now on their data does not go there. What went stays on record.
func (s *Service) EndConsent(ctx context.Context, receiverID int64, customerID, by string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		res, err := tx.NewUpdate().Model((*Consent)(nil)).Set("ended_by = ?", by).Set("ended_at = ?", max(s.World.Now(), 1)).
			Where("corp_id = ? AND receiver_id = ? AND customer_id = ? AND ended_at = 0", s.CorpID, receiverID, customerID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end the consent of %s to receiver %d: %w", customerID, receiverID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errs.Missing("登记的同意", "consent on record")
		}
		return s.log(ctx, tx, "receiver_consent.end", "receiver", receiverID, by, audit.Detail{"customers": []string{customerID}})
	})
}

// Consents lists the consents to a handler, the newest first, also those that ended.
func (s *Service) Consents(ctx context.Context, receiverID int64, l web.List) (rows []*Consent, total int, more bool, err error) {
	q := s.DB.Read().NewSelect().Model((*Consent)(nil)).Where("corp_id = ? AND receiver_id = ?", s.CorpID, receiverID)
	total, more, err = web.NewestFirst(ctx, s.DB.Read(), q, "id", l, &rows)
	if err != nil {
		return nil, 0, false, fmt.Errorf("list the consents to receiver %d: %w", receiverID, err)
	}
	return rows, total, more, nil
}

// holding counts the consents that hold, by handler.
func (s *Service) holding(ctx context.Context) (map[int64]int, error) {
	var rows []struct {
		ReceiverID int64
		N          int
	}
	err := s.DB.Read().NewSelect().Model((*Consent)(nil)).ColumnExpr("receiver_id, COUNT(*) AS n").Where("corp_id = ? AND ended_at = 0", s.CorpID).GroupExpr("receiver_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count the consents to receivers: %w", err)
	}
	out := make(map[int64]int, len(rows))
	for _, r := range rows {
		out[r.ReceiverID] = r.N
	}
	return out, nil
}
