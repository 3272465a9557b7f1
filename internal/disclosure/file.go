package disclosure

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Fetch begins to give out the file of an export to its maker; the function it answers streams it. What went out is on record before
// it leaves: customers who are gone, out of the maker's scope, or took their consent back meanwhile are not in it.
func (s *Service) Fetch(ctx context.Context, id int64, by string) (*Export, func(w io.Writer) error, error) {
	e, err := s.export(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, nil, err
	}
	now := s.World.Now()
	switch st := e.StateAt(now); {
	case e.MadeBy != by:
		return nil, nil, errs.New(errs.Forbidden, "export.not_yours", errs.T("只有导出的人能取文件。需要的话自己导出一份。", "Only who made an export fetches its file. Make one of your own if you need it."))
	case st == Over:
		return nil, nil, errs.New(errs.Conflict, "export.over", errs.T("过了取文件的期限（7 天）。需要的话重新导出。", "The 7 days for fetching it have passed. Export again if you need it."))
	case st != Ready:
		return nil, nil, errs.New(errs.Conflict, "export.not_ready", errs.T("它还没有批准，不能取文件。", "It is not approved: there is no file yet."))
	}
	r, err := s.may(ctx, e.ReceiverID)
	if err != nil {
		return nil, nil, err
	}
	f, err := s.Customers.Filter(ctx, e.Query)
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if e, err = s.locked(ctx, tx, id); err != nil {
			return err
		}
		e.Fetches++
		e.FetchedAt = max(now, 1)
		if err := saveExport(ctx, tx, e, "fetches", "fetched_at"); err != nil {
			return err
		}
		return s.log(ctx, tx, "export.fetch", "export", id, by, audit.Detail{"size": e.Size, "receiver": fmt.Sprint(e.ReceiverID)})
	})
	if err != nil {
		return nil, nil, err
	}
	foot := []string{mark(s.Key, id), by + " " + now.In(s.Zone).Format("2006-01-02 15:04")}
	return e, func(w io.Writer) error {
		if _, err := io.WriteString(w, "\xef\xbb\xbf"); err != nil { // spreadsheets read UTF-8 by it
			return err
		}
		out := csv.NewWriter(w)
		if err := out.Write(append(s.Customers.Head(), "export_id", "exported_by")); err != nil {
			return err
		}
		for after := 0; ; {
			rows, err := s.rows(ctx, id, after, readStep)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				out.Flush()
				return out.Error()
			}
			after = rows[len(rows)-1].N
			part := make([]string, len(rows))
			for i, x := range rows {
				part[i] = x.CustomerID
			}
			if r != nil && r.Kind == Handler {
				have, err := s.consenting(ctx, s.DB.Read(), r.ID, part)
				if err != nil {
					return err
				}
				part = slices.DeleteFunc(part, func(id string) bool { return !have[id] })
			}
			lines, err := s.Customers.Lines(ctx, f, part)
			if err != nil {
				return err
			}
			if err := s.sent(ctx, id, lines); err != nil {
				return err
			}
			for _, l := range lines {
				if err := out.Write(disarm(append(l.Cells, foot...))); err != nil {
					return err
				}
			}
		}
	}, nil
}

// sent notes that customers are in a file that goes out now.
func (s *Service) sent(ctx context.Context, id int64, lines []customer.Line) error {
	if len(lines) == 0 {
		return nil
	}
	who := make([]string, len(lines))
	for i, l := range lines {
		who[i] = l.ID
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*exportedRow)(nil)).Set("sent_at = ?", max(s.World.Now(), 1)).
			Where("corp_id = ? AND export_id = ? AND sent_at = 0 AND customer_id IN (?)", s.CorpID, id, bun.List(who)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("record who goes out with export %d: %w", id, err)
		}
		return nil
	})
}
