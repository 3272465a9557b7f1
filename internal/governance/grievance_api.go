package governance

import (
	"context"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

type grievanceOut struct {
	ID       web.ID        `json:"id"`
	Customer named         `json:"customer"`
	Kind     GrievanceKind `json:"kind" enum:"complaint,refund,upset"`
	Ref      string        `json:"ref,omitempty" doc:"its number elsewhere, such as an order"`
	Note     string        `json:"note" doc:"what it is about"`
	Since    time.Time     `json:"since"`
	By       named         `json:"by" doc:"id customer: they said it themselves"`
	DueAt    *time.Time    `json:"due_at,omitempty" doc:"until when it has to end (LAW-34); of complaints"`
	Overdue  bool          `json:"overdue" doc:"it is open beyond that"`
	EndedAt  *time.Time    `json:"ended_at,omitempty" doc:"absent: it is open"`
	EndedBy  *named        `json:"ended_by,omitempty"`
	Outcome  string        `json:"outcome,omitempty"`
	Until    *time.Time    `json:"until,omitempty" doc:"of one that ended: marketing stays away until then"`
}

func (h *API) registerGrievances(a *web.API) {
	web.Get(a, "/customers/{id}/grievances", web.Op{
		ID: "list-customer-grievances", Permission: "customer.read", Scope: web.Filtered, Personal: true, Tag: "customers",
		Summary: "Complaints and refunds of a customer",
	}, h.grievancesOf)
	web.Post(a, "/customers/{id}/grievances", web.Op{
		ID: "open-grievance", Permission: "customer.write", Scope: web.Filtered, Tag: "customers",
		Summary: "Note a complaint or refund: no marketing until it has ended",
	}, h.openGrievance)
	web.Post(a, "/grievances/{id}/end", web.Op{
		ID: "end-grievance", Permission: "customer.write", Scope: web.Filtered, Tag: "customers",
		Summary: "Note how a complaint or refund ended",
	}, h.endGrievance)
	web.Get(a, "/grievances", web.Op{
		ID: "list-grievances", Permission: "governance.read", Scope: web.WholeCorp, Personal: true, Tag: "customers",
		Summary: "Complaints and refunds of all customers",
	}, h.grievances)
}

type customerIn struct {
	ID string `path:"id"`
}

// seeing says why the caller may not see a customer.
func (h *API) seeing(ctx context.Context, id string) error {
	if h.near.Visible == nil {
		return nil
	}
	ok, err := h.near.Visible(ctx, id)
	if err == nil && !ok {
		err = errs.Missing("客户", "customer")
	}
	return err
}

func (h *API) grievancesOf(ctx context.Context, in *customerIn) (*web.Page[grievanceOut], error) {
	if err := h.seeing(ctx, in.ID); err != nil {
		return nil, err
	}
	rows, err := h.Grievances(ctx, web.Caller(ctx).CorpID, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := h.showGrievances(ctx, rows)
	return &web.Page[grievanceOut]{Items: out, Total: len(out)}, err
}

type openGrievanceIn struct {
	ID   string `path:"id"`
	Body struct {
		Kind GrievanceKind `json:"kind" enum:"complaint,refund,upset"`
		Ref  string        `json:"ref,omitempty" maxLength:"400" doc:"its number elsewhere, such as an order; the same kind and ref is open once"`
		Note string        `json:"note" maxLength:"2000" doc:"what it is about, 2 to 500 characters"`
	}
}

func (h *API) openGrievance(ctx context.Context, in *openGrievanceIn) (*grievanceOut, error) {
	if err := h.seeing(ctx, in.ID); err != nil {
		return nil, err
	}
	who := web.Caller(ctx)
	var v *Grievance
	err := h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		v, err = h.OpenGrievance(ctx, tx, Grievance{
			CorpID: who.CorpID, CustomerID: in.ID, Kind: in.Body.Kind, Ref: in.Body.Ref, Note: in.Body.Note, ByWhom: who.User,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return h.showGrievance(ctx, v)
}

type endGrievanceIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Outcome string `json:"outcome" maxLength:"2000" doc:"how it ended, 2 to 500 characters"`
	}
}

func (h *API) endGrievance(ctx context.Context, in *endGrievanceIn) (*grievanceOut, error) {
	who := web.Caller(ctx)
	v, err := h.Grievance(ctx, h.db.Read(), who.CorpID, in.ID.Int())
	if err != nil {
		return nil, err
	}
	if err := h.seeing(ctx, v.CustomerID); err != nil {
		return nil, errs.Missing("投诉事项", "grievance")
	}
	err = h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		v, err = h.EndGrievance(ctx, tx, who.CorpID, in.ID.Int(), who.User, in.Body.Outcome)
		return err
	})
	if err != nil {
		return nil, err
	}
	return h.showGrievance(ctx, v)
}

type grievancesIn struct {
	web.List
	State string `query:"state" enum:"open,ended" doc:"absent: both"`
}

func (h *API) grievances(ctx context.Context, in *grievancesIn) (*web.Page[grievanceOut], error) {
	q := h.db.Read().NewSelect().Model((*Grievance)(nil)).Where("corp_id = ?", web.Caller(ctx).CorpID)
	switch in.State {
	case "open":
		q.Where("ended_at = 0")
	case "ended":
		q.Where("ended_at > 0")
	}
	var rows []Grievance
	total, more, err := web.NewestFirst(ctx, h.db.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list grievances: %w", err)
	}
	out, err := h.showGrievances(ctx, rows)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(v grievanceOut) string { return string(v.ID) }), nil
}

func (h *API) showGrievance(ctx context.Context, v *Grievance) (*grievanceOut, error) {
	out, err := h.showGrievances(ctx, []Grievance{*v})
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (h *API) showGrievances(ctx context.Context, rows []Grievance) ([]grievanceOut, error) {
	var customers, people []string
	for i := range rows {
		customers, people = append(customers, rows[i].CustomerID), append(people, rows[i].ByWhom, rows[i].EndedBy)
	}
	names, err := h.near.Customers(ctx, customers)
	if err != nil {
		return nil, err
	}
	staff, err := h.near.Staff(ctx, people)
	if err != nil {
		return nil, err
	}
	out := make([]grievanceOut, len(rows))
	for i := range rows {
		v := &rows[i]
		out[i] = grievanceOut{
			ID: web.IDOf(v.ID), Customer: named{v.CustomerID, names[v.CustomerID]}, Kind: v.Kind, Ref: v.Ref, Note: v.Note, Since: v.Since.In(h.zone),
			By: named{v.ByWhom, staff[v.ByWhom]}, Outcome: v.Outcome, DueAt: h.when(h.due(v)), Overdue: h.Overdue(v, h.world.Now()),
		}
		if v.EndedAt != 0 {
			out[i].EndedAt, out[i].EndedBy = h.when(v.EndedAt), &named{v.EndedBy, staff[v.EndedBy]}
			if s := h.sorrowOf(v, v.EndedAt); !s.over(h.world.Now()) {
				out[i].Until = h.when(s.until)
			}
		}
	}
	return out, nil
}
