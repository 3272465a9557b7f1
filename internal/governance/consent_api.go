package governance

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// ConsentOut is a customer's consent to marketing as the API answers it: the evidence.
type ConsentOut struct {
	ID      web.ID     `json:"id"`
	GivenAt time.Time  `json:"given_at"`
	Via     string     `json:"via" enum:"page,staff"`
	By      string     `json:"by" doc:"customer: they pressed it themselves"`
	Wording int        `json:"wording,omitempty" doc:"version of the sentence on the page"`
	Words   string     `json:"words" doc:"the sentence they saw, or where and how they said so"`
	EndedAt *time.Time `json:"ended_at,omitempty" doc:"absent: it holds"`
	EndedBy string     `json:"ended_by,omitempty"`
}

func (h *API) registerConsents(a *web.API) {
	web.Get(a, "/customers/{id}/consents", web.Op{
		ID: "list-customer-consents", Permission: "customer.read", Scope: web.Filtered, Personal: true, Tag: "customers",
		Summary: "A customer's consents to marketing, with their evidence",
	}, h.consentsShown)
}

func (h *API) consentsShown(ctx context.Context, in *customerIn) (*web.Page[ConsentOut], error) {
	if err := h.seeing(ctx, in.ID); err != nil {
		return nil, err
	}
	rows, err := h.Consents(ctx, web.Caller(ctx).CorpID, in.ID)
	if err != nil {
		return nil, err
	}
	out := make([]ConsentOut, len(rows))
	for i, c := range rows {
		out[i] = ConsentOut{
			ID: web.IDOf(c.ID), GivenAt: c.GivenAt.In(h.zone), Via: c.Via, By: c.ByWhom, Wording: c.Wording, Words: c.Words, EndedAt: h.when(c.EndedAt), EndedBy: c.EndedBy,
		}
	}
	return &web.Page[ConsentOut]{Items: out, Total: len(out)}, nil
}
