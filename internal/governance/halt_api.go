package governance

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
)

// haltsShown is how many stops the list holds: those in force, and the newest that were lifted.
const haltsShown = 50

type haltOut struct {
	ID       web.ID     `json:"id"`
	Staff    *named     `json:"staff,omitempty" doc:"whose sending; absent: everybody's"`
	Since    time.Time  `json:"since"`
	By       string     `json:"by"`
	Reason   string     `json:"reason"`
	LiftedAt *time.Time `json:"lifted_at,omitempty" doc:"absent: in force"`
	LiftedBy string     `json:"lifted_by,omitempty"`
	Kind     HaltKind   `json:"kind,omitempty" enum:"limited" doc:"limited: WeCom or WeChat limits the member's account; absent: somebody stopped it"`
	Code     int        `json:"code,omitempty" doc:"WeCom's answer that told of the limit; absent: a person did"`
	Left     int        `json:"left,omitempty" doc:"of a limited member: touches that did not go out and that a colleague could send"`
}

func (h *API) halts(ctx context.Context, _ *web.None) (*web.Page[haltOut], error) {
	rows, err := h.Halts(ctx, web.Caller(ctx).CorpID, haltsShown)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range rows {
		if r.StaffID != "" {
			ids = append(ids, r.StaffID)
		}
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	left, err := h.leftBy(ctx, web.Caller(ctx).CorpID, rows)
	if err != nil {
		return nil, err
	}
	out := make([]haltOut, len(rows))
	for i, r := range rows {
		out[i] = haltOut{ID: web.IDOf(r.ID), Since: r.Since.In(h.zone), By: r.ByWhom, Reason: r.Reason, LiftedBy: r.LiftedBy, Kind: r.Kind, Code: r.Code, Left: left[r.ID]}
		if r.StaffID != "" {
			out[i].Staff = &named{r.StaffID, names[r.StaffID]}
		}
		if r.LiftedAt != 0 {
			at := r.LiftedAt.In(h.zone)
			out[i].LiftedAt = &at
		}
	}
	return &web.Page[haltOut]{Items: out, Total: len(out)}, nil
}

type haltIn struct {
	Body struct {
		StaffID string `json:"staff_id,omitempty" maxLength:"64" doc:"whose sending; absent: everybody's"`
		Reason  string `json:"reason" maxLength:"600" doc:"why; everybody can read it"`
		Limited bool   `json:"limited,omitempty" doc:"the member's account is limited: a person is asked each day whether it is over, and colleagues send in their place"`
	}
}

func (h *API) halt(ctx context.Context, in *haltIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if in.Body.Limited {
			return h.LimitMember(ctx, tx, Limit{CorpID: who.CorpID, StaffID: in.Body.StaffID, By: who.User, Reason: in.Body.Reason})
		}
		return h.HaltSending(ctx, tx, who.CorpID, in.Body.StaffID, who.User, in.Body.Reason)
	})
}

func (h *API) lift(ctx context.Context, in *idIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return h.LiftHalt(ctx, tx, who.CorpID, in.ID.Int(), who.User)
	})
}
