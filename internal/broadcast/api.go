package broadcast

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/internal/web"
)

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Scope     func(ctx context.Context) ([]string, error) // staff ids the caller may see; nil = all
	Staff     func(ctx context.Context, ids []string) (map[string]string, error)
	Customers func(ctx context.Context, ids []string) (map[string]string, error)
	Groups    func(ctx context.Context, ids []string) (map[string]groupchat.Brief, error)
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
		return web.Op{ID: id, Permission: "broadcast.read", Scope: web.Filtered, Summary: summary}
	}
	write := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "broadcast.write", Scope: web.Filtered, Summary: summary}
	}
	web.Get(a, "/broadcasts", read("list-broadcasts", "List mass messages"), h.list)
	web.Post(a, "/broadcasts", write("create-broadcast", "Draft a mass message"), h.create)
	web.Post(a, "/broadcasts/preview", write("preview-broadcast", "Who would get it, who is held back and why"), h.preview)
	web.Get(a, "/broadcasts/{id}", read("get-broadcast", "Get a mass message"), h.get)
	web.Patch(a, "/broadcasts/{id}", write("update-broadcast", "Change a draft"), h.update)
	web.Delete(a, "/broadcasts/{id}", write("delete-broadcast", "Delete a draft"), h.remove)
	web.Get(a, "/broadcasts/{id}/plan", read("plan-broadcast", "The plan of a draft as of now"), h.plan)
	web.Post(a, "/broadcasts/{id}/test", write("test-broadcast", "Send the content to yourself, as a preview"), h.test)
	web.Post(a, "/broadcasts/{id}/submit", write("submit-broadcast", "Start it"), h.submit)
	approve := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "broadcast.approve", Scope: web.WholeCorp, Summary: summary}
	}
	web.Post(a, "/broadcasts/{id}/approve", approve("approve-broadcast", "Approve what somebody else submitted"), h.approve)
	web.Post(a, "/broadcasts/{id}/return", approve("return-broadcast", "Give it back to its author, with the reason"), h.sendBack)
	web.Post(a, "/broadcasts/{id}/remind", write("remind-broadcast", "Remind members who have not confirmed"), h.remind)
	web.Post(a, "/broadcasts/{id}/cancel", write("cancel-broadcast", "Take back what nobody has confirmed"), h.cancel)
	web.Post(a, "/broadcasts/{id}/revise", write("revise-broadcast", "Change the words of one that runs: open tasks are made again"), h.revise)
	web.Get(a, "/broadcasts/{id}/receivers", read("list-broadcast-receivers", "What became of each receiver"), h.receivers)
	web.Get(a, "/broadcasts/{id}/tasks", read("list-broadcast-tasks", "The members' tasks"), h.tasks)
}

type idIn struct {
	ID web.ID `path:"id"`
}

// wordsIn is the body of drafts and previews.
type wordsIn struct {
	Kind        Kind                  `json:"kind,omitempty" enum:"customer,group" default:"customer" doc:"whom it goes to"`
	Name        string                `json:"name,omitempty" maxLength:"200" doc:"for staff only; needed to save"`
	Text        string                `json:"text" maxLength:"4000" doc:"at most 4000 bytes"`
	Attachments []outreach.Attachment `json:"attachments,omitempty" maxItems:"9"`
	Audience    Audience              `json:"audience"`
	Topic       string                `json:"topic,omitempty" maxLength:"50"`
	Winback     bool                  `json:"winback,omitempty" doc:"the one last question to customers who have been silent for long: whether they still want messages"`
	Benefit     string                `json:"benefit,omitempty" maxLength:"300" doc:"what the customer has of it; needed to submit"`
	SendAt      time.Time             `json:"send_at,omitzero" doc:"not before; absent: as soon as sending hours allow"`
}

func (w wordsIn) words() Words {
	out := Words{Kind: cmp.Or(w.Kind, ToCustomers), Name: w.Name, Text: w.Text, Attachments: w.Attachments, Audience: w.Audience, Topic: w.Topic, Benefit: w.Benefit, Winback: w.Winback}
	if !w.SendAt.IsZero() {
		out.SendAt = clock.At(w.SendAt)
	}
	return out
}

// one reads a mass message that the caller may see: their own, one that goes through members within their scope, or any.
func (h *API) one(ctx context.Context, id web.ID) (*Broadcast, []string, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, nil, err
	}
	q := h.visible(ctx, h.DB.Read().NewSelect().Model((*Broadcast)(nil)), scope).Where("b.id = ?", id.Int())
	n, err := q.Count(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("look for mass message %s: %w", id, err)
	}
	if n == 0 {
		return nil, nil, errs.Missing("群发", "mass message")
	}
	b, err := h.Get(ctx, id.Int())
	return b, scope, err
}

// own is one that the caller may change: they made it, or see everything.
func (h *API) own(ctx context.Context, id web.ID) (*Broadcast, []string, error) {
	b, scope, err := h.one(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if scope != nil && b.CreatedBy != web.Caller(ctx).User {
		return nil, nil, errs.New(errs.Forbidden, "broadcast.not_yours", errs.T("这是别人建的群发，你只能看。需要的话请联系建它的人或管理员。",
			"Somebody else made this mass message; you can only read it. Ask its author or a manager."))
	}
	return b, scope, nil
}

func (h *API) visible(ctx context.Context, q *bun.SelectQuery, scope []string) *bun.SelectQuery {
	q = q.ModelTableExpr("broadcast AS b").Where("b.corp_id = ?", h.CorpID)
	if scope == nil {
		return q
	}
	through := h.DB.Read().NewSelect().Model((*Task)(nil)).ColumnExpr("1").ModelTableExpr("broadcast_task AS t").
		Where("t.corp_id = b.corp_id AND t.broadcast_id = b.id AND t.staff_id IN (?)", bun.List(db.OrNobody(scope)))
	return q.Where("(b.created_by = ? OR EXISTS (?))", web.Caller(ctx).User, through)
}

// likeEscape keeps the signs of LIKE plain letters.
var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

type listIn struct {
	web.List
	State []string `query:"state" enum:"draft,review,planned,creating,open,done,cancelled,failed"`
	Kind  string   `query:"kind" enum:"customer,group"`
	Query string   `query:"q" maxLength:"100"`
}

func (h *API) list(ctx context.Context, in *listIn) (*web.Page[broadcastOut], error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	var rows []*Broadcast
	q := h.visible(ctx, h.DB.Read().NewSelect().Model(&rows), scope)
	if len(in.State) > 0 {
		q = q.Where("b.state IN (?)", bun.List(in.State))
	}
	if in.Kind != "" {
		q = q.Where("b.kind = ?", in.Kind)
	}
	if in.Query != "" {
		q = q.Where("b.name LIKE ? ESCAPE '!'", "%"+likeEscape.Replace(in.Query)+"%")
	}
	q = q.ColumnExpr("b.*")
	total, more, err := web.NewestFirst(ctx, h.DB.Read(), q, "b.id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list mass messages: %w", err)
	}
	out, err := h.show(ctx, rows, scope)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(b broadcastOut) string { return string(b.ID) }), nil
}

func (h *API) showOne(ctx context.Context, b *Broadcast, scope []string) (*broadcastOut, error) {
	out, err := h.show(ctx, []*Broadcast{b}, scope)
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

func (h *API) get(ctx context.Context, in *idIn) (*broadcastOut, error) {
	b, scope, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, b, scope)
}

type createIn struct{ Body wordsIn }

func (h *API) create(ctx context.Context, in *createIn) (*broadcastOut, error) {
	b, err := h.Create(ctx, web.Caller(ctx).User, in.Body.words())
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, b, nil)
}

type updateIn struct {
	ID   web.ID `path:"id"`
	Body wordsIn
}

func (h *API) update(ctx context.Context, in *updateIn) (*broadcastOut, error) {
	if _, _, err := h.own(ctx, in.ID); err != nil {
		return nil, err
	}
	b, err := h.Update(ctx, in.ID.Int(), in.Body.words())
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, b, nil)
}

func (h *API) remove(ctx context.Context, in *idIn) (*web.None, error) {
	b, _, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.Delete(ctx, b.ID)
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

func (h *API) plan(ctx context.Context, in *idIn) (*planOut, error) {
	b, scope, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	w, err := h.words(b)
	if err != nil {
		return nil, err
	}
	var p *Plan
	if b.State == Review { // its audience stands
		var members []customer.Member
		if members, err = h.frozen(ctx, b.ID); err == nil {
			p, err = h.Service.plan(ctx, b.ID, b.SubmittedBy, w, members, b.Cost)
		}
	} else {
		p, err = h.Plan(ctx, b.ID, web.Caller(ctx).User, w, scope)
	}
	if err != nil {
		return nil, err
	}
	return h.showPlan(ctx, p, w.Text)
}

type testIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		StaffID string `json:"staff_id,omitempty" maxLength:"64" doc:"when the account is not a member: who gets the preview"`
	} `required:"false"`
}

type testOut struct {
	SentTo named `json:"sent_to"`
}

func (h *API) test(ctx context.Context, in *testIn) (*testOut, error) {
	b, scope, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	to := web.Caller(ctx).StaffID
	if to == "" && scope == nil {
		to = in.Body.StaffID
	}
	if err := h.Test(ctx, b.ID, to); err != nil {
		return nil, err
	}
	names, err := h.near.Staff(ctx, []string{to})
	if err != nil {
		return nil, err
	}
	return &testOut{named{to, names[to]}}, nil
}

type submitIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Expect int `json:"expect_reachable" minimum:"0" doc:"the number of reachable customers you saw"`
	}
}

func (h *API) submit(ctx context.Context, in *submitIn) (*broadcastOut, error) {
	b, scope, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if b, err = h.Submit(ctx, b.ID, web.Caller(ctx).User, scope, in.Body.Expect); err != nil {
		return nil, err
	}
	return h.showOne(ctx, b, scope)
}

type approveIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Expect int `json:"expect_reachable" minimum:"0" doc:"the number of reachable customers you saw"`
	}
}

// person is who decides as a second person: somebody who logged in. A token could be its author's own.
func person(ctx context.Context) (string, error) {
	who := web.Caller(ctx)
	if strings.HasPrefix(who.User, "token:") {
		return "", errs.New(errs.Forbidden, "broadcast.no_token", errs.T("审批要由人登录后来做，令牌不行（OWN-07）。", "A person who logged in has to approve, not a token (OWN-07)."))
	}
	return who.User, nil
}

func (h *API) approve(ctx context.Context, in *approveIn) (*broadcastOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	b, err := h.Approve(ctx, in.ID.Int(), by, in.Body.Expect)
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, b, nil)
}

type returnIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Note string `json:"note" maxLength:"600" doc:"why; its author reads it"`
	}
}

func (h *API) sendBack(ctx context.Context, in *returnIn) (*broadcastOut, error) {
	by, err := person(ctx)
	if err != nil {
		return nil, err
	}
	b, err := h.Return(ctx, in.ID.Int(), by, in.Body.Note)
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, b, nil)
}

type reviseIn struct {
	ID   web.ID `path:"id"`
	Body struct {
		Text        string                `json:"text" maxLength:"4000" doc:"at most 4000 bytes"`
		Attachments []outreach.Attachment `json:"attachments,omitempty" maxItems:"9"`
	}
}

type reviseOut struct {
	Revised
	Broadcast broadcastOut `json:"broadcast"`
}

func (h *API) revise(ctx context.Context, in *reviseIn) (*reviseOut, error) {
	b, scope, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b, done, err := h.Revise(ctx, b.ID, web.Caller(ctx).User, in.Body.Text, in.Body.Attachments)
	if err != nil {
		return nil, err
	}
	out, err := h.showOne(ctx, b, scope)
	if err != nil {
		return nil, err
	}
	return &reviseOut{done, *out}, nil
}

type remindOut struct {
	Reminded int `json:"reminded" doc:"members who are being reminded"`
}

func (h *API) remind(ctx context.Context, in *idIn) (*remindOut, error) {
	b, _, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	n, err := h.Remind(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	return &remindOut{n}, nil
}

func (h *API) cancel(ctx context.Context, in *idIn) (*broadcastOut, error) {
	b, scope, err := h.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if b, err = h.Cancel(ctx, b.ID); err != nil {
		return nil, err
	}
	return h.showOne(ctx, b, scope)
}

type receiversIn struct {
	ID web.ID `path:"id"`
	web.List
	State []string `query:"state" enum:"matched,held,reserved,tasked,delivered,late,not_friend,over_limit,unconfirmed,cancelled,failed"`
	Staff string   `query:"staff"`
}

func (h *API) receivers(ctx context.Context, in *receiversIn) (*web.Page[receiverOut], error) {
	b, scope, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var rows []*Receiver
	q := h.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND broadcast_id = ?", h.CorpID, b.ID)
	if scope != nil {
		q = q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	if in.Staff != "" {
		q = q.Where("staff_id = ?", in.Staff)
	}
	if len(in.State) > 0 {
		if i := slices.Index(in.State, "late"); i >= 0 {
			q = q.Where("(state IN (?) OR late)", bun.List(db.OrNobody(slices.Delete(in.State, i, i+1))))
		} else {
			q = q.Where("state IN (?) AND NOT late", bun.List(in.State))
		}
	}
	total, more, err := web.Total(ctx, h.DB.Read(), q.Clone(), in.List)
	if err != nil {
		return nil, err
	}
	if in.After != "" {
		q = q.Where("customer_id > ?", in.After)
	}
	if err := q.OrderExpr("customer_id").Limit(int64(in.Limit) + 1).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list receivers of mass message %d: %w", b.ID, err)
	}
	out, err := h.showReceivers(ctx, b.Kind, rows)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(r receiverOut) string { return r.id }), nil
}

func (h *API) tasks(ctx context.Context, in *idIn) (*web.Page[taskOut], error) {
	b, scope, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	rows, err := h.Tasks(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	return h.showTasks(ctx, rows, scope)
}
