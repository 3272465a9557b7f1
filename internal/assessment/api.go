package assessment

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/web"
)

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Staff func(ctx context.Context, ids []string) (map[string]string, error)
}

type api struct {
	*Service
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &api{s, near}
	read := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "assessment.read", Scope: web.Shared, Summary: summary, Tag: "assessments"}
	}
	write := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "assessment.write", Scope: web.WholeCorp, Summary: summary, Tag: "assessments"}
	}
	web.Get(a, "/assessments", read("list-assessments", "Impact assessments, those that count first"), h.list)
	add := write("add-assessment", "Put an impact assessment on record, also in the place of one")
	add.Status = http.StatusCreated
	web.Post(a, "/assessments", add, h.add)
	web.Post(a, "/assessments/{id}/withdraw", write("withdraw-assessment", "End an impact assessment before its day; it stays on record"), h.withdraw)
	web.Get(a, "/automatic-tags", read("list-automatic-tags", "Tags that a machine gives by its own judgement of people"), h.tags)
	web.Post(a, "/automatic-tags", write("declare-automatic-tag", "Say that a machine gives a tag"), h.declare)
	web.Delete(a, "/automatic-tags/{id}", write("end-automatic-tag", "Say that people give a tag now"), h.undeclare)
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Out is an assessment as the API answers it.
type Out struct {
	ID         web.ID     `json:"id"`
	Number     string     `json:"number"`
	Title      string     `json:"title"`
	Kinds      []Kind     `json:"kinds" enum:"sensitive,automated,entrusting,sharing,abroad"`
	Aims       string     `json:"aims" doc:"are aims and manner lawful, legitimate and necessary"`
	Influence  string     `json:"influence" doc:"what it means for people, and the risk"`
	Measures   string     `json:"measures" doc:"are the measures lawful, effective and fit for the risk"`
	Assessor   string     `json:"assessor" doc:"who assessed"`
	AssessedOn string     `json:"assessed_on"`
	ValidUntil string     `json:"valid_until" doc:"to be reviewed by this day; it counts until its end"`
	State      State      `json:"state" enum:"in_force,due,overdue,replaced,withdrawn"`
	By         named      `json:"by"`
	At         time.Time  `json:"at"`
	ReplacedBy web.ID     `json:"replaced_by,omitempty"`
	EndedBy    *named     `json:"ended_by,omitempty"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	EndedWhy   string     `json:"ended_why,omitempty"`
}

func (h *api) show(ctx context.Context, rows ...*Assessment) ([]Out, error) {
	var ids []string
	for _, a := range rows {
		ids = append(ids, a.MadeBy, a.EndedBy)
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := h.World.Now()
	out := make([]Out, len(rows))
	for i, a := range rows {
		out[i] = Out{
			ID: web.IDOf(a.ID), Number: a.Number, Title: a.Title, Kinds: a.Covers(), Aims: a.Aims, Influence: a.Influence, Measures: a.Measures, Assessor: a.Assessor,
			AssessedOn: h.day(a.AssessedAt), ValidUntil: h.day(a.ValidUntil.Add(-time.Second)), State: a.State(now), By: named{a.MadeBy, names[a.MadeBy]},
			At: a.MadeAt.In(h.Zone), EndedWhy: a.EndedWhy,
		}
		if a.EndedAt != 0 {
			at := a.EndedAt.In(h.Zone)
			out[i].EndedAt, out[i].EndedBy = &at, &named{a.EndedBy, names[a.EndedBy]}
		}
		if a.ReplacedBy != 0 {
			out[i].ReplacedBy = web.IDOf(a.ReplacedBy)
		}
	}
	return out, nil
}

func (h *api) day(t clock.Time) string { return t.In(h.Zone).Format(time.DateOnly) }

func (h *api) list(ctx context.Context, _ *web.None) (*web.Page[Out], error) {
	rows, err := h.List(ctx)
	if err != nil {
		return nil, err
	}
	out, err := h.show(ctx, rows...)
	return &web.Page[Out]{Items: out, Total: len(out)}, err
}

type addIn struct {
	Body struct {
		Title      string `json:"title" maxLength:"400"`
		Kinds      []Kind `json:"kinds" enum:"sensitive,automated,entrusting,sharing,abroad" maxItems:"5"`
		Aims       string `json:"aims" maxLength:"16000"`
		Influence  string `json:"influence" maxLength:"16000"`
		Measures   string `json:"measures" maxLength:"16000"`
		Assessor   string `json:"assessor" maxLength:"400"`
		AssessedOn string `json:"assessed_on" maxLength:"10" doc:"as 2026-11-30"`
		ValidUntil string `json:"valid_until" maxLength:"10" doc:"the day of the review, as 2027-11-30"`
		Replaces   web.ID `json:"replaces,omitempty" doc:"the assessment that it takes the place of"`
	}
}

func (h *api) add(ctx context.Context, in *addIn) (*Out, error) {
	b := in.Body
	a, err := h.Add(ctx, web.Caller(ctx).User, Draft{
		Title: b.Title, Kinds: b.Kinds, Aims: b.Aims, Influence: b.Influence, Measures: b.Measures, Assessor: b.Assessor, AssessedOn: b.AssessedOn, ValidUntil: b.ValidUntil,
	}, b.Replaces.Int())
	if err != nil {
		return nil, err
	}
	out, err := h.show(ctx, a)
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (h *api) withdraw(ctx context.Context, in *struct {
	ID   web.ID `path:"id"`
	Body struct {
		Why string `json:"why" maxLength:"1200"`
	}
},
) (*web.None, error) {
	return nil, h.Withdraw(ctx, in.ID.Int(), web.Caller(ctx).User, in.Body.Why)
}

type tagOut struct {
	Tag  named     `json:"tag"`
	How  How       `json:"how" enum:"token,declared" doc:"how it is known: a program gave it through the API, or a person said so"`
	Note string    `json:"note,omitempty"`
	By   named     `json:"by"`
	At   time.Time `json:"at"`
}

func (h *api) tags(ctx context.Context, _ *web.None) (*web.Page[tagOut], error) {
	rows, err := h.AutomaticTags(ctx)
	if err != nil {
		return nil, err
	}
	var tags, staff []string
	for _, r := range rows {
		tags, staff = append(tags, r.TagID), append(staff, r.MadeBy)
	}
	names, err := h.TagNames(ctx, tags)
	if err != nil {
		return nil, err
	}
	people, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	out := make([]tagOut, len(rows))
	for i, r := range rows {
		out[i] = tagOut{named{r.TagID, names[r.TagID]}, r.How, r.Note, named{r.MadeBy, people[r.MadeBy]}, r.MadeAt.In(h.Zone)}
	}
	return &web.Page[tagOut]{Items: out, Total: len(out)}, nil
}

func (h *api) declare(ctx context.Context, in *struct {
	Body struct {
		TagID string `json:"tag_id" maxLength:"128"`
		Note  string `json:"note" maxLength:"800" doc:"which program gives it, by what"`
	}
},
) (*web.None, error) {
	return nil, h.Declare(ctx, web.Caller(ctx).User, in.Body.TagID, in.Body.Note)
}

func (h *api) undeclare(ctx context.Context, in *struct {
	ID string `path:"id" doc:"of the tag"`
},
) (*web.None, error) {
	return nil, h.Undeclare(ctx, web.Caller(ctx).User, in.ID)
}
