package governance

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// registerLadder puts the ladder on the API. Everybody may read what concerns them and appeal; deciding is for who sees the whole corp.
func (h *API) registerLadder(a *web.API) {
	decide := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "ladder.write", Scope: web.WholeCorp, Summary: summary, Tag: "ladder"}
	}
	web.Get(a, "/ladder", web.Op{ID: "list-ladder", Permission: "ladder.read", Scope: web.Filtered, Summary: "Who stands on the ladder, and stood", Tag: "ladder"}, h.ladder)
	web.Post(a, "/ladder", decide("raise-ladder", "Take somebody up the ladder"), h.raise)
	web.Get(a, "/ladder/{id}", web.Op{ID: "get-ladder-step", Permission: "ladder.read", Scope: web.Filtered, Summary: "One step, its cause and its appeal", Tag: "ladder"}, h.ladderStep)
	web.Post(a, "/ladder/{id}/second", decide("second-ladder-step", "What a second person says to a proposed stop"), h.second)
	web.Post(a, "/ladder/{id}/resume", decide("resume-ladder-step", "Let somebody go on after a suspension or stop"), h.resume)
	web.Post(a, "/ladder/{id}/appeal", web.Op{ID: "appeal-ladder-step", Permission: "ladder.appeal", Scope: web.Filtered, Summary: "Say why a step against oneself is wrong", Tag: "ladder"}, h.appeal)
	web.Post(a, "/ladder/{id}/decide", decide("decide-ladder-appeal", "Decide about an appeal"), h.decideAppeal)
}

type ladderIn struct {
	web.List
	Show string `query:"show" enum:"current,appeals,all" default:"current" doc:"what counts now; appeals that wait; everything"`
}

type ladderRule struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type ladderHit struct {
	At         time.Time `json:"at"`
	RuleID     string    `json:"rule_id"`
	Title      string    `json:"title"`
	Weight     int       `json:"weight"`
	Text       string    `json:"text,omitempty"`
	CampaignID string    `json:"campaign_id,omitempty"`
	Removed    bool      `json:"removed" doc:"by an appeal"`
}

type ladderAppeal struct {
	Text      string     `json:"text"`
	By        named      `json:"by"`
	At        time.Time  `json:"at"`
	Decision  string     `json:"decision,omitempty" enum:"upheld,denied"`
	DecidedBy *named     `json:"decided_by,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	Note      string     `json:"note,omitempty"`
}

// LadderOut is a step of the ladder as the API answers it.
type LadderOut struct {
	ID          web.ID        `json:"id"`
	Subject     Subject       `json:"subject" enum:"staff,campaign,corp"`
	Who         named         `json:"who" doc:"the member or campaign; empty for the corp"`
	Rung        Rung          `json:"rung" minimum:"1" maximum:"5" doc:"1 notice, 2 cool-down, 3 pause, 4 suspension, 5 stop"`
	State       StepState     `json:"state" enum:"proposed,in_force,ended"`
	Holds       bool          `json:"holds" doc:"it keeps something back right now, or is a notice of the last 30 days"`
	Standing    Rung          `json:"standing" doc:"what is left of it: one less for each 30 days"`
	Rules       []ladderRule  `json:"rules"`
	Hits        []ladderHit   `json:"hits"`
	Reason      string        `json:"reason,omitempty" doc:"of the person who took the step"`
	By          named         `json:"by" doc:"id ladder: by itself"`
	Since       time.Time     `json:"since"`
	Until       *time.Time    `json:"until,omitempty" doc:"absent: people end it"`
	ConfirmedBy *named        `json:"confirmed_by,omitempty"`
	ResumeBy    *named        `json:"resume_by,omitempty" doc:"the first of two who want to end it"`
	Appeal      *ladderAppeal `json:"appeal,omitempty"`
	EndedAt     *time.Time    `json:"ended_at,omitempty"`
	EndedBy     *named        `json:"ended_by,omitempty"`
	EndedWhy    string        `json:"ended_why,omitempty" enum:"replaced,appeal,resumed,rejected"`
	MayAppeal   bool          `json:"may_appeal" doc:"the caller is concerned and has not appealed"`
	MayDecide   bool          `json:"may_decide" doc:"the caller is neither concerned nor took part"`
}

// accounts are whose steps the caller may see: those within their scope, and their own.
func (h *API) accounts(ctx context.Context) ([]string, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil || scope == nil {
		return nil, err
	}
	return append(append([]string{}, scope...), web.Caller(ctx).User), nil
}

func (h *API) ladder(ctx context.Context, in *ladderIn) (*web.Page[LadderOut], error) {
	scope, err := h.accounts(ctx)
	if err != nil {
		return nil, err
	}
	q := h.ladderQuery(web.Caller(ctx).CorpID, LadderFilter{Current: in.Show == "current", Appeals: in.Show == "appeals", Scope: scope})
	var rows []*LadderStep
	total, more, err := web.NewestFirst(ctx, h.db.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list the ladder: %w", err)
	}
	out, err := h.showSteps(ctx, rows...)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(s LadderOut) string { return string(s.ID) }), nil
}

func (h *API) visibleStep(ctx context.Context, id web.ID) (*LadderStep, error) {
	scope, err := h.accounts(ctx)
	if err != nil {
		return nil, err
	}
	s := new(LadderStep)
	q := h.ladderQuery(web.Caller(ctx).CorpID, LadderFilter{Scope: scope}).Where("id = ?", id.Int())
	n, err := q.Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for step %s of the ladder: %w", id, err)
	}
	if n == 0 {
		return nil, errs.Missing("阶梯记录", "step of the ladder")
	}
	return s, q.Scan(ctx, s)
}

func (h *API) ladderStep(ctx context.Context, in *idIn) (*LadderOut, error) {
	s, err := h.visibleStep(ctx, in.ID)
	return h.showStep(ctx, s, err)
}

func (h *API) showStep(ctx context.Context, s *LadderStep, err error) (*LadderOut, error) {
	if err != nil {
		return nil, err
	}
	out, err := h.showSteps(ctx, s)
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

// concerned says whether a step is about the account: about themselves, their campaign, or the corp that they run.
func concerned(who web.Who) func(*LadderStep) bool {
	return func(s *LadderStep) bool {
		switch s.Subject {
		case OnStaff:
			return s.SubjectID == who.User
		case OnCampaign:
			return s.Author == who.User
		case OnCorp:
			return who.SeesAll() && who.May != nil && who.May("ladder.write")
		}
		return false
	}
}

func (h *API) showSteps(ctx context.Context, rows ...*LadderStep) ([]LadderOut, error) {
	who := web.Caller(ctx)
	hits, err := h.HitsOfStep(ctx, who.CorpID, rows...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range rows {
		ids = append(ids, s.SubjectID, s.ByWhom, s.ConfirmedBy, s.ResumeBy, s.AppealedBy, s.DecidedBy, s.EndedBy)
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	person := func(id string) named {
		if n := names[id]; n != "" {
			return named{id, n}
		}
		return named{id, id}
	}
	maybe := func(id string) *named {
		if id == "" {
			return nil
		}
		p := person(id)
		return &p
	}
	when := func(t clock.Time) *time.Time {
		if t == 0 {
			return nil
		}
		at := t.In(h.zone)
		return &at
	}
	now, lang := h.world.Now(), web.Lang(ctx)
	out := make([]LadderOut, len(rows))
	for i, s := range rows {
		o := LadderOut{
			ID: web.IDOf(s.ID), Subject: s.Subject, Who: person(s.SubjectID), Rung: s.Rung, State: s.State, Holds: s.Holds(now), Standing: s.standing(now),
			Rules: []ladderRule{}, Hits: []ladderHit{}, Reason: s.Reason, By: person(s.ByWhom), Since: s.Since.In(h.zone), Until: when(s.Until),
			ConfirmedBy: maybe(s.ConfirmedBy), ResumeBy: maybe(s.ResumeBy), EndedAt: when(s.EndedAt), EndedBy: maybe(s.EndedBy), EndedWhy: s.EndedWhy,
		}
		if s.Title != "" {
			o.Who.Name = s.Title
		}
		for _, r := range s.rules() {
			o.Rules = append(o.Rules, ladderRule{r, h.Title(r).In(lang)})
		}
		for _, x := range hits[s.ID] {
			o.Hits = append(o.Hits, ladderHit{x.At.In(h.zone), x.RuleID, h.Title(x.RuleID).In(lang), x.Weight, x.Text, x.CampaignID, x.RemovedAt != 0})
		}
		if s.AppealedAt != 0 {
			o.Appeal = &ladderAppeal{
				Text: s.Appeal, By: person(s.AppealedBy), At: s.AppealedAt.In(h.zone), Decision: s.Decision, DecidedBy: maybe(s.DecidedBy), DecidedAt: when(s.DecidedAt), Note: s.DecisionNote,
			}
		}
		mine := concerned(who)(s)
		o.MayAppeal = mine && s.AppealedAt == 0 && (s.EndedAt == 0 || s.EndedWhy == endedReplaced)
		o.MayDecide = who.User != s.SubjectID && who.User != s.ByWhom && who.User != s.ConfirmedBy && who.User != s.AppealedBy && who.User != s.Author
		out[i] = o
	}
	return out, nil
}

// decider is who decides: somebody who logged in. A token could be the concerned person's own.
func decider(ctx context.Context) (by string, owner bool, err error) {
	who := web.Caller(ctx)
	if strings.HasPrefix(who.User, "token:") {
		return "", false, errs.New(errs.Forbidden, "governance.no_token", errs.T("要由人登录后来决定，令牌不行。", "A person who logged in has to decide, not a token."))
	}
	return who.User, who.May != nil && who.May("ladder.resume"), nil
}

type ladderRaiseIn struct {
	Body struct {
		Subject   Subject `json:"subject" enum:"staff,campaign,corp"`
		SubjectID string  `json:"subject_id,omitempty" maxLength:"100" doc:"account of the member, or campaign id; absent for the corp"`
		Rung      Rung    `json:"rung" minimum:"1" maximum:"5" doc:"1 notice, 2 cool-down, 3 pause, 4 suspension, 5 stop"`
		Reason    string  `json:"reason" maxLength:"1500" doc:"the person concerned reads it"`
	}
}

func (h *API) raise(ctx context.Context, in *ladderRaiseIn) (*LadderOut, error) {
	by, _, err := decider(ctx)
	if err != nil {
		return nil, err
	}
	s, err := h.Raise(ctx, web.Caller(ctx).CorpID, in.Body.Subject, in.Body.SubjectID, in.Body.Rung, by, in.Body.Reason)
	return h.showStep(ctx, s, err)
}

type ladderSecondIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Agree bool `json:"agree"`
	}
}

func (h *API) second(ctx context.Context, in *ladderSecondIn) (*LadderOut, error) {
	by, _, err := decider(ctx)
	if err != nil {
		return nil, err
	}
	s, err := h.Second(ctx, web.Caller(ctx).CorpID, in.ID.Int(), by, in.Body.Agree)
	return h.showStep(ctx, s, err)
}

func (h *API) resume(ctx context.Context, in *idIn) (*LadderOut, error) {
	by, owner, err := decider(ctx)
	if err != nil {
		return nil, err
	}
	s, err := h.Resume(ctx, web.Caller(ctx).CorpID, in.ID.Int(), by, owner)
	return h.showStep(ctx, s, err)
}

type ladderAppealIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Text string `json:"text" maxLength:"1500" doc:"why it is wrong"`
	}
}

func (h *API) appeal(ctx context.Context, in *ladderAppealIn) (*LadderOut, error) {
	if _, err := h.visibleStep(ctx, in.ID); err != nil {
		return nil, err
	}
	who := web.Caller(ctx)
	s, err := h.AppealStep(ctx, who.CorpID, in.ID.Int(), who.User, concerned(who), in.Body.Text)
	return h.showStep(ctx, s, err)
}

type ladderDecideIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Decision string `json:"decision" enum:"upheld,denied"`
		Note     string `json:"note" maxLength:"1500" doc:"the person concerned reads it"`
	}
}

func (h *API) decideAppeal(ctx context.Context, in *ladderDecideIn) (*LadderOut, error) {
	by, owner, err := decider(ctx)
	if err != nil {
		return nil, err
	}
	s, err := h.DecideAppeal(ctx, web.Caller(ctx).CorpID, in.ID.Int(), by, owner, in.Body.Decision == Upheld, in.Body.Note)
	return h.showStep(ctx, s, err)
}
