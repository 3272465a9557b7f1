package moment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/web"
)

type staffShare struct {
	Staff     named `json:"staff"`
	Customers int   `json:"customers"`
}

type reasonOut struct {
	RuleID string     `json:"rule_id"`
	Title  string     `json:"title"`
	Reason string     `json:"reason"`
	Count  int        `json:"count"`
	NextAt *time.Time `json:"next_at,omitempty"`
}

type foldOut struct {
	Lines int    `json:"lines" doc:"lines of 20 characters, as a phone lays them out"`
	Shown string `json:"shown" doc:"what stands before the fold"`
	Rest  string `json:"rest" doc:"what a phone folds away; empty = nothing"`
}

type planOut struct {
	Matched   int                     `json:"matched"`
	Reachable int                     `json:"reachable"`
	Held      int                     `json:"held"`
	PerStaff  []staffShare            `json:"per_staff"`
	Reasons   []reasonOut             `json:"reasons"`
	Check     governance.CheckOut     `json:"check"`
	Fold      foldOut                 `json:"fold"`
	OpensAt   *time.Time              `json:"opens_at,omitempty" doc:"when it is not now"`
	ClosesAt  time.Time               `json:"closes_at"`
	Approval  governance.Cause        `json:"approval,omitempty" enum:"size,words,ladder,assessment" doc:"why another person has to approve it; absent: its author alone decides"`
	Assessed  *governance.AssessedOut `json:"assessed,omitempty" doc:"absent: it needs no impact assessment"`
	Full      int                     `json:"full" doc:"of the reachable: WeCom has shown them enough of the corp this month and may show no more"`
}

func (h *API) showPlan(ctx context.Context, p *Plan, text string) (*planOut, error) {
	lang := web.Lang(ctx)
	out := &planOut{
		Matched: len(p.Members), Reachable: p.Reachable, Held: p.Held, PerStaff: []staffShare{}, Reasons: []reasonOut{},
		Check: p.Check.Show(lang, text, MaxText), Fold: foldOut{p.Fold.Lines, text[:p.Fold.At], text[p.Fold.At:]}, ClosesAt: p.ClosesAt.In(h.Zone), Full: p.Full, Approval: p.Approval,
		Assessed: p.Assessed.Show(lang),
	}
	if p.OpensAt > h.World.Now() {
		out.OpensAt = h.when(p.OpensAt)
	}
	ids := make([]string, 0, len(p.PerStaff))
	for id := range p.PerStaff {
		ids = append(ids, id)
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ids, func(a, b string) int {
		if n := p.PerStaff[b] - p.PerStaff[a]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	for _, id := range ids {
		out.PerStaff = append(out.PerStaff, staffShare{named{id, names[id]}, p.PerStaff[id]})
	}
	for _, r := range p.Reasons {
		out.Reasons = append(out.Reasons, reasonOut{r.RuleID, h.Governor.Title(r.RuleID).In(lang), r.Text.In(lang), r.Count, h.when(r.Next)})
	}
	return out, nil
}

// show turns Moments into what the API answers, with counts and names in a few calls.
func (h *API) show(ctx context.Context, rows []*Moment, scope []string) ([]momentOut, error) {
	ids, authors, posts := make([]int64, len(rows)), make([]string, len(rows)), []string{}
	for i, m := range rows {
		ids[i], authors[i] = m.ID, m.CreatedBy
		if m.ReviewedBy != "" {
			authors = append(authors, m.ReviewedBy)
		}
		if m.PostID != "" {
			posts = append(posts, m.PostID)
		}
	}
	counts, err := h.counts(ctx, h.DB.Read(), ids, scope)
	if err != nil {
		return nil, err
	}
	tasks, err := h.tasks(ctx, h.DB.Read(), ids...)
	if err != nil {
		return nil, err
	}
	names, err := h.near.Staff(ctx, authors)
	if err != nil {
		return nil, err
	}
	echoes, err := h.countEchoes(ctx, posts, scope)
	if err != nil {
		return nil, err
	}
	out := make([]momentOut, len(rows))
	for i, m := range rows {
		w, err := m.words()
		if err != nil {
			return nil, err
		}
		name := names[m.CreatedBy]
		if name == "" { // an account need not be a member
			name = m.CreatedBy
		}
		o := momentOut{
			ID: web.IDOf(m.ID), Name: m.Name, Text: m.Text, Parts: w.Parts, Audience: w.Audience, Topic: m.Topic, State: m.State, Review: h.review(ctx, m, names), Assessments: governance.NumbersOf(m.Assessments),
			CreatedBy: named{m.CreatedBy, name}, CreatedAt: m.CreatedAt.In(h.Zone), SubmittedAt: h.when(m.SubmittedAt), PublishAt: h.when(m.PublishAt),
			OpensAt: h.when(m.OpensAt), ClosesAt: h.when(m.ClosesAt), EndedAt: h.when(m.EndedAt), Counts: counts[m.ID],
			Likes: echoes[m.PostID]["like"], Comments: echoes[m.PostID]["comment"], Error: m.Error,
		}
		if o.Parts == nil {
			o.Parts = []Part{}
		}
		if o.Audience.Tags == nil {
			o.Audience.Tags = []string{}
		}
		for _, t := range tasks[m.ID] {
			if scope != nil && !slices.Contains(scope, t.StaffID) {
				continue
			}
			o.Tasks.Staff++
			if t.State == TaskPublished {
				o.Tasks.Published++
			}
		}
		out[i] = o
	}
	return out, nil
}

func (h *API) countEchoes(ctx context.Context, posts, scope []string) (map[string]map[string]int, error) {
	out := map[string]map[string]int{}
	if len(posts) == 0 {
		return out, nil
	}
	var rows []struct {
		PostID string
		Kind   string
		N      int
	}
	q := h.DB.Read().NewSelect().Model((*Echo)(nil)).ColumnExpr("post_id, kind, COUNT(*) AS n").
		Where("corp_id = ? AND post_id IN (?)", h.CorpID, bun.List(posts)).GroupExpr("post_id, kind")
	if scope != nil {
		q = q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count reactions: %w", err)
	}
	for _, r := range rows {
		if out[r.PostID] == nil {
			out[r.PostID] = map[string]int{}
		}
		out[r.PostID][r.Kind] = r.N
	}
	return out, nil
}

type taskOut struct {
	Staff       named      `json:"staff"`
	Customers   int        `json:"customers" doc:"whom it was aimed at through this member"`
	Seen        int        `json:"seen"`
	State       TaskState  `json:"state" enum:"open,published,cancelled"`
	PublishedAt *time.Time `json:"published_at,omitempty" doc:"when we saw it: WeCom tells no time"`
	Reminded    int        `json:"reminded"`
}

func (h *API) tasksOf(ctx context.Context, in *idIn) (*web.Page[taskOut], error) {
	m, scope, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	rows, err := h.tasks(ctx, h.DB.Read(), m.ID)
	if err != nil {
		return nil, err
	}
	var seen []struct {
		StaffID string
		N       int
	}
	err = h.DB.Read().NewSelect().Model((*Receiver)(nil)).ColumnExpr("staff_id, COUNT(*) AS n").
		Where("corp_id = ? AND moment_id = ? AND state = ?", h.CorpID, m.ID, Delivered).GroupExpr("staff_id").Scan(ctx, &seen)
	if err != nil {
		return nil, fmt.Errorf("count who sees Moment %d: %w", m.ID, err)
	}
	n := map[string]int{}
	for _, s := range seen {
		n[s.StaffID] = s.N
	}
	var ids []string
	for _, t := range rows[m.ID] {
		ids = append(ids, t.StaffID)
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := h.World.Now()
	out := []taskOut{}
	for _, t := range rows[m.ID] {
		if scope != nil && !slices.Contains(scope, t.StaffID) {
			continue
		}
		kept, _ := reminded(t.reminders(), now)
		out = append(out, taskOut{named{t.StaffID, names[t.StaffID]}, t.Customers, n[t.StaffID], t.State, h.when(t.PublishedAt), len(kept)})
	}
	return &web.Page[taskOut]{Items: out, Total: len(out)}, nil
}

type echoOut struct {
	Kind   string    `json:"kind" enum:"like,comment"`
	Person named     `json:"person"`
	Staff  bool      `json:"by_staff" doc:"a member reacted, not a customer"`
	Under  named     `json:"under" doc:"whose publication it is"`
	At     time.Time `json:"at"`
}

// echoes lists the reactions. WeCom does not tell what a comment says, and no call answers one: the member does, in WeCom.
func (h *API) echoes(ctx context.Context, in *idIn) (*web.Page[echoOut], error) {
	m, scope, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := []echoOut{}
	if m.PostID == "" {
		return &web.Page[echoOut]{Items: out}, nil
	}
	var rows []Echo
	q := h.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND post_id = ?", h.CorpID, m.PostID)
	if scope != nil {
		q = q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	if err := q.OrderExpr("at DESC, kind, person").Limit(500).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read reactions: %w", err)
	}
	var customers, staff []string
	for _, e := range rows {
		staff = append(staff, e.StaffID)
		if e.ByStaff {
			staff = append(staff, e.Person)
		} else {
			customers = append(customers, e.Person)
		}
	}
	customerNames, err := h.near.Customers(ctx, customers)
	if err != nil {
		return nil, err
	}
	staffNames, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	for _, e := range rows {
		name := customerNames[e.Person]
		if e.ByStaff {
			name = staffNames[e.Person]
		}
		out = append(out, echoOut{e.Kind, named{e.Person, name}, e.ByStaff, named{e.StaffID, staffNames[e.StaffID]}, e.At.In(h.Zone)})
	}
	return &web.Page[echoOut]{Items: out, Total: len(out)}, nil
}
