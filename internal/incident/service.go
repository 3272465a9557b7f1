package incident

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	World  clock.World
	Zone   *time.Location
	CorpID string
	Audit  *audit.Service // who looked at whom
	Around Around
}

// Around answers what other rooms know; internal/app fills it in.
type Around struct {
	// Sent answers who was in the file of an export that was fetched, SentBy who was in those an account took out in a time.
	Sent   func(ctx context.Context, exportID int64) (map[string]clock.Time, error)
	SentBy func(ctx context.Context, account string, from, to clock.Time) (map[string]clock.Time, error)
	// ExportOf reads an export's id out of what a person wrote: the id, or the mark of a line.
	ExportOf func(text string) (int64, bool)
	// Everybody answers all of whom anything is stored that was known before an instant, CustomersOf those who were a member's in a time.
	Everybody   func(ctx context.Context, before clock.Time) ([]string, error)
	CustomersOf func(ctx context.Context, staffID string, from, to clock.Time) ([]string, error)
	CorpName    func(ctx context.Context) (string, error)
}

// Service keeps the incidents.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// tidy checks a draft, and what it refers to.
func (s *Service) tidy(ctx context.Context, d *Draft) error {
	if err := d.check(s.World.Now()); err != nil {
		return err
	}
	switch d.Kind {
	case Export:
		id, ok := s.Around.ExportOf(d.Ref)
		if !ok {
			return errs.Bad("ref", "incident.export", errs.T("没有这次导出。从导出记录里复制编号，或从文件里复制 export_id。", "There is no such export. Copy its id from the register, or export_id from the file."))
		}
		if _, err := s.Around.Sent(ctx, id); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return errs.Bad("ref", "incident.export", errs.T("没有这次导出。从导出记录里复制编号，或从文件里复制 export_id。", "There is no such export. Copy its id from the register, or export_id from the file."))
			}
			return err
		}
		d.Ref = strconv.FormatInt(id, 10)
	case Token:
		d.Ref = strings.TrimPrefix(d.Ref, "token:")
	case Account, Device, Everything:
	}
	return nil
}

// Record puts an incident on record.
func (s *Service) Record(ctx context.Context, by string, d Draft) (*Incident, error) {
	if err := s.tidy(ctx, &d); err != nil {
		return nil, err
	}
	i := &Incident{CorpID: s.CorpID, MadeBy: by, MadeAt: max(s.World.Now(), 1)}
	i.take(d)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		i.ID = tx.NewID()
		if _, err := tx.NewInsert().Model(i).Exec(ctx); err != nil {
			return fmt.Errorf("record an incident: %w", err)
		}
		return s.log(ctx, tx, "incident.record", i, by, nil)
	})
	return i, err
}

// Change writes down what is known by now. The audit says who changed it when, and how wide it was.
func (s *Service) Change(ctx context.Context, id int64, by string, d Draft) (*Incident, error) {
	if err := s.tidy(ctx, &d); err != nil {
		return nil, err
	}
	var i *Incident
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if err := tx.Lock(ctx, fmt.Sprint("incident/", s.CorpID, "/", id)); err != nil {
			return err
		}
		if i, err = s.get(ctx, tx, id); err != nil {
			return err
		}
		i.take(d)
		i.ChangedBy, i.ChangedAt = by, max(s.World.Now(), 1)
		if _, err := tx.NewUpdate().Model(i).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("change incident %d: %w", id, err)
		}
		return s.log(ctx, tx, "incident.change", i, by, nil)
	})
	return i, err
}

// Done notes a step. How many the list holds at that moment is kept with it.
func (s *Service) Done(ctx context.Context, id int64, by string, kind StepKind, note string, at time.Time) error {
	note = strings.TrimSpace(note)
	if n := utf8.RuneCountInString(note); n < 2 || n > 1000 {
		return errs.Bad("note", "incident.note", errs.T("写明做了什么、对谁、怎么做的，2 到 1000 个字。", "Say what was done, to whom and how, in 2 to 1000 characters."))
	}
	switch kind {
	case Remedied, Authority, Persons, Untold, Note:
	default:
		return errs.Bad("kind", "incident.step", errs.T("请选择做了哪一步。", "Choose which step was done."))
	}
	i, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	now := max(s.World.Now(), 1)
	done := now
	if !at.IsZero() {
		if done = clock.At(at); done > now || done < i.Since {
			return errs.Bad("done_at", "incident.step_at", errs.T("时间要在事件开始之后，不晚于现在。", "The time is after the incident began, and not after now."))
		}
	}
	found, err := s.Affected(ctx, i)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		st := Step{CorpID: s.CorpID, ID: tx.NewID(), IncidentID: id, Kind: kind, Note: note, Affected: len(found.People), DoneAt: done, MadeBy: by, MadeAt: now}
		if _, err := tx.NewInsert().Model(&st).Exec(ctx); err != nil {
			return fmt.Errorf("note a step of incident %d: %w", id, err)
		}
		return s.log(ctx, tx, "incident.step", i, by, audit.Detail{"step": kind, "affected": len(found.People), "done_at": done})
	})
}

// Unfinished counts the incidents that are not complete.
func (s *Service) Unfinished(ctx context.Context) (int, error) {
	rows, err := s.List(ctx)
	if err != nil {
		return 0, err
	}
	ids := make([]int64, len(rows))
	for n, i := range rows {
		ids[n] = i.ID
	}
	steps, err := s.steps(ctx, ids...)
	if err != nil {
		return 0, err
	}
	open := 0
	for _, id := range ids {
		if stateOf(kindsOf(steps[id])) == Open {
			open++
		}
	}
	return open, nil
}

func kindsOf(steps []Step) []StepKind {
	out := make([]StepKind, len(steps))
	for i, st := range steps {
		out[i] = st.Kind
	}
	return out
}

func (s *Service) log(ctx context.Context, tx *db.Tx, act string, i *Incident, by string, d audit.Detail) error {
	if d == nil {
		d = audit.Detail{"kind": i.Kind, "ref": i.Ref, "since": i.Since, "until": i.Until}
	}
	return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: act, Subject: audit.Of("incident", strconv.FormatInt(i.ID, 10)), Who: by, At: s.World.Now(), Detail: d})
}
