package audit

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	World  clock.World
	Wall   clock.Wall
	Log    *slog.Logger
	Zone   *time.Location
	CorpID string
	Key    []byte // 32 secret bytes that stand in no database: they sign the tree heads
	// Rows reads what the ledger holds now, by id after the given one: governance answers it.
	Rows func(ctx context.Context, q bun.IDB, corpID string, after int64, limit int) ([]Row, error)
}

// Service gives the log its order, and shows and verifies it.
type Service struct {
	Config
	keys  *signing
	reads reads
	shown shown

	checking atomic.Bool // one verification at a time

	life    context.Context // of what goes on beside the calls: it ends with Stop
	end     context.CancelFunc
	stopped sync.WaitGroup
}

// New makes the service.
func New(c Config) (*Service, error) {
	keys, err := newSigning(c.CorpID, c.Key)
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{Config: c, keys: keys}
	s.life, s.end = context.WithCancel(context.Background())
	s.reads.write = s.writeReads
	return s, nil
}

// sealEvery is how long an entry waits for its place in the tree at most, while the database answers.
const sealEvery = time.Second

// Start seals what waits, once a second, until Stop.
func (s *Service) Start() {
	s.stopped.Go(func() {
		tick := time.NewTicker(sealEvery)
		defer tick.Stop()
		for {
			select {
			case <-s.life.Done():
				return
			case <-tick.C:
				if err := s.Seal(s.life); err != nil && s.life.Err() == nil {
					s.Log.Error("seal the audit log", "error", err)
				}
			}
		}
	})
}

// Stop ends what goes on beside the calls. After it, Seal gives the last entries their place.
func (s *Service) Stop() {
	s.end()
	s.stopped.Wait()
}

// atOnce is how many entries one transaction gives a place.
const atOnce = 1000

// Seal gives every committed entry that waits its place in the tree, and signs the new head.
func (s *Service) Seal(ctx context.Context) error {
	for {
		any, err := s.waits(ctx)
		if err != nil || !any {
			return err
		}
		n := 0
		err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = s.seal(ctx, tx)
			return err
		})
		if err != nil || n < atOnce {
			return err
		}
	}
}

// waits looks without writing: most of the time there is nothing to do.
func (s *Service) waits(ctx context.Context) (bool, error) {
	n, err := s.DB.Read().NewSelect().Model((*row)(nil)).Where("corp_id = ? AND leaf = -1", s.CorpID).Limit(1).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for what waits: %w", err)
	}
	return n > 0, nil
}

func (s *Service) seal(ctx context.Context, tx *db.Tx) (int, error) {
	if err := tx.Lock(ctx, "audit/"+s.CorpID); err != nil { // one node at a time: the tree has one order
		return 0, err
	}
	var rows []*row
	err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND leaf = -1", s.CorpID).OrderExpr("id").Limit(atOnce).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	head, err := s.lastHead(ctx, tx)
	if err != nil {
		return 0, err
	}
	e, err := edgeOf(ctx, tx, s.CorpID, head.Size)
	if err != nil {
		return 0, err
	}
	var hashes []hashRow
	places := make([]string, len(rows))
	for i, r := range rows {
		places[i] = fmt.Sprintf("(%d, %d)", r.ID, e.size)
		idx := tlog.StoredHashIndex(0, e.size)
		for k, h := range e.add(r.hash()) {
			hashes = append(hashes, hashRow{CorpID: s.CorpID, Idx: idx + int64(k), Hash: h.String()})
		}
	}
	if _, err := tx.NewInsert().Model(&hashes).Exec(ctx); err != nil {
		return 0, fmt.Errorf("store the hashes of the audit log: %w", err)
	}
	_, err = tx.NewRaw("WITH place (id, leaf) AS (VALUES ?) UPDATE audit_entry SET leaf = place.leaf FROM place WHERE audit_entry.corp_id = ? AND audit_entry.id = place.id",
		bun.Safe(strings.Join(places, ", ")), s.CorpID).Exec(ctx) // numbers only
	if err != nil {
		return 0, fmt.Errorf("give %d entries their place: %w", len(rows), err)
	}
	return len(rows), s.putHead(ctx, tx, e)
}

func (s *Service) putHead(ctx context.Context, tx *db.Tx, e *edge) error {
	signed, err := s.keys.sign(tlog.Tree{N: e.size, Hash: e.root()})
	if err != nil {
		return err
	}
	h := headRow{CorpID: s.CorpID, Hour: int64(s.Wall.Now()) / time.Hour.Milliseconds(), Size: e.size, Note: signed}
	// A clock that went back overwrites the hour before; the size never shrinks, so the newest head stays the largest.
	_, err = tx.NewInsert().Model(&h).On("CONFLICT (corp_id, hour) DO UPDATE").Set("size = EXCLUDED.size").Set("note = EXCLUDED.note").Exec(ctx)
	if err != nil {
		return fmt.Errorf("store the tree head: %w", err)
	}
	return nil
}

// lastHead is the head of the whole tree; the zero head when there is none.
func (s *Service) lastHead(ctx context.Context, q bun.IDB) (headRow, error) {
	var h headRow
	err := q.NewSelect().Model(&h).Where("corp_id = ?", s.CorpID).OrderExpr("size DESC").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return headRow{}, nil
	}
	if err != nil {
		return headRow{}, fmt.Errorf("read the tree head: %w", err)
	}
	return h, nil
}
