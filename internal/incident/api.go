package incident

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/web"
)

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Staff     func(ctx context.Context, ids []string) (map[string]string, error)
	Customers func(ctx context.Context, ids []string) (map[string]string, error)
	// Members answers the ids of the members who have these customers now, by customer: who would tell them.
	Members func(ctx context.Context, ids []string) (map[string][]string, error)
}

type api struct {
	*Service
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &api{s, near}
	read := func(id, summary string, personal bool) web.Op {
		return web.Op{ID: id, Permission: "incident.read", Scope: web.WholeCorp, Summary: summary, Personal: personal}
	}
	write := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "incident.write", Scope: web.WholeCorp, Summary: summary}
	}
	web.Get(a, "/incidents", read("list-incidents", "Leaks of personal data, the newest first", false), h.list)
	add := write("record-incident", "Put a leak on record")
	add.Status = http.StatusCreated
	web.Post(a, "/incidents", add, h.record)
	web.Get(a, "/incidents/{id}", read("get-incident", "One leak: how many it concerns, what was done, and the texts to send", false), h.get)
	web.Put(a, "/incidents/{id}", write("change-incident", "Write down what is known of a leak by now"), h.change)
	web.Post(a, "/incidents/{id}/steps", write("note-incident-step", "Note what was done about a leak, and when"), h.step)
	web.Get(a, "/incidents/{id}/affected", read("list-incident-affected", "Whom a leak concerns, computed from access and exports", true), h.affected)
	web.GetFile(a, "/incidents/{id}/affected.csv", read("download-incident-affected", "Whom a leak concerns, as a file", true), h.file)
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// StepOut is something that was done, as the API answers it.
type StepOut struct {
	Kind     StepKind  `json:"kind" enum:"remedied,authority,persons,untold,note"`
	Note     string    `json:"note"`
	Affected int       `json:"affected" doc:"how many the list held then"`
	DoneAt   time.Time `json:"done_at"`
	By       named     `json:"by"`
	At       time.Time `json:"at"`
}

// Out is an incident as the API answers it.
type Out struct {
	ID        web.ID     `json:"id"`
	Title     string     `json:"title"`
	Kind      Kind       `json:"kind" enum:"account,token,device,export,everything"`
	Ref       string     `json:"ref,omitempty" doc:"the account, the token's name, the member whose device it was, or the export"`
	Since     time.Time  `json:"since"`
	Until     *time.Time `json:"until,omitempty" doc:"when the hole was closed; absent: it is open"`
	FoundAt   time.Time  `json:"found_at"`
	DataKinds string     `json:"data_kinds"`
	Cause     string     `json:"cause"`
	Harm      string     `json:"harm"`
	Remedies  string     `json:"remedies"`
	Advice    string     `json:"advice" doc:"what people can do themselves"`
	Contact   string     `json:"contact"`
	State     State      `json:"state" enum:"open,complete"`
	Steps     []StepOut  `json:"steps"`
	By        named      `json:"by"`
	At        time.Time  `json:"at"`
	ChangedBy *named     `json:"changed_by,omitempty"`
	ChangedAt *time.Time `json:"changed_at,omitempty"`
}

// DetailOut is one incident with whom it concerns and what to say.
type DetailOut struct {
	Out
	Affected      int        `json:"affected" doc:"how many persons it concerns"`
	Bases         []basisOut `json:"bases" doc:"why they are on the list"`
	Unrecorded    bool       `json:"unrecorded" doc:"the log cannot tell exactly for the whole time: everybody is on the list"`
	RecordedSince *time.Time `json:"recorded_since,omitempty" doc:"since when the log names whom lists showed"`
	Authority     string     `json:"authority" doc:"the text for the authority"`
	Persons       string     `json:"persons" doc:"the text for those concerned"`
}

type basisOut struct {
	Basis Basis `json:"basis" enum:"exported,looked,held,unrecorded,all"`
	Count int   `json:"count"`
}

func (h *api) when(t clock.Time) *time.Time {
	if t == 0 {
		return nil
	}
	at := t.In(h.Zone)
	return &at
}

func (h *api) show(ctx context.Context, rows ...*Incident) ([]Out, error) {
	ids := make([]int64, len(rows))
	for n, i := range rows {
		ids[n] = i.ID
	}
	steps, err := h.steps(ctx, ids...)
	if err != nil {
		return nil, err
	}
	var staff []string
	for _, i := range rows {
		staff = append(staff, i.MadeBy, i.ChangedBy)
		for _, st := range steps[i.ID] {
			staff = append(staff, st.MadeBy)
		}
	}
	names, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	out := make([]Out, len(rows))
	for n, i := range rows {
		o := Out{
			ID: web.IDOf(i.ID), Title: i.Title, Kind: i.Kind, Ref: i.Ref, Since: i.Since.In(h.Zone), Until: h.when(i.Until), FoundAt: i.FoundAt.In(h.Zone), DataKinds: i.DataKinds,
			Cause: i.Cause, Harm: i.Harm, Remedies: i.Remedies, Advice: i.Advice, Contact: i.Contact, State: stateOf(kindsOf(steps[i.ID])), Steps: []StepOut{},
			By: named{i.MadeBy, names[i.MadeBy]}, At: i.MadeAt.In(h.Zone), ChangedAt: h.when(i.ChangedAt),
		}
		if i.ChangedBy != "" {
			o.ChangedBy = &named{i.ChangedBy, names[i.ChangedBy]}
		}
		for _, st := range steps[i.ID] {
			o.Steps = append(o.Steps, StepOut{st.Kind, st.Note, st.Affected, st.DoneAt.In(h.Zone), named{st.MadeBy, names[st.MadeBy]}, st.MadeAt.In(h.Zone)})
		}
		out[n] = o
	}
	return out, nil
}

func (h *api) list(ctx context.Context, _ *web.None) (*web.Page[Out], error) {
	rows, err := h.List(ctx)
	if err != nil {
		return nil, err
	}
	out, err := h.show(ctx, rows...)
	return &web.Page[Out]{Items: out, Total: len(out)}, err
}

type draftIn struct {
	Title     string    `json:"title" maxLength:"400"`
	Kind      Kind      `json:"kind" maxLength:"20" doc:"account, token, device, export or everything"`
	Ref       string    `json:"ref,omitempty" maxLength:"128" doc:"the account, the token's name, the member whose device it was, or the export"`
	Since     time.Time `json:"since" doc:"since when; in doubt, earlier"`
	Until     time.Time `json:"until,omitzero" doc:"when the hole was closed; absent: it is open"`
	FoundAt   time.Time `json:"found_at"`
	DataKinds string    `json:"data_kinds" maxLength:"2000"`
	Cause     string    `json:"cause" maxLength:"4000"`
	Harm      string    `json:"harm" maxLength:"4000"`
	Remedies  string    `json:"remedies,omitempty" maxLength:"4000"`
	Advice    string    `json:"advice" maxLength:"4000" doc:"what people can do themselves"`
	Contact   string    `json:"contact" maxLength:"1200" doc:"how people and the authority reach the corp"`
}

func (h *api) answer(ctx context.Context, i *Incident, err error) (*Out, error) {
	if err != nil {
		return nil, err
	}
	out, err := h.show(ctx, i)
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (h *api) record(ctx context.Context, in *struct{ Body draftIn }) (*Out, error) {
	i, err := h.Record(ctx, web.Caller(ctx).User, Draft(in.Body))
	return h.answer(ctx, i, err)
}

func (h *api) change(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body draftIn
},
) (*Out, error) {
	i, err := h.Change(ctx, in.ID.Int(), web.Caller(ctx).User, Draft(in.Body))
	return h.answer(ctx, i, err)
}

func (h *api) step(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		Kind   StepKind  `json:"kind" maxLength:"20" doc:"remedied, authority, persons, untold or note"`
		Note   string    `json:"note" maxLength:"4000" doc:"what was done, to whom and how"`
		DoneAt time.Time `json:"done_at,omitzero" doc:"absent: now"`
	}
},
) (*web.None, error) {
	return nil, h.Done(ctx, in.ID.Int(), web.Caller(ctx).User, in.Body.Kind, in.Body.Note, in.Body.DoneAt)
}

type incidentID struct {
	ID web.ID `path:"id"`
}

func (h *api) get(ctx context.Context, in *incidentID) (*DetailOut, error) {
	i, err := h.Get(ctx, in.ID.Int())
	if err != nil {
		return nil, err
	}
	shown, err := h.show(ctx, i)
	if err != nil {
		return nil, err
	}
	found, err := h.Affected(ctx, i)
	if err != nil {
		return nil, err
	}
	corp, err := h.Around.CorpName(ctx)
	if err != nil {
		return nil, err
	}
	texts, lang := textsOf(i, corp, found, h.Zone), web.Lang(ctx)
	out := &DetailOut{
		Out: shown[0], Affected: len(found.People), Bases: []basisOut{}, Unrecorded: found.Unrecorded, RecordedSince: h.when(found.Recorded),
		Authority: texts.Authority.In(lang), Persons: texts.Persons.In(lang),
	}
	counts := map[Basis]int{}
	for _, p := range found.People {
		counts[p.Basis]++
	}
	for _, b := range exactness {
		if counts[b] > 0 {
			out.Bases = append(out.Bases, basisOut{b, counts[b]})
		}
	}
	return out, nil
}

// PersonOut is somebody whom an incident concerns, as the API answers it.
type PersonOut struct {
	Customer named      `json:"customer"`
	Members  []named    `json:"members" doc:"who has them now and would tell them; none: they left"`
	Basis    Basis      `json:"basis" enum:"exported,looked,held,unrecorded,all"`
	First    *time.Time `json:"first,omitempty" doc:"when they were seen or taken out first"`
	Last     *time.Time `json:"last,omitempty"`
}

type affectedIn struct {
	web.List
	ID web.ID `path:"id"`
}

func (h *api) affected(ctx context.Context, in *affectedIn) (*web.Page[PersonOut], error) {
	i, err := h.Get(ctx, in.ID.Int())
	if err != nil {
		return nil, err
	}
	found, err := h.Affected(ctx, i)
	if err != nil {
		return nil, err
	}
	n, _ := slices.BinarySearchFunc(found.People, in.After, func(p Person, after string) int { return cmp.Or(strings.Compare(p.CustomerID, after), -1) })
	rest := found.People[n:]
	out, err := h.people(ctx, rest[:min(len(rest), in.Limit+1)])
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, len(found.People), false, func(p PersonOut) string { return p.Customer.ID }), nil
}

func (h *api) people(ctx context.Context, rows []Person) ([]PersonOut, error) {
	ids := make([]string, len(rows))
	for i, p := range rows {
		ids[i] = p.CustomerID
	}
	names, err := h.near.Customers(ctx, ids)
	if err != nil {
		return nil, err
	}
	members, err := h.near.Members(ctx, ids)
	if err != nil {
		return nil, err
	}
	var staff []string
	for _, m := range members {
		staff = append(staff, m...)
	}
	people, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	out := make([]PersonOut, len(rows))
	for i, p := range rows {
		out[i] = PersonOut{Customer: named{p.CustomerID, names[p.CustomerID]}, Members: []named{}, Basis: p.Basis, First: h.when(p.First), Last: h.when(p.Last)}
		for _, m := range members[p.CustomerID] {
			out[i].Members = append(out[i].Members, named{m, people[m]})
		}
	}
	return out, nil
}

func (h *api) file(ctx context.Context, in *incidentID) (*web.File, error) {
	i, err := h.Get(ctx, in.ID.Int())
	if err != nil {
		return nil, err
	}
	found, err := h.Affected(ctx, i)
	if err != nil {
		return nil, err
	}
	return &web.File{Type: "text/csv; charset=utf-8", Name: "incident-" + strconv.FormatInt(i.ID, 10) + ".csv", Write: func(w http.ResponseWriter) error {
		if _, err := io.WriteString(w, "\xef\xbb\xbf"); err != nil { // spreadsheets read UTF-8 by it
			return err
		}
		return h.WriteCSV(ctx, w, found, h.near)
	}}, nil
}

// WriteCSV writes whom an incident concerns, with who would tell them.
func (s *Service) WriteCSV(ctx context.Context, w io.Writer, found List, near Neighbours) error {
	h := &api{s, near}
	out := csv.NewWriter(w)
	if err := out.Write([]string{"id", "name", "basis", "first", "last", "members"}); err != nil {
		return err
	}
	for part := range slices.Chunk(found.People, 500) {
		rows, err := h.people(ctx, part)
		if err != nil {
			return err
		}
		for _, p := range rows {
			var members []string
			for _, m := range p.Members {
				members = append(members, cmp.Or(m.Name, m.ID))
			}
			cells := []string{p.Customer.ID, p.Customer.Name, string(p.Basis), stamp(p.First), stamp(p.Last), strings.Join(members, " ")}
			for n, c := range cells {
				if c != "" && strings.ContainsRune("=+-@\t\r\n", rune(c[0])) {
					cells[n] = "'" + c // a spreadsheet would run it as a formula
				}
			}
			if err := out.Write(cells); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}
