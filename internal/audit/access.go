package audit

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
)

// Request logs what a call of the API changed when nothing else in the transaction says it: no change by anybody can be
// forgotten. It is called at the end of every transaction.
func (s *Service) Request(ctx context.Context, tx *db.Tx) error {
	ask, ok := web.Asked(ctx)
	if !ok || ask.Noted() || ask.Method == http.MethodGet || ask.Op.Permission == web.Public || pendingOf(tx).explained {
		return nil
	}
	return Log(ctx, tx, s.entry(ask))
}

func (s *Service) entry(ask *web.Ask) Entry {
	kind, id := subjectOf(ask.Path)
	e := Entry{CorpID: s.CorpID, Act: ask.Op.ID, Subject: Of(kind, id), At: s.World.Now()}
	if ask.Op.Personal {
		e.Detail = Detail{"read": true}
	}
	return e
}

// subjectOf reads what a path is about: "/broadcasts/7/approve" is about broadcasts 7.
func subjectOf(path string) (kind, id string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) > 1 {
		return parts[0], parts[1]
	}
	return parts[0], ""
}

// again is how long one person's looking at one thing is one entry: a desk that is kept up to date asks every few seconds.
const again = 5 * time.Minute

// Access logs that the caller reads what a Personal route answers, before it does. Many at once share one transaction.
func (s *Service) Access(ctx context.Context) error {
	ask, ok := web.Asked(ctx)
	if !ok {
		return nil
	}
	e := s.entry(ask)
	key := ask.Who.User + "\x00" + ask.Who.Session + "\x00" + e.Act + "\x00" + ask.Path
	now := s.Wall.Now()
	if s.reads.lately(key, now) {
		return nil
	}
	r, err := newRow(ctx, s.DB, e)
	if err != nil {
		return err
	}
	if err := s.reads.do(ctx, r); err != nil {
		return err
	}
	s.reads.remember(key, now)
	return nil
}

func (s *Service) writeReads(ctx context.Context, rows []*row) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, rows...) })
}

// reads commits entries in groups: while one group is written, the next gathers.
type reads struct {
	write func(ctx context.Context, rows []*row) error

	mu      sync.Mutex
	writing bool
	rows    []*row
	told    []chan error
	seen    map[string]clock.WallTime
}

// do returns when r is committed.
func (w *reads) do(ctx context.Context, r *row) error {
	done := make(chan error, 1)
	w.mu.Lock()
	w.rows, w.told = append(w.rows, r), append(w.told, done)
	lead := !w.writing
	w.writing = true
	w.mu.Unlock()
	if lead {
		go w.lead(context.WithoutCancel(ctx))
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *reads) lead(ctx context.Context) {
	for {
		w.mu.Lock()
		rows, told := w.rows, w.told
		w.rows, w.told = nil, nil
		w.writing = len(rows) > 0
		w.mu.Unlock()
		if len(rows) == 0 {
			return
		}
		err := w.write(ctx, rows)
		for _, c := range told {
			c <- err
		}
	}
}

const mostSeen = 10_000

func (w *reads) lately(key string, now clock.WallTime) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.seen[key]
	return ok && now.Sub(at) < again
}

func (w *reads) remember(key string, now clock.WallTime) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) >= mostSeen || w.seen == nil {
		w.seen = map[string]clock.WallTime{} // bounded; forgetting only logs once more
	}
	w.seen[key] = now
}
