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

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

const (
	parallel  = 8   // calls of one run at the same time; the client has its own limit over all
	pageSize  = 100 // relations a page: WeCom's most
	chunkMost = 100 // members a batch call: WeCom's most
	newFirst  = 100 // so many new relations are read one by one before everything else
)

// progress is a run in memory: its report, written back as it goes.
type progress struct {
	s   *Service
	row runRow

	mu      gosync.Mutex
	report  Report
	persons map[string]bool // read in this run
}

// perform does a run, or goes on with one that was cut off.
func (s *Service) perform(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var payload runPayload
	if err := w.Decode(&payload); err != nil {
		return nil, err
	}
	p := &progress{s: s, persons: map[string]bool{}}
	if err := s.DB.Read().NewSelect().Model(&p.row).Where("corp_id = ? AND id = ?", s.CorpID, payload.ID).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read sync %d: %w", payload.ID, err)
	}
	if err := json.Unmarshal([]byte(p.row.Report), &p.report); err != nil {
		return nil, bus.Permanent(fmt.Errorf("read the report of sync %d: %w", payload.ID, err))
	}
	p.report.Errors = slices.DeleteFunc(p.report.Errors, func(e Trouble) bool { return !p.isDone(e.What) }) // the others are tried again
	err := p.all(ctx)
	if err != nil && !hopeless(err) && w.Attempts < 5 {
		return nil, calls.Failed(err, "sync")
	}
	if err != nil {
		p.report.Errors = append(p.report.Errors, Trouble{What: "sync", Text: err.Error()})
	}
	state := Done
	if len(p.report.Errors) > 0 {
		state = Failed
	}
	return func(ctx context.Context, tx *db.Tx) error { return p.finish(ctx, tx, state) }, nil
}

// hopeless says whether no repetition can help.
func hopeless(err error) bool {
	switch wecom.ClassOf(err) {
	case wecom.ClassPermission, wecom.ClassAuth, wecom.ClassBadRequest:
		return true
	default:
		return false
	}
}

func (p *progress) all(ctx context.Context) error {
	for _, part := range p.s.Before {
		if err := p.part(ctx, part); err != nil {
			return err
		}
	}
	if err := p.relations(ctx); err != nil {
		return err
	}
	for _, part := range p.s.After {
		if err := p.part(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// relations reads customers and their relations; without permission that is reported, and the other parts go on.
func (p *progress) relations(ctx context.Context) error {
	if p.isDone("customers") { // refused before this run was cut off
		return nil
	}
	lists, err := p.list(ctx)
	if err == nil {
		err = p.customers(ctx, lists)
	}
	if err == nil || !hopeless(err) {
		return err
	}
	p.report.Errors = append(p.report.Errors, Trouble{What: "customers", Text: err.Error()})
	p.mu.Lock()
	p.report.Finished = append(p.report.Finished, "customers")
	p.mu.Unlock()
	return p.save(ctx)
}

// part reads something that another room owns; a part without permission is reported, and the others go on.
func (p *progress) part(ctx context.Context, part Part) error {
	if p.isDone(part.Name) {
		return nil
	}
	n, err := part.Read(ctx, p.row.StartedAt, func(n Count) { p.set(part.Name, n) })
	if err != nil {
		if !hopeless(err) {
			return err
		}
		p.report.Errors = append(p.report.Errors, Trouble{What: part.Name, Text: err.Error()})
	}
	p.set(part.Name, n)
	p.mu.Lock()
	p.report.Finished = append(p.report.Finished, part.Name)
	p.mu.Unlock()
	return p.save(ctx)
}

func (p *progress) set(name string, n Count) {
	p.mu.Lock()
	p.report.Parts[name] = n
	p.mu.Unlock()
}

func (p *progress) isDone(name string) bool { return slices.Contains(p.report.Finished, name) }

// listed is the answer of externalcontact/list for one member.
type listed struct {
	bun.BaseModel `bun:"table:sync_list"`

	CorpID    string `bun:",pk"`
	RunID     int64  `bun:",pk"`
	StaffID   string `bun:",pk"`
	Customers string
	ListedAt  clock.Time
	ids       []string
}

// list asks for every member's customers, those not yet asked in this run.
func (p *progress) list(ctx context.Context) ([]listed, error) {
	staff, err := p.s.WeCom.FollowUsers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list members with customer contact: %w", err)
	}
	var have []listed
	if err := p.s.DB.Read().NewSelect().Model(&have).Where("corp_id = ? AND run_id = ?", p.s.CorpID, p.row.ID).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read what was listed: %w", err)
	}
	asked := make(map[string]bool, len(have))
	for i := range have {
		asked[have[i].StaffID] = true
		if err := json.Unmarshal([]byte(have[i].Customers), &have[i].ids); err != nil {
			return nil, fmt.Errorf("read what was listed for %s: %w", have[i].StaffID, err)
		}
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	var mu gosync.Mutex
	for _, id := range staff {
		if asked[string(id)] {
			continue
		}
		group.Go(func() error {
			l := listed{CorpID: p.s.CorpID, RunID: p.row.ID, StaffID: string(id), ListedAt: p.s.World.Now()}
			ids, err := p.s.WeCom.CustomerIDs(gctx, id)
			if err != nil {
				return fmt.Errorf("list customers of %s: %w", id, err)
			}
			for _, c := range ids {
				l.ids = append(l.ids, string(c))
			}
			raw, err := json.Marshal(l.ids)
			if err != nil {
				return err
			}
			l.Customers = string(raw)
			mu.Lock()
			defer mu.Unlock()
			have = append(have, l)
			return p.s.DB.Tx(gctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewInsert().Model(&l).On("CONFLICT DO NOTHING").Exec(ctx)
				return err
			})
		})
	}
	err = group.Wait()
	slices.SortFunc(have, func(a, b listed) int { return compare(a.StaffID, b.StaffID) })
	p.expect(have)
	return have, errors.Join(err, p.save(ctx))
}

// expect counts what the lists name.
func (p *progress) expect(lists []listed) {
	persons, relations := map[string]bool{}, 0
	for _, l := range lists {
		relations += len(l.ids)
		for _, id := range l.ids {
			persons[id] = true
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	people, pairs := p.report.Parts["customers"], p.report.Parts["relations"]
	people.Expected, pairs.Expected = len(persons), relations
	p.report.Parts["customers"], p.report.Parts["relations"] = people, pairs
}

// save writes the report so that everybody sees how far the run is.
func (p *progress) save(ctx context.Context) error {
	return p.s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return p.write(ctx, tx) })
}

func (p *progress) write(ctx context.Context, tx *db.Tx) error {
	p.mu.Lock()
	raw, err := json.Marshal(p.report)
	p.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = tx.NewUpdate().Model((*runRow)(nil)).Set("report = ?", string(raw)).
		Where("corp_id = ? AND id = ?", p.s.CorpID, p.row.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the progress of sync %d: %w", p.row.ID, err)
	}
	if p.s.Live != nil {
		tx.OnCommit(func() { p.s.Live("sync", fmt.Sprint(p.row.ID)) })
	}
	return nil
}

func (p *progress) finish(ctx context.Context, tx *db.Tx, state State) error {
	if err := p.write(ctx, tx); err != nil {
		return err
	}
	for _, table := range []string{"sync_list", "sync_chunk"} {
		if _, err := tx.NewRaw("DELETE FROM ? WHERE corp_id = ? AND run_id = ?", bun.Ident(table), p.s.CorpID, p.row.ID).Exec(ctx); err != nil {
			return fmt.Errorf("clear %s: %w", table, err)
		}
	}
	_, err := tx.NewUpdate().Model((*runRow)(nil)).Set("state = ?", state).Set("finished_at = ?", p.s.World.Now()).
		Where("corp_id = ? AND id = ?", p.s.CorpID, p.row.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("finish sync %d: %w", p.row.ID, err)
	}
	for _, tell := range p.s.OnEnd {
		if err := tell(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
