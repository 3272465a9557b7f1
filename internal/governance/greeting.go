package governance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Without the conversation archive WeCom does not tell what members type. It tells the mass messages that they made themselves. The
// first of those to a customer who added the member within the last days is a greeting; when the window is over, those whose customer
// did nothing that we know of are counted (ACC-12). The corp's own tasks are not: there the corp chose, and a second person looked.

// greetings are the numbers of ACC-12.
type greetings struct {
	most   int           // unanswered first messages of one member
	window time.Duration // within it, and each has as long to be answered
	fresh  time.Duration // how new a relation is whose first message counts
}

// greetingPart is how finely the ends of windows are looked at together: one look for all that was sent in it.
const greetingPart = 5 * time.Minute

// greetingOld is how long ago something is that is no reason to look any more.
const greetingOld = 24 * time.Hour

// Greeted is told when a member sent too many first messages that nobody answered.
type Greeted struct {
	CorpID  string
	StaffID string
	Count   int
	From    clock.Time // the first of them
	To      clock.Time // the last
	Texts   []string   // what they said, at most three
	Rule    Finding
}

type greetingStep struct {
	StaffID string
	From    clock.Time // windows that end from here
	To      clock.Time // up to here, exclusive
}

// watchGreeting has what a member sent on their own looked at once its customers had time to answer. What comes to be known later is
// looked at again.
func (g *Governor) watchGreeting(ctx context.Context, tx *db.Tx, t *Touch) error {
	now, w := g.world.Now(), g.book.greetings.window
	if t.Channel != MassCustomer || t.StaffID == "" || t.CustomerID == "" || g.met == nil || t.DeliveredAt < now.Add(-greetingOld) {
		return nil
	}
	part := greetingPart.Milliseconds()
	from := clock.Time(int64(t.DeliveredAt) / part * part)
	p := greetingStep{StaffID: t.StaffID, From: from, To: from.Add(greetingPart)}
	due := max(p.To.Add(w), clock.Time((int64(now)/part+1)*part))
	_, err := g.bus.Put(ctx, tx, bus.Item{
		CorpID: t.CorpID, Lane: bus.Timer, Kind: kindGreeting, Key: fmt.Sprint(kindGreeting, "/", p.StaffID, "/", int64(p.From), "/", int64(due)),
		OrderKey: kindGreeting + "/" + p.StaffID, Payload: p, DueAt: due,
	})
	return err
}

// greeted counts the unanswered first messages in the windows of a step, and has the member looked at when one holds too many.
func (g *Governor) greeted(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p greetingStep
	if err := w.Decode(&p); err != nil {
		return err
	}
	if err := lockSubject(ctx, tx, w.CorpID, OnStaff, p.StaffID); err != nil {
		return err
	}
	known, err := lastGreeting(ctx, tx, w.CorpID, p.StaffID) // those are on record: what follows is counted anew
	if err != nil {
		return err
	}
	var rows []*Touch
	err = tx.NewSelect().Model(&rows).Where("corp_id = ? AND staff_id = ? AND seen_only AND delivered_at > ? AND delivered_at < ?",
		w.CorpID, p.StaffID, max(p.From.Add(-g.book.greetings.window), known), p.To).Where("channel = ?", MassCustomer).OrderExpr("delivered_at, id").Scan(ctx)
	if err != nil {
		return fmt.Errorf("read what %s sent on their own: %w", p.StaffID, err)
	}
	if len(rows) <= g.book.greetings.most {
		return nil
	}
	if rows, err = g.unansweredFirsts(ctx, tx, w.CorpID, p.StaffID, rows); err != nil {
		return err
	}
	found := fullest(rows, g.book.greetings)
	if found == nil {
		return nil
	}
	return g.lookAt(ctx, tx, p.StaffID, found)
}

// fullest is the window that holds the most of the touches, which come in order of time; nil when none holds too many.
func fullest(rows []*Touch, b greetings) []*Touch {
	var best []*Touch
	from := 0
	for to, t := range rows {
		for rows[from].DeliveredAt <= t.DeliveredAt.Add(-b.window) {
			from++
		}
		if n := to + 1 - from; n > b.most && n > len(best) {
			best = rows[from : to+1]
		}
	}
	return best
}

// unansweredFirsts keeps those of a member's own messages that began a new relation and that their customer let lie.
func (g *Governor) unansweredFirsts(ctx context.Context, tx *db.Tx, corpID, staffID string, rows []*Touch) ([]*Touch, error) {
	first := map[string]*Touch{}
	for _, t := range rows {
		if first[t.CustomerID] == nil {
			first[t.CustomerID] = t
		}
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(first)), chunk) {
		met, err := g.met(ctx, tx, corpID, staffID, ids)
		if err != nil {
			return nil, err
		}
		acts, err := actsOf(ctx, tx, corpID, ids)
		if err != nil {
			return nil, err
		}
		had, err := hadFrom(ctx, tx, corpID, staffID, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			at, since := first[id].DeliveredAt, met[id]
			fresh := since != 0 && since >= at.Add(-g.book.greetings.fresh)
			a := acts[id]
			spoke := a.ActedAt >= at || a.Act != Added && a.ActedAt >= since // afterwards, or before: then it answers them
			if !fresh || spoke || had[id] != 0 && had[id] < at {
				delete(first, id)
			}
		}
	}
	return slices.DeleteFunc(rows, func(t *Touch) bool { return first[t.CustomerID] != t }), nil
}

// actsOf reads what customers did last by themselves.
func actsOf(ctx context.Context, tx *db.Tx, corpID string, ids []string) (map[string]Silence, error) {
	var rows []Silence
	if err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND customer_id IN (?)", corpID, bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read what %d customers did: %w", len(ids), err)
	}
	out := make(map[string]Silence, len(rows))
	for _, r := range rows {
		out[r.CustomerID] = r
	}
	return out, nil
}

// hadFrom answers when each customer got the first message from a member, the welcome apart.
func hadFrom(ctx context.Context, tx *db.Tx, corpID, staffID string, ids []string) (map[string]clock.Time, error) {
	var rows []struct {
		CustomerID string
		First      clock.Time
	}
	err := tx.NewSelect().Model((*Touch)(nil)).Column("customer_id").ColumnExpr("MIN(delivered_at) AS first").
		Where("corp_id = ? AND customer_id IN (?) AND staff_id = ? AND delivered_at > 0 AND channel NOT IN (?, ?)", corpID, bun.List(ids), staffID, Welcome, Moment).
		GroupExpr("customer_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read what %d customers had from %s: %w", len(ids), staffID, err)
	}
	out := make(map[string]clock.Time, len(rows))
	for _, r := range rows {
		out[r.CustomerID] = r.First
	}
	return out, nil
}

// greetingKey names the hit of a window by its end.
func greetingKey(staffID string) string { return "greeting/" + staffID + "/" }

// lastGreeting is the end of the last window that is on record, whatever an appeal made of it.
func lastGreeting(ctx context.Context, tx *db.Tx, corpID, staffID string) (clock.Time, error) {
	h := new(LadderHit)
	err := tx.NewSelect().Model(h).Where("corp_id = ? AND subject = ? AND subject_id = ? AND rule_id = ?", corpID, OnStaff, staffID, ruleGreeting).
		OrderExpr("id DESC").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for the last greetings of %s: %w", staffID, err)
	}
	end, err := strconv.ParseInt(strings.TrimPrefix(h.Key, greetingKey(staffID)), 10, 64)
	return clock.Time(end), err
}

// lookAt notes a window against the member, and asks for a person's look.
func (g *Governor) lookAt(ctx context.Context, tx *db.Tx, staffID string, found []*Touch) error {
	if err := g.spell(ctx, tx, found...); err != nil {
		return err
	}
	one, last := found[0], found[len(found)-1]
	rule := g.book.Rule(ruleGreeting)
	e := Greeted{
		CorpID: one.CorpID, StaffID: staffID, Count: len(found), From: one.DeliveredAt, To: last.DeliveredAt,
		Rule: Finding{RuleID: ruleGreeting, Severity: rule.Action, Reason: rule.Reason.Text(), WayOut: rule.WayOut.Text()},
	}
	for _, t := range found {
		if text := t.FirstText(); text != "" && !slices.Contains(e.Texts, text) && len(e.Texts) < 3 {
			e.Texts = append(e.Texts, text)
		}
	}
	e.Rule.Text = fmt.Sprintf("%d · %s–%s", e.Count, e.From.In(g.zone).Format("01-02 15:04"), e.To.In(g.zone).Format("15:04"))
	h := LadderHit{
		CorpID: e.CorpID, Key: greetingKey(staffID) + strconv.FormatInt(int64(e.To), 10), Subject: OnStaff, SubjectID: staffID, Weight: weightBlock, RuleID: ruleGreeting,
		CampaignID: last.CampaignID, Text: e.Rule.Text,
	}
	if err := g.hit(ctx, tx, h, "", ""); err != nil {
		return err
	}
	for _, f := range g.OnGreeted {
		if err := f(ctx, tx, e); err != nil {
			return fmt.Errorf("tell how %s greets: %w", staffID, err)
		}
	}
	return nil
}
