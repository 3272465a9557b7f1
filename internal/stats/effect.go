package stats

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// ruleHoldout is the rule that keeps customers out of a campaign to measure what it is worth (FTG-11).
const ruleHoldout = "FTG-11"

// Effect is what followed the touches of one campaign within a stated time, beside what happened meanwhile with those who were
// held out of it.
type Effect struct {
	Campaign string     `json:"campaign"`
	Hours    int        `json:"hours" doc:"how long after a touch is looked at"`
	Reached  Followed   `json:"reached"`
	Holdout  *Followed  `json:"holdout,omitempty" doc:"customers that were held out, over as long a time from the campaign's first touch; they include some whose budget was full"`
	Open     bool       `json:"open" doc:"the time after the last touch is not over: figures may still grow"`
	By       string     `json:"by" enum:"hour,day"`
	Trend    []Moment   `json:"trend"`
	FirstAt  *time.Time `json:"first_at,omitempty"`
	LastAt   *time.Time `json:"last_at,omitempty"`
}

// Followed is a number of customers and how many of them did what.
type Followed struct {
	Persons   int `json:"persons"`
	Replies   int `json:"replies" doc:"wrote to customer service; words to a member are not seen without the conversation archive"`
	Deletions int `json:"deletions" doc:"deleted a member"`
	OptOuts   int `json:"optouts" doc:"said stop"`
	Harmed    int `json:"harmed" doc:"either of the two, each person once"`
}

// Moment is one hour or day of a campaign: how many it reached then, and how many of these left or said stop within the time.
type Moment struct {
	At        time.Time `json:"at"`
	Delivered int       `json:"delivered"`
	Harm      int       `json:"harm"`
}

// hourly is the longest time that is shown by the hour.
const hourly = 48 * time.Hour

// effect counts what followed a campaign.
func (s *Service) effect(ctx context.Context, campaign string, within time.Duration, scope []string) (*Effect, error) {
	e := &Effect{Campaign: campaign, Hours: int(within.Hours()), By: "hour", Trend: []Moment{}}
	where := " FROM touch AS h WHERE h.corp_id = ? AND h.campaign_id = ? AND h.customer_id <> ''"
	args := []any{s.CorpID, campaign}
	if scope != nil {
		where += " AND h.staff_id IN (?)"
		args = append(args, bun.List(db.OrNobody(scope)))
	}
	var span struct{ First, Last clock.Time }
	err := s.DB.Read().NewRaw("SELECT COALESCE(MIN(h.delivered_at), 0) AS first, COALESCE(MAX(h.delivered_at), 0) AS last"+where+" AND h.delivered_at > 0", args...).Scan(ctx, &span)
	if err != nil {
		return nil, fmt.Errorf("read when %s arrived: %w", campaign, err)
	}
	if span.First == 0 {
		return e, nil
	}
	first, last := span.First.In(s.Zone), span.Last.In(s.Zone)
	e.FirstAt, e.LastAt, e.Open = &first, &last, span.Last.Add(within) > s.World.Now()
	if e.Reached, err = s.followed(ctx, "h.delivered_at", within, where+" AND h.delivered_at > 0", args); err != nil {
		return nil, err
	}
	holdout, err := s.followed(ctx, fmt.Sprint(int64(span.First)), within, where+" AND h.state = 'held' AND h.rule_id = '"+ruleHoldout+"'", args)
	if err != nil {
		return nil, err
	}
	if holdout.Persons > 0 {
		e.Holdout = &holdout
	}
	return e, s.trend(ctx, e, span.First, span.Last, within, where, args)
}

// followedBy are conditions over a touch h: what happened within a time from an instant, an expression of this package.
func followedBy(from string, within time.Duration) (replied, deleted, stopped string) {
	at := func(column string) string {
		return fmt.Sprintf("x.corp_id = h.corp_id AND x.customer_id = h.customer_id AND x.%[1]s >= %[2]s AND x.%[1]s < %[2]s + %[3]d", column, from, within.Milliseconds())
	}
	return "EXISTS (SELECT 1 FROM kf_message AS x WHERE x.origin = 'customer' AND " + at("at") + ")",
		"EXISTS (SELECT 1 FROM relation AS x WHERE NOT x.live AND x.lost_by = 'customer' AND " + at("lost_at") + ")",
		"EXISTS (SELECT 1 FROM optout AS x WHERE " + at("since") + ")"
}

func (s *Service) followed(ctx context.Context, from string, within time.Duration, where string, args []any) (f Followed, err error) {
	replied, deleted, stopped := followedBy(from, within)
	person := func(cond, as string) string {
		return ", COUNT(DISTINCT CASE WHEN " + cond + " THEN h.customer_id END) AS " + as
	}
	query := "SELECT COUNT(DISTINCT h.customer_id) AS persons" + person(replied, "replies") + person(deleted, "deletions") + person(stopped, "opt_outs") +
		person("("+deleted+" OR "+stopped+")", "harmed")
	if err := s.DB.Read().NewRaw(query+where, args...).Scan(ctx, &f.Persons, &f.Replies, &f.Deletions, &f.OptOuts, &f.Harmed); err != nil {
		return f, fmt.Errorf("count what followed a campaign: %w", err)
	}
	return f, nil
}

// trend lays a campaign's touches out over hours, or over days when it took longer; a bar below is the cost of the touches above
// it, whenever it came.
func (s *Service) trend(ctx context.Context, e *Effect, first, last clock.Time, within time.Duration, where string, args []any) error {
	_, deleted, stopped := followedBy("h.delivered_at", within)
	const hour = int64(time.Hour / time.Millisecond)
	var rows []struct {
		Hour            int64
		Delivered, Harm int
	}
	query := fmt.Sprintf("SELECT h.delivered_at / %d AS hour, COUNT(*) AS delivered, SUM(CASE WHEN %s OR %s THEN 1 ELSE 0 END) AS harm", hour, deleted, stopped)
	if err := s.DB.Read().NewRaw(query+where+" AND h.delivered_at > 0 GROUP BY 1", args...).Scan(ctx, &rows); err != nil {
		return fmt.Errorf("count a campaign by the hour: %w", err)
	}
	byDay := last.Sub(first) > hourly
	start := func(t clock.Time) time.Time {
		if byDay {
			return t.Day(s.Zone).In(s.Zone)
		}
		return clock.Time(int64(t) / hour * hour).In(s.Zone)
	}
	at := map[time.Time]*Moment{}
	next := func(t time.Time) time.Time { return t.Add(time.Hour) }
	if byDay {
		e.By = "day"
		next = func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }
	}
	const most = 120 // of hours or days: what comes later is added to the last
	for t, end := start(first), start(last); !t.After(end) && len(e.Trend) < most; t = next(t) {
		e.Trend = append(e.Trend, Moment{At: t})
	}
	for i := range e.Trend {
		at[e.Trend[i].At.UTC()] = &e.Trend[i]
	}
	for _, r := range rows {
		m := at[start(clock.Time(r.Hour*hour)).UTC()]
		if m == nil {
			m = &e.Trend[len(e.Trend)-1]
		}
		m.Delivered += r.Delivered
		m.Harm += r.Harm
	}
	return nil
}
