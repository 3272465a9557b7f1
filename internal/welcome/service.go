package welcome

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/internal/web"
)

// Config of a Service.
type Config struct {
	DB       *db.DB
	World    clock.World
	Zone     *time.Location
	Outreach *outreach.Service
	Governor *governance.Governor
	CorpID   string
	// Channel answers the contactway id of a state, "" when no channel code has it.
	Channel func(ctx context.Context, tx *db.Tx, state string) (string, error)
	// HasPage says whether a history page of Moments is open, for texts that link to it.
	HasPage func(ctx context.Context) (bool, error)
	Reviews governance.Reviews // the queue of texts that a person looks at; nil = none
	// Names answers what the corp is called, in the form in which rules read; nil asks for no names.
	Names func(ctx context.Context) ([]string, error)
}

// Service is the use cases of welcomes.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service {
	if c.Reviews == nil {
		c.Reviews = governance.NoReviews{}
	}
	return &Service{c}
}

// Added greets a new relation: it is a subscriber of customer.OnAdded.
func (s *Service) Added(ctx context.Context, tx *db.Tx, e customer.Added) error {
	t := Trace{
		CorpID: e.CorpID, ID: tx.NewID(), At: e.At, CustomerID: e.CustomerID, StaffID: e.StaffID, State: e.State, Outcome: NotSent, DoneAt: s.World.Now(),
	}
	if !e.ByCallback && e.At < s.World.Now().Add(-24*time.Hour) {
		return nil // history that a first sync brings: nobody expects a welcome
	}
	var err error
	switch {
	case !e.ByCallback:
		t.Code = WhyFoundLate
	case e.WelcomeCode == "":
		t.Code, err = s.whyNoCode(ctx, tx, e)
	default:
		err = s.greet(ctx, tx, e, &t)
	}
	if err != nil {
		return err
	}
	if _, err := tx.NewInsert().Model(&t).Exec(ctx); err != nil {
		return fmt.Errorf("trace the welcome of %s: %w", e.CustomerID, err)
	}
	return nil
}

// greet chooses the welcome and hands it on.
func (s *Service) greet(ctx context.Context, tx *db.Tx, e customer.Added, t *Trace) error {
	channel := ""
	if e.State != "" {
		var err error
		if channel, err = s.Channel(ctx, tx, e.State); err != nil {
			return err
		}
	}
	all, err := list(ctx, tx, e.CorpID)
	if err != nil {
		return err
	}
	w, ok := Choose(all, channel, e.At.In(s.Zone))
	if !ok {
		t.Code = WhyNone
		return nil
	}
	d, err := s.Outreach.Welcome(ctx, tx, outreach.Welcome{
		CustomerID: e.CustomerID, StaffID: e.StaffID, Code: e.WelcomeCode, At: e.At,
		RuleID: w.ID, RuleName: w.Name, Text: w.Text, Attachments: w.Attachments,
	})
	if err != nil {
		return err
	}
	t.WelcomeID, t.TouchID = w.ID, d.TouchID
	if d.State == governance.Held {
		t.Code = d.RuleID
		return nil
	}
	t.Outcome, t.DoneAt = Waiting, 0
	return nil
}

// whyNoCode finds the likeliest reason why WeCom gave no welcome code; the facts name four, and the event tells none.
func (s *Service) whyNoCode(ctx context.Context, tx *db.Tx, e customer.Added) (string, error) {
	const halfLife = 7 * 24 * time.Hour
	answered, err := sentTo(ctx, tx, e.CorpID, e.CustomerID, e.StaffID, e.At.Add(-halfLife))
	if err != nil {
		return "", err
	}
	if answered {
		return WhyHalfAnswered, nil
	}
	const look = 3
	last, err := lastOf(ctx, tx, e.CorpID, e.StaffID, look)
	if err != nil {
		return "", err
	}
	for _, t := range last {
		if t.Code != WhyConsoleWelcome && t.Code != WhyChatBegun {
			return WhyChatBegun, nil
		}
	}
	if len(last) < look {
		return WhyChatBegun, nil
	}
	return WhyConsoleWelcome, nil
}

// Settled writes what became of a welcome: it is a subscriber of outreach.OnSettled.
func (s *Service) Settled(ctx context.Context, tx *db.Tx, r outreach.Result) error {
	if r.Channel != governance.Welcome {
		return nil
	}
	q := tx.NewUpdate().Model((*Trace)(nil)).Set("done_at = ?", s.World.Now()).
		Where("corp_id = ? AND touch_id = ? AND outcome = ?", r.CorpID, r.TouchID, Waiting)
	if r.Delivered {
		q.Set("outcome = ?", Sent)
	} else {
		q.Set("outcome = ?", NotSent).Set("code = ?", r.Code)
	}
	if _, err := q.Exec(ctx); err != nil {
		return fmt.Errorf("trace the welcome of touch %d: %w", r.TouchID, err)
	}
	return nil
}

// List answers all welcomes.
func (s *Service) List(ctx context.Context) ([]Welcome, error) {
	return list(ctx, s.DB.Read(), s.CorpID)
}

// Get answers one.
func (s *Service) Get(ctx context.Context, id int64) (Welcome, error) {
	var r row
	err := s.DB.Read().NewSelect().Model(&r).Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return Welcome{}, errs.Missing("欢迎语", "welcome message")
	}
	if err != nil {
		return Welcome{}, fmt.Errorf("read welcome %d: %w", id, err)
	}
	return r.welcome()
}

// Save makes a welcome (ID 0) or changes one. Content that governance blocks is refused here, at save, by the same check
// that decides at send.
func (s *Service) Save(ctx context.Context, w Welcome) (Welcome, error) {
	if err := w.Validate(); err != nil {
		return w, err
	}
	if err := outreach.CheckMark("text", w.Text, MaxText, func() (bool, error) { return s.HasPage(ctx) }); err != nil {
		return w, err
	}
	if over := outreach.Sized(w.Text) - MaxText; over > 0 {
		return w, errs.Bad("text", "welcome.too_long", errs.Tf("把占位的词换成名字和链接后可能超出 %d 字节，请缩短文字。",
			"With names and links in place of their marks it may be %d bytes too long; shorten the text.", over))
	}
	check, err := s.check(ctx, w)
	if err != nil {
		return w, err
	}
	if f, blocks := check.Blocking(); blocks {
		by := web.Caller(ctx).User
		if err := s.Governor.Suspect(ctx, s.CorpID, by, fmt.Sprint("welcome/", w.ID), governance.Said{Title: w.Name, Fields: fields(w), Check: check}); err != nil {
			return w, err
		}
		return w, s.Governor.Refuse(ctx, s.CorpID, by, fmt.Sprint("welcome/", w.ID), f, errs.Bad(f.Field, f.RuleID, f.Reason))
	}
	w.UpdatedAt = s.World.Now()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if w.ID == 0 {
			w.ID = tx.NewID()
		}
		r, err := rowOf(s.CorpID, w)
		if err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&r).On("CONFLICT (corp_id, id) DO UPDATE").
			Set("name = EXCLUDED.name").Set("channels = EXCLUDED.channels").Set("text = EXCLUDED.text").
			Set("attachments = EXCLUDED.attachments").Set("hours = EXCLUDED.hours").Set("enabled = EXCLUDED.enabled").
			Set("priority = EXCLUDED.priority").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
		if err != nil {
			return err
		}
		return s.saw(ctx, tx, w, check)
	})
	if err != nil {
		return w, fmt.Errorf("save welcome %q: %w", w.Name, err)
	}
	return w, nil
}

// check reads the content rules over everything that a welcome says.
func (s *Service) check(ctx context.Context, w Welcome) (governance.Check, error) {
	c, err := s.Governor.CheckFor(ctx, s.CorpID, governance.Service, governance.Welcome, fields(w)...)
	if err != nil || s.Names == nil {
		return c, err
	}
	names, err := s.Names(ctx)
	if err != nil {
		return c, err
	}
	return c.With(nameless(names, s.Governor.Plain(w.Text))...), nil
}

// saw takes a welcome in use to the queue of texts that a person may look at. It is never held: it greets meanwhile.
func (s *Service) saw(ctx context.Context, tx *db.Tx, w Welcome, check governance.Check) error {
	ref := strconv.FormatInt(w.ID, 10)
	if !w.Enabled {
		return s.Reviews.Withdrawn(ctx, tx, s.CorpID, "welcome", ref)
	}
	reached, err := s.Governor.ReachedBy(ctx, tx, s.CorpID, "welcome/"+ref)
	if err != nil {
		return err
	}
	return s.Reviews.Saw(ctx, tx, governance.ReviewText{
		CorpID: s.CorpID, Noun: "welcome", Ref: ref, Title: w.Name, Class: governance.Service, Channel: governance.Welcome, Author: web.Caller(ctx).User,
		Fields: fields(w), Check: check, Audience: reached,
	})
}

// Disable takes a welcome out of use: somebody gave its text back.
func (s *Service) Disable(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*row)(nil)).Set("enabled = ?", false).Set("updated_at = ?", s.World.Now()).Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("take welcome %d out of use: %w", id, err)
		}
		return s.Reviews.Withdrawn(ctx, tx, s.CorpID, "welcome", strconv.FormatInt(id, 10))
	})
}

// Delete removes a welcome; its traces stay.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		res, err := tx.NewDelete().Model((*row)(nil)).Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete welcome %d: %w", id, err)
		}
		if n, err := res.RowsAffected(); err == nil && n == 0 {
			return errs.Missing("欢迎语", "welcome message")
		}
		return s.Reviews.Withdrawn(ctx, tx, s.CorpID, "welcome", strconv.FormatInt(id, 10))
	})
}

// fields names every string of a welcome for the content check.
func fields(w Welcome) []governance.Field {
	out := []governance.Field{{Name: "text", Text: w.Text}}
	for i, a := range w.Attachments {
		for _, t := range a.Texts() {
			out = append(out, governance.Field{Name: fmt.Sprintf("attachments/%d", i), Text: t})
		}
	}
	return out
}
