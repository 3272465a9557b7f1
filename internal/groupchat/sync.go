package groupchat

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// Progress of a sync: how many groups WeCom named, how many were read and stored, how many could not be, and how many
// that we held as live it named no more.
type Progress struct{ Expected, Read, Stored, Failed, Gone int }

const (
	listPage     = 1000 // groups per list call: WeCom's limit
	ownersMost   = 100  // owners per list call: WeCom's limit
	readersAtOne = 8    // groups read at the same time; the client keeps the limits of the whole process
)

// errTooMany is WeCom's answer when more than 1,000 people are visible and no owners are named.
var errTooMany = &wecom.Error{Code: 81017}

// Sync reads every group that was not read since `since`, the instant the sync began: called again with the same instant
// after a crash it goes on where it stopped. owners is asked only when the corp is too large for one list without them.
// report is called as it goes on, from one goroutine at a time. A group that cannot be read is counted and does not stop
// the others; the joined errors of those are in the answer. A rate limit ends the call with an error that says until when.
func (s *Service) Sync(ctx context.Context, since clock.Time, owners func(context.Context) ([]string, error), report func(Progress)) (Progress, error) {
	var p Progress
	ids, err := s.listAll(ctx, owners)
	if err != nil {
		return p, err
	}
	done, err := readSince(ctx, s.DB.Read(), s.CorpID, ids, since)
	if err != nil {
		return p, err
	}
	watched, err := watchedSince(ctx, s.DB.Read(), s.CorpID)
	if err != nil {
		return p, err
	}
	var mu sync.Mutex
	var failures []error
	p.Expected, p.Read, p.Stored = len(ids), len(done), len(done)
	report(p)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readersAtOne)
	for _, id := range ids {
		if done[id] || gctx.Err() != nil {
			continue
		}
		g.Go(func() error {
			read, err := s.syncOne(gctx, id, watched)
			mu.Lock()
			defer mu.Unlock()
			if read {
				p.Read++
			}
			if err == nil {
				p.Stored++
			} else if errors.Is(err, wecom.ErrRateLimit) {
				return err // the limit holds for the others too: go on later, from here
			} else if gctx.Err() == nil {
				p.Failed++
				failures = append(failures, err)
			}
			report(p)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return p, calls.Failed(err, "sync groups")
	}
	if err := ctx.Err(); err != nil {
		return p, fmt.Errorf("sync groups: %w", err)
	}
	if p.Gone, err = s.endUnnamed(ctx, ids, since); err != nil {
		return p, err
	}
	report(p)
	return p, errors.Join(failures...)
}

// listAll names all groups, with owners by the hundred when WeCom wants them.
func (s *Service) listAll(ctx context.Context, owners func(context.Context) ([]string, error)) ([]string, error) {
	ids, err := s.list(ctx, wecom.GroupFilter{}, nil)
	if !errors.Is(err, errTooMany) {
		return ids, err
	}
	all, err := owners(ctx)
	if err != nil {
		return nil, err
	}
	ids = nil
	for len(all) > 0 {
		n := min(len(all), ownersMost)
		f := wecom.GroupFilter{}
		for _, o := range all[:n] {
			f.Owners = append(f.Owners, wecom.StaffID(o))
		}
		if ids, err = s.list(ctx, f, ids); err != nil {
			return nil, err
		}
		all = all[n:]
	}
	return ids, nil
}

func (s *Service) list(ctx context.Context, f wecom.GroupFilter, ids []string) ([]string, error) {
	for cursor := ""; ; {
		page, next, err := s.WeCom.GroupChats(ctx, f, cursor, listPage)
		if err != nil {
			return nil, calls.Failed(err, "list customer groups")
		}
		for _, ref := range page {
			ids = append(ids, string(ref.ID))
		}
		if next == "" || next == cursor {
			return ids, nil
		}
		cursor = next
	}
}

// syncOne reads one group. In one that was made while we watched and that we were not told of, everybody who joined is news.
func (s *Service) syncOne(ctx context.Context, id string, watched clock.Time) (read bool, err error) {
	g, err := s.WeCom.GroupChat(ctx, wecom.ChatID(id), true)
	switch {
	case gone(err):
		return true, s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.dismiss(ctx, tx, id, s.World.Now()) })
	case err != nil:
		return false, fmt.Errorf("read group %s: %w", id, err)
	}
	c, since := FromWeCom(g), clock.Time(0)
	if watched != 0 && c.CreatedAt.Unix() >= watched.Unix() { // WeCom tells whole seconds
		since = c.CreatedAt
	}
	return true, s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.Upsert(ctx, tx, c, since) })
}

// endUnnamed ends the groups that we held as live before the sync began and WeCom does not name.
func (s *Service) endUnnamed(ctx context.Context, named []string, since clock.Time) (int, error) {
	have, err := liveBefore(ctx, s.DB.Read(), s.CorpID, since)
	if err != nil {
		return 0, err
	}
	is := make(map[string]bool, len(named))
	for _, id := range named {
		is[id] = true
	}
	var ended []string
	for _, id := range have {
		if !is[id] {
			ended = append(ended, id)
		}
	}
	if len(ended) == 0 {
		return 0, nil
	}
	var n int64
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err = markDismissed(ctx, tx, s.CorpID, ended, s.World.Now())
		return err
	})
	return int(n), err
}
