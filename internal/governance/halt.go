package governance

import (
	"context"
	"fmt"
	"strconv"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Halt is sending that somebody stopped with one switch (OWN-14), for the whole corp or for one member. It holds for every class:
// nothing that goes through us reaches a customer, answers included, until it is lifted.
type Halt struct {
	bun.BaseModel `bun:"table:halt"`

	CorpID   string `bun:",pk"`
	ID       int64  `bun:",pk"`
	StaffID  string // whose sending; empty = everybody's
	Since    clock.Time
	ByWhom   string
	Reason   string
	LiftedAt clock.Time // 0 = in force
	LiftedBy string
	Kind     HaltKind
	Code     int // WeCom's answer that told of it; 0 = a person did
}

// HaltKind says what a stop is about.
type HaltKind string

// The kinds.
const (
	Pressed HaltKind = ""        // somebody, or the ladder, stopped it
	Limited HaltKind = "limited" // WeCom or WeChat limits the member's account (WC-13)
)

// Halted is told inside the transaction in which sending is stopped.
type Halted struct {
	CorpID     string
	StaffID    string // empty = everybody's
	CampaignID string // set: only this campaign's, whoever sends
	Kind       HaltKind
	At         clock.Time
}

// Why is the stop as what it keeps from its receiver says it.
func (e Halted) Why() Objection { return stop{since: e.At, kind: e.Kind}.why() }

// stop is a stop in force; the zero stop is none.
type stop struct {
	since clock.Time
	kind  HaltKind
}

// why is the rule behind a stop and its sentence.
func (s stop) why() Objection {
	if s.kind == Limited {
		return Objection{ruleLimited, reasonLimited}
	}
	return Objection{ruleHalt, reasonHalt}
}

// halts are the stops in force, by member; "" is everybody's.
type halts map[string]stop

// of answers what stops the member's sending.
func (h halts) of(staffID string) stop {
	if s, all := h[""]; all {
		return s
	}
	return h[staffID]
}

// HaltSending stops all sending of a corp, or of one member, at once: no permit is given any more, reservations are released (many of
// them in steps, while the stop is in force), and subscribers of OnHalt take back the tasks that WeCom still holds. What is stopped
// already stays as it is.
func (g *Governor) HaltSending(ctx context.Context, tx *db.Tx, corpID, staffID, by, reason string) error {
	reason, err := haltReason(reason)
	if err != nil {
		return err
	}
	_, err = g.haltBy(ctx, tx, &Halt{CorpID: corpID, StaffID: staffID, ByWhom: by, Reason: reason})
	return err
}

// haltBy puts a stop into force; false = one was in force already.
func (g *Governor) haltBy(ctx context.Context, tx *db.Tx, row *Halt) (bool, error) {
	now := g.world.Now()
	row.ID, row.Since = tx.NewID(), max(now, 1)
	res, err := tx.NewInsert().Model(row).On("CONFLICT (corp_id, staff_id) WHERE lifted_at = 0 DO NOTHING").Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("stop sending: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	if err := g.releaseHalted(ctx, tx, row, halting{Halt: row.ID}); err != nil {
		return false, err
	}
	if err := logHalt(ctx, tx, "sending.stop", row, row.ByWhom, now); err != nil {
		return false, err
	}
	for _, f := range g.OnHalt {
		if err := f(ctx, tx, Halted{CorpID: row.CorpID, StaffID: row.StaffID, Kind: row.Kind, At: now}); err != nil {
			return false, fmt.Errorf("tell that sending is stopped: %w", err)
		}
	}
	return true, nil
}

// halting is one step of releasing what was reserved when sending was stopped.
type halting struct {
	Halt int64
	Step int
	At   clock.Time // what ends before then, and up to ID then, is released
	ID   int64
}

// haltMore releases more of what was reserved, unless sending goes on.
func (g *Governor) haltMore(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p halting
	if err := w.Decode(&p); err != nil {
		return err
	}
	h := new(Halt)
	err := tx.NewSelect().Model(h).Where("corp_id = ? AND id = ? AND lifted_at = 0", w.CorpID, p.Halt).Scan(ctx)
	if db.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a stop: %w", err)
	}
	return g.releaseHalted(ctx, tx, h, p)
}

// releaseHalted releases the next reservations that a stop ends, and puts what is left on the table. Reservations are gone through
// in the order in which they end; of a stop for one member many of them are others'.
func (g *Governor) releaseHalted(ctx context.Context, tx *db.Tx, h *Halt, p halting) error {
	var rows []struct {
		ID        int64
		ExpiresAt clock.Time
		StaffID   string
	}
	look := g.step
	if h.StaffID != "" {
		look *= lookFurther
	}
	err := tx.NewRaw(`SELECT id, expires_at, staff_id FROM touch WHERE corp_id = ? AND state = 'reserved' AND (expires_at, id) > (?, ?)
		ORDER BY expires_at, id LIMIT ?`, h.CorpID, p.At, p.ID, look).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("read what is reserved: %w", err)
	}
	more := len(rows) == look
	var ids []int64
	for _, r := range rows {
		if h.StaffID != "" && r.StaffID != h.StaffID {
			p.At, p.ID = r.ExpiresAt, r.ID
			continue
		}
		if len(ids) == g.step {
			more = true
			break
		}
		ids = append(ids, r.ID)
		p.At, p.ID = r.ExpiresAt, r.ID
	}
	why := stop{h.Since, h.Kind}.why()
	if err := g.ReleaseReserved(ctx, tx, ids, why.RuleID, why.Reason); err != nil {
		return err
	}
	if !more {
		return nil
	}
	p.Step++
	_, err = g.bus.Put(ctx, tx, bus.Item{
		CorpID: h.CorpID, Lane: bus.Timer, Kind: kindHalt, Key: fmt.Sprint("governance/halt/", h.ID, "/", p.Step), OrderKey: fmt.Sprint("governance/halt/", h.ID), Payload: p,
	})
	return err
}

// lookFurther is how many reservations of anybody a step looks at for each of one member that it may release.
const lookFurther = 10

// LiftHalt lets sending go on. What was taken back meanwhile stays taken back.
//
// What the ladder stopped, only the ladder lets go on.
func (g *Governor) LiftHalt(ctx context.Context, tx *db.Tx, corpID string, id int64, by string) error {
	n, err := tx.NewSelect().Model((*Halt)(nil)).Where("corp_id = ? AND id = ? AND lifted_at = 0 AND by_whom = ?", corpID, id, byLadder).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for a stop of the ladder: %w", err)
	}
	if n > 0 {
		return errs.New(errs.Conflict, "governance.ladder_halt", errs.T("这是阶梯停的，请到「阶梯与申诉」处理。", "The ladder stopped it: see “Ladder and appeals”."))
	}
	return g.liftHalt(ctx, tx, corpID, id, by)
}

func (g *Governor) liftHalt(ctx context.Context, tx *db.Tx, corpID string, id int64, by string) error {
	res, err := tx.NewUpdate().Model((*Halt)(nil)).Set("lifted_at = ?", max(g.world.Now(), 1)).Set("lifted_by = ?", by).
		Where("corp_id = ? AND id = ? AND lifted_at = 0", corpID, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("let sending go on: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		if err == nil {
			err = errs.Missing("停发", "stop")
		}
		return err
	}
	return logHalt(ctx, tx, "sending.resume", &Halt{CorpID: corpID, ID: id}, by, g.world.Now())
}

// logHalt tells the audit log; why somebody stopped stands in the row.
func logHalt(ctx context.Context, tx *db.Tx, act string, h *Halt, by string, now clock.Time) error {
	detail := audit.Detail{}
	if h.StaffID != "" {
		detail["staff"] = h.StaffID
	}
	if h.Kind != Pressed {
		detail["kind"] = h.Kind
	}
	if h.Code != 0 {
		detail["code"] = h.Code
	}
	return audit.Log(ctx, tx, audit.Entry{CorpID: h.CorpID, Act: act, Subject: audit.Of("halts", strconv.FormatInt(h.ID, 10)), Who: by, At: now, Detail: detail})
}

// Halts lists what is stopped, and lately was: in force first, newest first.
func (g *Governor) Halts(ctx context.Context, corpID string, limit int) ([]Halt, error) {
	var rows []Halt
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ?", corpID).
		OrderExpr("CASE WHEN lifted_at = 0 THEN 0 ELSE 1 END, id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list stops: %w", err)
	}
	return rows, nil
}

// HaltedIn says whether the member's sending is stopped, as a transaction sees it.
func (g *Governor) HaltedIn(ctx context.Context, q bun.IDB, corpID, staffID string) (bool, error) {
	_, halted, err := g.StoppedBy(ctx, q, corpID, staffID)
	return halted, err
}

// StoppedBy is HaltedIn with the rule and its sentence.
func (g *Governor) StoppedBy(ctx context.Context, q bun.IDB, corpID, staffID string) (Objection, bool, error) {
	stops, err := haltsIn(ctx, q, corpID)
	if err != nil {
		return Objection{}, false, err
	}
	s := stops.of(staffID)
	return s.why(), s != stop{}, nil
}

// haltsIn reads what is stopped now.
func haltsIn(ctx context.Context, q bun.IDB, corpID string) (halts, error) {
	return haltsWhere(ctx, q, "corp_id = ? AND lifted_at = 0", corpID)
}

// haltsThen reads what was stopped when a touch was decided.
func (g *Governor) haltsThen(ctx context.Context, t *Touch) (halts, error) {
	return haltsWhere(ctx, g.db.Read(), "corp_id = ? AND since <= ? AND (lifted_at = 0 OR lifted_at > ?) AND id < ?",
		t.CorpID, t.ReservedAt, t.ReservedAt, t.ID)
}

func haltsWhere(ctx context.Context, q bun.IDB, where string, args ...any) (halts, error) {
	var rows []Halt
	if err := q.NewSelect().Model(&rows).Where(where, args...).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read stops: %w", err)
	}
	out := halts{}
	for _, h := range rows {
		out[h.StaffID] = stop{h.Since, h.Kind}
	}
	return out, nil
}
