package customer

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/wecom"
)

// names is what other rooms know about a page of customers, read in a few queries for all of them.
type names struct {
	staff, tags map[string]string
	channels    map[string]Named
	budgets     map[string]Budget
	optouts     map[string]OptOut
	groups      map[string][]Group
}

func (h *API) names(ctx context.Context, items []Item) (n names, err error) {
	var ids, staff, tags, states []string
	for _, it := range items {
		ids = append(ids, it.ID)
		for _, r := range it.Relations {
			staff, tags, states = append(staff, r.StaffID), append(tags, r.TagIDs...), append(states, r.State)
		}
	}
	if n.staff, err = h.near.Staff(ctx, staff); err != nil {
		return n, err
	}
	if n.tags, err = h.near.Tags(ctx, tags); err != nil {
		return n, err
	}
	if n.channels, err = h.near.Channels(ctx, states); err != nil {
		return n, err
	}
	if n.budgets, n.optouts, err = h.near.Budgets(ctx, ids); err != nil {
		return n, err
	}
	n.groups, err = h.near.Groups(ctx, ids)
	return n, err
}

func (n names) tagsOf(ids []string) []Named {
	out, seen := []Named{}, map[string]bool{}
	for _, id := range ids {
		if name, ok := n.tags[id]; ok && !seen[id] {
			seen[id] = true
			out = append(out, Named{id, name})
		}
	}
	return out
}

func (n names) source(ctx context.Context, r Relation) sourceOut {
	s := sourceOut{AddWay: max(r.AddWay, 0), Label: SourceLabel(r.AddWay, web.Lang(ctx))}
	if c, ok := n.channels[r.State]; ok && r.State != "" {
		s.Channel = &c
	}
	return s
}

// show turns a page of customers into what the API answers. Tags count for the person, the source is the first relation's.
func (h *API) show(ctx context.Context, items []Item) ([]CustomerOut, error) {
	n, err := h.names(ctx, items)
	if err != nil {
		return nil, err
	}
	out := make([]CustomerOut, len(items))
	for i, it := range items {
		c := CustomerOut{
			ID: it.ID, Name: it.Name, Avatar: it.Avatar, Gender: it.Gender, Type: it.Kind, CorpName: it.CorpName, State: "lost",
			AddedAt: it.AddedAt.In(h.Zone), LostAt: h.maybe(it.LostAt), Staff: []staffOut{}, Budget: n.budgets[it.ID], OptOut: n.optouts[it.ID],
			Groups: len(n.groups[it.ID]),
		}
		if it.Live {
			c.State = "live"
		}
		if c.OptOut.State == "" {
			c.OptOut.State = "none"
		}
		if c.Budget.Windows == nil {
			c.Budget.Windows = []BudgetWindow{}
		}
		var tags []string
		var first *Held
		for j, r := range it.Relations {
			state := "lost"
			if r.Live {
				state = "live"
				tags = append(tags, r.TagIDs...)
			}
			c.Staff = append(c.Staff, staffOut{Named{r.StaffID, n.staff[r.StaffID]}, state})
			if first == nil || r.AddedAt < first.AddedAt {
				first = &it.Relations[j]
			}
		}
		c.Tags = n.tagsOf(tags)
		if first != nil {
			c.Source = n.source(ctx, first.Relation)
		}
		out[i] = c
	}
	return out, nil
}

func (h *API) maybe(t clock.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	std := t.In(h.Zone)
	return &std
}

// batchMost is how many customers one batch action may change: each is a call to WeCom.
const batchMost = 10_000

// filterOf reads the filters out of the query part of a list's URL.
func filterOf(query string) (FilterIn, bool) {
	v, err := url.ParseQuery(query)
	if err != nil {
		return FilterIn{}, false
	}
	q := FilterIn{
		Query: v.Get("q"), Tags: v["tag"], Staff: v.Get("staff"), Channel: v.Get("channel"), State: v.Get("state"),
		AddedFrom: v.Get("added_from"), AddedTo: v.Get("added_to"),
	}
	for _, way := range v["source"] {
		n, err := strconv.Atoi(way)
		if err != nil {
			return q, false
		}
		q.AddWay = append(q.AddWay, n)
	}
	return q, true
}

// chosen answers the customers a batch action is about.
func (h *API) chosen(ctx context.Context, in batchIn) ([]string, error) {
	var q FilterIn
	if len(in.IDs) == 0 {
		var ok bool
		if q, ok = filterOf(in.Query); !ok || in.Query == "" {
			return nil, errs.Bad("query", "batch.nobody", errs.T("请选择客户，或者带上列表的筛选条件。", "Name customers, or the filters of a list."))
		}
	}
	f, err := h.filter(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(in.IDs) > 0 {
		f.IDs = in.IDs
	}
	return h.IDs(ctx, f, batchMost)
}

func (h *API) reach(ctx context.Context, in *struct{ Body batchIn }) (*struct {
	Customers int `json:"customers"`
}, error,
) {
	ids, err := h.chosen(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	return &struct {
		Customers int `json:"customers"`
	}{len(ids)}, nil
}

type failedOut struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

type taggedOut struct {
	Changed int         `json:"changed"`
	Failed  []failedOut `json:"failed"`
}

// tag changes the tags of each chosen customer at WeCom and here, one after the other: what was done stays done, and
// who failed is named with the reason.
func (h *API) tag(ctx context.Context, in *struct{ Body batchIn }) (*taggedOut, error) {
	if len(in.Body.Add)+len(in.Body.Remove) == 0 {
		return nil, errs.Bad("add", "tag.nothing", errs.T("请选择要加或要去掉的标签。", "Choose tags to add or to remove."))
	}
	if h.near.Consented != nil {
		if err := h.near.Consented(ctx, "add", in.Body.Add...); err != nil {
			return nil, err
		}
	}
	ids, err := h.chosen(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	out := &taggedOut{Failed: []failedOut{}}
	for _, id := range ids {
		item, err := h.one(ctx, id)
		if err == nil {
			err = h.tagOne(ctx, item, in.Body.Add, in.Body.Remove)
		}
		if err != nil {
			out.Failed = append(out.Failed, failedOut{ID: id, Reason: whyFailed(err, web.Lang(ctx))})
			continue
		}
		out.Changed++
	}
	if h.near.Given != nil && out.Changed > 0 {
		if err := h.near.Given(ctx, in.Body.Add); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// whyFailed says for people why one of many was not changed; a cause is for the log.
func whyFailed(err error, lang string) string {
	if e, ok := errors.AsType[*wecom.Error](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Text.In(lang)
	}
	return err.Error()
}

// tagOne adds tags through the newest live relation, and removes them from every live one.
func (h *API) tagOne(ctx context.Context, it Item, add, remove []string) error {
	if !it.Live {
		return errs.New(errs.Conflict, "customer.lost", errs.T("这位客户已经不在，企业微信不能再打标签。",
			"This customer has left; WeCom takes no tags for them."))
	}
	for i, r := range it.Relations {
		if !r.Live {
			continue
		}
		var adding []string
		if i == 0 {
			adding = add
		}
		if len(adding)+len(remove) == 0 {
			continue
		}
		settle, err := h.near.Mark(ctx, r.CustomerID, r.StaffID, adding, remove)
		if err != nil {
			return err
		}
		err = h.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := settle(ctx, tx); err != nil {
				return err
			}
			return Note(ctx, tx, Entry{CorpID: h.CorpID, CustomerID: it.ID, At: h.World.Now(), Kind: "tagged", Actor: r.StaffID})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
