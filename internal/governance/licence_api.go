package governance

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// registerLicences puts the corp's papers on the API.
func (h *API) registerLicences(a *web.API) {
	web.Get(a, "/governance/licences", web.Op{
		ID: "list-licences", Permission: "governance.read", Scope: web.Shared, Summary: "Who the corp is and what it is licensed to say, with the papers",
	}, h.licences)
	web.Post(a, "/governance/licences", web.Op{
		ID: "add-licence", Permission: "licence.write", Scope: web.WholeCorp, Summary: "Put a paper on record; owners only", Status: http.StatusCreated,
	}, h.addLicence)
	web.Delete(a, "/governance/licences/{id}", web.Op{
		ID: "withdraw-licence", Permission: "licence.write", Scope: web.WholeCorp, Summary: "Withdraw a paper; owners only",
	}, h.withdrawLicence)
}

type licenceRule struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type licenceKind struct {
	ID     string        `json:"id"`
	Name   string        `json:"name"`
	Number string        `json:"number" doc:"which number is meant"`
	Rules  []licenceRule `json:"rules" doc:"what it bears on"`
}

// LicenceOut is a paper as the API answers it.
type LicenceOut struct {
	ID         web.ID       `json:"id"`
	Kind       string       `json:"kind"`
	KindName   string       `json:"kind_name"`
	Holder     string       `json:"holder"`
	Names      []string     `json:"names" doc:"what else the holder calls itself"`
	Number     string       `json:"number"`
	Issuer     string       `json:"issuer"`
	ValidUntil string       `json:"valid_until,omitempty" doc:"the last day on which it holds; absent: without an end"`
	Note       string       `json:"note,omitempty"`
	State      LicenceState `json:"state" enum:"in_force,expiring,expired,withdrawn"`
	By         string       `json:"by"`
	At         time.Time    `json:"at"`
	EndedBy    string       `json:"ended_by,omitempty"`
	EndedAt    *time.Time   `json:"ended_at,omitempty"`
}

// LicencesOut is the register of papers as the API answers it.
type LicencesOut struct {
	Kinds []licenceKind `json:"kinds" doc:"that can be put on record"`
	Items []LicenceOut  `json:"items" doc:"those in force first"`
}

func (h *API) licences(ctx context.Context, _ *web.None) (*LicencesOut, error) {
	rows, err := h.Licences(ctx, web.Caller(ctx).CorpID)
	if err != nil {
		return nil, err
	}
	lang := web.Lang(ctx)
	out := &LicencesOut{Kinds: []licenceKind{}, Items: make([]LicenceOut, len(rows))}
	for _, k := range h.book.Policy.Licences {
		kind := licenceKind{ID: k.ID, Name: k.Name.Text().In(lang), Number: k.Number.Text().In(lang), Rules: []licenceRule{}}
		for _, r := range h.book.WaitsFor(k.ID) {
			kind.Rules = append(kind.Rules, licenceRule{r.ID, r.Title.Text().In(lang)})
		}
		out.Kinds = append(out.Kinds, kind)
	}
	for i, l := range rows {
		out.Items[i] = h.showLicence(lang, l)
	}
	return out, nil
}

func (h *API) showLicence(lang string, l *Licence) LicenceOut {
	out := LicenceOut{
		ID: web.IDOf(l.ID), Kind: l.Kind, KindName: h.LicenceName(l.Kind).In(lang), Holder: l.Holder, Names: append([]string{}, l.Names...), Number: l.Number, Issuer: l.Issuer,
		Note: l.Note, State: l.State(h.world.Now()), By: l.MadeBy, At: l.MadeAt.In(h.zone), EndedBy: l.EndedBy, EndedAt: h.when(l.EndedAt),
	}
	if l.ValidUntil != 0 {
		out.ValidUntil = l.ValidUntil.Add(-time.Second).In(h.zone).Format(time.DateOnly)
	}
	return out
}

type licenceIn struct {
	Body struct {
		Kind       string   `json:"kind" maxLength:"40"`
		Holder     string   `json:"holder" maxLength:"400" doc:"the name on the paper"`
		Names      []string `json:"names,omitempty" maxItems:"20" doc:"what else the holder calls itself; of an identity"`
		Number     string   `json:"number" maxLength:"400"`
		Issuer     string   `json:"issuer" maxLength:"400"`
		ValidUntil string   `json:"valid_until,omitempty" maxLength:"10" doc:"the last day on which it holds, as 2027-12-31; absent: without an end"`
		Note       string   `json:"note,omitempty" maxLength:"1200" doc:"where the paper lies"`
	}
}

func (h *API) addLicence(ctx context.Context, in *licenceIn) (*LicenceOut, error) {
	who, b := web.Caller(ctx), in.Body
	l, err := h.AddLicence(ctx, Licence{
		CorpID: who.CorpID, Kind: b.Kind, Holder: b.Holder, Names: b.Names, Number: b.Number, Issuer: b.Issuer, Note: b.Note, MadeBy: who.User,
	}, b.ValidUntil)
	if err != nil {
		return nil, err
	}
	out := h.showLicence(web.Lang(ctx), l)
	return &out, nil
}

func (h *API) withdrawLicence(ctx context.Context, in *idIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.EndLicence(ctx, who.CorpID, in.ID.Int(), who.User)
}
