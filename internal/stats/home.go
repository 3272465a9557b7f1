package stats

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	World  clock.World
	Zone   *time.Location
	CorpID string
	Scope  func(ctx context.Context) ([]string, error) // staff ids the caller may see; nil = all

	// What other rooms tell of themselves, within scope; internal/app fills it in.
	Held    func(ctx context.Context, scope []string, lang string) (Held, error)
	Todo    []func(ctx context.Context, scope []string, lang string) ([]Todo, error)
	Running func(ctx context.Context, scope []string) ([]Running, error)
	Health  func(ctx context.Context, scope []string, lang string) (Health, error)

	Limits        func(ctx context.Context) (Limits, error) // in force now
	StaffNames    func(ctx context.Context, ids []string) (map[string]string, error)
	CustomerNames func(ctx context.Context, ids []string) (map[string]string, error)
}

// Service counts.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Counter is one number of the home page with how it differs from yesterday at the same time of day.
type Counter struct {
	Value   int `json:"value"`
	Delta   int `json:"delta"`
	Persons int `json:"persons,omitempty"`
}

// Home is what the home page shows.
type Home struct {
	AsOf      time.Time `json:"as_of"`
	Counters  Counters  `json:"counters"`
	Trend     []Trend   `json:"trend"`
	HeldToday Held      `json:"held_today"`
	Todo      []Todo    `json:"todo"`
	Running   []Running `json:"running"`
	Health    Health    `json:"health"`
}

// Counters are the numbers on top. Relations and persons are counted apart: one person may be with several members.
type Counters struct {
	Customers  Counter    `json:"customers" doc:"live relations"`
	Persons    int        `json:"persons" doc:"distinct people with a live relation"`
	Added      Added      `json:"added"`
	Lost       Lost       `json:"lost"`
	FirstReply FirstReply `json:"first_reply_seconds"`
	Delivered  Counter    `json:"delivered"`
	Held       HeldCount  `json:"held"`
}

// Added is the relations that began today, by where they came from.
type Added struct {
	Counter
	Parts []Part `json:"parts"`
}

// Part is a share of a number.
type Part struct {
	Key   string `json:"key"`
	Label string `json:"label,omitempty"`
	Value int    `json:"value"`
}

// Lost is the relations that ended today.
type Lost struct {
	Counter
	ByCustomer int `json:"by_customer"`
	ByStaff    int `json:"by_staff"`
}

// FirstReply is the median time to the first answer of today's conversations.
type FirstReply struct {
	Value    int  `json:"value" doc:"seconds; the median"`
	Delta    *int `json:"delta,omitempty" doc:"seconds, against yesterday's; absent unless conversations of both days were answered"`
	Sessions int  `json:"sessions"`
	Known    bool `json:"known" doc:"false when no conversation of today was answered yet"`
}

// HeldCount is what governance kept from customers today.
type HeldCount struct {
	Counter
	Deferred int `json:"deferred" doc:"may go out later"`
	Refused  int `json:"refused"`
}

// Trend is one day of the chart; harm stands under the volume, never beside it.
type Trend struct {
	Date      string `json:"date"`
	Added     int    `json:"added"`
	Lost      int    `json:"lost"`
	Delivered int    `json:"delivered"`
	Held      int    `json:"held"`
	Harm      int    `json:"harm" doc:"opt-outs and deletions within 24 hours after a touch"`
}

// Held is what was kept from customers and why.
type Held struct {
	Touches int        `json:"touches"`
	Persons int        `json:"persons"`
	Rules   []HeldRule `json:"rules"`
}

// HeldRule is one reason.
type HeldRule struct {
	RuleID string `json:"rule_id"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Todo is something that waits for a person.
type Todo struct {
	Kind   string `json:"kind" enum:"broadcast_review,broadcast_unconfirmed,session_waiting,moment_comments,dead_letters,sync_drift,doctor,licence,complaint,site_penalty,capacity,fraud,shared_login,limited,data_request,data_periods,privacy_notice,export,incident,assessment"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Count  int    `json:"count"`
	Link   string `json:"link"`
}

// Running is an open mass message with its cost.
type Running struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Planned   int    `json:"planned"`
	Delivered int    `json:"delivered"`
	Held      int    `json:"held"`
	Harm      int    `json:"harm"`
	State     string `json:"state"`
}

// Signal is the state of one part of the health strip.
type Signal struct {
	State  string `json:"state" enum:"ok,warn,error"`
	Detail string `json:"detail,omitempty"`
}

// Health is the strip at the foot of the home page.
type Health struct {
	Token struct {
		Signal
		ExpiresAt *time.Time `json:"expires_at,omitempty"`
	} `json:"token"`
	Callback struct {
		Signal
		LagP95MS int64      `json:"lag_p95_ms"`
		Backlog  int        `json:"backlog"`
		LastAt   *time.Time `json:"last_at,omitempty"`
	} `json:"callback"`
	Sync struct {
		Signal
		Read       int        `json:"read"`
		Expected   int        `json:"expected"`
		FinishedAt *time.Time `json:"finished_at,omitempty"`
	} `json:"sync"`
	Quota struct {
		Signal
		UsedMax int `json:"used_max"`
		Limit   int `json:"limit"`
	} `json:"quota"`
	Queue struct {
		Signal
		Pending int `json:"pending"`
		Dead    int `json:"dead"`
	} `json:"queue"`
}

// Home counts the home page over the last back days. scope is whose data is counted, nil = all; it holds for every number.
func (s *Service) Home(ctx context.Context, scope []string, back int, lang string) (*Home, error) {
	now := s.World.Now()
	h := &Home{AsOf: now.In(s.Zone), Todo: []Todo{}, Running: []Running{}, Trend: []Trend{}}
	ds := days(now, back, s.Zone)
	counts, err := s.all(ctx, ds, scope)
	if err != nil {
		return nil, err
	}
	for _, d := range ds {
		h.Trend = append(h.Trend, Trend{
			Date: d.date, Added: counts["added"][d.date], Lost: counts["lost"][d.date], Delivered: counts["delivered"][d.date],
			Held: counts["held"][d.date], Harm: counts["harm_deletions"][d.date] + counts["harm_optouts"][d.date],
		})
	}
	if err := s.counters(ctx, h, now, scope); err != nil {
		return nil, err
	}
	if h.HeldToday, err = s.Held(ctx, scope, lang); err != nil {
		return nil, err
	}
	for _, ask := range s.Todo {
		list, err := ask(ctx, scope, lang)
		if err != nil {
			return nil, err
		}
		h.Todo = append(h.Todo, list...)
	}
	running, err := s.Running(ctx, scope)
	if err != nil {
		return nil, err
	}
	h.Running = append(h.Running, running...)
	h.Health, err = s.Health(ctx, scope, lang)
	return h, err
}

// counters compares today so far with yesterday at the same time of day.
func (s *Service) counters(ctx context.Context, h *Home, now clock.Time, scope []string) error {
	start := now.Day(s.Zone)
	yesterday := clock.At(start.In(s.Zone).AddDate(0, 0, -1))
	today, before := []day{{date: "today", lo: start, hi: now + 1}}, []day{{date: "before", lo: yesterday, hi: yesterday.Add(now.Sub(start)) + 1}}
	a, err := s.all(ctx, today, scope)
	if err != nil {
		return err
	}
	b, err := s.all(ctx, before, scope)
	if err != nil {
		return err
	}
	of := func(name string) Counter {
		return Counter{Value: a[name]["today"], Delta: a[name]["today"] - b[name]["before"]}
	}
	c := &h.Counters
	c.Added = Added{Counter: of("added"), Parts: []Part{}}
	c.Lost = Lost{Counter: of("lost"), ByCustomer: a["lost_by_customer"]["today"]}
	c.Lost.ByStaff = c.Lost.Value - c.Lost.ByCustomer
	c.Delivered, c.Held.Counter = of("delivered"), of("held")
	c.Delivered.Persons, c.Held.Persons = a["delivered_persons"]["today"], a["held_persons"]["today"]
	var total struct{ Relations, Persons, Deferred int }
	q := s.DB.Read().NewSelect().TableExpr("relation").ColumnExpr("COUNT(*) AS relations, COUNT(DISTINCT customer_id) AS persons").
		Where("corp_id = ? AND live", s.CorpID)
	held := s.DB.Read().NewSelect().TableExpr("touch").ColumnExpr("COUNT(*)").
		Where("corp_id = ? AND state = 'held' AND reserved_at >= ? AND next_at > 0", s.CorpID, start)
	if scope != nil {
		q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
		held.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	if err := q.Scan(ctx, &total.Relations, &total.Persons); err != nil {
		return fmt.Errorf("count customers: %w", err)
	}
	if err := held.Scan(ctx, &total.Deferred); err != nil {
		return fmt.Errorf("count deferred touches: %w", err)
	}
	c.Customers = Counter{Value: total.Relations, Delta: c.Added.Value - c.Lost.Value}
	c.Persons, c.Held.Deferred, c.Held.Refused = total.Persons, total.Deferred, c.Held.Value-total.Deferred
	if c.Added.Parts, err = s.sources(ctx, start, now, scope); err != nil {
		return err
	}
	return s.firstReply(ctx, &c.FirstReply, start, yesterday, now, scope)
}

// sources splits today's new relations by where they came from: by a channel code or not.
func (s *Service) sources(ctx context.Context, from, to clock.Time, scope []string) ([]Part, error) {
	q := s.DB.Read().NewSelect().TableExpr("relation").
		ColumnExpr("CASE WHEN state <> '' THEN 'channel' WHEN add_way = 2 THEN 'search' ELSE 'other' END AS key, COUNT(*) AS value").
		Where("corp_id = ? AND added_at >= ? AND added_at <= ?", s.CorpID, from, to).GroupExpr("1").OrderExpr("2 DESC")
	if scope != nil {
		q.Where("staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	parts := []Part{}
	if err := q.Scan(ctx, &parts); err != nil {
		return nil, fmt.Errorf("count sources: %w", err)
	}
	return parts, nil
}

// firstReply is the median of the first answers, of conversations opened today against those opened yesterday. Within a scope
// it counts the conversations that a member of it has or had.
func (s *Service) firstReply(ctx context.Context, out *FirstReply, today, yesterday, now clock.Time, scope []string) error {
	median := func(from, to clock.Time) (int, int, error) {
		var waits []int64
		q := s.DB.Read().NewSelect().TableExpr("kf_session AS s").ColumnExpr("MIN(m.at) - s.opened_at").
			Join("JOIN kf_message AS m ON m.corp_id = s.corp_id AND m.session_id = s.id AND m.origin IN ('bot', 'agent', 'wecom') AND m.at >= s.opened_at").
			Where("s.corp_id = ? AND s.opened_at >= ? AND s.opened_at < ?", s.CorpID, from, to).GroupExpr("s.id, s.opened_at").Limit(20000)
		if scope != nil {
			q.Where("s.agent_id IN (?)", bun.List(db.OrNobody(scope)))
		}
		err := q.Scan(ctx, &waits)
		if err != nil {
			return 0, 0, fmt.Errorf("measure first answers: %w", err)
		}
		if len(waits) == 0 {
			return 0, 0, nil
		}
		slices.Sort(waits)
		return int(waits[len(waits)/2] / 1000), len(waits), nil
	}
	a, n, err := median(today, now+1)
	if err != nil {
		return err
	}
	b, m, err := median(yesterday, today)
	if err != nil {
		return err
	}
	out.Value, out.Sessions, out.Known = a, n, n > 0
	if n > 0 && m > 0 {
		out.Delta = new(a - b)
	}
	return nil
}

// Harm counts the persons who opted out or deleted a member within 24 hours after a touch of the campaign, within scope.
func (s *Service) Harm(ctx context.Context, campaignID string, scope []string) (int, error) {
	q := s.DB.Read().NewSelect().TableExpr("touch AS h").ColumnExpr("COUNT(DISTINCT h.customer_id)").
		Where("h.corp_id = ? AND h.campaign_id = ? AND h.delivered_at > 0", s.CorpID, campaignID)
	if scope != nil {
		q.Where("h.staff_id IN (?)", bun.List(db.OrNobody(scope)))
	}
	var n int
	err := q.Where("(EXISTS (SELECT 1 FROM optout AS o WHERE o.corp_id = h.corp_id AND o.customer_id = h.customer_id AND o.since >= h.delivered_at AND o.since < h.delivered_at + ?) OR "+
		"EXISTS (SELECT 1 FROM relation AS r WHERE r.corp_id = h.corp_id AND r.customer_id = h.customer_id AND NOT r.live AND r.lost_by = 'customer' "+
		"AND r.lost_at >= h.delivered_at AND r.lost_at < h.delivered_at + ?))",
		harmWithin.Milliseconds(), harmWithin.Milliseconds()).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count the harm of %s: %w", campaignID, err)
	}
	return n, nil
}
