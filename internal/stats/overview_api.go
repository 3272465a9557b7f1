package stats

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// registerGovernance puts the routes of the first page of governance, and of what followed a campaign, on the API.
func (s *Service) registerGovernance(a *web.API) {
	op := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "governance.read", Scope: web.Filtered, Summary: summary, Tag: "governance"}
	}
	web.Get(a, "/governance/overview", op("get-governance-overview", "Budgets in use, what was refused and why, what sending cost customers, and WeCom's own quota"), s.getOverview)
	web.Get(a, "/governance/costs", op("list-costs", "The touches behind a number of the overview"), s.listCosts)
	web.Get(a, "/governance/budget-use", op("list-budget-use", "The customers behind a number of the overview"), s.listUse)
	web.Get(a, "/governance/effect", op("get-effect", "What followed a campaign, beside those held out of it"), s.getEffect)
}

func (s *Service) getOverview(ctx context.Context, in *struct {
	Days int `query:"days" default:"30" minimum:"1" maximum:"90" doc:"calendar days in the corp's zone, today included"`
},
) (*Overview, error) {
	scope, err := s.Scope(ctx)
	if err != nil {
		return nil, err
	}
	return s.Overview(ctx, in.Days, scope, web.Lang(ctx))
}

type costsIn struct {
	web.List
	Days     int    `query:"days" default:"30" minimum:"1" maximum:"90"`
	Campaign string `query:"campaign" maxLength:"200"`
	Staff    string `query:"staff" maxLength:"64"`
	Kind     string `query:"kind" enum:"deletions,optouts,replies,night,repeats,late" doc:"absent = every touch"`
}

type costOut struct {
	ID       web.ID    `json:"id" doc:"of the touch"`
	At       time.Time `json:"at" doc:"when it arrived"`
	Customer Named     `json:"customer"`
	Staff    *Named    `json:"staff,omitempty"`
	Campaign Named     `json:"campaign"`
}

func (s *Service) listCosts(ctx context.Context, in *costsIn) (*web.Page[costOut], error) {
	scope, err := s.Scope(ctx)
	if err != nil {
		return nil, err
	}
	l, err := s.Limits(ctx)
	if err != nil {
		return nil, err
	}
	before, err := in.AfterID()
	if err != nil {
		return nil, err
	}
	rows, n, err := s.costRows(ctx, days(s.World.Now(), in.Days, s.Zone), l, scope, in.Campaign, in.Staff, in.Kind, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var customers, staff []string
	for _, r := range rows {
		customers, staff = append(customers, r.CustomerID), append(staff, r.StaffID)
	}
	customerNames, err := s.CustomerNames(ctx, customers)
	if err != nil {
		return nil, err
	}
	staffNames, err := s.StaffNames(ctx, staff)
	if err != nil {
		return nil, err
	}
	out := make([]costOut, len(rows))
	for i, r := range rows {
		out[i] = costOut{ID: web.IDOf(r.ID), At: r.DeliveredAt.In(s.Zone), Customer: Named{r.CustomerID, customerNames[r.CustomerID]}, Campaign: Named{r.CampaignID, r.Campaign}}
		if r.StaffID != "" {
			out[i].Staff = &Named{r.StaffID, staffNames[r.StaffID]}
		}
	}
	return web.NewPage(out, in.List, n, false, func(c costOut) string { return string(c.ID) }), nil
}

type useIn struct {
	web.List
	What  string `query:"what" required:"true" enum:"1,7,30,full,mass,then" doc:"the window of so many days; no room in any of them; WeCom's own number; the same when everything planned has arrived"`
	Least int    `query:"least" default:"1" minimum:"1"`
	Most  int    `query:"most" default:"1000000" minimum:"1"`
}

type useOut struct {
	Customer Named `json:"customer"`
	Used     int   `json:"used"`
	Limit    int   `json:"limit"`
	Days     int   `json:"days,omitempty" doc:"of who has no room: the shortest window that is full"`
}

func (s *Service) listUse(ctx context.Context, in *useIn) (*web.Page[useOut], error) {
	scope, err := s.Scope(ctx)
	if err != nil {
		return nil, err
	}
	l, err := s.Limits(ctx)
	if err != nil {
		return nil, err
	}
	limit, known := l.Mass.Limit, in.What == "mass" || in.What == "then" || in.What == "full"
	for _, w := range l.Windows {
		if in.What == fmt.Sprint(w.Days) {
			limit, known = w.Cap, true
		}
	}
	if !known {
		return nil, errs.Bad("what", "stats.window", errs.T("没有这么长的窗口。", "There is no window of that length."))
	}
	rows, n, err := s.useRows(ctx, l, s.World.Now(), scope, in.What, in.Least, in.Most, in.After, in.Limit+1)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.CustomerID
	}
	names, err := s.CustomerNames(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]useOut, len(rows))
	for i, r := range rows {
		out[i] = useOut{Customer: Named{r.CustomerID, names[r.CustomerID]}, Used: r.Used, Limit: limit}
		if in.What == "full" {
			w := l.Windows[r.Used]
			out[i].Used, out[i].Limit, out[i].Days = w.Cap, w.Cap, w.Days
		}
	}
	return web.NewPage(out, in.List, n, false, func(u useOut) string { return u.Customer.ID }), nil
}

func (s *Service) getEffect(ctx context.Context, in *struct {
	Campaign string `query:"campaign" required:"true" maxLength:"200" example:"broadcast/123" doc:"kind and id, as touches carry it"`
	Hours    int    `query:"hours" default:"24" minimum:"1" maximum:"720" doc:"how long after a touch is looked at"`
},
) (*Effect, error) {
	if kind, id, ok := strings.Cut(in.Campaign, "/"); !ok || kind == "" || id == "" {
		return nil, errs.Bad("campaign", "stats.campaign", errs.T("活动要写成 broadcast/123 这样。", "Write the campaign like broadcast/123."))
	}
	scope, err := s.Scope(ctx)
	if err != nil {
		return nil, err
	}
	return s.effect(ctx, in.Campaign, time.Duration(in.Hours)*time.Hour, scope)
}
