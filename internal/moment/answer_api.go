package moment

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/web"
)

type answerOut struct {
	ID       web.ID    `json:"id"`
	At       time.Time `json:"at" doc:"when the customer commented; WeCom does not tell what"`
	Customer named     `json:"customer"`
	Staff    named     `json:"staff" doc:"under whose publication it stands: who answers in WeCom"`
	MomentID web.ID    `json:"moment_id,omitempty" doc:"absent: a Moment of the member's own"`
	Name     string    `json:"name,omitempty" doc:"of the Moment"`
	Text     string    `json:"text" doc:"of the post, from its beginning"`
}

type answersIn struct {
	web.List
}

// answers lists the comments that wait for the members within the caller's scope.
func (h *API) answers(ctx context.Context, in *answersIn) (*web.Page[answerOut], error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	before, err := in.AfterID()
	if err != nil {
		return nil, err
	}
	rows, total, err := h.Answers(ctx, scope, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var customers, staff, posts []string
	for _, r := range rows {
		customers, staff, posts = append(customers, r.Person), append(staff, r.StaffID), append(posts, r.PostID)
	}
	customerNames, err := h.near.Customers(ctx, customers)
	if err != nil {
		return nil, err
	}
	staffNames, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	about, err := h.about(ctx, posts)
	if err != nil {
		return nil, err
	}
	out := make([]answerOut, len(rows))
	for i, r := range rows {
		o := answerOut{ID: web.IDOf(r.ID), At: r.At.In(h.Zone), Customer: named{r.Person, customerNames[r.Person]}, Staff: named{r.StaffID, staffNames[r.StaffID]}}
		if p, ok := about[r.PostID]; ok {
			o.Text, o.Name = cut(p.Text, 60), p.Name
			if p.MomentID != 0 {
				o.MomentID = web.IDOf(p.MomentID)
			}
		}
		out[i] = o
	}
	return web.NewPage(out, in.List, total, false, func(a answerOut) string { return string(a.ID) }), nil
}

type aboutPost struct {
	ID       string
	MomentID int64
	Text     string
	Name     string
}

// about reads what posts say, and of which Moment they are.
func (h *API) about(ctx context.Context, ids []string) (map[string]aboutPost, error) {
	out := map[string]aboutPost{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []aboutPost
	err := h.DB.Read().NewRaw("SELECT p.id, p.moment_id, p.text, COALESCE(m.name, '') AS name FROM moment_post AS p LEFT JOIN moment AS m ON m.corp_id = p.corp_id AND m.id = p.moment_id "+
		"WHERE p.corp_id = ? AND p.id IN (?)", h.CorpID, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read posts: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, nil
}

func (h *API) putAside(ctx context.Context, in *idIn) (*web.None, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.PutAside(ctx, in.ID.Int(), scope, web.Caller(ctx).User)
}

type revokeIn struct {
	Body struct {
		CustomerID string `json:"customer_id,omitempty" maxLength:"128" doc:"whose links; absent = everybody's"`
	}
}

func (h *API) revokeLinks(ctx context.Context, in *revokeIn) (*web.None, error) {
	return nil, h.RevokeLinks(ctx, in.Body.CustomerID)
}
