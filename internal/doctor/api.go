package doctor

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// ReportJSON is a report in the API.
type ReportJSON struct {
	Checks []FindingJSON `json:"checks"`
	AsOf   time.Time     `json:"as_of"`
}

// FindingJSON is a finding in the API.
type FindingJSON struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	State  State  `json:"state" enum:"ok,warn,error,skipped"`
	Detail string `json:"detail"`
	WayOut string `json:"way_out,omitempty" doc:"What to do"`
	TookMS int64  `json:"took_ms"`
}

// RegisterAPI puts the routes of the doctor on the API.
func (d *Doctor) RegisterAPI(api *web.API) {
	web.Get(api, "/doctor", web.Op{ID: "get-doctor", Permission: "doctor.read", Scope: web.WholeCorp, Summary: "The last examination"},
		func(ctx context.Context, _ *web.None) (*ReportJSON, error) { return d.json(ctx, d.Last(ctx)), nil })
	web.Post(api, "/doctor", web.Op{ID: "run-doctor", Permission: "doctor.write", Scope: web.WholeCorp, Summary: "Examine now"},
		func(ctx context.Context, _ *web.None) (*ReportJSON, error) { return d.json(ctx, d.Examine(ctx)), nil })
}

func (d *Doctor) json(ctx context.Context, r Report) *ReportJSON {
	lang := web.Lang(ctx)
	out := &ReportJSON{Checks: make([]FindingJSON, len(r.Findings)), AsOf: r.At.In(d.Settings().Zone)}
	for i, f := range r.Findings {
		out.Checks[i] = FindingJSON{
			ID: f.ID, Title: f.Title.In(lang), State: f.State, Detail: f.Detail.In(lang), WayOut: f.WayOut.In(lang), TookMS: f.Took.Milliseconds(),
		}
	}
	return out
}
