package customer

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Named is a thing with its id, as lists show it.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Budget is what is left of the contact budget, as governance counts it.
type Budget struct {
	Windows []BudgetWindow `json:"windows"`
	Full    bool           `json:"full"`
	NextAt  *time.Time     `json:"next_at,omitempty"`
}

// BudgetWindow is one cap: how many marketing touches of how many in how many days.
type BudgetWindow struct {
	RuleID string     `json:"rule_id"`
	Days   int        `json:"days"`
	Cap    int        `json:"cap"`
	Used   int        `json:"used"`
	NextAt *time.Time `json:"next_at,omitempty"`
}

// OptOut says what the customer chose: whether they said stop, or wants less.
type OptOut struct {
	State       string     `json:"state" enum:"none,all"`
	Since       *time.Time `json:"since,omitempty"`
	Pace        string     `json:"pace,omitempty" enum:"weekly,monthly" doc:"how often at most, by their own choice"`
	PausedUntil *time.Time `json:"paused_until,omitempty"`
	ConsentAt   *time.Time `json:"consent_at,omitempty" doc:"since when their own consent to marketing is on record"`
	NoConsent   bool       `json:"no_consent,omitempty" doc:"there is none, and the corp sends marketing only to who consented (LAW-21)"`
	NoTraits    bool       `json:"no_traits,omitempty" doc:"they do not want to be chosen by their tags or behaviour: messages whose audience was are held back (LAW-12)"`
	ServiceOnly bool       `json:"service_only,omitempty" doc:"they came for service only, or are asked again since: no marketing until they say yes themselves (LAW-04)"`
	Age         string     `json:"age,omitempty" enum:"under_14,under_18" doc:"marked as a minor (LAW-08)"`
	NoGuardian  bool       `json:"no_guardian,omitempty" doc:"no marketing to the minor: no guardian consents to it"`
	HeldOut     bool       `json:"held_out,omitempty" doc:"in the holdout: no marketing, to measure what it is worth"`
	// Grievance keeps marketing away.
	Grievance string `json:"grievance,omitempty" enum:"complaint,refund,upset" doc:"what is open between the customer and the corp, or ended a short while ago"`
	// Silence is how far they have gone silent.
	Silence        string     `json:"silence,omitempty" enum:"cooling,dormant" doc:"they have not reacted for long: they get less, or no marketing"`
	SilentSince    *time.Time `json:"silent_since,omitempty"`
	GrievanceUntil *time.Time `json:"grievance_until,omitempty" doc:"of one that ended: marketing stays away until then"`
}

// Neighbours answers what other rooms know about the customers of a list; internal/app fills it in.
type Neighbours struct {
	Scope    func(ctx context.Context) ([]string, error) // staff ids the caller may see; nil = all
	Staff    func(ctx context.Context, ids []string) (map[string]string, error)
	Tags     func(ctx context.Context, ids []string) (map[string]string, error)
	Channels func(ctx context.Context, states []string) (map[string]Named, error)
	Budgets  func(ctx context.Context, ids []string) (map[string]Budget, map[string]OptOut, error)
	Groups   func(ctx context.Context, ids []string) (map[string][]Group, error)
	OptOut   func(ctx context.Context, id, by string) error
	// Preferences is the address of the page on which this customer alone stops and resumes messages.
	Preferences func(ctx context.Context, id string) string
	OptIn       func(ctx context.Context, id, by, evidence string) error
	// LastTouch answers the last touch that reached each customer in the time before each moment; staff limits it to theirs.
	LastTouch func(ctx context.Context, moments []Moment, within time.Duration, staff []string) (map[Moment]Touched, error)
	Mark      func(ctx context.Context, customerID, staffID string, add, remove []string) (bus.Settle, error)
	// Consented refuses tags that tell sensitive data without a consent on record (LAW-07). It may be nil: none is refused.
	Consented func(ctx context.Context, field string, tagIDs ...string) error
	// Given is told which tags the caller gave to customers. It may be nil.
	Given func(ctx context.Context, tagIDs []string) error
	// Wishes is what the person wants about their own data, and whether they are being erased. It may be nil: nothing is said.
	Wishes func(ctx context.Context, id string) (Wishes, error)
}

// Wishes is what a person wants about their own data, as far as it is not answered, and whether they are being erased.
type Wishes struct {
	Erasing  *Erasing `json:"erasing,omitempty" doc:"present while the person is being erased"`
	Requests []Wish   `json:"requests" doc:"those that wait for an answer"`
}

// Erasing is an erasure that is not done yet.
type Erasing struct {
	Since    time.Time `json:"since"`
	WaitsFor string    `json:"waits_for,omitempty" enum:"touch,conversation,sync,work"`
}

// Wish is one thing that a person wants about their own data.
type Wish struct {
	ID    web.ID    `json:"id"`
	Kind  string    `json:"kind" enum:"copy,correct,erase"`
	Words string    `json:"words,omitempty"`
	At    time.Time `json:"at"`
	DueAt time.Time `json:"due_at"`
	Late  bool      `json:"late"`
}

// Group is a customer group the person is in.
type Group struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	JoinedAt time.Time `json:"joined_at"`
}

type sourceOut struct {
	AddWay  int    `json:"add_way"`
	Label   string `json:"label"`
	Channel *Named `json:"channel,omitempty"`
}

type staffOut struct {
	Named
	State string `json:"state" enum:"live,lost"`
}

// CustomerOut is a customer as lists show it.
type CustomerOut struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Avatar   string     `json:"avatar"`
	Gender   int        `json:"gender"`
	Type     Kind       `json:"type"`
	CorpName string     `json:"corp_name"`
	State    string     `json:"state" enum:"live,lost"`
	AddedAt  time.Time  `json:"added_at"`
	LostAt   *time.Time `json:"lost_at,omitempty"`
	Staff    []staffOut `json:"staff"`
	Tags     []Named    `json:"tags"`
	Source   sourceOut  `json:"source"`
	Groups   int        `json:"groups"`
	Budget   Budget     `json:"budget"`
	OptOut   OptOut     `json:"optout"`
}

type relationOut struct {
	Staff       Named      `json:"staff"`
	Remark      string     `json:"remark"`
	Description string     `json:"description"`
	AddedAt     time.Time  `json:"added_at"`
	Source      sourceOut  `json:"source"`
	Live        bool       `json:"live"`
	LostAt      *time.Time `json:"lost_at,omitempty"`
	LostBy      LostBy     `json:"lost_by,omitempty"`
	Tags        []Named    `json:"tags"`
}

type detailOut struct {
	CustomerOut
	UnionID   string        `json:"unionid,omitempty"`
	Relations []relationOut `json:"relations"`
	InGroups  []Group       `json:"in_groups"`
	// Preferences is the customer's own page, for a member to send to them.
	Preferences string `json:"preferences_url"`
	Wishes      Wishes `json:"wishes"`
}

type entryOut struct {
	ID      web.ID    `json:"id"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Actor   *Named    `json:"actor,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	TouchID string    `json:"touch_id,omitempty"`
	Ref     string    `json:"ref,omitempty"`
}

// FilterIn is the filters of the customer list. It is exported because the router reads embedded parameters only then.
type FilterIn struct {
	Query     string   `query:"q"`
	Tags      []string `query:"tag,explode"`
	Staff     string   `query:"staff"`
	AddWay    []int    `query:"source,explode"`
	Channel   string   `query:"channel" doc:"state of a channel code"`
	State     string   `query:"state" enum:"live,lost" default:"live"`
	AddedFrom string   `query:"added_from" doc:"YYYY-MM-DD in the corp's zone"`
	AddedTo   string   `query:"added_to" doc:"YYYY-MM-DD, the day counts"`
}

type listIn struct {
	web.List
	FilterIn
	Sort string `query:"sort" enum:"-added,added,name" default:"-added"`
}

// API serves the routes of this room.
type API struct {
	*Service
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &API{s, near}
	web.Get(a, "/customers", web.Op{ID: "list-customers", Permission: "customer.read", Scope: web.Filtered, Summary: "List customers"}, h.list)
	web.Get(a, "/customers/{id}", web.Op{ID: "get-customer", Permission: "customer.read", Scope: web.Filtered, Summary: "Get a customer", Personal: true}, h.get)
	web.Get(a, "/customers/{id}/timeline", web.Op{
		ID: "get-customer-timeline", Permission: "customer.read", Scope: web.Filtered, Personal: true,
		Summary: "What happened with a customer",
	}, h.timeline)
	web.Get(a, "/losses", web.Op{
		ID: "list-losses", Permission: "customer.read", Scope: web.Filtered, Tag: "customers",
		Summary: "Who was lost, and after what",
	}, h.losses)
	web.Post(a, "/customers/tags", web.Op{
		ID: "tag-customers", Permission: "customer.write", Scope: web.Filtered,
		Summary: "Change the tags of many customers",
	}, h.tag)
	web.Post(a, "/customers/tags/reach", web.Op{
		ID: "tag-customers-reach", Permission: "customer.read", Scope: web.Filtered,
		Summary: "How many customers a change of tags reaches",
	}, h.reach)
	web.Post(a, "/customers/{id}/optout", web.Op{
		ID: "opt-out-customer", Permission: "customer.write", Scope: web.Filtered,
		Summary: "Record that a customer said stop",
	}, h.optOut)
	web.Delete(a, "/customers/{id}/optout", web.Op{
		ID: "opt-in-customer", Permission: "governance.write", Scope: web.Filtered,
		Summary: "Record the customer's own new consent",
	}, h.optIn)
}

func (h *API) filter(ctx context.Context, in FilterIn) (Filter, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return Filter{}, err
	}
	f := Filter{Query: in.Query, TagIDs: in.Tags, Scope: scope, AddWays: in.AddWay, State: in.Channel, Lost: in.State == "lost"}
	if in.Staff != "" {
		f.StaffIDs = []string{in.Staff}
	}
	for _, d := range []struct {
		field, text string
		into        *clock.Time
		add         int
	}{{"added_from", in.AddedFrom, &f.From, 0}, {"added_to", in.AddedTo, &f.To, 1}} {
		if err := h.day(d.field, d.text, d.into, d.add); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (h *API) list(ctx context.Context, in *listIn) (*web.Page[CustomerOut], error) {
	f, err := h.filter(ctx, in.FilterIn)
	if err != nil {
		return nil, err
	}
	var from *after
	if in.After != "" {
		var mark [2]string
		if json.Unmarshal([]byte(in.After), &mark) != nil {
			return nil, errs.Bad("after", "invalid", errs.T("翻页标记不正确，请从第一页重新开始。", "after is not a page mark. Start from the first page."))
		}
		from = &after{value: mark[0], id: mark[1]}
	}
	total, more, err := web.Total(ctx, h.DB.Read(), h.query(f), in.List)
	if err != nil {
		return nil, err
	}
	order := Order(in.Sort)
	rows, err := h.page(ctx, f, order, from, in.Limit+1)
	if err != nil {
		return nil, err
	}
	items, err := h.withRelations(ctx, rows)
	if err != nil {
		return nil, err
	}
	out, err := h.show(ctx, items)
	if err != nil {
		return nil, err
	}
	for _, c := range out[:min(len(out), in.Limit)] {
		web.Show(ctx, c.ID)
	}
	return web.NewPage(out, in.List, total, more, func(c CustomerOut) string {
		value := strconv.FormatInt(c.AddedAt.UnixMilli(), 10)
		if order == ByName {
			value = c.Name
		}
		mark, _ := json.Marshal([2]string{value, c.ID}) // two strings never fail
		return string(mark)
	}), nil
}

// one reads a customer that the caller may see.
func (h *API) one(ctx context.Context, id string) (Item, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return Item{}, err
	}
	row, ok, err := getCustomer(ctx, h.DB.Read(), h.CorpID, id)
	if err != nil {
		return Item{}, err
	}
	if !ok {
		return Item{}, errs.Missing("客户", "customer")
	}
	items, err := h.withRelations(ctx, []customerRow{row})
	if err != nil {
		return Item{}, err
	}
	if scope == nil {
		return items[0], nil
	}
	may := map[string]bool{}
	for _, s := range scope {
		may[s] = true
	}
	for _, r := range items[0].Relations {
		if may[r.StaffID] {
			return items[0], nil
		}
	}
	return Item{}, errs.Missing("客户", "customer")
}

// Visible says whether there is a customer whom somebody with this scope (staff ids; nil = all) may see.
func (s *Service) Visible(ctx context.Context, id string, scope []string) (bool, error) {
	q := s.DB.Read().NewSelect().Model((*customerRow)(nil)).Where("c.corp_id = ? AND c.id = ?", s.CorpID, id)
	if scope != nil {
		q.Where("EXISTS (SELECT 1 FROM relation r WHERE r.corp_id = c.corp_id AND r.customer_id = c.id AND r.staff_id IN (?))", bun.List(orNone(scope)))
	}
	ok, err := q.Exists(ctx)
	if err != nil {
		return false, fmt.Errorf("look for customer %s: %w", id, err)
	}
	return ok, nil
}

func (h *API) get(ctx context.Context, in *struct {
	ID string `path:"id"`
},
) (*detailOut, error) {
	item, err := h.one(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	shown, err := h.show(ctx, []Item{item})
	if err != nil {
		return nil, err
	}
	n, err := h.names(ctx, []Item{item})
	if err != nil {
		return nil, err
	}
	web.Show(ctx, item.ID)
	out := &detailOut{CustomerOut: shown[0], UnionID: item.UnionID, Relations: []relationOut{}, InGroups: n.groups[item.ID], Preferences: h.near.Preferences(ctx, item.ID)}
	if out.InGroups == nil {
		out.InGroups = []Group{}
	}
	for _, r := range item.Relations {
		out.Relations = append(out.Relations, relationOut{
			Staff: Named{r.StaffID, n.staff[r.StaffID]}, Remark: r.Remark, Description: r.Description, AddedAt: r.AddedAt.In(h.Zone),
			Source: n.source(ctx, r.Relation), Live: r.Live, LostAt: h.maybe(r.LostAt), LostBy: r.LostBy, Tags: n.tagsOf(r.TagIDs),
		})
	}
	out.Wishes.Requests = []Wish{}
	if h.near.Wishes != nil {
		if out.Wishes, err = h.near.Wishes(ctx, item.ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (h *API) timeline(ctx context.Context, in *struct {
	web.List
	ID string `path:"id"`
},
) (*web.Page[entryOut], error) {
	if _, err := h.one(ctx, in.ID); err != nil {
		return nil, err
	}
	from, err := in.AfterID()
	if err != nil {
		return nil, err
	}
	rows, err := h.Timeline(ctx, in.ID, from, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var actors []string
	for _, e := range rows {
		actors = append(actors, e.Actor)
	}
	staff, err := h.near.Staff(ctx, actors)
	if err != nil {
		return nil, err
	}
	out := make([]entryOut, len(rows))
	for i, e := range rows {
		out[i] = entryOut{ID: web.IDOf(e.ID), At: e.At.In(h.Zone), Kind: e.Kind, Detail: e.Detail, Ref: e.Ref}
		if e.Kind == "touch" {
			out[i].TouchID, out[i].Ref = e.Ref, ""
		}
		if e.Actor != "" {
			out[i].Actor = &Named{e.Actor, staff[e.Actor]}
		}
	}
	return web.NewPage(out, in.List, len(out), false, func(e entryOut) string { return string(e.ID) }), nil
}

type batchIn struct {
	IDs    []string `json:"ids,omitempty" maxItems:"10000" doc:"these customers"`
	Query  string   `json:"query,omitempty" doc:"or those of a list: the query part of its URL, without the question mark"`
	Add    []string `json:"add,omitempty" doc:"tag ids"`
	Remove []string `json:"remove,omitempty" doc:"tag ids"`
}

func (h *API) optOut(ctx context.Context, in *struct {
	ID string `path:"id"`
},
) (*web.None, error) {
	if _, err := h.one(ctx, in.ID); err != nil {
		return nil, err
	}
	return nil, h.near.OptOut(ctx, in.ID, web.Caller(ctx).User)
}

func (h *API) optIn(ctx context.Context, in *struct {
	ID       string `path:"id"`
	Evidence string `query:"evidence" required:"true" minLength:"4" doc:"where and when the customer consented anew"`
},
) (*web.None, error) {
	if _, err := h.one(ctx, in.ID); err != nil {
		return nil, err
	}
	return nil, h.near.OptIn(ctx, in.ID, web.Caller(ctx).User, in.Evidence)
}
