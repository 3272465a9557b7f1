package groupchat

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type chatOut struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Owner       named     `json:"owner"`
	Members     int       `json:"members"`
	Customers   int       `json:"customers"`
	CreatedAt   time.Time `json:"created_at"`
	Notice      string    `json:"notice"`
	State       State     `json:"state" enum:"live,dismissed"`
	JoinedToday int       `json:"joined_today"`
	LeftToday   int       `json:"left_today"`
}

// Source is the group code by which a member came.
type Source struct {
	JoinwayID string `json:"joinway_id"`
	Name      string `json:"name"`
	State     string `json:"state"`
}

type memberOut struct {
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind" enum:"staff,customer"`
	Name      string    `json:"name"`
	Known     bool      `json:"known" doc:"has a page of its own: a customer of the corp, not only a guest of the group"`
	JoinedAt  time.Time `json:"joined_at"`
	JoinScene string    `json:"join_scene" doc:"how the member came, in words"`
	Invitor   *named    `json:"invitor,omitempty"`
	Source    *Source   `json:"source,omitempty"`
}

type detailOut struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Owner       named       `json:"owner"`
	Customers   int         `json:"customers"`
	CreatedAt   time.Time   `json:"created_at"`
	Notice      string      `json:"notice"`
	State       State       `json:"state" enum:"live,dismissed"`
	JoinedToday int         `json:"joined_today"`
	LeftToday   int         `json:"left_today"`
	Members     []memberOut `json:"members" doc:"the newest first"`
}

type listIn struct {
	web.List
	Q      string `query:"q" doc:"part of the name"`
	Owner  string `query:"owner"`
	Source string `query:"source" doc:"state of a group code: groups that people joined by it"`
	State  State  `query:"state" enum:"live,dismissed" default:"live"`
}

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Scope   func(ctx context.Context) ([]string, error) // staff ids the caller may see; nil = all
	Staff   func(ctx context.Context, ids []string) (map[string]string, error)
	Sources func(ctx context.Context, states []string) (map[string]Source, error) // by the state of a group code
	// Customers answers the names of those who are customers of the corp.
	Customers func(ctx context.Context, ids []string) (map[string]string, error)
}

type api struct {
	*Service
	near Neighbours
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &api{s, near}
	web.Get(a, "/groupchats", web.Op{ID: "list-groupchats", Permission: "groupchat.read", Scope: web.Filtered, Summary: "List customer groups"}, h.list)
	web.Get(a, "/groupchats/several", web.Op{
		ID: "list-groupchat-several", Permission: "groupchat.read", Scope: web.Filtered, Summary: "List people who are in several groups",
	}, h.several)
	web.Get(a, "/groupchats/{id}", web.Op{ID: "get-groupchat", Permission: "groupchat.read", Scope: web.Filtered, Summary: "Get a group with its members"}, h.get)
}

// within limits a query to the groups whose owner the caller may see.
func (h *api) within(ctx context.Context, q *bun.SelectQuery) error {
	staff, err := h.near.Scope(ctx)
	if err != nil || staff == nil {
		return err
	}
	if len(staff) == 0 {
		q.Where("1 = 0")
		return nil
	}
	q.Where("g.owner_id IN (?)", bun.List(staff))
	return nil
}

func (h *api) list(ctx context.Context, in *listIn) (*web.Page[chatOut], error) {
	var rows []chatRow
	build := func() (*bun.SelectQuery, error) {
		q := h.DB.Read().NewSelect().Model(&rows).Where("g.corp_id = ? AND g.state = ?", h.CorpID, in.State)
		if in.Q != "" {
			like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(in.Q) + "%"
			q.Where(`g.name LIKE ? ESCAPE '\'`, like)
		}
		if in.Owner != "" {
			q.Where("g.owner_id = ?", in.Owner)
		}
		if in.Source != "" {
			q.Where("EXISTS (SELECT 1 FROM groupchat_member AS m WHERE m.corp_id = g.corp_id AND m.chat_id = g.id AND m.state = ?)", in.Source)
		}
		return q, h.within(ctx, q)
	}
	q, err := build()
	if err != nil {
		return nil, err
	}
	total, more, err := web.Total(ctx, h.DB.Read(), q, in.List)
	if err != nil {
		return nil, err
	}
	if q, err = build(); err != nil {
		return nil, err
	}
	if in.After != "" {
		at, id, ok := strings.Cut(in.After, "_")
		n, err := strconv.ParseInt(at, 10, 64)
		if err != nil || !ok {
			return nil, errs.Bad("after", "invalid", errs.T("翻页标记不正确，请从第一页重新开始。", "after is not a page mark. Start from the first page."))
		}
		q.Where("(g.created_at < ? OR g.created_at = ? AND g.id < ?)", n, n, id)
	}
	if err := q.OrderExpr("g.created_at DESC, g.id DESC").Limit(int64(in.Limit) + 1).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	next := ""
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		last := rows[len(rows)-1]
		next = fmt.Sprintf("%d_%s", last.CreatedAt, last.ID)
	}
	out, err := h.shown(ctx, rows)
	return &web.Page[chatOut]{Items: out, Next: next, Total: total, TotalMore: more}, err
}

func (h *api) shown(ctx context.Context, rows []chatRow) ([]chatOut, error) {
	owners, ids := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		owners[i], ids[i] = r.OwnerID, r.ID
	}
	names, err := h.near.Staff(ctx, owners)
	if err != nil {
		return nil, err
	}
	joined, left, err := h.today(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]chatOut, len(rows))
	for i, r := range rows {
		out[i] = chatOut{
			ID: r.ID, Name: r.Name, Owner: nameOf(names, r.OwnerID), Members: r.Members, Customers: r.Customers, CreatedAt: r.CreatedAt.In(h.Zone),
			Notice: r.Notice, State: r.State, JoinedToday: joined[r.ID], LeftToday: left[r.ID],
		}
	}
	return out, nil
}

// today counts customers who joined and left since midnight in the corp's zone.
func (h *api) today(ctx context.Context, ids []string) (joined, left map[string]int, err error) {
	joined, left = map[string]int{}, map[string]int{}
	if len(ids) == 0 {
		return joined, left, nil
	}
	var rows []struct {
		ChatID string
		What   string
		N      int
	}
	err = h.DB.Read().NewSelect().Model((*moveRow)(nil)).Column("chat_id", "what").ColumnExpr("COUNT(*) AS n").
		Where("corp_id = ? AND at >= ? AND kind = ? AND chat_id IN (?)", h.CorpID, h.World.Now().Day(h.Zone), Customer, bun.List(ids)).
		GroupExpr("chat_id, what").Scan(ctx, &rows)
	if err != nil {
		return nil, nil, fmt.Errorf("count who joined groups today: %w", err)
	}
	for _, r := range rows {
		if r.What == "join" {
			joined[r.ChatID] = r.N
		} else {
			left[r.ChatID] = r.N
		}
	}
	return joined, left, nil
}

func (h *api) get(ctx context.Context, in *struct {
	ID string `path:"id"`
},
) (*detailOut, error) {
	var rows []chatRow
	q := h.DB.Read().NewSelect().Model(&rows).Where("g.corp_id = ? AND g.id = ?", h.CorpID, in.ID)
	if err := h.within(ctx, q); err != nil {
		return nil, err
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read group %s: %w", in.ID, err)
	}
	if len(rows) == 0 {
		return nil, errs.Missing("客户群", "group")
	}
	chats, err := h.shown(ctx, rows)
	if err != nil {
		return nil, err
	}
	members, err := listMembers(ctx, h.DB.Read(), h.CorpID, in.ID)
	if err != nil {
		return nil, err
	}
	var staff, customers, states []string
	for _, m := range members {
		if m.Kind == Customer {
			customers = append(customers, m.ID)
		}
		if m.InvitorID != "" {
			staff = append(staff, m.InvitorID)
		}
		if m.Kind == Staff {
			staff = append(staff, m.ID)
		}
		if m.State != "" {
			states = append(states, m.State)
		}
	}
	names, err := h.near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	known, err := h.near.Customers(ctx, customers)
	if err != nil {
		return nil, err
	}
	sources, err := h.near.Sources(ctx, states)
	if err != nil {
		return nil, err
	}
	c := chats[0]
	d := &detailOut{
		ID: c.ID, Name: c.Name, Owner: c.Owner, Customers: c.Customers, CreatedAt: c.CreatedAt, Notice: c.Notice, State: c.State,
		JoinedToday: c.JoinedToday, LeftToday: c.LeftToday, Members: make([]memberOut, len(members)),
	}
	for i, m := range members {
		o := memberOut{ID: m.ID, Kind: m.Kind, Name: m.Name, JoinedAt: m.JoinedAt.In(h.Zone), JoinScene: scenes[m.JoinScene].In(web.Lang(ctx))}
		_, o.Known = known[m.ID]
		if m.Kind == Staff && o.Name == "" {
			o.Name = names[m.ID]
		}
		if m.InvitorID != "" {
			v := nameOf(names, m.InvitorID)
			o.Invitor = &v
		}
		if src, ok := sources[m.State]; ok {
			o.Source = &src
		}
		d.Members[i] = o
	}
	return d, nil
}

// scenes names how a member came.
var scenes = map[int]errs.Text{
	SceneInvited: errs.T("成员邀请", "Invited"), SceneLink: errs.T("邀请链接", "Invitation link"), SceneScan: errs.T("扫码", "Scanned a code"),
}

func nameOf(names map[string]string, id string) named {
	if n := names[id]; n != "" {
		return named{id, n}
	}
	return named{id, id}
}
