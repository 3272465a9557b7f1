package broadcast

import (
	"context"
	"slices"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/internal/web"
)

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type broadcastOut struct {
	ID          web.ID                `json:"id"`
	Name        string                `json:"name"`
	Kind        Kind                  `json:"kind" enum:"customer,group"`
	Text        string                `json:"text"`
	Closing     string                `json:"closing,omitempty" doc:"the line that the text ends with: where customers say that they want no more"`
	Attachments []outreach.Attachment `json:"attachments"`
	Audience    Audience              `json:"audience"`
	Topic       string                `json:"topic,omitempty"`
	Winback     bool                  `json:"winback,omitempty" doc:"the one last question to customers who have been silent"`
	Benefit     string                `json:"benefit,omitempty" doc:"what the customer has of it"`
	SendAt      *time.Time            `json:"send_at,omitempty" doc:"not before"`
	Cost        int                   `json:"cost" doc:"what it takes of each budget: 2 when it goes to nearly all"`
	Assessments []string              `json:"assessments" doc:"numbers of the impact assessments it was started on (LAW-17)"`
	Review      *reviewOut            `json:"review,omitempty" doc:"of one that needs or needed a second person"`
	State       State                 `json:"state" enum:"draft,review,planned,creating,open,done,cancelled,failed"`
	CreatedBy   named                 `json:"created_by"`
	CreatedAt   time.Time             `json:"created_at"`
	SubmittedAt *time.Time            `json:"submitted_at,omitempty"`
	OpensAt     *time.Time            `json:"opens_at,omitempty"`
	ClosesAt    *time.Time            `json:"closes_at,omitempty"`
	EndedAt     *time.Time            `json:"ended_at,omitempty"`
	Counts      Counts                `json:"counts"`
	Tasks       tasksSum              `json:"tasks"`
	Reminded    int                   `json:"reminded" doc:"reminders sent within 24 hours, the most any member had"`
	Harm        harmOut               `json:"harm"`
	Revision    int                   `json:"revision" doc:"how often its words were changed after it was submitted"`
	RevisedAt   *time.Time            `json:"revised_at,omitempty"`
	Revisable   bool                  `json:"revisable" doc:"its words can still be changed"`
}

type reviewOut struct {
	Reason      Approval   `json:"reason,omitempty" enum:"size,words,ladder,assessment"`
	SubmittedBy named      `json:"submitted_by"`
	By          *named     `json:"by,omitempty" doc:"who approved it or gave it back"`
	At          *time.Time `json:"at,omitempty"`
	Note        string     `json:"note,omitempty" doc:"why it was given back"`
	Own         bool       `json:"own" doc:"the caller wrote or submitted it, so somebody else has to decide"`
}

type tasksSum struct {
	Staff     int `json:"staff" doc:"members who have or had a task"`
	Confirmed int `json:"confirmed"`
}

type harmOut struct {
	OptOuts   int `json:"optouts" doc:"receivers who said stop within 24 hours after it arrived"`
	Deletions int `json:"deletions" doc:"receivers who deleted their member within 24 hours after it arrived"`
}

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

type quotaOut struct {
	Limit   int `json:"limit" doc:"mass messages one customer may get in the present period, by WeCom's rule"`
	UsedMax int `json:"used_max" doc:"the most that one of the audience has had"`
}

type forecastOut struct {
	OptOutsPer1000 *float64 `json:"optouts_per_1000,omitempty" doc:"from the last 90 days; absent when nothing was sent"`
}

type planOut struct {
	Kind      Kind                    `json:"kind" enum:"customer,group"`
	Matched   int                     `json:"matched" doc:"customers, or groups"`
	Reachable int                     `json:"reachable"`
	People    int                     `json:"people,omitempty" doc:"to groups: customers in the groups that it would reach, each once"`
	Held      int                     `json:"held"`
	PerStaff  []staffShare            `json:"per_staff"`
	Reasons   []reasonOut             `json:"reasons"`
	Check     governance.CheckOut     `json:"check"`
	Closing   string                  `json:"closing,omitempty" doc:"the line that the text ends with: where customers say that they want no more"`
	OpensAt   *time.Time              `json:"opens_at,omitempty" doc:"when it is not now: sending hours begin"`
	ClosesAt  time.Time               `json:"closes_at"`
	LastAt    *time.Time              `json:"last_at,omitempty" doc:"a forecast, when members get theirs in parts: when the last part is made"`
	Over      int                     `json:"over,omitempty" doc:"receivers whose turn does not come before it closes (FTG-17)"`
	Quota     quotaOut                `json:"quota"`
	Forecast  forecastOut             `json:"forecast"`
	Cost      int                     `json:"cost" doc:"what it takes of each budget: 2 when it goes to nearly all"`
	Approval  Approval                `json:"approval,omitempty" enum:"size,words,ladder,assessment" doc:"why a second person has to look"`
	Assessed  *governance.AssessedOut `json:"assessed,omitempty" doc:"absent: it needs no impact assessment"`
}

type roomOut struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Members int    `json:"members"`
}

type receiverOut struct {
	id       string
	Customer *named     `json:"customer,omitempty"`
	Chat     *roomOut   `json:"chat,omitempty" doc:"of one to groups"`
	Staff    named      `json:"staff"`
	State    string     `json:"state" enum:"matched,held,reserved,tasked,delivered,late,not_friend,over_limit,unconfirmed,cancelled,failed"`
	RuleID   string     `json:"rule_id,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	NextAt   *time.Time `json:"next_at,omitempty"`
	TouchID  web.ID     `json:"touch_id,omitempty"`
	SentAt   *time.Time `json:"sent_at,omitempty"`
}

type taskOut struct {
	ID          web.ID     `json:"id"`
	Staff       named      `json:"staff"`
	Customers   int        `json:"customers"`
	State       string     `json:"state" enum:"creating,waiting,confirmed,cancelled,failed"`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty"`
	Reminded    int        `json:"reminded"`
	Error       string     `json:"error,omitempty"`
}

func (h *API) when(t clock.Time) *time.Time {
	if t == 0 {
		return nil
	}
	at := t.In(h.Zone)
	return &at
}

// show turns mass messages into what the API answers, with counts and names in a few calls.
func (h *API) show(ctx context.Context, rows []*Broadcast, scope []string) ([]broadcastOut, error) {
	ids, authors := make([]int64, len(rows)), make([]string, 0, 3*len(rows))
	for i, b := range rows {
		ids[i], authors = b.ID, append(authors, b.CreatedBy, b.SubmittedBy, b.ReviewedBy)
	}
	counts, err := h.counts(ctx, h.DB.Read(), ids, scope)
	if err != nil {
		return nil, err
	}
	tasks, err := h.tasksOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	names, err := h.near.Staff(ctx, authors)
	if err != nil {
		return nil, err
	}
	now := h.World.Now()
	out := make([]broadcastOut, len(rows))
	for i, b := range rows {
		w, err := h.words(b)
		if err != nil {
			return nil, err
		}
		o := broadcastOut{
			ID: web.IDOf(b.ID), Name: b.Name, Kind: b.Kind, Text: b.Text, Closing: w.closing, Attachments: w.Attachments, Audience: w.Audience, Topic: b.Topic, Winback: b.Winback,
			State: b.State, CreatedBy: named{b.CreatedBy, orID(names, b.CreatedBy)}, CreatedAt: b.CreatedAt.In(h.Zone),
			SubmittedAt: h.when(b.SubmittedAt), OpensAt: h.when(b.OpensAt), ClosesAt: h.when(b.ClosesAt), EndedAt: h.when(b.EndedAt),
			Counts: counts[b.ID], Harm: harmOut{b.OptOuts, b.Deletions}, Benefit: b.Benefit, SendAt: h.when(b.SendAt), Cost: b.Cost, Assessments: governance.NumbersOf(b.Assessments),
			Revision: b.Revision, RevisedAt: h.when(b.RevisedAt), Revisable: b.revisable() == nil,
		}
		if b.Approval != NoApproval || b.ReviewNote != "" {
			me := web.Caller(ctx).User
			o.Review = &reviewOut{
				Reason: b.Approval, SubmittedBy: named{b.SubmittedBy, orID(names, b.SubmittedBy)}, At: h.when(b.ReviewedAt), Note: b.ReviewNote,
				Own: me == b.CreatedBy || me == b.SubmittedBy,
			}
			if b.ReviewedBy != "" {
				o.Review.By = &named{b.ReviewedBy, orID(names, b.ReviewedBy)}
			}
		}
		seen := map[string]bool{}
		for _, t := range tasks[b.ID] {
			if scope != nil && !slices.Contains(scope, t.StaffID) {
				continue
			}
			if !seen[t.StaffID] {
				seen[t.StaffID] = true
				o.Tasks.Staff++
			}
			if t.ConfirmedAt != 0 {
				o.Tasks.Confirmed++
			}
			kept, _ := reminded(t.reminders(), now)
			o.Reminded = max(o.Reminded, len(kept))
		}
		if o.Audience.Tags == nil {
			o.Audience.Tags = []string{}
		}
		out[i] = o
	}
	return out, nil
}

func (h *API) showPlan(ctx context.Context, p *Plan, text string) (*planOut, error) {
	lang := web.Lang(ctx)
	out := &planOut{
		Kind: p.Kind, People: p.People, Matched: p.Matched, Reachable: p.Reachable, Held: p.Held, PerStaff: []staffShare{}, Reasons: []reasonOut{},
		Check: p.Check.Show(lang, text, MaxText-added(p.Closing)), Closing: p.Closing, ClosesAt: p.ClosesAt.In(h.Zone), Quota: quotaOut{p.Limit, p.UsedMost},
		Cost: p.Cost, Approval: p.Approval, Assessed: p.Assessed.Show(lang),
	}
	if p.LastAt > p.OpensAt {
		out.LastAt, out.Over = h.when(p.LastAt), p.Over
	}
	if p.OpensAt > h.World.Now() {
		out.OpensAt = h.when(p.OpensAt)
	}
	if p.OptOuts >= 0 {
		out.Forecast.OptOutsPer1000 = &p.OptOuts
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

func (h *API) showReceivers(ctx context.Context, kind Kind, rows []*Receiver) ([]receiverOut, error) {
	ids, staff := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		ids[i], staff[i] = r.CustomerID, r.StaffID
	}
	var customerNames map[string]string
	var rooms map[string]groupchat.Brief
	var err error
	if kind == ToGroups {
		rooms, err = h.near.Groups(ctx, ids)
	} else {
		customerNames, err = h.near.Customers(ctx, ids)
	}
	if err != nil {
		return nil, err
	}
	staffNames, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	out := make([]receiverOut, len(rows))
	for i, r := range rows {
		out[i] = receiverOut{
			id: r.CustomerID, Staff: named{r.StaffID, staffNames[r.StaffID]}, State: string(r.State),
			RuleID: r.RuleID, Reason: errs.T(r.ReasonZh, r.ReasonEn).In(web.Lang(ctx)), NextAt: h.when(r.NextAt), SentAt: h.when(r.SentAt),
		}
		if kind == ToGroups {
			g := rooms[r.CustomerID]
			out[i].Chat = &roomOut{r.CustomerID, g.Name, g.Members}
		} else {
			out[i].Customer = &named{r.CustomerID, customerNames[r.CustomerID]}
		}
		if r.Late {
			out[i].State = "late"
		}
		if r.TouchID != 0 {
			out[i].TouchID = web.IDOf(r.TouchID)
		}
	}
	return out, nil
}

// showTasks shows each member's present task; the rounds before it are its history and not shown.
func (h *API) showTasks(ctx context.Context, rows []Task, scope []string) (*web.Page[taskOut], error) {
	var ids []string
	for _, t := range rows {
		ids = append(ids, t.StaffID)
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := h.World.Now()
	out := []taskOut{}
	for i, t := range rows {
		again := slices.ContainsFunc(rows[i+1:], func(x Task) bool { return x.StaffID == t.StaffID && x.ClosesAt == t.ClosesAt && x.Round > t.Round })
		if again || scope != nil && !slices.Contains(scope, t.StaffID) {
			continue
		}
		kept, _ := reminded(t.reminders(), now)
		o := taskOut{
			ID: web.IDOf(t.ID), Staff: named{t.StaffID, names[t.StaffID]}, Customers: t.Customers, State: string(t.State),
			ConfirmedAt: h.when(t.ConfirmedAt), Reminded: len(kept), Error: t.Error,
		}
		switch t.State {
		case TaskOpen:
			o.State = "waiting"
		case TaskCancelling:
			o.State = "cancelled"
			if t.Remake {
				o.State = "creating"
			}
		case TaskCreating, TaskConfirmed, TaskCancelled, TaskFailed:
		}
		out = append(out, o)
	}
	return &web.Page[taskOut]{Items: out, Total: len(out)}, nil
}

// orID is the name of an id, or the id itself: an account need not be a member.
func orID(names map[string]string, id string) string {
	if n := names[id]; n != "" {
		return n
	}
	return id
}
