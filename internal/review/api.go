package review

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
)

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Zone  *time.Location
	Scope func(ctx context.Context) ([]string, error) // staff ids the caller may see; nil = all
	Staff func(ctx context.Context, ids []string) (map[string]string, error)
}

// API serves the routes of this room.
type API struct {
	*Service
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &API{s, near}
	read := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "review.read", Scope: web.Filtered, Summary: summary}
	}
	write := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "review.write", Scope: web.WholeCorp, Summary: summary}
	}
	web.Get(a, "/reviews", read("list-reviews", "Texts that a person looks at, the most urgent first; or what was decided"), h.list)
	web.Get(a, "/reviews/sum", read("sum-reviews", "How the queue stands, and how people and rules agree"), h.sum)
	web.GetFile(a, "/reviews/examples.tsv", web.Op{
		ID: "export-review-examples", Permission: "review.read", Scope: web.WholeCorp, Summary: "Decisions as labelled texts, for zhiyin guard train --extra",
	}, h.examples)
	web.Get(a, "/reviews/{id}", read("get-review", "One text with what objects to it"), h.get)
	web.Post(a, "/reviews/{id}/pass", write("pass-review", "It may go out"), h.pass)
	web.Post(a, "/reviews/{id}/return", write("return-review", "Give it back, with the reason"), h.back)
	web.Post(a, "/reviews/{id}/second", write("second-review", "What another person says to a grave one"), h.second)
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// TextOut is a text in the queue as the API answers it.
type TextOut struct {
	ID        web.ID             `json:"id"`
	Noun      string             `json:"noun" enum:"broadcast,moment,welcome,autoreply,kf,greeting"`
	Ref       string             `json:"ref,omitempty" doc:"its id there; hidden in a blind sample"`
	Title     string             `json:"title,omitempty"`
	Class     governance.Class   `json:"class" enum:"emergency,transactional,service,lifecycle,marketing"`
	Channel   governance.Channel `json:"channel" enum:"welcome,kf,mass_customer,mass_group,moment,group_welcome"`
	Author    *named             `json:"author,omitempty"`
	Text      string             `json:"text" doc:"the first words"`
	Cause     governance.Cause   `json:"cause" enum:"size,words,ladder,assessment,flagged,sample"`
	Held      bool               `json:"held" doc:"it waits for the decision"`
	Blind     bool               `json:"blind" doc:"what the rules said, and who wrote it, shows after the decision"`
	Rules     []string           `json:"rules" doc:"ids of the rules that object"`
	Harm      int                `json:"harm"`
	Audience  int                `json:"audience"`
	At        time.Time          `json:"at"`
	State     State              `json:"state" enum:"open,second,passed,returned,withdrawn"`
	Label     string             `json:"label,omitempty"`
	Note      string             `json:"note,omitempty"`
	Grave     bool               `json:"grave"`
	By        *named             `json:"by,omitempty"`
	DecidedAt *time.Time         `json:"decided_at,omitempty"`
	SecondBy  *named             `json:"second_by,omitempty"`
	Own       bool               `json:"own" doc:"the caller wrote it, or gave it back as grave: somebody else has to decide"`
}

type textsIn struct {
	web.List
	Show  string `query:"show" enum:"open,decided" default:"open"`
	Cause string `query:"cause" enum:"size,words,ladder,assessment,flagged,sample"`
}

// accounts are whose texts the caller may see: those within their scope, and their own.
func (h *API) accounts(ctx context.Context) ([]string, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil || scope == nil {
		return nil, err
	}
	return append(append([]string{}, scope...), web.Caller(ctx).User), nil
}

func (h *API) list(ctx context.Context, in *textsIn) (*web.Page[TextOut], error) {
	scope, err := h.accounts(ctx)
	if err != nil {
		return nil, err
	}
	start, err := in.AfterID() // the queue moves while one reads: pages are by place
	if err != nil {
		return nil, err
	}
	f := Filter{Decided: in.Show == "decided", Cause: in.Cause, Scope: scope}
	total, more, err := web.Total(ctx, h.DB.Read(), h.query(f), in.List)
	if err != nil {
		return nil, err
	}
	rows, err := h.Queue(ctx, f, start, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out, err := h.show(ctx, rows...)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(TextOut) string { return strconv.FormatInt(start+int64(in.Limit), 10) }), nil
}

func (h *API) show(ctx context.Context, rows ...*Item) ([]TextOut, error) {
	who := web.Caller(ctx).User
	var ids []string
	for _, i := range rows {
		ids = append(ids, i.Author, i.ByWhom, i.SecondBy)
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	person := func(id string) *named {
		switch {
		case id == "":
			return nil
		case names[id] == "":
			return &named{id, id}
		}
		return &named{id, names[id]}
	}
	out := make([]TextOut, len(rows))
	for n, i := range rows {
		o := TextOut{
			ID: web.IDOf(i.ID), Noun: i.Noun, Class: i.Class, Channel: i.Channel, Text: oneLine(i.text()), Cause: i.Cause, Held: i.Held, Blind: i.blind(), Rules: []string{},
			Harm: i.Harm, Audience: i.Audience, At: i.At.In(h.near.Zone), State: i.State, Label: i.Label, Note: i.Note, Grave: i.Grave, By: person(i.ByWhom),
			DecidedAt: when(i.DecidedAt, h.near.Zone), SecondBy: person(i.SecondBy), Own: i.Author == who || i.State == Second && i.ByWhom == who,
		}
		if r := []rune(o.Text); len(r) > 120 {
			o.Text = string(r[:120]) + "…"
		}
		if !o.Blind {
			o.Ref, o.Title, o.Author = i.Ref, i.Title, person(i.Author)
			for _, f := range i.findings() {
				o.Rules = append(o.Rules, f.RuleID)
			}
		}
		out[n] = o
	}
	return out, nil
}

func when(t clock.Time, zone *time.Location) *time.Time {
	if t == 0 {
		return nil
	}
	at := t.In(zone)
	return &at
}

type idIn struct {
	ID web.ID `path:"id"`
}

type textField struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

type textScore struct {
	Field  string   `json:"field"`
	Class  string   `json:"class"`
	RuleID string   `json:"rule_id"`
	Score  float64  `json:"score" doc:"log odds of its worst phrase"`
	Review float64  `json:"review" doc:"from here on doubtful"`
	Grams  []string `json:"grams" doc:"what speaks for it most, at most 10"`
}

type textLike struct {
	TextOut
	Share int `json:"share" doc:"percent of what the texts have in common"`
}

type textOneOut struct {
	TextOut
	Fields    []textField             `json:"fields"`
	Findings  []governance.FindingOut `json:"findings"`
	Scores    []textScore             `json:"scores" doc:"of classes that come near to doubt, the highest first"`
	Version   string                  `json:"version,omitempty" doc:"of rules and model then"`
	Similar   []textLike              `json:"similar" doc:"decided texts most like it"`
	Reachable int                     `json:"reachable" doc:"how many it would reach now"`
}

// visible reads a text that the caller may see.
func (h *API) visible(ctx context.Context, id web.ID) (*Item, error) {
	scope, err := h.accounts(ctx)
	if err != nil {
		return nil, err
	}
	i, err := get(ctx, h.DB.Read(), h.CorpID, id.Int())
	if err != nil {
		return nil, err
	}
	if scope != nil && !slices.Contains(scope, i.Author) {
		return nil, errs.Missing("复核", "review")
	}
	return i, nil
}

func (h *API) get(ctx context.Context, in *idIn) (*textOneOut, error) {
	i, err := h.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return h.one(ctx, i)
}

func (h *API) one(ctx context.Context, i *Item) (*textOneOut, error) {
	rows, err := h.show(ctx, i)
	if err != nil {
		return nil, err
	}
	o := &textOneOut{TextOut: rows[0], Fields: []textField{}, Findings: []governance.FindingOut{}, Scores: []textScore{}, Similar: []textLike{}}
	lang := web.Lang(ctx)
	for _, f := range i.fields() {
		if f.Text != "" {
			o.Fields = append(o.Fields, textField{f.Name, f.Text})
		}
	}
	if o.Reachable, err = h.reach(ctx, i); err != nil {
		return nil, err
	}
	if o.Blind {
		return o, nil
	}
	o.Version = i.Version
	o.Findings = governance.Check{Findings: i.findings()}.Show(lang, "", 0).Findings
	for _, f := range i.fields() {
		for _, s := range h.Governor.Scores(i.Class, i.Channel, f.Text) {
			x := textScore{Field: f.Name, Class: s.Class, RuleID: s.RuleID, Score: s.Score, Review: s.Band.Review, Grams: []string{}}
			for _, g := range s.Grams {
				x.Grams = append(x.Grams, g.Text)
			}
			o.Scores = append(o.Scores, x)
		}
	}
	if web.Caller(ctx).SeesAll() { // former decisions are about everybody's texts
		alike, err := h.Similar(ctx, i, 3)
		if err != nil {
			return nil, err
		}
		for _, l := range alike {
			shown, err := h.show(ctx, l.Item)
			if err != nil {
				return nil, err
			}
			o.Similar = append(o.Similar, textLike{shown[0], int(100 * l.Share)})
		}
	}
	return o, nil
}

// person is who decides: somebody who logged in. A token could be the author's own.
func person(ctx context.Context) (string, error) {
	who := web.Caller(ctx)
	if strings.HasPrefix(who.User, "token:") {
		return "", errs.New(errs.Forbidden, "review.no_token", errs.T("复核要由人登录后来做，令牌不行（OWN-07）。", "A person who logged in has to decide, not a token (OWN-07)."))
	}
	return who.User, nil
}

type textPassIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Expect int    `json:"expect_reachable" minimum:"0" doc:"the number of reachable customers you saw"`
		Label  string `json:"label,omitempty" doc:"what lawful kind it is an example of; absent: by its class"`
	}
}

func (h *API) pass(ctx context.Context, in *textPassIn) (*textOneOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	i, err := h.Pass(ctx, in.ID.Int(), by, in.Body.Label, in.Body.Expect)
	if err != nil {
		return nil, err
	}
	return h.one(ctx, i)
}

type textReturnIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Note  string `json:"note" maxLength:"600" doc:"why; its author reads it"`
		Label string `json:"label,omitempty" doc:"which class of the classifier it is an example of; absent: none"`
		Grave bool   `json:"grave,omitempty" doc:"gambling, pornography, fraud, illegal goods or evasion: when another person agrees, its author is stopped"`
	}
}

func (h *API) back(ctx context.Context, in *textReturnIn) (*textOneOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	i, err := h.Return(ctx, in.ID.Int(), by, in.Body.Note, in.Body.Label, in.Body.Grave)
	if err != nil {
		return nil, err
	}
	return h.one(ctx, i)
}

type textSecondIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Agree bool `json:"agree"`
	}
}

func (h *API) second(ctx context.Context, in *textSecondIn) (*textOneOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	i, err := h.Agree(ctx, in.ID.Int(), by, in.Body.Agree)
	if err != nil {
		return nil, err
	}
	return h.one(ctx, i)
}

func (h *API) sum(ctx context.Context, _ *web.None) (*Sum, error) {
	scope, err := h.accounts(ctx)
	if err != nil {
		return nil, err
	}
	out, err := h.Sum(ctx, scope)
	return &out, err
}

func (h *API) examples(ctx context.Context, _ *web.None) (*web.File, error) {
	text, err := h.Examples(ctx)
	if err != nil {
		return nil, err
	}
	return &web.File{Type: "text/tab-separated-values; charset=utf-8", Name: "examples.tsv", Write: func(w http.ResponseWriter) error {
		_, err := io.WriteString(w, text)
		return err
	}}, nil
}
