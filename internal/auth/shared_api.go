package auth

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// mostShared is how many accounts in two places a page shows.
const mostShared = 50

// SharedOut is an account in two places as the API answers it.
type SharedOut struct {
	ID        web.ID      `json:"id"`
	Account   string      `json:"account"`
	Name      string      `json:"name"`
	State     SharedState `json:"state" enum:"open,one_person,shared"`
	Uses      []Use       `json:"uses" doc:"the two, as they were found"`
	FoundAt   time.Time   `json:"found_at"`
	LastAt    time.Time   `json:"last_at"`
	Times     int         `json:"times" doc:"how often it was seen"`
	DecidedBy string      `json:"decided_by,omitempty"`
	DecidedAt *time.Time  `json:"decided_at,omitempty"`
	Note      string      `json:"note,omitempty"`
}

// SharedsOut is the accounts in two places as the API answers them.
type SharedsOut struct {
	Items []SharedOut `json:"items" doc:"those that wait for an owner first, at most 50"`
}

type decideSharedIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		OnePerson bool   `json:"one_person" doc:"one person with two devices; false: the account is shared"`
		Note      string `json:"note" minLength:"2" maxLength:"500" doc:"how it was cleared up, what was done"`
	}
}

func (h handlers) registerShared(api *web.API) {
	web.Get(api, "/shared-logins", web.Op{ID: "list-shared-logins", Permission: "account.read", Scope: web.WholeCorp, Summary: "Accounts used in two places at the same time"}, h.shared)
	web.Post(api, "/shared-logins/{id}/decide", web.Op{
		ID: "decide-shared-login", Permission: "account.write", Scope: web.WholeCorp, Summary: "Say whether an account in two places is one person; owners only",
	}, h.decideShared)
}

func (h handlers) decideShared(ctx context.Context, in *decideSharedIn) (*SharedsOut, error) {
	if err := h.DecideShared(ctx, in.ID.Int(), web.Caller(ctx).User, in.Body.OnePerson, in.Body.Note); err != nil {
		return nil, err
	}
	return h.shared(ctx, nil)
}

func (h handlers) shared(ctx context.Context, _ *web.None) (*SharedsOut, error) {
	rows, err := h.SharedLogins(ctx, mostShared)
	if err != nil {
		return nil, err
	}
	out := &SharedsOut{Items: make([]SharedOut, len(rows))}
	for i, r := range rows {
		o := SharedOut{
			ID: web.IDOf(r.ID), Account: r.Account, Name: r.Account, State: r.State, Uses: r.uses(), FoundAt: r.FoundAt.Std(), LastAt: r.LastAt.Std(), Times: r.Times,
			DecidedBy: r.DecidedBy, DecidedAt: stamp(r.DecidedAt), Note: r.Note,
		}
		m, err := h.Members.Member(ctx, r.Account)
		if err != nil && errs.KindOf(err) != errs.NotFound { // an account with a password is no member
			return nil, err
		}
		if m.Name != "" {
			o.Name = m.Name
		}
		out.Items[i] = o
	}
	return out, nil
}
