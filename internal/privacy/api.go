package privacy

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Neighbours are what this room asks of others.
type Neighbours struct {
	// Names answers the names of customers that the caller may see.
	Names func(ctx context.Context, ids []string) (map[string]string, error)
	// Visible says whether the caller may see a customer.
	Visible func(ctx context.Context, id string) (bool, error)
}

// API serves the routes of this room.
type API struct {
	*Service
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &API{s, near}
	web.Get(a, "/privacy/register", web.Op{
		ID: "get-privacy-register", Permission: "privacy.read", Scope: web.Shared, Summary: "What is stored of persons, why, and for how long",
	}, h.register)
	web.Put(a, "/privacy/periods", web.Op{
		ID: "set-privacy-periods", Permission: "retention.write", Scope: web.WholeCorp, Summary: "Set how long data is kept; owners only",
	}, h.setPeriods)
	web.Post(a, "/privacy/periods/reach", web.Op{
		ID: "reach-privacy-periods", Permission: "retention.write", Scope: web.WholeCorp, Summary: "What the coming night would end by some periods; nothing is changed",
	}, h.reach)
	web.Get(a, "/customers/{id}/copy", web.Op{
		ID: "copy-customer", Permission: "privacy.copy", Scope: web.WholeCorp, Personal: true, Tag: "privacy", Summary: "Everything that is stored of one person, as JSON",
	}, h.copy)
	web.Post(a, "/customers/{id}/erase", web.Op{
		ID: "erase-customer", Permission: "privacy.erase", Scope: web.WholeCorp, Tag: "privacy", Summary: "Erase everything that is stored of one person", Status: http.StatusAccepted,
	}, h.erasePerson)
	web.Get(a, "/privacy/erasures", web.Op{
		ID: "list-erasures", Permission: "privacy.read", Scope: web.WholeCorp, Personal: true, Summary: "Who is being erased, and what was erased",
	}, h.erasures)
	web.Get(a, "/privacy/requests", web.Op{
		ID: "list-data-requests", Permission: "privacy.read", Scope: web.WholeCorp, Personal: true, Summary: "What customers want about their own data",
	}, h.requests)
	web.Post(a, "/customers/{id}/requests", web.Op{
		ID: "open-data-request", Permission: "customer.write", Scope: web.Filtered, Tag: "privacy", Summary: "Note what a customer wants about their own data", Status: http.StatusCreated,
	}, h.openRequest)
	web.Post(a, "/privacy/requests/{id}/end", web.Op{
		ID: "end-data-request", Permission: "privacy.erase", Scope: web.WholeCorp, Summary: "Answer what a customer wants; one for erasing that is granted erases",
	}, h.endRequest)
}

type tableOut struct {
	Table    string   `json:"table"`
	Title    string   `json:"title"`
	About    string   `json:"about" enum:"customer,member,corp"`
	Purpose  string   `json:"purpose"`
	Keep     Keep     `json:"keep" enum:"contact,words,record,evidence,always,own,run,log"`
	Kept     string   `json:"kept" doc:"how long, in words"`
	Erase    Erase    `json:"erase,omitempty" enum:"delete,stub,ledger,keep,wait,log" doc:"what erasing a person does; absent: it names no person"`
	Personal []string `json:"personal" doc:"columns that tell something of a person"`
	Other    []string `json:"other"`
}

// RegisterOut is the register as the API answers it.
type RegisterOut struct {
	Purposes []purposeOut `json:"purposes"`
	Periods  Periods      `json:"periods" doc:"days"`
	Version  int          `json:"version" doc:"of the periods; 0 = as they come"`
	EndsFrom *time.Time   `json:"ends_from,omitempty" doc:"nothing ends by age before then; absent: data ends each night"`
	Tables   []tableOut   `json:"tables"`
}

type purposeOut struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (h *API) register(ctx context.Context, _ *web.None) (*RegisterOut, error) {
	p, version, err := h.Periods(ctx)
	if err != nil {
		return nil, err
	}
	lang := web.Lang(ctx)
	out := &RegisterOut{Periods: p, Version: version, Purposes: []purposeOut{}}
	from, err := h.EndsFrom(ctx)
	if err != nil {
		return nil, err
	}
	if from > h.World.Now() {
		at := from.In(h.Zone)
		out.EndsFrom = &at
	}
	names := purposes()
	for _, id := range purposeIDs() {
		out.Purposes = append(out.Purposes, purposeOut{id, names[id].In(lang)})
	}
	for _, t := range h.Data.Tables {
		out.Tables = append(out.Tables, tableOut{
			Table: t.Table, Title: t.Title.In(lang), About: t.About, Purpose: t.Purpose, Keep: t.Keep, Kept: p.words(t.Keep).In(lang), Erase: t.Erase,
			Personal: append([]string{}, t.Personal...), Other: append([]string{}, t.Other...),
		})
	}
	return out, nil
}

type periodsIn struct {
	Body struct {
		Periods
		Version int `json:"version" doc:"the one that was read"`
	}
}

func (h *API) setPeriods(ctx context.Context, in *periodsIn) (*web.None, error) {
	return nil, h.SetPeriods(ctx, in.Body.Periods, in.Body.Version, web.Caller(ctx).User)
}

type reachIn struct {
	Body Periods
}

type overOut struct {
	Table string `json:"table,omitempty" doc:"absent: persons who are customers no more, with all that is stored of them"`
	Title string `json:"title,omitempty"`
	What  string `json:"what" enum:"words,rows,persons" doc:"what is counted: rows whose words go, rows that go, persons whose rows go or lose them"`
	N     int    `json:"n"`
	More  bool   `json:"more" doc:"there are more than n"`
}

// ReachOut is what the coming night would end.
type ReachOut struct {
	Over []overOut `json:"over"`
}

func (h *API) reach(ctx context.Context, in *reachIn) (*ReachOut, error) {
	over, err := h.Reach(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	out := &ReachOut{Over: make([]overOut, len(over))}
	for i, o := range over {
		out.Over[i] = overOut{Table: o.Table, What: o.What, N: o.N, More: o.More}
		for _, t := range h.Data.Tables {
			if t.Table == o.Table {
				out.Over[i].Title = t.Title.In(web.Lang(ctx))
			}
		}
	}
	return out, nil
}

type customerIn struct {
	ID string `path:"id" maxLength:"200"`
}

func (h *API) copy(ctx context.Context, in *customerIn) (*Copy, error) {
	return h.CopyOf(ctx, in.ID, web.Lang(ctx))
}

type eraseIn struct {
	ID   string `path:"id" maxLength:"200"`
	Body struct {
		Reason string `json:"reason" maxLength:"2000" doc:"who asked for it, and when"`
	}
}

func (h *API) erasePerson(ctx context.Context, in *eraseIn) (*web.None, error) {
	return nil, h.Erase(ctx, in.ID, in.Body.Reason, web.Caller(ctx).User)
}

type erasureOut struct {
	ID       web.ID         `json:"id"`
	Customer string         `json:"customer,omitempty" doc:"absent once it is done: nothing says who it was"`
	Name     string         `json:"name,omitempty"`
	State    ErasureState   `json:"state" enum:"waiting,done"`
	Why      string         `json:"why" enum:"asked,expired"`
	Reason   string         `json:"reason,omitempty"`
	By       string         `json:"by"`
	AskedAt  time.Time      `json:"asked_at"`
	WaitsFor string         `json:"waits_for,omitempty" enum:"touch,conversation,sync,work"`
	DoneAt   *time.Time     `json:"done_at,omitempty"`
	Rows     map[string]int `json:"rows" doc:"by table, what was removed or changed"`
}

type erasuresIn struct {
	web.List
	State ErasureState `query:"state" enum:"waiting,done"`
	Why   string       `query:"why" enum:"asked,expired" doc:"somebody wanted it, or the time was over"`
}

func (h *API) erasures(ctx context.Context, in *erasuresIn) (*web.Page[erasureOut], error) {
	var rows []erasureRow
	q := h.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", h.CorpID)
	if in.State != "" {
		q.Where("state = ?", in.State)
	}
	if in.Why != "" {
		q.Where("why = ?", in.Why)
	}
	total, more, err := web.NewestFirst(ctx, h.DB.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range rows {
		if r.CustomerID != "" {
			ids = append(ids, r.CustomerID)
		}
	}
	names, err := h.near.Names(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]erasureOut, len(rows))
	for i, r := range rows {
		out[i] = erasureOut{
			ID: web.IDOf(r.ID), Customer: r.CustomerID, Name: names[r.CustomerID], State: r.State, Why: r.Why, Reason: r.Reason, By: r.AskedBy, AskedAt: r.AskedAt.In(h.Zone),
			WaitsFor: r.WaitsFor, Rows: r.Removed,
		}
		if r.DoneAt != 0 {
			at := r.DoneAt.In(h.Zone)
			out[i].DoneAt = &at
		}
	}
	return web.NewPage(out, in.List, total, more, func(e erasureOut) string { return string(e.ID) }), nil
}

type requestOut struct {
	ID       web.ID      `json:"id"`
	Customer string      `json:"customer"`
	Name     string      `json:"name,omitempty"`
	Kind     RequestKind `json:"kind" enum:"copy,correct,erase"`
	Words    string      `json:"words,omitempty"`
	Via      string      `json:"via" enum:"page,staff"`
	By       string      `json:"by"`
	AskedAt  time.Time   `json:"asked_at"`
	DueAt    time.Time   `json:"due_at" doc:"until when the corp wants to have answered"`
	Late     bool        `json:"late"`
	State    string      `json:"state" enum:"open,done,refused"`
	DoneAt   *time.Time  `json:"done_at,omitempty"`
	DoneBy   string      `json:"done_by,omitempty"`
	Note     string      `json:"note,omitempty"`
}

func (h *API) show(r Request, name string) requestOut {
	out := requestOut{
		ID: web.IDOf(r.ID), Customer: r.CustomerID, Name: name, Kind: r.Kind, Words: r.Words, Via: r.Via, By: r.ByWhom, AskedAt: r.AskedAt.In(h.Zone), DueAt: r.DueAt.In(h.Zone),
		Late: r.State == "open" && r.DueAt < h.World.Now(), State: r.State, DoneBy: r.DoneBy, Note: r.Note,
	}
	if r.DoneAt != 0 {
		at := r.DoneAt.In(h.Zone)
		out.DoneAt = &at
	}
	return out
}

type requestsIn struct {
	web.List
	State string `query:"state" enum:"open,ended,done,refused" doc:"open: the first one due comes first; ended: done or refused"`
}

func (h *API) requests(ctx context.Context, in *requestsIn) (*web.Page[requestOut], error) {
	var rows []Request
	q := h.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", h.CorpID)
	page := web.NewestFirst[Request]
	switch in.State {
	case "":
	case "ended":
		q.Where("state <> 'open'")
	case "open": // each is due as long after it was asked as the others
		page = web.OldestFirst[Request]
		fallthrough
	default:
		q.Where("state = ?", in.State)
	}
	total, more, err := page(ctx, h.DB.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.CustomerID
	}
	names, err := h.near.Names(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]requestOut, len(rows))
	for i, r := range rows {
		out[i] = h.show(r, names[r.CustomerID])
	}
	return web.NewPage(out, in.List, total, more, func(r requestOut) string { return string(r.ID) }), nil
}

type requestIn struct {
	ID   string `path:"id" maxLength:"200"`
	Body struct {
		Kind  RequestKind `json:"kind" enum:"copy,correct,erase"`
		Words string      `json:"words,omitempty" maxLength:"2000" doc:"what is to be corrected"`
	}
}

func (h *API) openRequest(ctx context.Context, in *requestIn) (*requestOut, error) {
	ok, err := h.near.Visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errs.Missing("客户", "customer")
	}
	r, err := h.AskFor(ctx, Request{CustomerID: in.ID, Kind: in.Body.Kind, Words: in.Body.Words, Via: "staff", ByWhom: web.Caller(ctx).User})
	if err != nil {
		return nil, err
	}
	out := h.show(*r, "")
	return &out, nil
}

type endIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Granted bool   `json:"granted"`
		Note    string `json:"note" maxLength:"2000" doc:"what was done, or why not"`
	}
}

func (h *API) endRequest(ctx context.Context, in *endIn) (*web.None, error) {
	return nil, h.EndRequest(ctx, in.ID.Int(), in.Body.Granted, in.Body.Note, web.Caller(ctx).User)
}
