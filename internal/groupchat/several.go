package groupchat

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

type inGroupOut struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Owner    named     `json:"owner"`
	JoinedAt time.Time `json:"joined_at"`
}

type severalOut struct {
	Customer named        `json:"customer"`
	Known    bool         `json:"known" doc:"a customer of the corp; false: only in the groups"`
	Count    int          `json:"count"`
	Groups   []inGroupOut `json:"groups" doc:"in the order of joining"`
}

type severalIn struct {
	web.List
	Q     string `query:"q" doc:"part of the name"`
	Chat  string `query:"chat" doc:"a group: only people who are in it too"`
	Owner string `query:"owner" doc:"staff id: only groups of this owner count"`
}

// several lists people who are in more than one live group, those in the most groups first. Only groups that the caller may see
// count.
func (h *api) several(ctx context.Context, in *severalIn) (*web.Page[severalOut], error) {
	owners, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	memberships := func() *bun.SelectQuery {
		q := h.DB.Read().NewSelect().Model((*memberRow)(nil)).Join("JOIN groupchat AS g ON g.corp_id = m.corp_id AND g.id = m.chat_id").
			Where("m.corp_id = ? AND m.kind = ? AND g.state = ?", h.CorpID, Customer, Live)
		if owners != nil {
			q.Where("g.owner_id IN (?)", bun.List(append([]string{""}, owners...)))
		}
		if in.Owner != "" {
			q.Where("g.owner_id = ?", in.Owner)
		}
		return q
	}
	people := memberships().Column("m.id").GroupExpr("m.id").Having("COUNT(*) >= 2")
	if in.Q != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(in.Q) + "%"
		people.Where("m.id IN (?)", memberships().Column("m.id").Where(`m.name LIKE ? ESCAPE '\'`, like))
	}
	if in.Chat != "" {
		people.Where("m.id IN (?)", memberships().Column("m.id").Where("m.chat_id = ?", in.Chat))
	}
	total, more, err := web.Total(ctx, h.DB.Read(), people.Clone(), in.List)
	if err != nil {
		return nil, err
	}
	if in.After != "" {
		count, id, ok := strings.Cut(in.After, "_")
		n, err := strconv.Atoi(count)
		if err != nil || !ok {
			return nil, errs.Bad("after", "invalid", errs.T("翻页标记不正确，请从第一页重新开始。", "after is not a page mark. Start from the first page."))
		}
		people.Having("COUNT(*) < ? OR COUNT(*) = ? AND m.id > ?", n, n, id)
	}
	var ids []string
	if err := people.OrderExpr("COUNT(*) DESC, m.id").Limit(int64(in.Limit)+1).Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("find people in several groups: %w", err)
	}
	out, err := h.showSeveral(ctx, ids, memberships)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(s severalOut) string { return fmt.Sprintf("%d_%s", s.Count, s.Customer.ID) }), nil
}

// showSeveral reads the groups of the listed people, in their order.
func (h *api) showSeveral(ctx context.Context, ids []string, memberships func() *bun.SelectQuery) ([]severalOut, error) {
	out, at := make([]severalOut, len(ids)), make(map[string]int, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	for i, id := range ids {
		out[i], at[id] = severalOut{Customer: named{ID: id}}, i
	}
	var rows []struct {
		ID, Name, ChatID, ChatName, OwnerID string
		JoinedAt                            clock.Time
	}
	err := memberships().Column("m.id", "m.name", "m.chat_id", "m.joined_at", "g.owner_id").ColumnExpr("g.name AS chat_name").
		Where("m.id IN (?)", bun.List(ids)).OrderExpr("m.joined_at, m.chat_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the groups of %d people: %w", len(ids), err)
	}
	owners := make([]string, len(rows))
	for i, r := range rows {
		owners[i] = r.OwnerID
	}
	staff, err := h.near.Staff(ctx, owners)
	if err != nil {
		return nil, err
	}
	known, err := h.near.Customers(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		p := &out[at[r.ID]]
		p.Customer.Name, p.Count = r.Name, p.Count+1
		p.Groups = append(p.Groups, inGroupOut{ID: r.ChatID, Name: r.ChatName, Owner: nameOf(staff, r.OwnerID), JoinedAt: r.JoinedAt.In(h.Zone)})
	}
	for i := range out {
		if name, ok := known[out[i].Customer.ID]; ok {
			out[i].Known = true
			if name != "" {
				out[i].Customer.Name = name
			}
		}
	}
	return out, nil
}
