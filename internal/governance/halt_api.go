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
	out := make([]haltOut, len(rows))
	for i, r := range rows {
		out[i] = haltOut{ID: web.IDOf(r.ID), Since: r.Since.In(h.zone), By: r.ByWhom, Reason: r.Reason, LiftedBy: r.LiftedBy}
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
	}
}

func (h *API) halt(ctx context.Context, in *haltIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return h.HaltSending(ctx, tx, who.CorpID, in.Body.StaffID, who.User, in.Body.Reason)
	})
}

func (h *API) lift(ctx context.Context, in *idIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return h.LiftHalt(ctx, tx, who.CorpID, in.ID.Int(), who.User)
	})
}
