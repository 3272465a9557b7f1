package governance

import (
	"context"
	"errors"
	"time"

	"zhiyin.dev/zhiyin/internal/governance/house"
	"zhiyin.dev/zhiyin/internal/web"
)

// registerHouse puts the corp's own rules on the API.
func (h *API) registerHouse(a *web.API) {
	read := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "governance.read", Scope: web.Shared, Summary: summary, Tag: "governance"}
	}
	write := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "governance.write", Scope: web.WholeCorp, Summary: summary, Tag: "governance"}
	}
	web.Get(a, "/house-rules", read("list-house-rules", "Rules of the corp's own"), h.houseList)
	web.Post(a, "/house-rules", write("create-house-rule", "Make a rule; a broken expression is refused with its place"), h.houseCreate)
	web.Post(a, "/house-rules/try", read("try-house-rule", "Read an expression, and ask it about a message"), h.houseTry)
	web.Put(a, "/house-rules/{id}", write("update-house-rule", "Make the next version of a rule"), h.houseUpdate)
	web.Delete(a, "/house-rules/{id}", write("delete-house-rule", "End a rule; its versions stay"), h.houseDelete)
	web.Get(a, "/house-rules/{id}/versions", read("list-house-rule-versions", "All versions of a rule, the newest first"), h.houseVersions)
}

// HouseOut is a rule of the corp's own as the API answers it.
type HouseOut struct {
	ID         web.ID    `json:"id"`
	RuleID     string    `json:"rule_id" doc:"as findings and the ledger name it"`
	Version    int       `json:"version"`
	Name       string    `json:"name"`
	Expression string    `json:"expression"`
	Action     Severity  `json:"action" enum:"warn,review,block"`
	Reason     string    `json:"reason"`
	Enabled    bool      `json:"enabled"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	Deleted    bool      `json:"deleted"`
}

func (h *API) showHouse(rows ...*HouseRule) []HouseOut {
	out := make([]HouseOut, len(rows))
	for i, r := range rows {
		out[i] = HouseOut{web.IDOf(r.ID), r.RuleID(), r.Version, r.Name, r.Expression, r.Action, r.Reason, r.Enabled, r.MadeBy, r.MadeAt.In(h.zone), r.Deleted}
	}
	return out
}

func (h *API) houseList(ctx context.Context, _ *web.None) (*web.Page[HouseOut], error) {
	rows, err := h.HouseRules(ctx, h.db.Read(), web.Caller(ctx).CorpID)
	return &web.Page[HouseOut]{Items: h.showHouse(rows...), Total: len(rows)}, err
}

func (h *API) houseVersions(ctx context.Context, in *idIn) (*web.Page[HouseOut], error) {
	rows, err := h.HouseVersions(ctx, web.Caller(ctx).CorpID, in.ID.Int())
	return &web.Page[HouseOut]{Items: h.showHouse(rows...), Total: len(rows)}, err
}

// HouseIn is what a rule says.
type HouseIn struct {
	Name       string   `json:"name" maxLength:"120"`
	Expression string   `json:"expression" maxLength:"1000" doc:"over text, class, channel, topic, hour, weekday, audience, staff, tags"`
	Action     Severity `json:"action" enum:"warn,review,block"`
	Reason     string   `json:"reason" maxLength:"600" doc:"authors read it"`
	Enabled    bool     `json:"enabled"`
}

func (h *API) saveHouse(ctx context.Context, id int64, in HouseIn) (*HouseOut, error) {
	who := web.Caller(ctx)
	r, err := h.SaveHouse(ctx, HouseRule{
		CorpID: who.CorpID, ID: id, Name: in.Name, Expression: in.Expression, Action: in.Action, Reason: in.Reason, Enabled: in.Enabled, MadeBy: who.User,
	})
	if err != nil {
		return nil, err
	}
	return &h.showHouse(r)[0], nil
}

func (h *API) houseCreate(ctx context.Context, in *struct{ Body HouseIn }) (*HouseOut, error) {
	return h.saveHouse(ctx, 0, in.Body)
}

type houseUpdateIn struct {
	ID   web.ID `path:"id"`
	Body HouseIn
}

func (h *API) houseUpdate(ctx context.Context, in *houseUpdateIn) (*HouseOut, error) {
	return h.saveHouse(ctx, in.ID.Int(), in.Body)
}

func (h *API) houseDelete(ctx context.Context, in *idIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.DeleteHouse(ctx, who.CorpID, in.ID.Int(), who.User)
}

type houseTryIn struct {
	Body struct {
		Expression string   `json:"expression" maxLength:"1000"`
		Text       string   `json:"text,omitempty" maxLength:"4000"`
		Class      Class    `json:"class,omitempty" enum:"emergency,transactional,service,lifecycle,marketing"`
		Channel    Channel  `json:"channel,omitempty" enum:"welcome,kf,mass_customer,mass_group,moment,group_welcome"`
		Topic      string   `json:"topic,omitempty" maxLength:"50"`
		Hour       int      `json:"hour,omitempty" minimum:"0" maximum:"23"`
		Weekday    int      `json:"weekday,omitempty" minimum:"0" maximum:"7" doc:"1 Monday to 7 Sunday"`
		Audience   int      `json:"audience,omitempty" minimum:"0"`
		Staff      string   `json:"staff,omitempty" maxLength:"100"`
		Tags       []string `json:"tags,omitempty" maxItems:"200"`
	}
}

// HouseTried is what an expression says to a message, or what is wrong with it and where.
type HouseTried struct {
	Valid   bool   `json:"valid"`
	Holds   bool   `json:"holds" doc:"it would object"`
	Line    int    `json:"line,omitempty" doc:"of what is wrong, from 1"`
	Column  int    `json:"column,omitempty" doc:"in characters, from 1"`
	Message string `json:"message,omitempty" doc:"what is wrong"`
}

func (h *API) houseTry(_ context.Context, in *houseTryIn) (*HouseTried, error) {
	b := in.Body
	wrong := func(err error) (*HouseTried, error) {
		if e, ok := errors.AsType[*house.Error](err); ok {
			return &HouseTried{Line: e.Line, Column: e.Column, Message: e.Message}, nil
		}
		return nil, err
	}
	r, err := house.Compile(b.Expression)
	if err != nil {
		return wrong(err)
	}
	holds, err := r.Holds(house.Facts{
		Text: b.Text, Class: string(b.Class), Channel: string(b.Channel), Topic: b.Topic, Hour: b.Hour, Weekday: b.Weekday, Audience: b.Audience, Staff: b.Staff,
		Tags: append([]string{}, b.Tags...),
	})
	if err != nil {
		return wrong(err)
	}
	return &HouseTried{Valid: true, Holds: holds}, nil
}
