// Package deadletter shows work that was given up after several failures, and puts it back to work when a person asks.
// What the work was stays in the bus; this room is its window in the API.
package deadletter

import (
	"context"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Config of a Service.
type Config struct {
	Bus    *bus.Bus
	CorpID string
	Zone   *time.Location
}

// Service shows and retries dead letters.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Letter is a dead letter in the API. Its payload is not shown: it can hold a customer's words.
type Letter struct {
	ID       web.ID    `json:"id"`
	Lane     bus.Lane  `json:"lane" enum:"inbox,timer,intent"`
	Kind     string    `json:"kind"`
	At       time.Time `json:"at" doc:"When it was put"`
	Attempts int       `json:"attempts"`
	Error    string    `json:"error" doc:"The last failure"`
	Summary  string    `json:"summary" doc:"What it was, in words"`
}

// Retried says how many letters went back to work.
type Retried struct {
	Retried int `json:"retried"`
}

type letterID struct {
	ID web.ID `path:"id"`
}

// Count counts the letters.
func (s *Service) Count(ctx context.Context) (int, error) {
	_, n, err := s.Bus.DeadLetters(ctx, s.CorpID, 0, 1)
	return n, err
}

// RegisterAPI puts the routes on the API.
func (s *Service) RegisterAPI(api *web.API) {
	web.Get(api, "/dead-letters", web.Op{ID: "list-dead-letters", Permission: "deadletter.read", Scope: web.WholeCorp, Summary: "Work that was given up"}, s.list)
	web.Post(api, "/dead-letters/{id}/retry", web.Op{ID: "retry-dead-letter", Permission: "deadletter.write", Scope: web.WholeCorp, Summary: "Try one again"}, s.retry)
	web.Post(api, "/dead-letters/retry", web.Op{ID: "retry-dead-letters", Permission: "deadletter.write", Scope: web.WholeCorp, Summary: "Try all again"}, s.retryAll)
}

func (s *Service) list(ctx context.Context, in *struct{ web.List }) (*web.Page[Letter], error) {
	after, err := in.AfterID()
	if err != nil {
		return nil, err
	}
	rows, total, err := s.Bus.DeadLetters(ctx, s.CorpID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	items := make([]Letter, len(rows))
	for i, w := range rows {
		items[i] = Letter{
			ID: web.IDOf(w.ID), Lane: w.Lane, Kind: w.Kind, At: at(w.CreatedAt, s.Zone), Attempts: w.Attempts, Error: firstLine(w.Error),
			Summary: summary(w).In(web.Lang(ctx)),
		}
	}
	return web.NewPage(items, in.List, total, false, func(l Letter) string { return string(l.ID) }), nil
}

func (s *Service) retry(ctx context.Context, in *letterID) (*Retried, error) {
	id := in.ID.Int()
	if id == 0 { // 0 would mean all
		return nil, errs.Missing("死信", "dead letter")
	}
	n, err := s.Bus.TryAgain(ctx, s.CorpID, id)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errs.Missing("死信", "dead letter")
	}
	return &Retried{n}, nil
}

func (s *Service) retryAll(ctx context.Context, _ *web.None) (*Retried, error) {
	n, err := s.Bus.TryAgain(ctx, s.CorpID, 0)
	return &Retried{n}, err
}

func at(t clock.Time, zone *time.Location) time.Time { return t.In(zone) }

// summary says what a piece of work was, by its lane, kind and order key.
func summary(w bus.Work) errs.Text {
	about := w.OrderKey
	switch w.Lane {
	case bus.Inbox:
		return errs.Tf("企业微信事件 %s（%s）没有处理成", "The event %s of WeCom (%s) could not be handled", w.Kind, about)
	case bus.Timer:
		return errs.Tf("到期的工作 %s（%s）没有做成", "The work %s (%s) that was due could not be done", w.Kind, about)
	case bus.Intent:
		return errs.Tf("对外调用 %s（%s）没有做成", "The call %s (%s) could not be made", w.Kind, about)
	}
	return errs.Tf("%s（%s）没有做成", "%s (%s) could not be done", w.Kind, about)
}

// firstLine leaves stacks to the log.
func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
