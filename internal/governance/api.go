package governance

import (
	"context"
	"fmt"
	"slices"
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
	// FindCustomers answers the ids of customers by name, at most 200. It may be nil: the search is by id then.
	FindCustomers func(ctx context.Context, name string) ([]string, error)
	// Visible says whether the caller may see a customer. It may be nil: everybody may.
	Visible func(ctx context.Context, customerID string) (bool, error)
	// Living counts the customers of the corp. It may be nil: 0.
	Living func(ctx context.Context) (int, error)
}

// API serves the routes of this room.
type API struct {
	*Governor
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (g *Governor) RegisterAPI(a *web.API, near Neighbours) {
	h := &API{g, near}
	web.Get(a, "/touches", web.Op{ID: "list-touches", Permission: "governance.read", Scope: web.Filtered, Summary: "List touches", Tag: "governance"}, h.list)
	web.Get(a, "/touches/{id}", web.Op{
		ID: "get-touch", Permission: "governance.read", Scope: web.Filtered,
		Summary: "Everything about one touch", Tag: "governance",
	}, h.get)
	web.Post(a, "/touches/{id}/recompute", web.Op{
		ID: "recompute-touch", Permission: "governance.read", Scope: web.Filtered,
		Summary: "Decide a touch again from the ledger of then", Tag: "governance",
	}, h.recompute)
	web.Get(a, "/governance/held", web.Op{ID: "get-held", Permission: "governance.read", Scope: web.Filtered, Summary: "What was held back and why"}, h.held)
	h.registerPolicy(a)
	h.registerLadder(a)
	h.registerAdmission(a)
	h.registerLicences(a)
	h.registerSites(a)
	h.registerFraud(a)
	h.registerHouse(a)
	h.registerGrievances(a)
	h.registerConsents(a)
	h.registerMinors(a)
	h.registerPurposes(a)
	h.registerSilence(a)
	h.registerZones(a)
	h.registerLimited(a)
	web.Get(a, "/governance/caps", web.Op{ID: "get-caps", Permission: "governance.read", Scope: web.Shared, Summary: "Limits in force"}, h.caps)
	web.Put(a, "/governance/caps", web.Op{ID: "set-caps", Permission: "governance.write", Scope: web.WholeCorp, Summary: "Tighten the limits"}, h.setCaps)
	web.Get(a, "/governance/holidays", web.Op{ID: "get-holidays", Permission: "governance.read", Scope: web.Shared, Summary: "The calendar of special days"}, h.days)
	web.Put(a, "/governance/holidays", web.Op{
		ID: "set-holidays", Permission: "governance.write", Scope: web.WholeCorp, Summary: "Replace the calendar of special days",
	}, h.setDays)
	web.Get(a, "/governance/halts", web.Op{ID: "list-halts", Permission: "governance.read", Scope: web.Shared, Summary: "What sending is stopped, and lately was"}, h.halts)
	web.Post(a, "/governance/halts", web.Op{
		ID: "halt-sending", Permission: "governance.write", Scope: web.WholeCorp, Summary: "Stop all sending, of everybody or of one member",
	}, h.halt)
	web.Delete(a, "/governance/halts/{id}", web.Op{
		ID: "lift-halt", Permission: "governance.write", Scope: web.WholeCorp, Summary: "Let sending go on",
	}, h.lift)
	web.Get(a, "/optouts", web.Op{
		ID: "list-optouts", Permission: "governance.read", Scope: web.WholeCorp, Summary: "Who wants no marketing",
		Tag: "governance",
	}, h.optOuts)
	web.Post(a, "/optouts", web.Op{
		ID: "add-optout", Permission: "governance.write", Scope: web.WholeCorp,
		Summary: "Record that a customer said stop", Tag: "governance",
	}, h.addOptOut)
}

type listIn struct {
	web.List
	Customer  string    `query:"customer"`
	Staff     string    `query:"staff"`
	State     []string  `query:"state" enum:"held,reserved,tasked,delivered,committed,released"`
	Class     string    `query:"class" enum:"emergency,transactional,service,lifecycle,marketing"`
	Rule      string    `query:"rule"`
	Broadcast string    `query:"broadcast"`
	Campaign  string    `query:"campaign"`
	Late      bool      `query:"late"`
	From      time.Time `query:"from" doc:"RFC 3339"`
	To        time.Time `query:"to" doc:"RFC 3339, exclusive"`
}

func (h *API) list(ctx context.Context, in *listIn) (*web.Page[TouchOut], error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	q := h.db.Read().NewSelect().Model((*Touch)(nil)).Where("corp_id = ?", web.Caller(ctx).CorpID)
	if scope != nil {
		q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	for _, f := range []struct{ column, value string }{
		{"customer_id", in.Customer}, {"staff_id", in.Staff}, {"class", in.Class}, {"rule_id", in.Rule}, {"campaign_id", in.Campaign},
	} {
		if f.value != "" {
			q.Where("? = ?", bun.Ident(f.column), f.value)
		}
	}
	if in.Broadcast != "" {
		q.Where("campaign_id = ?", "broadcast/"+in.Broadcast)
	}
	if len(in.State) > 0 {
		q.Where("state IN (?)", bun.List(in.State))
	}
	if in.Late {
		q.Where("late")
	}
	if !in.From.IsZero() {
		q.Where("reserved_at >= ?", clock.At(in.From))
	}
	if !in.To.IsZero() {
		q.Where("reserved_at < ?", clock.At(in.To))
	}
	var rows []*Touch
	total, more, err := web.NewestFirst(ctx, h.db.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list touches: %w", err)
	}
	if err := h.spell(ctx, h.db.Read(), rows...); err != nil {
		return nil, err
	}
	out, err := h.show(ctx, rows)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(t TouchOut) string { return string(t.ID) }), nil
}

type idIn struct {
	ID web.ID `path:"id"`
}

// visible reads a touch that the caller may see.
func (h *API) visible(ctx context.Context, id web.ID) (*Touch, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	t, err := h.Get(ctx, web.Caller(ctx).CorpID, id.Int())
	if err != nil {
		return nil, err
	}
	if scope != nil {
		if slices.Contains(scope, t.StaffID) {
			return t, nil
		}
		return nil, errs.Missing("触达", "touch")
	}
	return t, nil
}

func (h *API) get(ctx context.Context, in *idIn) (*explainOut, error) {
	t, err := h.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := h.Explain(ctx, t.CorpID, t.ID)
	if err != nil {
		return nil, err
	}
	return h.explain(ctx, e)
}

type recomputeOut struct {
	Same    bool      `json:"same" doc:"verdict and counters are as they were"`
	Verdict State     `json:"verdict" enum:"reserved,held"`
	RuleID  string    `json:"rule_id,omitempty"`
	Rules   []ruleOut `json:"rules"`
	Policy  string    `json:"policy" doc:"the policy that decided"`
	Now     string    `json:"policy_now" doc:"the policy of this program"`
	Note    string    `json:"note,omitempty" doc:"said when they differ: what could not be read again"`
}

func (h *API) recompute(ctx context.Context, in *idIn) (*recomputeOut, error) {
	t, err := h.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	r, err := h.Recompute(ctx, t.CorpID, t.ID)
	if err != nil {
		return nil, err
	}
	out := &recomputeOut{
		Same: r.Same, Verdict: r.State, RuleID: r.Rule, Rules: h.rules(web.Lang(ctx), r.Rules), Policy: r.PolicyThen, Now: r.PolicyNow,
	}
	if !r.SamePolicy() {
		out.Note = errs.Tf("当时的策略是 %s，这个程序里已经没有；字句按当时记下的结论算，没有重读，次数照账本重算。",
			"Policy %s decided, which this program has no more: the words stand as they were found then and were not read again; what was counted was counted again.", r.PolicyThen).In(web.Lang(ctx))
	}
	return out, nil
}

type heldIn struct {
	Days int `query:"days" default:"1" minimum:"1" maximum:"90" doc:"calendar days in the corp's zone, today included"`
}

type heldOut struct {
	Touches  int           `json:"touches"`
	Persons  int           `json:"persons"`
	Deferred int           `json:"deferred" doc:"waiting for sending hours"`
	Refused  int           `json:"refused"`
	Rules    []heldRuleOut `json:"rules"`
}

type heldRuleOut struct {
	RuleID string `json:"rule_id"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

func (h *API) held(ctx context.Context, in *heldIn) (*heldOut, error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	now := h.world.Now()
	from := clock.At(now.Day(h.zone).In(h.zone).AddDate(0, 0, 1-in.Days))
	held, err := h.Held(ctx, web.Caller(ctx).CorpID, from, now+1, scope)
	if err != nil {
		return nil, err
	}
	out := &heldOut{Touches: held.Touches, Persons: held.Persons, Deferred: held.Deferred, Refused: held.Refused, Rules: []heldRuleOut{}}
	for _, r := range held.Rules {
		lang := web.Lang(ctx)
		out.Rules = append(out.Rules, heldRuleOut{r.RuleID, h.Title(r.RuleID).In(lang), errs.T(r.ReasonZh, r.ReasonEn).In(lang), r.Count})
	}
	return out, nil
}

type capRule struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Days  int    `json:"days"`
	Cap   int    `json:"cap"`
	Min   int    `json:"min"`
	Max   int    `json:"max" doc:"the policy's own number: it can only be lowered"`
}

type quietIO struct {
	From       string `json:"from" example:"09:00"`
	To         string `json:"to" example:"21:00"`
	SundayFrom string `json:"sunday_from" example:"10:00"`
	Zone       string `json:"zone,omitempty" readOnly:"true"`
}

type capsOut struct {
	Rules    []capRule `json:"rules"`
	Quiet    quietIO   `json:"quiet"`
	QuietMax quietIO   `json:"quiet_max"`
	MassMode MassMode  `json:"mass_mode" enum:"per_month_days,per_week_7,per_day_1" doc:"as set in WeCom's own console"`
	Holdout  int       `json:"holdout" doc:"percent of customers that get no marketing, to measure what it is worth"`
	Version  string    `json:"version"`
	Shares   sharesIO  `json:"shares"`
	Sunset   sunsetIO  `json:"sunset"`
	Consent  bool      `json:"only_consented" doc:"marketing goes only to customers whose own consent is on record"`
	// Consented counts them, also who is no customer any more.
	Consented int `json:"consented" doc:"consents on record"`
}

func (h *API) caps(ctx context.Context, _ *web.None) (*capsOut, error) {
	corpID := web.Caller(ctx).CorpID
	c, _, err := h.Caps(ctx, corpID)
	if err != nil {
		return nil, err
	}
	return h.capsWith(ctx, corpID, c)
}

// capsWith is showCaps with the number of consents on record.
func (h *API) capsWith(ctx context.Context, corpID string, c Caps) (*capsOut, error) {
	out := h.showCaps(web.Lang(ctx), c)
	n, err := h.db.Read().NewSelect().Model((*Consent)(nil)).Where("corp_id = ? AND ended_id = 0 AND own AND purpose = 'marketing' AND id > ?", corpID, c.Notice.again).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count consents: %w", err)
	}
	out.Consented = int(n)
	return out, nil
}

func (h *API) showCaps(lang string, c Caps) *capsOut {
	quiet := func(q Quiet) quietIO {
		return quietIO{From: formatClock(q.From), To: formatClock(q.To), SundayFrom: formatClock(q.SundayFrom), Zone: h.zone.String()}
	}
	out := &capsOut{Quiet: quiet(c.Quiet), QuietMax: quiet(h.book.caps.Quiet), MassMode: c.MassMode, Holdout: c.Holdout, Version: h.version(c), Consent: c.OnlyConsented}
	out.Shares, out.Sunset = h.showShares(c), h.showSunset(c)
	for i, w := range c.Per {
		out.Rules = append(out.Rules, capRule{ID: ruleCap, Title: h.Title(ruleCap).In(lang), Days: w.Days, Cap: w.Cap, Max: h.book.caps.Per[i].Cap})
	}
	return out
}

type setCapsIn struct {
	Body struct {
		Rules []struct {
			Days int `json:"days"`
			Cap  int `json:"cap" minimum:"0"`
		} `json:"rules" minItems:"3" maxItems:"3"`
		Quiet    quietIO   `json:"quiet"`
		MassMode MassMode  `json:"mass_mode,omitempty" enum:"per_month_days,per_week_7,per_day_1"`
		Holdout  *int      `json:"holdout,omitempty" minimum:"0" maximum:"50" doc:"percent"`
		Shares   *sharesIO `json:"shares,omitempty" doc:"left out: as they are"`
		Sunset   *sunsetIO `json:"sunset,omitempty" doc:"left out: as it is"`
		Consent  *bool     `json:"only_consented,omitempty" doc:"send marketing only to customers whose own consent is on record; left out: as it is"`
	}
}

func (h *API) setCaps(ctx context.Context, in *setCapsIn) (*capsOut, error) {
	who := web.Caller(ctx)
	c, _, err := h.Caps(ctx, who.CorpID)
	if err != nil {
		return nil, err
	}
	for i, r := range in.Body.Rules {
		c.Per[i] = Window{Days: r.Days, Cap: r.Cap}
	}
	for _, f := range []struct {
		name, s string
		into    *int
	}{{"quiet.from", in.Body.Quiet.From, &c.Quiet.From}, {"quiet.to", in.Body.Quiet.To, &c.Quiet.To}, {"quiet.sunday_from", in.Body.Quiet.SundayFrom, &c.Quiet.SundayFrom}} {
		min, err := parseClock(f.s)
		if err != nil {
			return nil, errs.Bad(f.name, "invalid_time", errs.T("时间要写成 09:00 这样。", "Write the time like 09:00."))
		}
		*f.into = min
	}
	if in.Body.MassMode != "" {
		c.MassMode = in.Body.MassMode
	}
	if in.Body.Holdout != nil {
		c.Holdout = *in.Body.Holdout
	}
	if in.Body.Consent != nil {
		c.OnlyConsented = *in.Body.Consent
	}
	if in.Body.Shares != nil {
		in.Body.Shares.to(&c)
	}
	if in.Body.Sunset != nil {
		in.Body.Sunset.to(&c)
	}
	c, err = h.SetCaps(ctx, who.CorpID, who.User, c)
	if err != nil {
		return nil, err
	}
	return h.capsWith(ctx, who.CorpID, c)
}

type optOutsIn struct {
	web.List
	Query string `query:"q" maxLength:"100"`
}

type optOutOut struct {
	Customer named     `json:"customer"`
	Since    time.Time `json:"since"`
	Via      string    `json:"via"`
	By       string    `json:"by"`
	id       int64
}

func (h *API) optOuts(ctx context.Context, in *optOutsIn) (*web.Page[optOutOut], error) {
	q := h.db.Read().NewSelect().Model((*OptOutRow)(nil)).Where("corp_id = ? AND lifted_at = 0", web.Caller(ctx).CorpID)
	if in.Query != "" {
		ids := []string{in.Query}
		if h.near.FindCustomers != nil {
			found, err := h.near.FindCustomers(ctx, in.Query)
			if err != nil {
				return nil, err
			}
			ids = append(ids, found...)
		}
		q.Where("customer_id IN (?)", bun.List(ids))
	}
	var rows []OptOutRow
	total, more, err := web.NewestFirst(ctx, h.db.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list opt-outs: %w", err)
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.CustomerID
	}
	names, err := h.near.Customers(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]optOutOut, len(rows))
	for i, r := range rows {
		out[i] = optOutOut{named{r.CustomerID, names[r.CustomerID]}, r.Since.In(h.zone), r.Via, r.ByWhom, r.ID}
	}
	return web.NewPage(out, in.List, total, more, func(o optOutOut) string { return fmt.Sprint(o.id) }), nil
}

type addOptOutIn struct {
	Body struct {
		CustomerID string `json:"customer_id" minLength:"1" maxLength:"128"`
		Via        string `json:"via" enum:"staff,keyword,import"`
	}
}

func (h *API) addOptOut(ctx context.Context, in *addOptOutIn) (*web.None, error) {
	who := web.Caller(ctx)
	return nil, h.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return h.OptOut(ctx, tx, who.CorpID, in.Body.CustomerID, in.Body.Via, who.User)
	})
}
