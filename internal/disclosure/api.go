package disclosure

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
)

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Staff     func(ctx context.Context, ids []string) (map[string]string, error)
	Customers func(ctx context.Context, ids []string) (map[string]string, error)
}

type api struct {
	*Service
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &api{s, near}
	write := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "receiver.write", Scope: web.WholeCorp, Summary: summary}
	}
	web.Get(a, "/receivers", web.Op{ID: "list-receivers", Permission: "receiver.read", Scope: web.Shared, Summary: "Who gets personal data from the corp, those that stand first"}, h.receivers)
	add := write("add-receiver", "Register a receiver of personal data")
	add.Status = http.StatusCreated
	web.Post(a, "/receivers", add, h.addReceiver)
	web.Post(a, "/receivers/{id}/end", write("end-receiver", "End a receiver: nothing goes to it any more, and it stays on record"), h.endReceiver)
	web.Get(a, "/receivers/{id}/consents", web.Op{
		ID: "list-receiver-consents", Permission: "receiver.read", Scope: web.WholeCorp, Personal: true, Summary: "Which customers consented to a handler, with their evidence",
	}, h.consents)
	web.Post(a, "/receivers/{id}/consents", write("note-receiver-consents", "Note that customers consented to a handler"), h.noteConsents)
	web.Delete(a, "/receivers/{id}/consents/{key}", write("end-receiver-consent", "Note that a customer took the consent to a handler back"), h.endConsent)
	h.registerExports(a)
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ReceiverOut is a receiver as the API answers it.
type ReceiverOut struct {
	ID            web.ID        `json:"id"`
	Name          string        `json:"name"`
	Kind          Kind          `json:"kind" enum:"entrusted,handler" doc:"entrusted: processes for us by contract; handler: uses it for its own ends"`
	Contract      string        `json:"contract" doc:"its number"`
	ContractUntil string        `json:"contract_until" doc:"its last day"`
	DataKinds     string        `json:"data_kinds"`
	Purpose       string        `json:"purpose"`
	Contact       string        `json:"contact,omitempty"`
	Consent       string        `json:"consent,omitempty" doc:"of a handler: the words of the separate consent that names it"`
	Consents      int           `json:"consents" doc:"customers whose consent to it holds"`
	Abroad        bool          `json:"abroad"`
	Assessments   []string      `json:"assessments" doc:"numbers of the impact assessments it was registered on (LAW-17)"`
	State         ReceiverState `json:"state" enum:"live,ending,past,ended"`
	By            named         `json:"by"`
	At            time.Time     `json:"at"`
	EndedBy       *named        `json:"ended_by,omitempty"`
	EndedAt       *time.Time    `json:"ended_at,omitempty"`
	EndedWhy      string        `json:"ended_why,omitempty"`
}

func (h *api) when(t clock.Time) *time.Time {
	if t == 0 {
		return nil
	}
	at := t.In(h.Zone)
	return &at
}

func (h *api) show(ctx context.Context, rows ...*Receiver) ([]ReceiverOut, error) {
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.MadeBy, r.EndedBy)
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	holding, err := h.holding(ctx)
	if err != nil {
		return nil, err
	}
	now := h.World.Now()
	out := make([]ReceiverOut, len(rows))
	for i, r := range rows {
		out[i] = ReceiverOut{
			ID: web.IDOf(r.ID), Name: r.Name, Kind: r.Kind, Contract: r.Contract, ContractUntil: r.ContractUntil.Add(-time.Second).In(h.Zone).Format(time.DateOnly),
			DataKinds: r.DataKinds, Purpose: r.Purpose, Contact: r.Contact, Consent: r.Consent, Consents: holding[r.ID], Abroad: r.Abroad,
			Assessments: governance.NumbersOf(r.Assessments), State: r.State(now), By: named{r.MadeBy, names[r.MadeBy]}, At: r.MadeAt.In(h.Zone),
			EndedAt: h.when(r.EndedAt), EndedWhy: r.EndedWhy,
		}
		if r.EndedAt != 0 {
			out[i].EndedBy = &named{r.EndedBy, names[r.EndedBy]}
		}
	}
	return out, nil
}

func (h *api) receivers(ctx context.Context, _ *web.None) (*web.Page[ReceiverOut], error) {
	rows, err := h.Receivers(ctx)
	if err != nil {
		return nil, err
	}
	out, err := h.show(ctx, rows...)
	return &web.Page[ReceiverOut]{Items: out, Total: len(out)}, err
}

type receiverIn struct {
	Body struct {
		Name          string `json:"name" maxLength:"400"`
		Kind          Kind   `json:"kind" maxLength:"20" doc:"entrusted or handler"`
		Contract      string `json:"contract" maxLength:"400" doc:"its number"`
		ContractUntil string `json:"contract_until" maxLength:"10" doc:"its last day, as 2027-12-31"`
		DataKinds     string `json:"data_kinds" maxLength:"1200"`
		Purpose       string `json:"purpose" maxLength:"1200"`
		Contact       string `json:"contact,omitempty" maxLength:"800"`
		Consent       string `json:"consent,omitempty" maxLength:"2000" doc:"of a handler: the words of the separate consent that names it"`
		Abroad        bool   `json:"abroad,omitempty" doc:"the data leaves the country"`
	}
}

func (h *api) addReceiver(ctx context.Context, in *receiverIn) (*ReceiverOut, error) {
	b := in.Body
	r, err := h.Register(ctx, web.Caller(ctx).User, NewReceiver{
		Name: b.Name, Kind: b.Kind, Contract: b.Contract, ContractUntil: b.ContractUntil, DataKinds: b.DataKinds, Purpose: b.Purpose, Contact: b.Contact,
		Consent: b.Consent, Abroad: b.Abroad,
	})
	if err != nil {
		return nil, err
	}
	out, err := h.show(ctx, r)
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (h *api) endReceiver(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		Why string `json:"why" maxLength:"1200" doc:"why, and how the data was deleted or given back"`
	}
},
) (*web.None, error) {
	return nil, h.EndReceiver(ctx, in.ID.Int(), web.Caller(ctx).User, in.Body.Why)
}

// ConsentOut is a customer's consent to a handler as the API answers it.
type ConsentOut struct {
	ID       web.ID     `json:"id"`
	Customer named      `json:"customer"`
	Evidence string     `json:"evidence"`
	By       named      `json:"by"`
	At       time.Time  `json:"at"`
	EndedBy  *named     `json:"ended_by,omitempty"`
	EndedAt  *time.Time `json:"ended_at,omitempty" doc:"absent: it holds"`
}

type consentsIn struct {
	web.List
	ID web.ID `path:"id"`
}

func (h *api) consents(ctx context.Context, in *consentsIn) (*web.Page[ConsentOut], error) {
	if _, err := h.receiver(ctx, h.DB.Read(), in.ID.Int()); err != nil {
		return nil, err
	}
	rows, total, more, err := h.Consents(ctx, in.ID.Int(), in.List)
	if err != nil {
		return nil, err
	}
	var staff, customers []string
	for _, c := range rows {
		staff, customers = append(staff, c.MadeBy, c.EndedBy), append(customers, c.CustomerID)
	}
	people, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	names, err := h.near.Customers(ctx, customers)
	if err != nil {
		return nil, err
	}
	out := make([]ConsentOut, len(rows))
	for i, c := range rows {
		out[i] = ConsentOut{
			ID: web.IDOf(c.ID), Customer: named{c.CustomerID, names[c.CustomerID]}, Evidence: c.Evidence, By: named{c.MadeBy, people[c.MadeBy]}, At: c.MadeAt.In(h.Zone), EndedAt: h.when(c.EndedAt),
		}
		if c.EndedAt != 0 {
			out[i].EndedBy = &named{c.EndedBy, people[c.EndedBy]}
		}
	}
	return web.NewPage(out, in.List, total, more, func(c ConsentOut) string { return string(c.ID) }), nil
}

type notedOut struct {
	Added int `json:"added" doc:"those who had not consented before"`
}

func (h *api) noteConsents(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		Customers []string `json:"customers" maxItems:"500" doc:"ids of customers"`
		Evidence  string   `json:"evidence" maxLength:"1200" doc:"where and how they consented"`
	}
},
) (*notedOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	n, err := h.NoteConsents(ctx, in.ID.Int(), by, in.Body.Customers, in.Body.Evidence)
	return &notedOut{n}, err
}

func (h *api) endConsent(ctx context.Context, in *struct {
	ID  web.ID `path:"id"`
	Key string `path:"key" doc:"id of the customer"`
},
) (*web.None, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.EndConsent(ctx, in.ID.Int(), in.Key, by)
}
