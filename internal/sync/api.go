package sync

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/web"
)

type runOut struct {
	State      State            `json:"state" enum:"idle,running,done,failed"`
	Reason     Reason           `json:"reason,omitempty"`
	StartedAt  *time.Time       `json:"started_at,omitempty"`
	FinishedAt *time.Time       `json:"finished_at,omitempty"`
	Parts      map[string]Count `json:"parts"`
	Drift      Drift            `json:"drift"`
	Errors     []Trouble        `json:"errors"`
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, zone *time.Location) {
	at := func(t clock.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		std := t.In(zone)
		return &std
	}
	show := func(r Run) *runOut {
		out := &runOut{
			State: r.State, Reason: r.Reason, StartedAt: at(r.StartedAt), FinishedAt: at(r.FinishedAt), Parts: r.Report.Parts,
			Drift: r.Report.Drift, Errors: r.Report.Errors,
		}
		if out.Parts == nil {
			out.Parts = map[string]Count{}
		}
		if out.Errors == nil {
			out.Errors = []Trouble{}
		}
		return out
	}
	web.Get(a, "/sync", web.Op{ID: "get-sync", Permission: "sync.read", Scope: web.Shared, Summary: "The running sync, else the last"},
		func(ctx context.Context, _ *web.None) (*runOut, error) {
			run, err := s.Last(ctx)
			if err != nil {
				return nil, err
			}
			return show(run), nil
		})
	web.Post(a, "/sync", web.Op{
		ID: "start-sync", Permission: "sync.write", Scope: web.Shared, Summary: "Start a sync; answers the running one when there is one",
		Status: http.StatusAccepted,
	}, func(ctx context.Context, _ *web.None) (*runOut, error) {
		run, err := s.Begin(ctx, Asked)
		if err != nil {
			return nil, err
		}
		return show(run), nil
	})
}
