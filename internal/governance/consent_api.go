package governance

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// ConsentOut is a consent as the API answers it: the evidence.
type ConsentOut struct {
	ID      web.ID  `json:"id"`
	Purpose Purpose `json:"purpose" enum:"marketing,lifecycle,traits"`
	// Guardian gave it for a minor.
	Guardian     string     `json:"guardian,omitempty" doc:"who gave it for a minor; absent: the customer"`
	GivenAt      time.Time  `json:"given_at"`
	Via          string     `json:"via" enum:"page,staff"`
	By           string     `json:"by" doc:"customer: they pressed it themselves"`
	Wording      int        `json:"wording,omitempty" doc:"version of the sentence on the page"`
	Words        string     `json:"words" doc:"the sentence they saw, or where and how they said so"`
	Notice       int        `json:"notice,omitempty" doc:"version of the notice that was in force; absent: there was none"`
	NoticeSHA256 string     `json:"notice_sha256,omitempty"`
	WordsSHA256  string     `json:"words_sha256,omitempty"`
	Outdated     bool       `json:"outdated,omitempty" doc:"a notice asks again since: it counts no longer (LAW-04)"`
	EndedAt      *time.Time `json:"ended_at,omitempty" doc:"absent: it holds"`
	EndedBy      string     `json:"ended_by,omitempty"`
}

func (h *API) registerConsents(a *web.API) {
	web.Get(a, "/customers/{id}/consents", web.Op{
		ID: "list-customer-consents", Permission: "customer.read", Scope: web.Filtered, Personal: true, Tag: "customers",
		Summary: "A customer's consents and their guardian's, by purpose, with their evidence",
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
	told, err := noticeIn(ctx, h.db.Read(), web.Caller(ctx).CorpID, newest)
	if err != nil {
		return nil, err
	}
	out := make([]ConsentOut, len(rows))
	for i := range rows {
		out[i] = h.showConsent(&rows[i], told)
	}
	return &web.Page[ConsentOut]{Items: out, Total: len(out)}, nil
}

func (h *API) showConsent(c *Consent, told notice) ConsentOut {
	return ConsentOut{
		ID: web.IDOf(c.ID), Purpose: c.Purpose, Guardian: c.Guardian, GivenAt: c.GivenAt.In(h.zone), Via: c.Via, By: c.ByWhom, Wording: c.Wording, Words: c.Words,
		Notice: c.Notice, NoticeSHA256: c.NoticeSHA256, WordsSHA256: c.WordsSHA256, Outdated: c.EndedID == 0 && c.ID <= told.again, EndedAt: h.when(c.EndedAt), EndedBy: c.EndedBy,
	}
}
