package kf

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Named is a thing with its id, as lists show it.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Person is a customer with a picture.
type Person struct {
	Named
	Avatar string `json:"avatar,omitempty"`
}

type accountOut struct {
	ID        string  `json:"id" doc:"open_kfid"`
	Name      string  `json:"name"`
	Avatar    string  `json:"avatar"`
	Managed   bool    `json:"managed" doc:"our app may route and answer"`
	Desk      Desk    `json:"desk" enum:"console,wecom"`
	Greeting  string  `json:"greeting"`
	Unmatched string  `json:"unmatched"`
	Handoff   string  `json:"handoff"`
	Parting   string  `json:"parting"`
	Link      string  `json:"link"`
	Servicers []Named `json:"servicers"`
}

type accountIn struct {
	Desk      *Desk   `json:"desk,omitempty" enum:"console,wecom"`
	Greeting  *string `json:"greeting,omitempty" doc:"said when a customer enters; empty = nothing"`
	Unmatched *string `json:"unmatched,omitempty" doc:"said once when no rule fits; empty = nothing"`
	Handoff   *string `json:"handoff,omitempty" doc:"said when a person takes over; empty = nothing"`
	Parting   *string `json:"parting,omitempty" doc:"said when a conversation at the WeCom desk ends; empty = nothing"`
}

type lastOut struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	From Origin    `json:"from"`
}

type windowOut struct {
	ClosesAt *time.Time `json:"closes_at,omitempty"`
	Left     int        `json:"left_messages"`
	Open     bool       `json:"open"`
	Why      string     `json:"why,omitempty" doc:"why nothing can be written now"`
}

// SessionOut is a conversation as the API shows it.
type SessionOut struct {
	ID           web.ID     `json:"id"`
	Account      Named      `json:"account"`
	Customer     Person     `json:"customer"`
	State        State      `json:"state" enum:"bot,waiting,human,ended"`
	WeComState   int        `json:"wecom_state"`
	Agent        *Named     `json:"agent,omitempty"`
	Last         lastOut    `json:"last"`
	WaitingSince *time.Time `json:"waiting_since,omitempty"`
	Window       windowOut  `json:"window"`
	Unread       int        `json:"unread"`
	Reason       string     `json:"reason,omitempty"`
	OpenedAt     time.Time  `json:"opened_at"`
	EndedAt      *time.Time `json:"ended_at,omitempty"`
}

type stepOut struct {
	At     time.Time `json:"at"`
	State  State     `json:"state"`
	Reason string    `json:"reason"`
	Actor  string    `json:"actor" doc:"name of who did it; empty = by itself"`
}

type detailOut struct {
	SessionOut
	Steps []stepOut `json:"steps"`
}

type messageOut struct {
	ID      web.ID       `json:"id"`
	At      time.Time    `json:"at"`
	From    Origin       `json:"from" enum:"customer,bot,agent,wecom,system,event"`
	Agent   *Named       `json:"agent,omitempty"`
	Type    string       `json:"type"`
	Text    string       `json:"text"`
	MediaID string       `json:"media_id,omitempty"`
	Rule    *Named       `json:"rule,omitempty"`
	TouchID string       `json:"touch_id,omitempty"`
	State   MessageState `json:"state" enum:"received,sending,sent,failed,held,recalled"`
	Reason  string       `json:"reason,omitempty"`
}

type listIn struct {
	web.List
	View    View   `query:"view" enum:"all,mine,waiting,bot,ended" default:"all"`
	Account string `query:"account"`
	Q       string `query:"q"`
}

type idIn struct {
	ID web.ID `path:"id"`
}

type accountID struct {
	ID string `path:"id"`
}

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Zone  *time.Location
	Scope func(ctx context.Context) ([]string, error) // staff ids the caller may see; nil = all
	Staff func(ctx context.Context, ids []string) (map[string]string, error)
}

type api struct {
	*Service
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &api{s, near}
	web.Get(a, "/kf/accounts", web.Op{ID: "list-kf-accounts", Permission: "kf.read", Scope: web.Shared, Summary: "List kf accounts"}, h.accounts)
	web.Patch(a, "/kf/accounts/{id}", web.Op{ID: "update-kf-account", Permission: "kf.manage", Scope: web.Shared, Summary: "Change an account's desk and texts"}, h.configure)
	web.Post(a, "/kf/accounts/{id}/link", web.Op{ID: "make-kf-link", Permission: "kf.manage", Scope: web.Shared, Summary: "The address under which customers reach an account"}, h.link)
	web.Get(a, "/kf/sessions", web.Op{ID: "list-kf-sessions", Permission: "kf.read", Scope: web.Filtered, Summary: "List conversations"}, h.list)
	web.Get(a, "/kf/sessions/{id}", web.Op{ID: "get-kf-session", Permission: "kf.read", Scope: web.Filtered, Summary: "Get a conversation", Personal: true}, h.get)
	web.Get(a, "/kf/sessions/{id}/messages", web.Op{ID: "list-kf-messages", Permission: "kf.read", Scope: web.Filtered, Summary: "Messages of a conversation", Personal: true}, h.messages)
	web.Post(a, "/kf/sessions/{id}/messages", web.Op{ID: "send-kf-message", Permission: "kf.write", Scope: web.Filtered, Summary: "Answer a customer", Status: http.StatusCreated}, h.write)
	act := func(path, id, summary string, f func(ctx context.Context, id int64, actor string) (Session, error)) {
		web.Post(a, "/kf/sessions/{id}/"+path, web.Op{ID: id, Permission: "kf.write", Scope: web.Filtered, Summary: summary},
			func(ctx context.Context, in *idIn) (*detailOut, error) { return h.act(ctx, in.ID.Int(), f) })
	}
	act("take", "take-kf-session", "Take a conversation", s.Take)
	act("release", "release-kf-session", "Put a conversation back into the queue", s.Release)
	act("end", "end-kf-session", "End a conversation", s.End)
	web.Post(a, "/kf/sessions/{id}/note", web.Op{ID: "note-kf-session", Permission: "kf.write", Scope: web.Filtered, Summary: "Write a line for colleagues"}, h.note)
	web.Post(a, "/kf/sessions/{id}/transfer", web.Op{ID: "transfer-kf-session", Permission: "kf.write", Scope: web.Filtered, Summary: "Hand a conversation to a colleague"}, h.transfer)
}

func (h *api) reach(ctx context.Context) (Reach, error) {
	staff, err := h.near.Scope(ctx)
	return ReachOf(ctx, staff), err
}

// ReachOf is what the caller may see; staff is their data scope, nil = all.
func ReachOf(ctx context.Context, staff []string) Reach {
	return Reach{All: staff == nil, Self: actor(ctx), Staff: staff}
}

// actor is who acts: the member, or the account of somebody who is none.
func actor(ctx context.Context) string {
	who := web.Caller(ctx)
	if who.StaffID != "" {
		return who.StaffID
	}
	return who.User
}

func (h *api) accounts(ctx context.Context, _ *web.None) (*web.Page[accountOut], error) {
	all, err := h.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]accountOut, len(all))
	for i, a := range all {
		if out[i], err = h.account(ctx, a); err != nil {
			return nil, err
		}
	}
	return &web.Page[accountOut]{Items: out, Total: len(out)}, nil
}

func (h *api) account(ctx context.Context, a Account) (accountOut, error) {
	out := accountOut{
		ID: a.ID, Name: a.Name, Avatar: a.Avatar, Managed: a.Managed, Desk: a.Desk, Greeting: a.Greeting, Unmatched: a.Unmatched,
		Handoff: a.Handoff, Parting: a.Parting, Link: a.Link, Servicers: []Named{},
	}
	var ids []string
	for _, v := range a.Servicers {
		if v.StaffID != "" {
			ids = append(ids, v.StaffID)
		}
	}
	names, err := h.near.Staff(ctx, ids)
	for _, id := range ids {
		out.Servicers = append(out.Servicers, nameOf(names, id))
	}
	return out, err
}

func (h *api) configure(ctx context.Context, in *struct {
	ID   string `path:"id"`
	Body accountIn
},
) (*accountOut, error) {
	b := in.Body
	a, err := h.Configure(ctx, in.ID, Setting{Desk: b.Desk, Greeting: b.Greeting, Unmatched: b.Unmatched, Handoff: b.Handoff, Parting: b.Parting})
	if err != nil {
		return nil, err
	}
	out, err := h.account(ctx, a)
	return &out, err
}

type urlOut struct {
	URL string `json:"url"`
}

func (h *api) link(ctx context.Context, in *accountID) (*urlOut, error) {
	url, err := h.Link(ctx, in.ID)
	return &urlOut{url}, err
}

func (h *api) list(ctx context.Context, in *listIn) (*web.Page[SessionOut], error) {
	reach, err := h.reach(ctx)
	if err != nil {
		return nil, err
	}
	rows, next, err := h.List(ctx, Query{View: in.View, Account: in.Account, Text: in.Q, After: in.After, Limit: in.Limit, Reach: reach})
	if err != nil {
		return nil, err
	}
	total, more, err := h.count(ctx, Query{View: in.View, Account: in.Account, Text: in.Q, Reach: reach}, in.List)
	if err != nil {
		return nil, err
	}
	out, err := h.shown(ctx, rows...)
	return &web.Page[SessionOut]{Items: out, Next: next, Total: total, TotalMore: more}, err
}

func (h *api) shown(ctx context.Context, rows ...Row) ([]SessionOut, error) {
	accounts, err := h.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	accountNames := make(map[string]string, len(accounts))
	for _, a := range accounts {
		accountNames[a.ID] = a.Name
	}
	agents := make([]string, 0, len(rows))
	for _, r := range rows {
		if r.AgentID != "" {
			agents = append(agents, r.AgentID)
		}
	}
	names, err := h.near.Staff(ctx, agents)
	if err != nil {
		return nil, err
	}
	now, lang := h.World.Now(), web.Lang(ctx)
	out := make([]SessionOut, len(rows))
	for i, r := range rows {
		web.Show(ctx, r.CustomerID)
		w := r.Window(now)
		o := SessionOut{
			ID: web.IDOf(r.ID), Account: nameOf(accountNames, r.AccountID), State: r.State, WeComState: r.WeComState,
			Customer: Person{Named{r.CustomerID, r.CustomerName}, r.CustomerAvatar},
			Last:     lastOut{r.LastAt.In(h.near.Zone), r.LastText, r.LastFrom}, WaitingSince: h.time(r.WaitingSince), Unread: r.Unread,
			Window: windowOut{ClosesAt: h.time(w.ClosesAt), Left: w.Left, Open: w.Open}, Reason: r.Reason.Text().In(lang),
			OpenedAt: r.OpenedAt.In(h.near.Zone), EndedAt: h.time(r.EndedAt),
		}
		if !w.Open {
			o.Window.Why = r.why(now).In(lang)
		}
		if r.AgentID != "" {
			a := nameOf(names, r.AgentID)
			o.Agent = &a
		}
		out[i] = o
	}
	return out, nil
}

func (h *api) get(ctx context.Context, in *idIn) (*detailOut, error) {
	reach, err := h.reach(ctx)
	if err != nil {
		return nil, err
	}
	return h.detail(ctx, in.ID.Int(), reach)
}

func (h *api) detail(ctx context.Context, id int64, reach Reach) (*detailOut, error) {
	row, err := h.Get(ctx, id, reach)
	if err != nil {
		return nil, err
	}
	out, err := h.shown(ctx, row)
	if err != nil {
		return nil, err
	}
	steps, err := h.Steps(ctx, id)
	if err != nil {
		return nil, err
	}
	var actors []string
	for _, st := range steps {
		if st.Actor != "" {
			actors = append(actors, st.Actor)
		}
	}
	names, err := h.near.Staff(ctx, actors)
	if err != nil {
		return nil, err
	}
	d := &detailOut{SessionOut: out[0], Steps: make([]stepOut, len(steps))}
	for i, st := range steps {
		d.Steps[i] = stepOut{At: st.At.In(h.near.Zone), State: st.State, Reason: st.Reason.Text().In(web.Lang(ctx))}
		if st.Actor != "" {
			d.Steps[i].Actor = nameOf(names, st.Actor).Name
		}
	}
	return d, nil
}

type messagesIn struct {
	ID     web.ID `path:"id"`
	Before string `query:"before" doc:"next of the page before"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
}

func (h *api) messages(ctx context.Context, in *messagesIn) (*web.Page[messageOut], error) {
	reach, err := h.reach(ctx)
	if err != nil {
		return nil, err
	}
	row, err := h.Get(ctx, in.ID.Int(), reach)
	if err != nil {
		return nil, err
	}
	web.Show(ctx, row.CustomerID)
	list, next, err := h.Messages(ctx, in.ID.Int(), web.ID(in.Before).Int(), in.Limit)
	if err != nil {
		return nil, err
	}
	out, err := h.said(ctx, list...)
	p := &web.Page[messageOut]{Items: out, Total: len(out), TotalMore: next != 0}
	if next != 0 {
		p.Next = string(web.IDOf(next))
	}
	return p, err
}

func (h *api) said(ctx context.Context, list ...Message) ([]messageOut, error) {
	var agents []string
	rules := map[int64]string{}
	for _, m := range list {
		if m.AgentID != "" {
			agents = append(agents, m.AgentID)
		}
		if m.RuleID != 0 {
			rules[m.RuleID] = ""
		}
	}
	names, err := h.near.Staff(ctx, agents)
	if err != nil {
		return nil, err
	}
	for id := range rules {
		r, err := h.Rules.Get(ctx, id)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			return nil, err
		}
		rules[id] = r.Name // "" for a rule that was deleted since
	}
	lang := web.Lang(ctx)
	out := make([]messageOut, len(list))
	for i, m := range list {
		o := messageOut{
			ID: web.IDOf(m.ID), At: m.At.In(h.near.Zone), From: m.Origin, Type: m.Type, Text: m.Text, MediaID: m.MediaID, State: m.State,
			Reason: m.Reason.In(lang),
		}
		if o.Text == "" && m.State != Recalled {
			o.Text = kindText(m.Type).In(lang)
		}
		if m.TouchID != 0 {
			o.TouchID = string(web.IDOf(m.TouchID))
		}
		if m.AgentID != "" {
			a := nameOf(names, m.AgentID)
			o.Agent = &a
		}
		if m.RuleID != 0 {
			o.Rule = &Named{string(web.IDOf(m.RuleID)), rules[m.RuleID]}
		}
		out[i] = o
	}
	return out, nil
}

func (h *api) write(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		Text string `json:"text" minLength:"1" doc:"at most 2048 bytes"`
		Key  string `json:"key" minLength:"1" maxLength:"64" doc:"made by the caller: the same key again is the same message"`
	}
},
) (*messageOut, error) {
	reach, err := h.reach(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := h.Get(ctx, in.ID.Int(), reach); err != nil {
		return nil, err
	}
	m, err := h.Write(ctx, in.ID.Int(), in.Body.Text, in.Body.Key, actor(ctx))
	if err != nil {
		return nil, err
	}
	out, err := h.said(ctx, m)
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

// act checks that the conversation is within reach, acts, and answers it: also to somebody who has just given it away.
func (h *api) act(ctx context.Context, id int64, f func(ctx context.Context, id int64, actor string) (Session, error)) (*detailOut, error) {
	reach, err := h.reach(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := h.Get(ctx, id, reach); err != nil {
		return nil, err
	}
	if _, err := f(ctx, id, actor(ctx)); err != nil {
		return nil, err
	}
	return h.detail(ctx, id, Reach{All: true})
}

func (h *api) note(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"2000"`
	}
},
) (*detailOut, error) {
	return h.act(ctx, in.ID.Int(), func(ctx context.Context, id int64, actor string) (Session, error) {
		return h.Note(ctx, id, in.Body.Text, actor)
	})
}

func (h *api) transfer(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		StaffID string `json:"staff_id" minLength:"1"`
	}
},
) (*detailOut, error) {
	names, err := h.near.Staff(ctx, []string{in.Body.StaffID})
	if err != nil {
		return nil, err
	}
	if _, ok := names[in.Body.StaffID]; !ok {
		return nil, errs.Bad("staff_id", "kf.no_such_staff", errs.T("没有这个成员。", "There is no such member."))
	}
	return h.act(ctx, in.ID.Int(), func(ctx context.Context, id int64, actor string) (Session, error) {
		return h.Transfer(ctx, id, in.Body.StaffID, actor)
	})
}

func (h *api) time(t clock.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	v := t.In(h.near.Zone)
	return &v
}

// nameOf names somebody; an account that is no member shows as its own name.
func nameOf(names map[string]string, id string) Named {
	if n, ok := names[id]; ok && n != "" {
		return Named{id, n}
	}
	return Named{id, id}
}
