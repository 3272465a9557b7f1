package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// Part is something beside customers that a run reads, through the room that owns it. Read is told when the run began,
// so that it can go on where it stopped, and reports how far it is.
type Part struct {
	Name string
	Read func(ctx context.Context, began clock.Time, report func(Count)) (Count, error)
}

// Config of a Service.
type Config struct {
	DB        *db.DB
	Bus       *bus.Bus
	World     clock.World
	Log       *slog.Logger
	WeCom     *wecom.Client
	Customers *customer.Service
	CorpID    string
	Before    []Part // read before customers: departments, staff, tags
	After     []Part // read after them: groups
	Live      func(kind, id string)
}

// Service starts and performs runs.
type Service struct {
	Config

	// OnEnd is told inside the transaction that a run ended.
	OnEnd []func(ctx context.Context, tx *db.Tx) error
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c} }

const (
	runKind   = "sync.run"
	dailyKind = "sync.daily"
)

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) {
	b.Perform(runKind, s.perform)
	b.Handle(dailyKind, s.daily)
}

type runRow struct {
	bun.BaseModel `bun:"table:sync_run"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	Reason     Reason
	State      State
	StartedAt  clock.Time
	FinishedAt clock.Time
	Report     string
}

func (r runRow) run() (Run, error) {
	out := Run{ID: r.ID, Reason: r.Reason, State: r.State, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt}
	if err := json.Unmarshal([]byte(r.Report), &out.Report); err != nil {
		return out, fmt.Errorf("read the report of sync %d: %w", r.ID, err)
	}
	return out, nil
}

type runPayload struct{ ID int64 }

// Begin starts a run, or answers the one that runs already.
func (s *Service) Begin(ctx context.Context, reason Reason) (Run, error) {
	var run Run
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		run, err = s.begin(ctx, tx, reason)
		return err
	})
	if err != nil {
		return run, fmt.Errorf("begin a sync: %w", err)
	}
	return run, nil
}

func (s *Service) begin(ctx context.Context, tx *db.Tx, reason Reason) (Run, error) {
	if err := tx.Lock(ctx, "sync/"+s.CorpID); err != nil {
		return Run{}, err
	}
	var former runRow
	err := tx.NewSelect().Model(&former).Where("corp_id = ? AND state = ?", s.CorpID, Running).Limit(1).Scan(ctx)
	if err == nil {
		return former.run()
	}
	if !db.IsNoRows(err) {
		return Run{}, fmt.Errorf("look for a running sync: %w", err)
	}
	row := runRow{CorpID: s.CorpID, ID: tx.NewID(), Reason: reason, State: Running, StartedAt: s.World.Now(), Report: `{"parts":{},"errors":[]}`}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return Run{}, err
	}
	_, err = s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: runKind, Key: fmt.Sprint("sync/", row.ID), OrderKey: "sync", Urgent: true,
		Payload: runPayload{row.ID},
	})
	if err != nil {
		return Run{}, err
	}
	return row.run()
}

// CatchUp starts a run when the platform comes up: the first one for a new data directory, a catch-up otherwise. It also
// sets the timer of the daily run.
func (s *Service) CatchUp(ctx context.Context) error {
	reason := Start
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		known, err := s.knows(ctx, tx)
		if err != nil {
			return err
		}
		if !known {
			reason = First
		}
		if _, err := s.begin(ctx, tx, reason); err != nil {
			return err
		}
		return s.setDaily(ctx, tx)
	})
}

// knows says whether a former run read the relations; one that was refused a part has failed and did read the others.
func (s *Service) knows(ctx context.Context, tx *db.Tx) (bool, error) {
	var rows []runRow
	if err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND state IN (?, ?)", s.CorpID, Done, Failed).Scan(ctx); err != nil {
		return false, fmt.Errorf("look for former syncs: %w", err)
	}
	for _, r := range rows {
		run, err := r.run()
		if err != nil {
			return false, err
		}
		if r.State == Done || run.Report.Parts["relations"].Stored > 0 {
			return true, nil
		}
	}
	return false, nil
}

// daily begins the run of the day and sets the timer for the next.
func (s *Service) daily(ctx context.Context, tx *db.Tx, _ bus.Work) error {
	if _, err := s.begin(ctx, tx, Daily); err != nil {
		return err
	}
	return s.setDaily(ctx, tx)
}

func (s *Service) setDaily(ctx context.Context, tx *db.Tx) error {
	next := s.World.Now().In(time.UTC).Truncate(24 * time.Hour).Add(24*time.Hour - 4*time.Hour) // 04:00 in China
	if clock.At(next) <= s.World.Now() {
		next = next.Add(24 * time.Hour)
	}
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: dailyKind, Key: "sync/daily/" + next.Format("2006-01-02"), OrderKey: "sync/daily", DueAt: clock.At(next),
	})
	return err
}

// Last answers the running run, else the last one; Idle when there never was one.
func (s *Service) Last(ctx context.Context) (Run, error) {
	var row runRow
	err := s.DB.Read().NewSelect().Model(&row).Where("corp_id = ?", s.CorpID).OrderExpr("CASE WHEN state = ? THEN 0 ELSE 1 END, id DESC", Running).
		Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return Run{State: Idle, Report: Report{Parts: map[string]Count{}}}, nil
	}
	if err != nil {
		return Run{}, fmt.Errorf("read the last sync: %w", err)
	}
	return row.run()
}
