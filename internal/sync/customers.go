package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	gosync "sync"

	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// customers brings our relations in line with the lists: what is new first, then what is gone, then every detail.
func (p *progress) customers(ctx context.Context, lists []listed) error {
	drift, err := p.s.Customers.Compare(ctx, asLists(lists))
	if err != nil {
		return err
	}
	if p.row.Reason != First {
		p.mu.Lock()
		p.report.Drift.Added += len(drift.New)
		p.report.Drift.Lost += len(drift.Gone)
		p.mu.Unlock()
	}
	if unknown := slices.Concat(drift.New, drift.Erased); len(unknown) <= newFirst { // who was erased may have come back
		if err := p.readOneByOne(ctx, unknown); err != nil {
			return err
		}
	}
	if err := p.s.Customers.End(ctx, drift.Gone); err != nil {
		return err
	}
	if err := p.pages(ctx, lists); err != nil {
		return err
	}
	return p.check(ctx, lists)
}

func asLists(lists []listed) []customer.Listed {
	out := make([]customer.Listed, len(lists))
	for i, l := range lists {
		out[i] = customer.Listed{StaffID: l.StaffID, CustomerIDs: l.ids, At: l.ListedAt}
	}
	return out
}

// readOneByOne reads persons by externalcontact/get. A person who left between list and read is no failure.
func (p *progress) readOneByOne(ctx context.Context, pairs []customer.Pair) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	asked := map[string]bool{}
	for _, pair := range pairs {
		if asked[pair.CustomerID] {
			continue
		}
		asked[pair.CustomerID] = true
		group.Go(func() error {
			err := p.s.Customers.Read(gctx, pair.CustomerID)
			if errors.Is(err, wecom.ErrNotCustomer) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

type chunkRow struct {
	bun.BaseModel `bun:"table:sync_chunk"`

	CorpID string `bun:",pk"`
	RunID  int64  `bun:",pk"`
	Chunk  int    `bun:",pk"`
	Staff  string
	Next   string
	Done   bool
}

// chunks splits the members so that several batch calls run side by side; a run that goes on keeps its split.
func (p *progress) chunks(ctx context.Context, lists []listed) ([]chunkRow, error) {
	var rows []chunkRow
	err := p.s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND run_id = ?", p.s.CorpID, p.row.ID).OrderExpr("chunk").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read how far the sync is: %w", err)
	}
	if len(rows) > 0 {
		return rows, nil
	}
	var staff []string
	for _, l := range lists {
		if len(l.ids) > 0 {
			staff = append(staff, l.StaffID)
		}
	}
	if len(staff) == 0 {
		return nil, nil
	}
	size := min(chunkMost, (len(staff)+parallel-1)/parallel)
	for i := 0; i < len(staff); i += size {
		raw, err := json.Marshal(staff[i:min(i+size, len(staff))])
		if err != nil {
			return nil, err
		}
		rows = append(rows, chunkRow{CorpID: p.s.CorpID, RunID: p.row.ID, Chunk: len(rows), Staff: string(raw)})
	}
	err = p.s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewInsert().Model(&rows).Exec(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write the split of the sync: %w", err)
	}
	return rows, nil
}

// pages reads the details of all relations, chunk by chunk, each page stored with its cursor in one transaction.
func (p *progress) pages(ctx context.Context, lists []listed) error {
	rows, err := p.chunks(ctx, lists)
	if err != nil {
		return err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	var store gosync.Mutex // pages are stored one at a time: they share persons
	for _, row := range rows {
		if row.Done {
			continue
		}
		var staff []wecom.StaffID
		if err := json.Unmarshal([]byte(row.Staff), &staff); err != nil {
			return fmt.Errorf("read the split of the sync: %w", err)
		}
		group.Go(func() error {
			for !row.Done {
				page, next, err := p.s.WeCom.CustomersByStaff(gctx, staff, row.Next, pageSize)
				if err != nil {
					return fmt.Errorf("read customers of %d members: %w", len(staff), err)
				}
				row.Next, row.Done = next, next == ""
				store.Lock()
				for range 3 { // callbacks take the same customers one by one
					if err = p.storePage(gctx, row, page.Items); !db.IsDeadlock(err) {
						break
					}
				}
				store.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (p *progress) storePage(ctx context.Context, row chunkRow, items []wecom.CustomerRelation) error {
	snapshots := make([]customer.Snapshot, len(items))
	for i, it := range items {
		snapshots[i] = customer.FromWeCom(it.Customer, it.Relation)
	}
	return p.s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := p.s.Customers.StoreTx(ctx, tx, snapshots); err != nil {
			return err
		}
		p.mu.Lock()
		for _, sn := range snapshots {
			p.persons[sn.Person.ID] = true
		}
		people, pairs := p.report.Parts["customers"], p.report.Parts["relations"]
		people.Read, people.Stored = len(p.persons), len(p.persons)
		pairs.Read += len(items)
		pairs.Stored += len(items)
		p.report.Parts["customers"], p.report.Parts["relations"] = people, pairs
		p.mu.Unlock()
		if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("write how far the sync is: %w", err)
		}
		return p.write(ctx, tx)
	})
}

// check compares the lists with what is stored now, reads what the pages left out, and writes the final counts.
func (p *progress) check(ctx context.Context, lists []listed) error {
	rest, err := p.s.Customers.Compare(ctx, asLists(lists))
	if err != nil {
		return err
	}
	if err := p.readOneByOne(ctx, rest.New); err != nil {
		return err
	}
	if len(rest.New) > 0 {
		if rest, err = p.s.Customers.Compare(ctx, asLists(lists)); err != nil {
			return err
		}
	}
	missing, erased := map[string]bool{}, map[string]bool{}
	for _, pair := range rest.New {
		missing[pair.CustomerID] = true
	}
	for _, pair := range rest.Erased {
		erased[pair.CustomerID] = true
	}
	p.mu.Lock()
	people, pairs := p.report.Parts["customers"], p.report.Parts["relations"]
	pairs.Failed, pairs.Erased = len(rest.New), len(rest.Erased)
	people.Failed, people.Erased = len(missing), len(erased)
	pairs.Stored = pairs.Expected - pairs.Failed - pairs.Erased
	people.Stored = people.Expected - people.Failed - people.Erased
	pairs.Read, people.Read = max(pairs.Read, pairs.Stored), max(people.Read, people.Stored)
	p.report.Parts["customers"], p.report.Parts["relations"] = people, pairs
	p.mu.Unlock()
	return p.save(ctx)
}
