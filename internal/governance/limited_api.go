package governance

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// registerLimited puts the codes that mean a limited member on the API.
func (h *API) registerLimited(a *web.API) {
	web.Get(a, "/governance/limited-codes", web.Op{
		ID: "list-limited-codes", Permission: "governance.read", Scope: web.Shared, Summary: "Which codes of WeCom's mean that the member is limited",
	}, h.limitedCodes)
	web.Post(a, "/governance/limited-codes", web.Op{
		ID: "add-limited-code", Permission: "account.write", Scope: web.WholeCorp, Summary: "Note a code that means a limited member; owners only", Status: http.StatusCreated,
	}, h.addLimitedCode)
	web.Delete(a, "/governance/limited-codes/{id}", web.Op{
		ID: "end-limited-code", Permission: "account.write", Scope: web.WholeCorp, Summary: "Take such a code away; owners only",
	}, h.endLimitedCode)
}

// LimitedCodeOut is a code as the API answers it.
type LimitedCodeOut struct {
	ID      web.ID     `json:"id"`
	Code    int        `json:"code" doc:"WeCom's errcode"`
	Note    string     `json:"note" doc:"where it was seen"`
	By      string     `json:"by"`
	At      time.Time  `json:"at"`
	EndedBy string     `json:"ended_by,omitempty"`
	EndedAt *time.Time `json:"ended_at,omitempty" doc:"absent: it holds"`
}

func (h *API) limitedCodes(ctx context.Context, _ *web.None) (*web.Page[LimitedCodeOut], error) {
	rows, err := h.LimitedCodes(ctx, web.Caller(ctx).CorpID)
	if err != nil {
		return nil, err
	}
	out := make([]LimitedCodeOut, len(rows))
	for i, c := range rows {
		out[i] = h.showLimitedCode(c)
	}
	return &web.Page[LimitedCodeOut]{Items: out, Total: len(out)}, nil
}

func (h *API) showLimitedCode(c *LimitedCode) LimitedCodeOut {
	return LimitedCodeOut{ID: web.IDOf(c.ID), Code: c.Code, Note: c.Note, By: c.MadeBy, At: c.MadeAt.In(h.zone), EndedBy: c.EndedBy, EndedAt: h.when(c.EndedAt)}
}

type limitedCodeIn struct {
	Body struct {
		Code int    `json:"code" doc:"WeCom's errcode"`
		Note string `json:"note" maxLength:"600" doc:"where it was seen: the day, the call, and how it is known that the account was limited"`
	}
}

func (h *API) addLimitedCode(ctx context.Context, in *limitedCodeIn) (*LimitedCodeOut, error) {
	who := web.Caller(ctx)
	c, err := h.AddLimitedCode(ctx, LimitedCode{CorpID: who.CorpID, Code: in.Body.Code, Note: in.Body.Note, MadeBy: who.User})
	if err != nil {
		return nil, err
	}
	out := h.showLimitedCode(c)
	return &out, nil
}

func (h *API) endLimitedCode(ctx context.Context, in *idIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.EndLimitedCode(ctx, who.CorpID, in.ID.Int(), who.User)
}
