package disclosure

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

func (h *api) registerExports(a *web.API) {
	take := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "customer.export", Scope: web.Filtered, Summary: summary}
	}
	decide := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "export.approve", Scope: web.WholeCorp, Summary: summary}
	}
	web.Get(a, "/exports", web.Op{ID: "list-exports", Permission: "export.read", Scope: web.Filtered, Summary: "What customers' data was taken out, by whom, for what and for whom"}, h.exports)
	web.Post(a, "/exports/preview", take("preview-export", "What an export would hold, and whether a second person has to approve it"), h.preview)
	add := take("make-export", "Export customers of a list, for a purpose and a receiver")
	add.Status = http.StatusCreated
	web.Post(a, "/exports", add, h.make)
	web.Get(a, "/exports/{id}", web.Op{ID: "get-export", Permission: "export.read", Scope: web.Filtered, Summary: "One export"}, h.one)
	web.Post(a, "/exports/{id}/approve", decide("approve-export", "Let an export of somebody else go"), h.approve)
	web.Post(a, "/exports/{id}/refuse", decide("refuse-export", "Refuse an export of somebody else, with the reason"), h.refuse)
	file := take("fetch-export", "The file of an export, for who made it")
	file.Personal = true
	web.GetFile(a, "/exports/{id}/customers.csv", file, h.file)
	web.Get(a, "/exports/{id}/customers", web.Op{
		ID: "list-export-customers", Permission: "export.read", Scope: web.WholeCorp, Personal: true, Summary: "Exactly which customers an export holds",
	}, h.customers)
	web.Get(a, "/export-limit", web.Op{ID: "get-export-limit", Permission: "export.read", Scope: web.Shared, Tag: "exports", Summary: "How many customers one person may take out alone in 24 hours"}, h.limit)
	web.Put(a, "/export-limit", web.Op{ID: "set-export-limit", Permission: "export.limit", Scope: web.WholeCorp, Tag: "exports", Summary: "Set how many; more holds only a day later; owners only"}, h.setLimit)
}

// person is who acts where it must be somebody who logged in: a token could be another person's own.
func person(ctx context.Context) (string, error) {
	who := web.Caller(ctx)
	if strings.HasPrefix(who.User, "token:") {
		return "", errs.New(errs.Forbidden, "export.no_token", errs.T("这一步要由人登录后来做，令牌不行（WC-15）。", "A person who logged in has to do this, not a token (WC-15)."))
	}
	return who.User, nil
}

// ExportOut is an export as the API answers it.
type ExportOut struct {
	ID        web.ID     `json:"id"`
	Receiver  named      `json:"receiver" doc:"id 0: used inside the corp"`
	Kind      Kind       `json:"receiver_kind,omitempty" enum:"entrusted,handler"`
	Purpose   string     `json:"purpose"`
	Query     string     `json:"query" doc:"the filters of the list, as in its URL"`
	State     State      `json:"state" enum:"making,waiting,ready,over,refused"`
	Size      int        `json:"size" doc:"customers in it"`
	LeftOut   int        `json:"left_out" doc:"who did not consent to the receiver"`
	By        named      `json:"by"`
	At        time.Time  `json:"at"`
	Own       bool       `json:"own" doc:"the caller made it"`
	MayDecide bool       `json:"may_decide" doc:"it waits, and the caller is somebody who may decide"`
	DecidedBy *named     `json:"decided_by,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	Note      string     `json:"note,omitempty" doc:"why it was refused"`
	Until     *time.Time `json:"until,omitempty" doc:"its maker can fetch it before this"`
	Fetches   int        `json:"fetches"`
	FetchedAt *time.Time `json:"fetched_at,omitempty"`
	Mark      string     `json:"mark" doc:"what stands in each line of the file"`
}

func (h *api) showExports(ctx context.Context, rows ...*Export) ([]ExportOut, error) {
	var staff []string
	var receivers []int64
	for _, e := range rows {
		staff, receivers = append(staff, e.MadeBy, e.DecidedBy), append(receivers, e.ReceiverID)
	}
	names, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	to, err := h.receiverNames(ctx, receivers)
	if err != nil {
		return nil, err
	}
	who, now := web.Caller(ctx), h.World.Now()
	may := who.May != nil && who.May("export.approve") && who.SeesAll() && !strings.HasPrefix(who.User, "token:")
	out := make([]ExportOut, len(rows))
	for i, e := range rows {
		out[i] = ExportOut{
			ID: web.IDOf(e.ID), Receiver: named{ID: fmt.Sprint(e.ReceiverID)}, Purpose: e.Purpose, Query: e.Query, State: e.StateAt(now), Size: e.Size, LeftOut: e.LeftOut,
			By: named{e.MadeBy, names[e.MadeBy]}, At: e.MadeAt.In(h.Zone), Own: e.MadeBy == who.User, MayDecide: may && e.State == Waiting && e.MadeBy != who.User,
			DecidedAt: h.when(e.DecidedAt), Note: e.Note, Until: h.when(e.Until), Fetches: e.Fetches, FetchedAt: h.when(e.FetchedAt), Mark: mark(h.Key, e.ID),
		}
		if r := to[e.ReceiverID]; r != nil {
			out[i].Receiver.Name, out[i].Kind = r.Name, r.Kind
		}
		if e.DecidedBy != "" {
			out[i].DecidedBy = &named{e.DecidedBy, names[e.DecidedBy]}
		}
	}
	return out, nil
}

type exportsIn struct {
	web.List
	State string `query:"state" enum:"waiting,ready,refused"`
	Mark  string `query:"mark" maxLength:"64" doc:"the mark in a line of a file that was found: which export it is from"`
}

func (h *api) exports(ctx context.Context, in *exportsIn) (*web.Page[ExportOut], error) {
	who := web.Caller(ctx)
	var rows []*Export
	q := h.DB.Read().NewSelect().Model((*Export)(nil)).Where("corp_id = ?", h.CorpID)
	if !who.SeesAll() {
		q.Where("made_by = ?", who.User)
	}
	if in.State != "" {
		q.Where("state = ?", in.State)
	}
	if in.Mark != "" {
		id, ok := markOf(h.Key, in.Mark)
		if !ok {
			return nil, errs.Bad("mark", "export.mark", errs.T("这不是这里的导出编号。从文件的 export_id 一列原样复制。", "This is no mark of an export from here. Copy it as it stands in the column export_id."))
		}
		q.Where("id = ?", id)
	}
	total, more, err := web.NewestFirst(ctx, h.DB.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	out, err := h.showExports(ctx, rows...)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(e ExportOut) string { return string(e.ID) }), nil
}

// ExportIn is what somebody wants to take out.
type ExportIn struct {
	ReceiverID web.ID `json:"receiver_id,omitempty" default:"0" doc:"0: used inside the corp; any other must be on record"`
	Purpose    string `json:"purpose,omitempty" maxLength:"800" doc:"what it is for; needed to export"`
	Query      string `json:"query,omitempty" maxLength:"2000" doc:"the filters of the list: the query part of its URL, without the question mark"`
}

func (b ExportIn) export() NewExport {
	return NewExport{ReceiverID: b.ReceiverID.Int(), Purpose: b.Purpose, Query: b.Query}
}

type exportIn struct{ Body ExportIn }

type sumOut struct {
	Size     int  `json:"size"`
	LeftOut  int  `json:"left_out" doc:"who did not consent to the receiver"`
	Approval bool `json:"approval" doc:"a second person has to approve it"`
	Limit    int  `json:"limit" doc:"how many one person may take out alone in 24 hours"`
	Taken    int  `json:"taken" doc:"by the caller in the last 24 hours"`
}

func (h *api) preview(ctx context.Context, in *exportIn) (*sumOut, error) {
	sum, err := h.Preview(ctx, web.Caller(ctx).User, in.Body.export())
	if err != nil {
		return nil, err
	}
	out := sumOut(sum)
	return &out, nil
}

func (h *api) answer(ctx context.Context, e *Export, err error) (*ExportOut, error) {
	if err != nil {
		return nil, err
	}
	out, err := h.showExports(ctx, e)
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (h *api) make(ctx context.Context, in *exportIn) (*ExportOut, error) {
	e, err := h.Make(ctx, web.Caller(ctx).User, in.Body.export())
	return h.answer(ctx, e, err)
}

type exportID struct {
	ID web.ID `path:"id"`
}

func (h *api) seen(ctx context.Context, id web.ID) (*Export, error) {
	e, err := h.export(ctx, h.DB.Read(), id.Int())
	if who := web.Caller(ctx); err == nil && !who.SeesAll() && e.MadeBy != who.User {
		return nil, errs.Missing("导出", "export")
	}
	return e, err
}

func (h *api) one(ctx context.Context, in *exportID) (*ExportOut, error) {
	e, err := h.seen(ctx, in.ID)
	return h.answer(ctx, e, err)
}

func (h *api) approve(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		Size int `json:"size" minimum:"0" doc:"the number of customers you saw"`
	}
},
) (*ExportOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	e, err := h.Decide(ctx, in.ID.Int(), by, true, in.Body.Size, "")
	return h.answer(ctx, e, err)
}

func (h *api) refuse(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		Note string `json:"note" maxLength:"800" doc:"why; who made it reads it"`
	}
},
) (*ExportOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	e, err := h.Decide(ctx, in.ID.Int(), by, false, 0, in.Body.Note)
	return h.answer(ctx, e, err)
}

func (h *api) file(ctx context.Context, in *exportID) (*web.File, error) {
	if _, err := h.seen(ctx, in.ID); err != nil {
		return nil, err
	}
	e, write, err := h.Fetch(ctx, in.ID.Int(), web.Caller(ctx).User)
	if err != nil {
		return nil, err
	}
	return &web.File{
		Type: "text/csv; charset=utf-8", Name: "customers-" + mark(h.Key, e.ID) + ".csv", Write: func(w http.ResponseWriter) error { return write(io.Writer(w)) },
	}, nil
}

type exportedOut struct {
	N        int        `json:"n" doc:"its place in the file"`
	Customer named      `json:"customer"`
	SentAt   *time.Time `json:"sent_at,omitempty" doc:"when it was first in a file that was fetched; absent: it never was"`
}

func (h *api) customers(ctx context.Context, in *struct {
	web.List
	ID web.ID `path:"id"`
},
) (*web.Page[exportedOut], error) {
	e, err := h.export(ctx, h.DB.Read(), in.ID.Int())
	if err != nil {
		return nil, err
	}
	after, err := in.AfterID()
	if err != nil {
		return nil, err
	}
	rows, err := h.rows(ctx, e.ID, int(after), in.Limit+1)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, x := range rows {
		ids[i] = x.CustomerID
	}
	names, err := h.near.Customers(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]exportedOut, len(rows))
	for i, x := range rows {
		out[i] = exportedOut{x.N, named{x.CustomerID, names[x.CustomerID]}, h.when(x.SentAt)}
	}
	return web.NewPage(out, in.List, e.Size, false, func(x exportedOut) string { return fmt.Sprint(x.N) }), nil
}

type limitOut struct {
	Size   int        `json:"size" doc:"customers that one person may take out in 24 hours without a second one"`
	Next   *int       `json:"next,omitempty" doc:"what was set and holds only later"`
	NextAt *time.Time `json:"next_at,omitempty"`
}

func (h *api) limit(ctx context.Context, _ *web.None) (*limitOut, error) {
	size, err := h.Limit(ctx, h.DB.Read())
	if err != nil {
		return nil, err
	}
	next, err := h.NextLimit(ctx)
	if err != nil || next == nil {
		return &limitOut{Size: size}, err
	}
	return &limitOut{size, &next.Size, h.when(next.At)}, nil
}

func (h *api) setLimit(ctx context.Context, in *struct {
	Body struct {
		Size int `json:"size" minimum:"0" maximum:"100000"`
	}
},
) (*limitOut, error) {
	if err := h.SetLimit(ctx, web.Caller(ctx).User, in.Body.Size); err != nil {
		return nil, err
	}
	return h.limit(ctx, nil)
}
