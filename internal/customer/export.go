package customer

import (
	"context"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Exporter chooses customers for a file, and writes its lines. Whether a file may be made, for what and for whom is not its matter
// (disclosure).
type Exporter struct{ h *API }

// Exporter makes one that names what it shows as the list does.
func (s *Service) Exporter(near Neighbours) *Exporter { return &Exporter{&API{s, near}} }

// Line is one customer of a file.
type Line struct {
	ID    string
	Cells []string
}

// Head names the cells of a line.
func (e *Exporter) Head() []string {
	return []string{"id", "name", "added_at", "staff", "source", "channel", "tags"}
}

// Filter reads the filters of a list, the query part of its URL, within the caller's scope.
func (e *Exporter) Filter(ctx context.Context, query string) (Filter, error) {
	q, ok := filterOf(query)
	if !ok {
		return Filter{}, errs.Bad("query", "export.query", errs.T("筛选条件读不出来，请从客户列表里导出。", "The filters cannot be read. Export from the list of customers."))
	}
	return e.h.filter(ctx, q)
}

// IDs chooses at most limit customers, those added last first.
func (e *Exporter) IDs(ctx context.Context, f Filter, limit int) ([]string, error) {
	var out []string
	var from *after
	const step = 2000
	for {
		rows, err := e.h.page(ctx, f, NewestFirst, from, min(step, limit-len(out)))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, r.ID)
		}
		if len(rows) < step || len(out) >= limit {
			return out, nil
		}
		last := rows[len(rows)-1]
		from = &after{value: strconv.FormatInt(int64(last.AddedAt), 10), id: last.ID}
	}
}

// Lines writes the lines of those of ids whom the filter still chooses, in the order of ids.
func (e *Exporter) Lines(ctx context.Context, f Filter, ids []string) ([]Line, error) {
	f.IDs = ids
	rows, err := e.h.page(ctx, f, NewestFirst, nil, len(ids))
	if err != nil {
		return nil, err
	}
	items, err := e.h.withRelations(ctx, rows)
	if err != nil {
		return nil, err
	}
	shown, err := e.h.show(ctx, items)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(shown))
	for i, c := range shown {
		at[c.ID] = i
	}
	var out []Line
	for _, id := range ids {
		if i, ok := at[id]; ok {
			out = append(out, Line{id, shown[i].cells()})
		}
	}
	return out, nil
}

func (c CustomerOut) cells() []string {
	var staff, tags []string
	for _, s := range c.Staff {
		staff = append(staff, s.Name)
	}
	for _, t := range c.Tags {
		tags = append(tags, t.Name)
	}
	channel := ""
	if c.Source.Channel != nil {
		channel = c.Source.Channel.Name
	}
	return []string{c.ID, c.Name, c.AddedAt.Format(time.RFC3339), strings.Join(staff, " "), c.Source.Label, channel, strings.Join(tags, " ")}
}
