package moment

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Scope     func(ctx context.Context) ([]string, error) // staff ids the caller may see; nil = all
	Staff     func(ctx context.Context, ids []string) (map[string]string, error)
	Customers func(ctx context.Context, ids []string) (map[string]string, error)
	URL       func(ctx context.Context, path string) string
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
		return web.Op{ID: id, Permission: "moment.read", Scope: web.Filtered, Summary: summary}
	}
	write := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "moment.write", Scope: web.Filtered, Summary: summary}
	}
	web.Get(a, "/moments", read("list-moments", "List planned Moments; with from and to those of a calendar"), h.list)
	web.Post(a, "/moments", write("create-moment", "Draft a Moment"), h.create)
	web.Post(a, "/moments/preview", write("preview-moment", "Who could see it, who is held back and why, and where a phone folds"), h.preview)
	file := write("create-moment-media", "Keep a picture or a film for a Moment")
	file.Scope, file.MaxBody = web.Shared, 15<<20
	web.Post(a, "/moment-media", file, h.keep)
	web.GetFile(a, "/moment-media/{hash}", web.Op{
		ID: "get-moment-media", Permission: "moment.read", Scope: web.Shared, Summary: "A kept picture or film",
	}, h.file)
	web.Get(a, "/moment-pages", web.Op{ID: "list-moment-pages", Permission: "moment.read", Scope: web.Shared, Summary: "List the open history pages"}, h.pages)
	web.Post(a, "/moment-pages", web.Op{ID: "open-moment-page", Permission: "moment.write", Scope: web.WholeCorp, Summary: "Open a history page"}, h.openPage)
	web.Delete(a, "/moment-pages/{slug}", web.Op{ID: "close-moment-page", Permission: "moment.write", Scope: web.WholeCorp, Summary: "Close a history page"}, h.closePage)
	web.Post(a, "/moment-links/revoke", web.Op{
		ID: "revoke-moment-links", Permission: "moment.write", Scope: web.WholeCorp, Summary: "Make the personal links to history pages void that were sent until now", Status: http.StatusNoContent,
	}, h.revokeLinks)
	web.Get(a, "/moment-answers", read("list-moment-answers", "Customers' comments that wait for a member's answer"), h.answers)
	web.Post(a, "/moment-answers/{id}/done", web.Op{
		ID: "end-moment-answer", Permission: "moment.answer", Scope: web.Filtered, Summary: "Put a comment that waits aside", Status: http.StatusNoContent,
	}, h.putAside)
	web.Get(a, "/moments/{id}", read("get-moment", "Get a Moment"), h.get)
	web.Patch(a, "/moments/{id}", write("update-moment", "Change a draft"), h.update)
	web.Delete(a, "/moments/{id}", write("delete-moment", "Delete a draft"), h.remove)
	web.Post(a, "/moments/{id}/submit", write("submit-moment", "Put it on the calendar"), h.submit)
	h.registerApproval(a)
	web.Post(a, "/moments/{id}/cancel", write("cancel-moment", "Stop it for members who have not published it"), h.cancel)
	web.Post(a, "/moments/{id}/remind", write("remind-moment", "Remind members who have not published it"), h.remind)
	web.Get(a, "/moments/{id}/tasks", read("list-moment-tasks", "Who has published it"), h.tasksOf)
	web.Get(a, "/moments/{id}/echoes", read("list-moment-echoes", "Likes and comments: who and when"), h.echoes)
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type momentIn struct {
	Name      string     `json:"name,omitempty" maxLength:"200" doc:"for staff only; needed to save"`
	Text      string     `json:"text" maxLength:"4000" doc:"at most 2000 characters and 4000 bytes"`
	Parts     []Part     `json:"parts,omitempty" maxItems:"9" doc:"up to 9 pictures, or 1 film, or 1 link"`
	Audience  Audience   `json:"audience"`
	Topic     string     `json:"topic,omitempty" maxLength:"20" doc:"a heading of the history page"`
	PublishAt *time.Time `json:"publish_at,omitempty" doc:"absent = as soon as sending is allowed"`
}

func (w momentIn) words() Words {
	out := Words{Name: w.Name, Text: w.Text, Parts: w.Parts, Audience: w.Audience, Topic: w.Topic}
	if w.PublishAt != nil {
		out.PublishAt = clock.At(*w.PublishAt)
	}
	return out
}

type tasksSum struct {
	Staff     int `json:"staff" doc:"members who are or were asked"`
	Published int `json:"published"`
}

type momentOut struct {
	ID          web.ID           `json:"id"`
	Name        string           `json:"name"`
	Text        string           `json:"text"`
	Parts       []Part           `json:"parts"`
	Audience    Audience         `json:"audience"`
	Topic       string           `json:"topic,omitempty"`
	State       State            `json:"state" enum:"draft,review,scheduled,preparing,making,open,done,cancelled,failed"`
	Assessments []string         `json:"assessments" doc:"numbers of the impact assessments it was started on (LAW-17)"`
	Review      *momentReviewOut `json:"review,omitempty" doc:"of one that needs or needed a second person"`
	CreatedBy   named            `json:"created_by"`
	CreatedAt   time.Time        `json:"created_at"`
	SubmittedAt *time.Time       `json:"submitted_at,omitempty"`
	PublishAt   *time.Time       `json:"publish_at,omitempty"`
	OpensAt     *time.Time       `json:"opens_at,omitempty"`
	ClosesAt    *time.Time       `json:"closes_at,omitempty"`
	EndedAt     *time.Time       `json:"ended_at,omitempty"`
	Counts      Counts           `json:"counts"`
	Tasks       tasksSum         `json:"tasks"`
	Likes       int              `json:"likes"`
	Comments    int              `json:"comments"`
	Error       string           `json:"error,omitempty"`
}

func (h *API) when(t clock.Time) *time.Time {
	if t == 0 {
		return nil
	}
	at := t.In(h.Zone)
	return &at
}

func (h *API) visibleTo(ctx context.Context, q *bun.SelectQuery, scope []string) *bun.SelectQuery {
	q = q.ModelTableExpr("moment AS m").Where("m.corp_id = ?", h.CorpID)
	if scope == nil {
		return q
	}
	through := h.DB.Read().NewSelect().Model((*Task)(nil)).ColumnExpr("1").ModelTableExpr("moment_task AS t").
		Where("t.corp_id = m.corp_id AND t.moment_id = m.id AND t.staff_id IN (?)", bun.List(db.OrNobody(scope)))
	return q.Where("(m.created_by = ? OR EXISTS (?))", web.Caller(ctx).User, through)
}

type idIn struct {
	ID web.ID `path:"id"`
}

// one reads a Moment that the caller may see: their own, one that goes through members within their scope, or any.
func (h *API) one(ctx context.Context, id web.ID) (*Moment, []string, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, nil, err
	}
	n, err := h.visibleTo(ctx, h.DB.Read().NewSelect().Model((*Moment)(nil)), scope).Where("m.id = ?", id.Int()).Count(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("look for Moment %s: %w", id, err)
	}
	if n == 0 {
		return nil, nil, errs.Missing("朋友圈", "Moment")
	}
	m, err := h.Get(ctx, id.Int())
	return m, scope, err
}

// own is one that the caller may change: they made it, or see everything.
func (h *API) own(ctx context.Context, id web.ID) (*Moment, []string, error) {
	m, scope, err := h.one(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if scope != nil && m.CreatedBy != web.Caller(ctx).User {
		return nil, nil, errs.New(errs.Forbidden, "moment.not_yours", errs.T("这是别人建的朋友圈，你只能看。需要的话请联系建它的人或管理员。",
			"Somebody else made this Moment; you can only read it. Ask its author or a manager."))
	}
	return m, scope, nil
}

type listIn struct {
	web.List
	State []string  `query:"state" enum:"draft,review,scheduled,preparing,making,open,done,cancelled,failed"`
	Query string    `query:"q" maxLength:"100"`
	From  time.Time `query:"from" doc:"of a calendar: Moments that open at or after it"`
	To    time.Time `query:"to" doc:"and before it"`
}

func (h *API) list(ctx context.Context, in *listIn) (*web.Page[momentOut], error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	var rows []*Moment
	q := h.visibleTo(ctx, h.DB.Read().NewSelect().Model(&rows), scope)
	if len(in.State) > 0 {
		q = q.Where("m.state IN (?)", bun.List(in.State))
	}
	if in.Query != "" {
		q = q.Where("m.name LIKE ? ESCAPE '!'", "%"+likeEscape.Replace(in.Query)+"%")
	}
	at := "CASE WHEN m.opens_at > 0 THEN m.opens_at ELSE m.publish_at END"
	if !in.From.IsZero() {
		q = q.Where(at+" >= ?", clock.At(in.From))
	}
	if !in.To.IsZero() {
		q = q.Where(at+" < ?", clock.At(in.To))
	}
	q = q.ColumnExpr("m.*")
	total, more, err := web.NewestFirst(ctx, h.DB.Read(), q, "m.id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list Moments: %w", err)
	}
	out, err := h.show(ctx, rows, scope)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(m momentOut) string { return string(m.ID) }), nil
}

func (h *API) showOne(ctx context.Context, m *Moment, scope []string) (*momentOut, error) {
	out, err := h.show(ctx, []*Moment{m}, scope)
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (h *API) get(ctx context.Context, in *idIn) (*momentOut, error) {
	m, scope, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, m, scope)
}

type createIn struct{ Body momentIn }

func (h *API) create(ctx context.Context, in *createIn) (*momentOut, error) {
	m, err := h.Create(ctx, web.Caller(ctx).User, in.Body.words())
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, m, nil)
}

type updateIn struct {
	ID   web.ID `path:"id"`
	Body momentIn
}

func (h *API) update(ctx context.Context, in *updateIn) (*momentOut, error) {
	if _, _, err := h.own(ctx, in.ID); err != nil {
		return nil, err
	}
	m, err := h.Update(ctx, in.ID.Int(), in.Body.words())
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, m, nil)
}

func (h *API) remove(ctx context.Context, in *idIn) (*web.None, error) {
	m, _, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.Delete(ctx, m.ID)
}

func (h *API) preview(ctx context.Context, in *createIn) (*planOut, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	w := in.Body.words()
	p, err := h.Plan(ctx, 0, web.Caller(ctx).User, w, scope)
	if err != nil {
		return nil, err
	}
	return h.showPlan(ctx, p, w.Text)
}

type keepIn struct {
	Body struct {
		Name    string `json:"name" maxLength:"200"`
		Content []byte `json:"content" doc:"base64: JPG or PNG up to 10800 x 1080 px, or an MP4 up to 30 s; 10 MB"`
	}
}

func (h *API) keep(ctx context.Context, in *keepIn) (*Part, error) {
	p, err := h.Keep(ctx, in.Body.Name, in.Body.Content)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

type fileIn struct {
	Hash string `path:"hash" maxLength:"64"`
}

func (h *API) file(ctx context.Context, in *fileIn) (*web.File, error) {
	content, err := h.Blobs.Get(ctx, in.Hash)
	if err != nil {
		return nil, err
	}
	kind := http.DetectContentType(content)
	if !strings.HasPrefix(kind, "image/") && !strings.HasPrefix(kind, "video/") { // nothing that a browser would run
		kind = "application/octet-stream"
	}
	return &web.File{Type: kind, Write: func(w http.ResponseWriter) error {
		_, err := w.Write(content)
		return err
	}}, nil
}

type submitIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Expect int `json:"expect_reachable" minimum:"0" doc:"the number of reachable customers you saw"`
	}
}

func (h *API) submit(ctx context.Context, in *submitIn) (*momentOut, error) {
	m, scope, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if m, err = h.Submit(ctx, m.ID, web.Caller(ctx).User, scope, in.Body.Expect); err != nil {
		return nil, err
	}
	return h.showOne(ctx, m, scope)
}

func (h *API) cancel(ctx context.Context, in *idIn) (*momentOut, error) {
	m, scope, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if m, err = h.Cancel(ctx, m.ID); err != nil {
		return nil, err
	}
	return h.showOne(ctx, m, scope)
}

type remindOut struct {
	Reminded int `json:"reminded" doc:"members who got a message of the app"`
}

func (h *API) remind(ctx context.Context, in *idIn) (*remindOut, error) {
	m, _, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	n, err := h.Remind(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	return &remindOut{n}, nil
}

type historyOut struct {
	Slug     string    `json:"slug"`
	Staff    *named    `json:"staff,omitempty" doc:"absent = the brand's"`
	Title    string    `json:"title"`
	URL      string    `json:"url"`
	Open     bool      `json:"open"`
	OpenedAt time.Time `json:"opened_at"`
}

func (h *API) pages(ctx context.Context, _ *web.None) (*web.Page[historyOut], error) {
	rows, err := h.Pages(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]historyOut, len(rows))
	for i := range rows {
		if out[i], err = h.showPage(ctx, &rows[i]); err != nil {
			return nil, err
		}
	}
	return &web.Page[historyOut]{Items: out, Total: len(out)}, nil
}

func (h *API) showPage(ctx context.Context, p *HistoryPage) (historyOut, error) {
	out := historyOut{Slug: p.Slug, Title: p.Title, URL: h.near.URL(ctx, PagePath(p.Slug)), Open: p.ClosedAt == 0, OpenedAt: p.OpenedAt.In(h.Zone)}
	if p.StaffID != "" {
		names, err := h.near.Staff(ctx, []string{p.StaffID})
		if err != nil {
			return out, err
		}
		out.Staff = &named{p.StaffID, names[p.StaffID]}
	}
	return out, nil
}

type openPageIn struct {
	Body struct {
		StaffID string `json:"staff_id,omitempty" maxLength:"64" doc:"empty = the brand's"`
		Title   string `json:"title" maxLength:"40"`
	}
}

func (h *API) openPage(ctx context.Context, in *openPageIn) (*historyOut, error) {
	if id := in.Body.StaffID; id != "" {
		names, err := h.near.Staff(ctx, []string{id})
		if err != nil {
			return nil, err
		}
		if names[id] == "" {
			return nil, errs.Bad("staff_id", "moment.no_staff", errs.T("没有这位员工。", "There is no such member."))
		}
	}
	p, err := h.OpenPage(ctx, in.Body.StaffID, in.Body.Title, web.Caller(ctx).User)
	if err != nil {
		return nil, err
	}
	out, err := h.showPage(ctx, p)
	return &out, err
}

type slugIn struct {
	Slug string `path:"slug" maxLength:"40"`
}

func (h *API) closePage(ctx context.Context, in *slugIn) (*web.None, error) {
	return nil, h.ClosePage(ctx, in.Slug)
}
