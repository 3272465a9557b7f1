// Package sync reads from WeCom what callbacks did not tell: all of it at first, the difference later.
//
// A run is one intent of the bus, so it is taken up again after a crash, and goes on where it stopped: members already
// listed are not listed again, pages already stored are not read again. It ends with expected / read / stored / failed for
// each part, persons and relations apart, and with the drift between what we held and what WeCom says. "Expected" are the
// relations that externalcontact/list names, because WeCom tells no total.
//
// It reads only. It sends no late welcome: a relation that a run finds has no welcome code any more.
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

// Reason says why a run began.
type Reason string

// The reasons.
const (
	First Reason = "first" // a new data directory
	Start Reason = "start" // the platform was down
	Gap   Reason = "gap"   // callbacks could not be stored for a while
	Clock Reason = "clock" // the corp's clock jumped
	Daily Reason = "daily"
	Asked Reason = "asked" // by a person or a program
)

// State of a run.
type State string

// The states.
const (
	Idle    State = "idle" // there never was a run
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Count is how far one part has come.
type Count struct {
	Expected int `json:"expected"`
	Read     int `json:"read"`
	Stored   int `json:"stored"`
	Failed   int `json:"failed"`
}

// Drift is what a run found different from what we held.
type Drift struct {
	Added int `json:"added"` // relations that no callback had told of
	Lost  int `json:"lost"`  // relations that ended without a callback
}

// Trouble is something a run could not read or store.
type Trouble struct {
	What string `json:"what"`
	Text string `json:"text"`
}

// Report is the result of a run, kept while it runs.
type Report struct {
	Parts  map[string]Count `json:"parts"` // departments, staff, tags, customers (persons), relations, groups
	Drift  Drift            `json:"drift"`
	Errors []Trouble        `json:"errors"`
	// Finished names the parts beside customers that need not be read again when the run is taken up.
	Finished []string `json:"finished,omitempty"`
}

// Run is one run.
type Run struct {
	ID         int64
	Reason     Reason
	State      State
	StartedAt  clock.Time
	FinishedAt clock.Time
	Report     Report
}

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
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

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
		n, err := tx.NewSelect().Model((*runRow)(nil)).Where("corp_id = ? AND state = ?", s.CorpID, Done).Count(ctx)
		if err != nil {
			return fmt.Errorf("look for former syncs: %w", err)
		}
		if n == 0 {
			reason = First
		}
		if _, err := s.begin(ctx, tx, reason); err != nil {
			return err
		}
		return s.setDaily(ctx, tx)
	})
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
