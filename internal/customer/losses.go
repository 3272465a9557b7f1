package customer

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

// lookBack is how far before the loss a touch may lie to be named: what came earlier hardly drove anybody away.
const lookBack = 30 * 24 * time.Hour

// Touched is the last touch that reached a customer before they were lost.
type Touched struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at" doc:"when the customer got it"`
	Kind    string    `json:"kind" doc:"what it belongs to: broadcast, welcome, kf, ..."`
	Channel string    `json:"channel" enum:"welcome,kf,mass_customer,mass_group,moment,group_welcome"`
	Name    string    `json:"name" doc:"of what it belongs to; may be empty"`
	Text    string    `json:"text"`
}

// Moment is a customer at an instant.
type Moment struct {
	CustomerID string
	At         clock.Time
}

type lossOut struct {
	Customer  Named     `json:"customer"`
	Staff     Named     `json:"staff"`
	AddedAt   time.Time `json:"added_at"`
	LostAt    time.Time `json:"lost_at"`
	LostBy    LostBy    `json:"lost_by" enum:"customer,staff,unknown"`
	Source    sourceOut `json:"source"`
	LastTouch *Touched  `json:"last_touch,omitempty" doc:"the last one of the 30 days before"`
	Gone      bool      `json:"gone" doc:"the customer has no other member of staff left"`
}

type lossIn struct {
	web.List
	By    string `query:"by" enum:"customer,staff,unknown"`
	Staff string `query:"staff"`
	From  string `query:"from" doc:"YYYY-MM-DD in the corp's zone; a week back when empty"`
	To    string `query:"to" doc:"YYYY-MM-DD, the day counts"`
}

// losses lists the relations that ended, the newest first: one row for each member of staff who lost somebody, as the home page
// counts them.
func (h *API) losses(ctx context.Context, in *lossIn) (*web.Page[lossOut], error) {
	scope, err := h.near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	const week = 7
	from, to := h.World.Now().Day(h.Zone).Add(-(week-1)*24*time.Hour), clock.Time(0)
	for _, d := range []struct {
		field, text string
		into        *clock.Time
		add         int
	}{{"from", in.From, &from, 0}, {"to", in.To, &to, 1}} {
		if err := h.day(d.field, d.text, d.into, d.add); err != nil {
			return nil, err
		}
	}
	q := h.DB.Read().NewSelect().Model((*relationRow)(nil)).Where("r.corp_id = ? AND NOT r.live AND r.lost_at >= ?", h.CorpID, from)
	if to > 0 {
		q.Where("r.lost_at < ?", to)
	}
	if in.By != "" {
		q.Where("r.lost_by = ?", in.By)
	}
	if in.Staff != "" {
		q.Where("r.staff_id = ?", in.Staff)
	}
	if scope != nil {
		q.Where("r.staff_id IN (?)", bun.List(orNone(scope)))
	}
	total, more, err := web.Total(ctx, h.DB.Read(), q.Clone(), in.List)
	if err != nil {
		return nil, err
	}
	if in.After != "" {
		part := strings.SplitN(in.After, "/", 3)
		at, err := strconv.ParseInt(part[0], 10, 64)
		if err != nil || len(part) != 3 {
			return nil, errs.Bad("after", "invalid", errs.T("翻页标记不正确，请从第一页重新开始。", "after is not a page mark. Start from the first page."))
		}
		q.Where("(r.lost_at, r.customer_id, r.staff_id) < (?, ?, ?)", at, part[1], part[2])
	}
	var rows []relationRow
	if err := q.Column("r.*").OrderExpr("r.lost_at DESC, r.customer_id DESC, r.staff_id DESC").Limit(int64(in.Limit)+1).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list losses: %w", err)
	}
	out, err := h.showLosses(ctx, rows, scope)
	if err != nil {
		return nil, err
	}
	for _, l := range out[:min(len(out), in.Limit)] {
		web.Show(ctx, l.Customer.ID)
	}
	return web.NewPage(out, in.List, total, more, func(l lossOut) string {
		return fmt.Sprintf("%d/%s/%s", l.LostAt.UnixMilli(), l.Customer.ID, l.Staff.ID)
	}), nil
}

func (h *API) showLosses(ctx context.Context, rows []relationRow, scope []string) ([]lossOut, error) {
	ids, staff, states, moments := make([]string, len(rows)), make([]string, len(rows)), make([]string, len(rows)), make([]Moment, len(rows))
	for i, r := range rows {
		ids[i], staff[i], states[i], moments[i] = r.CustomerID, r.StaffID, r.State, Moment{r.CustomerID, r.LostAt}
	}
	var people []customerRow
	if len(ids) > 0 {
		if err := h.DB.Read().NewSelect().Model(&people).Where("c.corp_id = ? AND c.id IN (?)", h.CorpID, bun.List(ids)).Scan(ctx); err != nil {
			return nil, fmt.Errorf("read who was lost: %w", err)
		}
	}
	of := make(map[string]customerRow, len(people))
	for _, p := range people {
		of[p.ID] = p
	}
	var n names
	var err error
	if n.staff, err = h.near.Staff(ctx, staff); err != nil {
		return nil, err
	}
	if n.channels, err = h.near.Channels(ctx, states); err != nil {
		return nil, err
	}
	touched, err := h.near.LastTouch(ctx, moments, lookBack, scope)
	if err != nil {
		return nil, err
	}
	out := make([]lossOut, len(rows))
	for i, r := range rows {
		out[i] = lossOut{
			Customer: Named{r.CustomerID, of[r.CustomerID].Name}, Staff: Named{r.StaffID, n.staff[r.StaffID]},
			AddedAt: r.AddedAt.In(h.Zone), LostAt: r.LostAt.In(h.Zone), LostBy: r.LostBy, Gone: !of[r.CustomerID].Live,
			Source: n.source(ctx, Relation{AddWay: r.AddWay, State: r.State}),
		}
		if t, ok := touched[moments[i]]; ok {
			out[i].LastTouch = &t
		}
	}
	return out, nil
}

// day reads a day of a filter, `add` days later; an empty one changes nothing.
func (h *API) day(field, text string, into *clock.Time, add int) error {
	if text == "" {
		return nil
	}
	day, err := time.ParseInLocation("2006-01-02", text, h.Zone)
	if err != nil {
		return errs.Bad(field, "invalid_date", errs.T("日期要写成 2026-11-24 这样。", "Write the date like 2026-11-24."))
	}
	*into = clock.At(day.AddDate(0, 0, add))
	return nil
}
