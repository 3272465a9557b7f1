package stats

import (
	"context"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
)

// Difference is a number that a recount found different from what the charts show.
type Difference struct {
	Metric  string
	Date    string
	Shown   int
	Counted int
}

// Recounted is the result of a recount.
type Recounted struct {
	Metrics     int // numbers compared: one per metric and day, and those of the overview of governance
	Rows        int // rows read one by one
	Differences []Difference
}

// plain is a row as the recount reads it, with everything any metric asks for.
type plain struct {
	CustomerID string
	At         clock.Time
	Live       bool
	LostBy     string
	State      string
}

// Recount counts every metric again from single rows, day by day in Go, and compares with what the charts show.
func (s *Service) Recount(ctx context.Context) (Recounted, error) {
	var out Recounted
	first, err := s.first(ctx)
	if err != nil || first == 0 {
		return out, err
	}
	now := s.World.Now()
	back := int(now.Day(s.Zone).Sub(first.Day(s.Zone)).Hours()/24+0.5) + 1
	ds := days(now, back, s.Zone)
	shown, err := s.all(ctx, ds, nil)
	if err != nil {
		return out, err
	}
	counted, rows, err := s.naive(ctx, ds)
	if err != nil {
		return out, err
	}
	out.Rows = rows
	out.Metrics = len(metrics()) * len(ds)
	out.Differences = compare(ds, shown, counted)
	n, diffs, err := s.recountCosts(ctx, now)
	if err != nil {
		return out, err
	}
	out.Metrics += n
	out.Differences = append(out.Differences, diffs...)
	return out, nil
}

// compare answers where two counts of the same days differ.
func compare(ds []day, shown, counted map[string]map[string]int) []Difference {
	var out []Difference
	for _, m := range metrics() {
		for _, d := range ds {
			if a, b := shown[m.name][d.date], counted[m.name][d.date]; a != b {
				out = append(out, Difference{Metric: m.name, Date: d.date, Shown: a, Counted: b})
			}
		}
	}
	return out
}

// first is the earliest instant that any metric can hold.
func (s *Service) first(ctx context.Context) (clock.Time, error) {
	var first clock.Time
	err := s.DB.Read().NewRaw("SELECT COALESCE(MIN(at), 0) FROM (SELECT MIN(added_at) AS at FROM relation WHERE corp_id = ? UNION ALL "+
		"SELECT MIN(reserved_at) FROM touch WHERE corp_id = ? UNION ALL SELECT MIN(since) FROM optout WHERE corp_id = ?) AS x",
		s.CorpID, s.CorpID, s.CorpID).Scan(ctx, &first)
	if err != nil {
		return 0, fmt.Errorf("find the first day: %w", err)
	}
	return first, nil
}

// naive reads every row and counts in Go. It shares nothing with the SQL of the charts but the tables.
func (s *Service) naive(ctx context.Context, ds []day) (map[string]map[string]int, int, error) {
	read := func(query string) ([]plain, error) {
		var rows []plain
		if err := s.DB.Read().NewRaw(query, s.CorpID).Scan(ctx, &rows); err != nil {
			return nil, fmt.Errorf("read every row: %w", err)
		}
		return rows, nil
	}
	added, err := read("SELECT customer_id, added_at AS at, live, lost_by, '' AS state FROM relation WHERE corp_id = ?")
	if err != nil {
		return nil, 0, err
	}
	lost, err := read("SELECT customer_id, lost_at AS at, live, lost_by, '' AS state FROM relation WHERE corp_id = ?")
	if err != nil {
		return nil, 0, err
	}
	touched, err := read("SELECT customer_id, delivered_at AS at, FALSE AS live, '' AS lost_by, state FROM touch WHERE corp_id = ?")
	if err != nil {
		return nil, 0, err
	}
	decided, err := read("SELECT customer_id, reserved_at AS at, FALSE AS live, '' AS lost_by, state FROM touch WHERE corp_id = ?")
	if err != nil {
		return nil, 0, err
	}
	stopped, err := read("SELECT customer_id, since AS at, FALSE AS live, '' AS lost_by, '' AS state FROM optout WHERE corp_id = ?")
	if err != nil {
		return nil, 0, err
	}
	touches := map[string][]clock.Time{}
	for _, r := range touched {
		if r.At > 0 {
			touches[r.CustomerID] = append(touches[r.CustomerID], r.At)
		}
	}
	after := func(r plain) bool {
		for _, t := range touches[r.CustomerID] {
			if t <= r.At && r.At.Sub(t) < harmWithin {
				return true
			}
		}
		return false
	}
	c := counter{zone: s.Zone, n: map[string]map[string]int{}, seen: map[string]bool{}, known: map[string]bool{}}
	for _, d := range ds {
		c.known[d.date] = true
	}
	for _, r := range added {
		c.add("added", r, "")
	}
	for _, r := range lost {
		if r.Live {
			continue
		}
		c.add("lost", r, "")
		if r.LostBy == "customer" {
			c.add("lost_by_customer", r, "")
			if after(r) {
				c.add("harm_deletions", r, r.CustomerID)
			}
		}
	}
	for _, r := range touched {
		if r.At > 0 {
			c.add("delivered", r, "")
			c.add("delivered_persons", r, r.CustomerID)
		}
	}
	for _, r := range decided {
		if r.State == "held" {
			c.add("held", r, "")
			c.add("held_persons", r, r.CustomerID)
		}
	}
	for _, r := range stopped {
		c.add("optouts", r, "")
		if after(r) {
			c.add("harm_optouts", r, r.CustomerID)
		}
	}
	return c.n, len(added) + len(touched) + len(stopped), nil
}

// counter counts rows by metric and day; a row with a person counts once per person and day.
type counter struct {
	zone  *time.Location
	n     map[string]map[string]int
	seen  map[string]bool
	known map[string]bool // days that are compared
}

func (c *counter) add(metric string, r plain, person string) {
	date := r.At.In(c.zone).Format("2006-01-02")
	if !c.known[date] {
		return
	}
	if person != "" || metric == "delivered_persons" || metric == "held_persons" {
		key := metric + "/" + date + "/" + person
		if c.seen[key] {
			return
		}
		c.seen[key] = true
	}
	if c.n[metric] == nil {
		c.n[metric] = map[string]int{}
	}
	c.n[metric][date]++
}
