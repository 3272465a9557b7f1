package governance

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/web"
)

// registerSites puts the corp's sites, and the penalties against them, on the API.
func (h *API) registerSites(a *web.API) {
	web.Get(a, "/governance/sites", web.Op{
		ID: "list-sites", Permission: "governance.read", Scope: web.Shared, Summary: "The sites that the corp answers for, and WeChat's penalties against sites",
	}, h.sites)
	web.Post(a, "/governance/sites", web.Op{
		ID: "add-site", Permission: "site.write", Scope: web.WholeCorp, Summary: "Put a site on record; owners only", Status: http.StatusCreated,
	}, h.addSite)
	web.Delete(a, "/governance/sites/{id}", web.Op{
		ID: "withdraw-site", Permission: "site.write", Scope: web.WholeCorp, Summary: "Withdraw a site; owners only",
	}, h.withdrawSite)
	web.Post(a, "/governance/site-penalties", web.Op{
		ID: "note-site-penalty", Permission: "governance.write", Scope: web.WholeCorp, Summary: "Note that WeChat acted against links to a site", Status: http.StatusCreated,
	}, h.notePenalty)
	web.Post(a, "/governance/site-penalties/{id}/repair", web.Op{
		ID: "repair-site", Permission: "site.write", Scope: web.WholeCorp, Summary: "Note that a site was repaired and restored; owners only",
	}, h.repairSite)
	web.Delete(a, "/governance/site-penalties/{id}", web.Op{
		ID: "withdraw-site-penalty", Permission: "site.write", Scope: web.WholeCorp, Summary: "Take back a penalty noted by mistake; owners only",
	}, h.withdrawPenalty)
}

// SiteOut is a site on record as the API answers it.
type SiteOut struct {
	ID      web.ID     `json:"id"`
	Host    string     `json:"host" doc:"in ASCII; what lies below it is meant too"`
	Kind    SiteKind   `json:"kind" enum:"own,trusted"`
	Note    string     `json:"note,omitempty"`
	By      string     `json:"by"`
	At      time.Time  `json:"at"`
	EndedBy string     `json:"ended_by,omitempty"`
	EndedAt *time.Time `json:"ended_at,omitempty" doc:"absent: it is on record"`
}

// PenaltyOut is a penalty of a site as the API answers it.
type PenaltyOut struct {
	ID         web.ID       `json:"id"`
	Host       string       `json:"host"`
	Evasion    bool         `json:"evasion"`
	Rung       int          `json:"rung" doc:"which one of the site it is"`
	State      PenaltyState `json:"state" enum:"repair,runs,forever,over,withdrawn" doc:"links rest under the first three"`
	PunishedAt time.Time    `json:"punished_at" doc:"when WeChat acted"`
	Until      *time.Time   `json:"until,omitempty" doc:"absent: until the repair, or for good"`
	Evidence   string       `json:"evidence"`
	By         string       `json:"by"`
	At         time.Time    `json:"at"`
	Repair     string       `json:"repair,omitempty"`
	RepairedBy string       `json:"repaired_by,omitempty"`
	RepairedAt *time.Time   `json:"repaired_at,omitempty"`
	EndedBy    string       `json:"ended_by,omitempty"`
	EndedAt    *time.Time   `json:"ended_at,omitempty"`
}

// SitesOut is the register of sites as the API answers it.
type SitesOut struct {
	Platform  string       `json:"platform,omitempty" doc:"the platform's own site, which counts without a record"`
	Items     []SiteOut    `json:"items" doc:"those on record first"`
	Penalties []PenaltyOut `json:"penalties" doc:"the newest first"`
}

func (h *API) sites(ctx context.Context, _ *web.None) (*SitesOut, error) {
	corpID := web.Caller(ctx).CorpID
	rows, err := h.Sites(ctx, corpID)
	if err != nil {
		return nil, err
	}
	penalties, err := h.Penalties(ctx, corpID)
	if err != nil {
		return nil, err
	}
	out := &SitesOut{Platform: h.OwnHost(), Items: make([]SiteOut, len(rows)), Penalties: make([]PenaltyOut, len(penalties))}
	for i, s := range rows {
		out.Items[i] = h.showSite(s)
	}
	for i, p := range penalties {
		out.Penalties[i] = h.showPenalty(p)
	}
	return out, nil
}

func (h *API) showSite(s *Site) SiteOut {
	return SiteOut{ID: web.IDOf(s.ID), Host: s.Host, Kind: s.Kind, Note: s.Note, By: s.MadeBy, At: s.MadeAt.In(h.zone), EndedBy: s.EndedBy, EndedAt: h.when(s.EndedAt)}
}

func (h *API) showPenalty(p *SitePenalty) PenaltyOut {
	out := PenaltyOut{
		ID: web.IDOf(p.ID), Host: p.Host, Evasion: p.Evasion, Rung: p.Rung, State: p.State(h.world.Now()), PunishedAt: p.At.In(h.zone), Evidence: p.Evidence,
		By: p.MadeBy, At: p.MadeAt.In(h.zone), Repair: p.Repair, RepairedBy: p.RepairedBy, RepairedAt: h.when(p.RepairedAt), EndedBy: p.EndedBy, EndedAt: h.when(p.EndedAt),
	}
	if p.Rung > 1 {
		out.Until = h.when(p.Until)
	}
	return out
}

type siteIn struct {
	Body struct {
		Host string   `json:"host" maxLength:"1000" doc:"a domain, or an address of it"`
		Kind SiteKind `json:"kind" enum:"own,trusted" doc:"trusted = a partner's, by contract"`
		Note string   `json:"note,omitempty" maxLength:"1200" doc:"of a partner's site: by which contract"`
	}
}

func (h *API) addSite(ctx context.Context, in *siteIn) (*SiteOut, error) {
	who := web.Caller(ctx)
	s, err := h.AddSite(ctx, Site{CorpID: who.CorpID, Host: in.Body.Host, Kind: in.Body.Kind, Note: in.Body.Note, MadeBy: who.User})
	if err != nil {
		return nil, err
	}
	out := h.showSite(s)
	return &out, nil
}

func (h *API) withdrawSite(ctx context.Context, in *idIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.EndSite(ctx, who.CorpID, in.ID.Int(), who.User)
}

type penaltyIn struct {
	Body struct {
		Host       string    `json:"host" maxLength:"1000" doc:"a domain, or an address of it"`
		PunishedAt time.Time `json:"punished_at" doc:"when WeChat acted"`
		Evasion    bool      `json:"evasion,omitempty" doc:"for getting around an earlier one: it holds for good"`
		Evidence   string    `json:"evidence" maxLength:"2000" doc:"where it was seen, and what WeChat said"`
	}
}

func (h *API) notePenalty(ctx context.Context, in *penaltyIn) (*PenaltyOut, error) {
	who, b := web.Caller(ctx), in.Body
	p, err := h.NotePenalty(ctx, SitePenalty{CorpID: who.CorpID, Host: b.Host, At: clock.At(b.PunishedAt), Evasion: b.Evasion, Evidence: b.Evidence, MadeBy: who.User})
	if err != nil {
		return nil, err
	}
	out := h.showPenalty(p)
	return &out, nil
}

type repairIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Repair string `json:"repair" maxLength:"2000" doc:"what was changed, and when WeChat restored it"`
	}
}

func (h *API) repairSite(ctx context.Context, in *repairIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.RepairSite(ctx, who.CorpID, in.ID.Int(), who.User, in.Body.Repair)
}

func (h *API) withdrawPenalty(ctx context.Context, in *idIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.EndPenalty(ctx, who.CorpID, in.ID.Int(), who.User)
}
