package disclosure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// NewExport is what somebody wants to take out.
type NewExport struct {
	ReceiverID int64
	Purpose    string
	Query      string // the filters of the list of customers, the query part of its URL
}

// Sum says what an export would hold, before it is made.
type Sum struct {
	Size     int  // customers in the file
	LeftOut  int  // who did not consent to the receiver
	Approval bool // a second person has to approve it
	Limit    int  // how many one person may take out alone in 24 hours
	Taken    int  // by this person already
}

// chosen are the customers of an export, and how many are left out.
func (s *Service) chosen(ctx context.Context, n NewExport) (ids []string, leftOut int, err error) {
	r, err := s.may(ctx, n.ReceiverID)
	if err != nil {
		return nil, 0, err
	}
	f, err := s.Customers.Filter(ctx, n.Query)
	if err != nil {
		return nil, 0, err
	}
	all, err := s.Customers.IDs(ctx, f, mostRows+1)
	if err != nil {
		return nil, 0, err
	}
	if len(all) > mostRows {
		return nil, 0, errs.Bad("query", "export.too_many", errs.Tf("一次最多导出 %d 位。先把列表筛小一些。", "At most %d at once. Narrow the list first.", mostRows))
	}
	if r == nil || r.Kind != Handler {
		return all, 0, nil
	}
	for part := range slices.Chunk(all, writeStep) {
		have, err := s.consenting(ctx, s.DB.Read(), r.ID, part)
		if err != nil {
			return nil, 0, err
		}
		for _, id := range part {
			if have[id] {
				ids = append(ids, id)
			}
		}
	}
	return ids, len(all) - len(ids), nil
}

// Preview counts what an export would hold; who is whoever asks.
func (s *Service) Preview(ctx context.Context, by string, n NewExport) (Sum, error) {
	ids, left, err := s.chosen(ctx, n)
	if err != nil {
		return Sum{}, err
	}
	sum := Sum{Size: len(ids), LeftOut: left}
	return sum, s.judge(ctx, s.DB.Read(), &sum, by, 0)
}

func (s *Service) judge(ctx context.Context, q bun.IDB, sum *Sum, by string, but int64) (err error) {
	if sum.Limit, err = s.Limit(ctx, q); err != nil {
		return err
	}
	sum.Taken, err = s.taken(ctx, q, by, but, s.World.Now())
	sum.Approval = sum.Size+sum.Taken > sum.Limit
	return err
}

// Make puts an export on record, with exactly the customers it holds. Beyond what one person may take out alone it waits for a second.
func (s *Service) Make(ctx context.Context, by string, n NewExport) (*Export, error) {
	var err error
	if n.Purpose, err = words("purpose", n.Purpose, 4, 200, errs.T("写明拿去做什么（WC-15）", "Say what it is for (WC-15)")); err != nil {
		return nil, err
	}
	ids, left, err := s.chosen(ctx, n)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 && left > 0 {
		return nil, errs.Bad("receiver_id", "export.no_consent", errs.T(
			fmt.Sprintf("选中的 %d 位都没有单独同意给这个接收方（LAW-15），没有可以导出的。先在「个人信息 › 数据接收方」里登记他们的同意。", left),
			fmt.Sprintf("None of the %d chosen consented to this receiver (LAW-15): there is nothing to export. Note their consents under Governance › Receivers first.", left)))
	}
	if len(ids) == 0 {
		return nil, errs.New(errs.Conflict, "export.nobody", errs.T("没有客户符合这些条件。", "No customer matches."))
	}
	e := &Export{
		CorpID: s.CorpID, ReceiverID: n.ReceiverID, Purpose: n.Purpose, Query: n.Query, State: Making, Size: len(ids), LeftOut: left, MadeBy: by, MadeAt: max(s.World.Now(), 1),
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "export/"+s.CorpID+"/by/"+by); err != nil { // two at once count each other
			return err
		}
		e.ID = tx.NewID()
		if strings.HasPrefix(by, "token:") {
			sum := Sum{Size: e.Size}
			if err := s.judge(ctx, tx, &sum, by, e.ID); err != nil {
				return err
			}
			if sum.Approval { // who made the token could approve what they took out with it
				return errs.New(errs.Forbidden, "export.token", errs.Tf("令牌 24 小时里最多导出 %d 位。更多的要由人登录后来导出，另一个人审批（WC-15）。",
					"A token takes out at most %d in 24 hours. For more, a person logs in and exports, and another approves (WC-15).", sum.Limit))
			}
		}
		if _, err := tx.NewInsert().Model(e).Exec(ctx); err != nil {
			return fmt.Errorf("record an export: %w", err)
		}
		return s.log(ctx, tx, "export.make", "export", e.ID, by, audit.Detail{"receiver": fmt.Sprint(e.ReceiverID), "size": e.Size, "left_out": e.LeftOut})
	})
	if err != nil {
		return nil, err
	}
	if err := s.write(ctx, e.ID, ids); err != nil {
		return nil, err
	}
	return s.open(ctx, e.ID)
}

// write puts the customers of an export on record, in steps beside which callbacks are answered.
func (s *Service) write(ctx context.Context, id int64, ids []string) error {
	n := 0
	for part := range slices.Chunk(ids, writeStep) {
		rows := make([]*exportedRow, len(part))
		for i, c := range part {
			n++
			rows[i] = &exportedRow{CorpID: s.CorpID, ExportID: id, N: n, CustomerID: c}
		}
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.InsertAlike(ctx, tx, rows, "")
			return err
		})
		if err != nil {
			return fmt.Errorf("record who is in export %d: %w", id, err)
		}
	}
	return nil
}

// open says whether an export that is complete waits, or can be fetched.
func (s *Service) open(ctx context.Context, id int64) (*Export, error) {
	var e *Export
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if e, err = s.locked(ctx, tx, id); err != nil {
			return err
		}
		sum := Sum{Size: e.Size}
		if err := s.judge(ctx, tx, &sum, e.MadeBy, id); err != nil {
			return err
		}
		if e.State = Ready; sum.Approval {
			e.State = Waiting
		} else {
			e.Until = s.World.Now().Add(keepFor)
		}
		tx.OnCommit(func() { s.Live("export", fmt.Sprint(id)) })
		return saveExport(ctx, tx, e, "state", "until")
	})
	return e, err
}

// Decide lets an export go, or refuses it with a note. by must not be who made it; size is what that person saw.
func (s *Service) Decide(ctx context.Context, id int64, by string, approve bool, size int, note string) (*Export, error) {
	var err error
	if !approve {
		if note, err = words("note", note, 2, 200, errs.T("写明为什么不同意", "Say why it is refused")); err != nil {
			return nil, err
		}
	}
	var e *Export
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if e, err = s.locked(ctx, tx, id); err != nil {
			return err
		}
		switch {
		case e.State != Waiting:
			return errs.New(errs.Conflict, "export.not_waiting", errs.T("它现在不在等审批。", "It is not waiting for approval."))
		case e.MadeBy == by:
			return errs.New(errs.Forbidden, "export.own_approval", errs.T("自己的导出要由另一个人审批（WC-15）。请找一位主管或管理员。", "Somebody else has to approve your export (WC-15). Ask a manager or the owner."))
		case approve && e.Size != size:
			return errs.New(errs.Conflict, "export.size", errs.Tf("它有 %d 位客户，和你看到的不一样。请再看一遍。", "It holds %d customers, not what you saw. Look again.", e.Size))
		}
		now := s.World.Now()
		e.State, e.DecidedBy, e.DecidedAt, e.Note = Refused, by, now, note
		act := "export.refuse"
		if approve {
			e.State, e.Note, e.Until, act = Ready, "", now.Add(keepFor), "export.approve"
		}
		if err := saveExport(ctx, tx, e, "state", "decided_by", "decided_at", "note", "until"); err != nil {
			return err
		}
		tx.OnCommit(func() { s.Live("export", fmt.Sprint(id)) })
		return s.log(ctx, tx, act, "export", id, by, audit.Detail{"size": e.Size})
	})
	return e, err
}
