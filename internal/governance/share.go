package governance

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
)

// shareDays is the length of the windows of FTG-02.
const (
	shareDays   = 7
	shareLength = shareDays * 24 * time.Hour
)

// share is the cap of one topic or one channel, beside those of everything (FTG-02).
type share struct {
	Window
	topic   string
	channel Channel
}

// shares are the caps of a topic and a channel that hold for r.
func (c Caps) shares(r Request) []share {
	var out []share
	if r.Topic != "" && !r.Open {
		out = append(out, share{Window: Window{Days: shareDays, Cap: c.TopicWeek}, topic: r.Topic})
	}
	if most, ok := c.ChannelWeek[r.Channel]; ok && !r.Open {
		out = append(out, share{Window: Window{Days: shareDays, Cap: most}, channel: r.Channel})
	}
	return out
}

// of are those of the customer's touches that a share counts at the instant on, and what they cost.
func (sh share) of(all []spent, on clock.Time) (used int, at []spent) {
	for _, s := range all {
		if (sh.topic == "" || sh.topic == s.topic) && (sh.channel == "" || sh.channel == s.channel) && (s.at == 0 || s.at > on.Add(-sh.length())) {
			used += s.cost
			at = append(at, s)
		}
	}
	return used, at
}

// step judges a share: what it has used, and when it has room again.
func (sh share) step(all []spent, cost int, on clock.Time) Step {
	used, at := sh.of(all, on)
	st := Step{
		RuleID: ruleShare, Days: sh.Days, Before: used, After: used + sh.charge(cost), Cap: sh.Cap, From: on.Add(-sh.length()), To: on,
		Text: sh.topic, Channel: sh.channel,
	}
	if st.After > sh.Cap && sh.Cap > 0 {
		st.Next = sh.room(at, cost, on)
	}
	return st
}

// hasShares says whether any of the requests is under a cap of its topic or channel.
func (c Caps) hasShares(reqs []Request) bool {
	for _, r := range reqs {
		if r.Class.Limited() && len(c.shares(r)) > 0 {
			return true
		}
	}
	return false
}

// weekOf reads the counted touches of the customers within the windows of FTG-02, one by one: the caps keep them few.
func weekOf(ctx context.Context, q bun.IDB, corpID string, customers []string, f frame, into map[string]standing) error {
	var rows []struct {
		CustomerID  string
		DeliveredAt clock.Time
		EarliestAt  clock.Time
		ExpiresAt   clock.Time
		Cost        int
		Topic       string
		Channel     Channel
		ID          int64
	}
	err := q.NewRaw(`SELECT customer_id, delivered_at, earliest_at, expires_at, cost, topic, channel, id FROM touch WHERE corp_id = ? AND customer_id IN (?)
		AND state IN ('reserved','tasked','delivered','committed') AND class IN ('marketing','lifecycle')
		AND (delivered_at = 0 OR delivered_at > ?)`, corpID, bun.List(customers), f.on.Add(-shareLength)).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("read the week of %d customers: %w", len(customers), err)
	}
	for _, r := range rows {
		at := slotOf(&Touch{EarliestAt: r.EarliestAt, ExpiresAt: r.ExpiresAt}, r.DeliveredAt)
		if !f.covers(at, shareLength) {
			continue
		}
		s := into[r.CustomerID]
		s.week = append(s.week, spent{slot: at, cost: r.Cost, topic: r.Topic, channel: r.Channel, id: r.ID})
		into[r.CustomerID] = s
	}
	return nil
}

// sharesAt adds to the standing of an observed touch's customer what its topic, channel and sender have had.
func (g *Governor) sharesAt(ctx context.Context, q bun.IDB, r Request, caps Caps, at, now clock.Time, into map[string]standing) error {
	one := []Request{r}
	if caps.hasShares(one) {
		if err := weekOf(ctx, q, r.CorpID, []string{r.CustomerID}, g.frameOf(now, at, at, caps), into); err != nil {
			return err
		}
	}
	began, err := g.newcomers(ctx, q, one, now)
	if err != nil {
		return err
	}
	day := at.Day(g.zone)
	used, err := loads(ctx, q, r.CorpID, map[clock.Time][]string{day: {r.StaffID}}, g.zone)
	if err != nil {
		return err
	}
	s := into[r.CustomerID]
	s.load = load{since: began[r.StaffID], used: used[memberDay{r.StaffID, day}]}
	into[r.CustomerID] = s
	return nil
}
