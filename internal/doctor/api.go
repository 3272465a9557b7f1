package doctor

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// reportOut is a report in the API.
type reportOut struct {
	Checks []findingOut `json:"checks"`
	AsOf   time.Time    `json:"as_of"`
}

// findingOut is a finding in the API.
type findingOut struct {
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
		func(ctx context.Context, _ *web.None) (*reportOut, error) { return d.json(ctx, d.Last(ctx)), nil })
	web.Post(api, "/doctor", web.Op{ID: "run-doctor", Permission: "doctor.write", Scope: web.WholeCorp, Summary: "Examine now"},
		func(ctx context.Context, _ *web.None) (*reportOut, error) { return d.json(ctx, d.Examine(ctx)), nil })
}

func (d *Doctor) json(ctx context.Context, r Report) *reportOut {
	lang := web.Lang(ctx)
	out := &reportOut{Checks: make([]findingOut, len(r.Findings)), AsOf: r.At.In(d.Settings().Zone)}
	for i, f := range r.Findings {
		out.Checks[i] = findingOut{
			ID: f.ID, Title: f.Title.In(lang), State: f.State, Detail: f.Detail.In(lang), WayOut: f.WayOut.In(lang), TookMS: f.Took.Milliseconds(),
		}
	}
	return out
}
