package moment

import (
	"context"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
)

// registerApproval puts the second person's decision on the API.
func (h *API) registerApproval(a *web.API) {
	approve := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "moment.approve", Scope: web.WholeCorp, Summary: summary}
	}
	web.Post(a, "/moments/{id}/approve", approve("approve-moment", "Approve what somebody else submitted"), h.approve)
	web.Post(a, "/moments/{id}/return", approve("return-moment", "Give it back to its author, with the reason"), h.sendBack)
}

type momentReviewOut struct {
	Reason governance.Cause `json:"reason,omitempty" enum:"size,words,ladder,assessment"`
	Reach  int              `json:"reach" doc:"reachable customers when it was submitted"`
	By     *named           `json:"by,omitempty" doc:"who approved it or gave it back"`
	At     *time.Time       `json:"at,omitempty"`
	Note   string           `json:"note,omitempty" doc:"why it was given back"`
	Own    bool             `json:"own" doc:"the caller wrote or submitted it, so somebody else has to decide"`
}

// review is what a second person has to do, or did, with a Moment; nil = nothing.
func (h *API) review(ctx context.Context, m *Moment, names map[string]string) *momentReviewOut {
	if m.Approval == governance.NoCause && m.ReviewedBy == "" {
		return nil
	}
	who := web.Caller(ctx).User
	out := &momentReviewOut{Reason: m.Approval, Reach: m.Reach, At: h.when(m.ReviewedAt), Note: m.ReviewNote, Own: who == m.CreatedBy || who == m.SubmittedBy}
	if m.ReviewedBy != "" {
		out.By = &named{m.ReviewedBy, names[m.ReviewedBy]}
		if out.By.Name == "" {
			out.By.Name = m.ReviewedBy
		}
	}
	return out
}

// person is who decides as a second person: somebody who logged in. A token could be its author's own.
func person(ctx context.Context) (string, error) {
	who := web.Caller(ctx)
	if strings.HasPrefix(who.User, "token:") {
		return "", errs.New(errs.Forbidden, "moment.no_token", errs.T("审批要由人登录后来做，令牌不行（OWN-07）。", "A person who logged in has to approve, not a token (OWN-07)."))
	}
	return who.User, nil
}

func (h *API) approve(ctx context.Context, in *submitIn) (*momentOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	m, err := h.Approve(ctx, in.ID.Int(), by, in.Body.Expect)
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, m, nil)
}

type momentReturnIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Note string `json:"note" maxLength:"600" doc:"why; its author reads it"`
	}
}

func (h *API) sendBack(ctx context.Context, in *momentReturnIn) (*momentOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	m, err := h.Return(ctx, in.ID.Int(), by, in.Body.Note)
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, m, nil)
}
