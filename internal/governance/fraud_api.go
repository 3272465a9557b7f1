package governance

import (
	"context"
	"slices"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// mostFrauds is how many cases a page shows.
const mostFrauds = 50

// FraudOut is a case of fraud as the API answers it.
type FraudOut struct {
	ID        web.ID       `json:"id"`
	State     FraudState   `json:"state" enum:"open,confirmed,mistaken"`
	Kind      string       `json:"kind,omitempty" doc:"what holds the words: broadcast, moment, welcome, autoreply; absent: they were kept nowhere"`
	Campaign  named        `json:"campaign" doc:"empty id: nothing holds the words"`
	Author    named        `json:"author"`
	Source    string       `json:"source" enum:"guard,review" doc:"a content rule refused them, or a reviewer said so"`
	FoundBy   *named       `json:"found_by,omitempty"`
	FoundAt   time.Time    `json:"found_at"`
	Words     []FraudField `json:"words"`
	Findings  []spot       `json:"findings"`
	Version   string       `json:"version" doc:"of the rules that read them"`
	Digest    string       `json:"digest" doc:"SHA-256, as the audit log has it"`
	Intact    bool         `json:"intact" doc:"the evidence is as the audit log says"`
	Frozen    bool         `json:"frozen" doc:"nothing of the campaign goes out"`
	Reached   int          `json:"reached" doc:"touches of the campaign that arrived in the last 30 days: who may have to be warned"`
	DecidedBy *named       `json:"decided_by,omitempty"`
	DecidedAt *time.Time   `json:"decided_at,omitempty"`
	Note      string       `json:"note,omitempty"`
	MayDecide bool         `json:"may_decide"`
}

// FraudsOut is the cases of fraud as the API answers them.
type FraudsOut struct {
	Items []FraudOut `json:"items" doc:"those that wait for an owner first, at most 50"`
}

type decideFraudIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Confirmed bool   `json:"confirmed" doc:"it is fraud; false: it is none, and the campaign may go on"`
		Note      string `json:"note" minLength:"2" maxLength:"500" doc:"who was warned, to whom it was reported; or why it is none"`
	}
}

func (h *API) registerFraud(a *web.API) {
	web.Get(a, "/governance/frauds", web.Op{
		ID: "list-frauds", Permission: "fraud.read", Scope: web.WholeCorp, Summary: "Words that were found to be fraud, with the evidence", Personal: true,
	}, h.frauds)
	web.Post(a, "/governance/frauds/{id}/decide", web.Op{
		ID: "decide-fraud", Permission: "fraud.write", Scope: web.WholeCorp, Summary: "Say whether it is fraud, and what was done; owners only",
	}, h.decideFraud)
}

func (h *API) decideFraud(ctx context.Context, in *decideFraudIn) (*FraudsOut, error) {
	who := web.Caller(ctx)
	if err := h.DecideFraud(ctx, who.CorpID, in.ID.Int(), who.User, in.Body.Confirmed, in.Body.Note); err != nil {
		return nil, err
	}
	return h.frauds(ctx, nil)
}

func (h *API) frauds(ctx context.Context, _ *web.None) (*FraudsOut, error) {
	who := web.Caller(ctx)
	rows, err := h.Frauds(ctx, who.CorpID, mostFrauds)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, c := range rows {
		people = append(people, c.Author, c.FoundBy, c.DecidedBy)
	}
	slices.Sort(people)
	names, err := h.near.Staff(ctx, slices.Compact(people))
	if err != nil {
		return nil, err
	}
	steps, err := stepsIn(ctx, h.db.Read(), who.CorpID)
	if err != nil {
		return nil, err
	}
	call := func(id string) *named {
		if id == "" {
			return nil
		}
		return &named{id, names[id]}
	}
	out := &FraudsOut{Items: []FraudOut{}}
	for _, c := range rows {
		kind, id, _ := strings.Cut(c.CampaignID, "/")
		o := FraudOut{
			ID: web.IDOf(c.ID), State: c.State, Kind: kind, Campaign: named{id, c.Title}, Author: named{c.Author, names[c.Author]}, Source: c.Source,
			FoundBy: call(c.FoundBy), FoundAt: c.FoundAt.In(h.zone), Words: c.words(), Findings: c.spots(), Version: c.Version, Digest: c.Digest,
			Frozen: steps[OnCampaign][c.CampaignID].keeps(Service, c.FoundAt), DecidedBy: call(c.DecidedBy), DecidedAt: h.when(c.DecidedAt), Note: c.Note,
			MayDecide: c.State == FraudOpen && c.Author != who.User && who.May != nil && who.May("fraud.write"),
		}
		if o.Intact, err = h.Intact(ctx, c); err != nil {
			return nil, err
		}
		if c.CampaignID != "" {
			if o.Reached, err = h.ReachedBy(ctx, h.db.Read(), c.CorpID, c.CampaignID); err != nil {
				return nil, err
			}
		}
		out.Items = append(out.Items, o)
	}
	return out, nil
}
