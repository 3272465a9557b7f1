package governance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
)

// A message to a group is one touch of the group: nobody's own budget, opt-out or holdout can keep one person out of a room. So
// groups have caps of their own (FTG-20), beside WeCom's quota and the quiet hours.

// subject is whose budget a request takes: the customer's, or the group's.
func (r Request) subject() string { return subjectOf(r.CustomerID, r.ChatID) }

func (t *Touch) subject() string { return subjectOf(t.CustomerID, t.ChatID) }

func subjectOf(customerID, chatID string) string {
	if customerID == "" && chatID != "" {
		return "chat/" + chatID
	}
	return customerID
}

// toRoom says whether the request is for a whole group.
func (r Request) toRoom() bool { return r.CustomerID == "" && r.ChatID != "" }

// judgeRoom reads the rules for a group, after those on words.
func judgeRoom(v verdict, on clock.Time, waits bool, s standing, c Caps, zone *time.Location) verdict {
	from, to, limit := c.MassMode.Period(on, zone)
	steps := []Step{{RuleID: rulePlatform, Before: s.mass, After: s.mass + 1, Cap: limit, From: from, To: to, Room: true}}
	if s.mass+1 > limit {
		steps[0].Next = c.Quiet.Next(to, zone)
	}
	for i, w := range c.Chat {
		st := s.chatStep(i, w, on)
		if !w.fits(s.used[i], 1) {
			st.Next = c.roomForChat(s.at, on, zone)
		}
		steps = append(steps, st)
	}
	for _, st := range steps {
		switch {
		case v.held:
			st = Step{RuleID: st.RuleID, Days: st.Days, Cap: st.Cap, Room: true, Verdict: NotRead}
		case st.After > st.Cap:
			st.Verdict = Refused
			v.held, v.rule, v.reason, v.next = true, st.RuleID, st.reason(), st.Next
		default:
			st.Verdict = Pass
		}
		v.steps = append(v.steps, st)
	}
	quiet := Step{RuleID: ruleQuiet, Verdict: Pass}
	switch {
	case v.held:
		quiet.Verdict = NotRead
	case waits:
		quiet.Verdict, quiet.Next = Waits, on
		v.rule, v.reason, v.next = ruleQuiet, reasonQuiet, on
	}
	v.steps = append(v.steps, quiet)
	return v
}

// chatStep counts a message into the window i of FTG-20.
func (s standing) chatStep(i int, w Window, on clock.Time) Step {
	return Step{RuleID: ruleRoom, Days: w.Days, Before: s.used[i], After: s.used[i] + 1, Cap: w.Cap, From: on.Add(-w.length()), To: on, Room: true}
}

// roomForChat is when every window of FTG-20 has room for one more; see Caps.room.
func (c Caps) roomForChat(at []spent, on clock.Time, zone *time.Location) clock.Time {
	var next clock.Time
	for _, w := range c.Chat {
		next = max(next, w.room(at, 1, on))
	}
	return c.Quiet.Next(next, zone)
}

// roomStandings is standingAt for groups, by subject.
func (g *Governor) roomStandings(ctx context.Context, q bun.IDB, corpID string, chatIDs []string, f frame) (map[string]standing, error) {
	return g.roomsWith(ctx, q, corpID, chatIDs, f, func(*Touch) bool { return true })
}

// roomsWith is roomStandings for the touches that count.
func (g *Governor) roomsWith(ctx context.Context, q bun.IDB, corpID string, chatIDs []string, f frame, counts func(*Touch) bool) (map[string]standing, error) {
	out := make(map[string]standing, len(chatIDs))
	if len(chatIDs) == 0 {
		return out, nil
	}
	longest := min(f.on.Add(-f.caps.Chat[len(f.caps.Chat)-1].length()), f.from-1)
	var rows []Touch
	err := q.NewSelect().Model(&rows).Column("id", "chat_id", "channel", "class", "state", "delivered_at", "earliest_at", "expires_at", "cost").
		Where("corp_id = ? AND chat_id IN (?) AND chat_id <> '' AND customer_id = ''", corpID, bun.List(chatIDs)).
		Where("state IN ('reserved','tasked','delivered','committed') AND (delivered_at = 0 OR delivered_at > ?)", longest).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("count touches of %d groups: %w", len(chatIDs), err)
	}
	for i := range rows {
		t := &rows[i]
		if !counts(t) {
			continue
		}
		s := out[t.subject()]
		s.countRoom(t, t.DeliveredAt, f)
		out[t.subject()] = s
	}
	return out, nil
}

// countRoom adds a touch of a group that was delivered at `at` (0 = still open) to what the group has had.
func (s *standing) countRoom(t *Touch, at clock.Time, f frame) {
	if t.Channel == MassGroup && (at == 0 || at >= f.from) {
		s.mass++
	}
	if !t.Class.Limited() {
		return
	}
	when := slotOf(t, at)
	if !f.covers(when, f.caps.Chat[len(f.caps.Chat)-1].length()) {
		return
	}
	s.at = append(s.at, spent{slot: when, cost: 1})
	for i, w := range f.caps.Chat {
		if f.covers(when, w.length()) {
			s.used[i]++
		}
	}
}

// PreviewRooms is Preview for groups, whose ids stand where those of customers would; it answers those that it would reach, too.
func (g *Governor) PreviewRooms(ctx context.Context, r Request, to []Recipient) (p Preview, reached []string, err error) {
	p.PerStaff = map[string]int{}
	reqs, ids := make([]Request, len(to)), make([]string, len(to))
	for i, t := range to {
		reqs[i], ids[i] = r, t.CustomerID
		reqs[i].Key, reqs[i].ChatID, reqs[i].StaffID = "preview/"+t.CustomerID, t.CustomerID, t.StaffID
	}
	decisions, err := g.Plan(ctx, reqs...)
	if err != nil {
		return p, nil, err
	}
	p.Tally = TallyOf(decisions)
	for i, d := range decisions {
		if d.OK() {
			p.PerStaff[to[i].StaffID]++
			reached = append(reached, ids[i])
		}
	}
	p.Limit, p.UsedMost, err = g.platformRooms(ctx, r.CorpID, ids)
	return p, reached, err
}

// platformRooms answers WeCom's own quota (WC-01): how many a group may get in the present period, and the most one of these had.
func (g *Governor) platformRooms(ctx context.Context, corpID string, chatIDs []string) (limit, usedMost int, err error) {
	caps, err := g.capsOf(ctx, g.db.Read(), corpID)
	if err != nil {
		return 0, 0, err
	}
	now := g.world.Now()
	_, _, limit = caps.MassMode.Period(now, g.zone)
	for part := range slices.Chunk(chatIDs, chunk) {
		facts, err := g.roomStandings(ctx, g.db.Read(), corpID, part, g.frameOf(now, now, now, caps))
		if err != nil {
			return 0, 0, err
		}
		for _, s := range facts {
			usedMost = max(usedMost, s.mass)
		}
	}
	return limit, usedMost, nil
}

// Reword writes what a message says now into entries that did not arrive: it was changed before anybody got it.
func (g *Governor) Reword(ctx context.Context, tx *db.Tx, corpID, texts string, touchIDs []int64) error {
	var said []string
	if err := json.Unmarshal([]byte(texts), &said); err != nil {
		return fmt.Errorf("read what %d touches say now: %w", len(touchIDs), err)
	}
	p := likeness.Of(g.book.guard.Form(), said)
	texts, err := g.nameOf(ctx, tx, corpID, texts, len(touchIDs))
	if err != nil {
		return err
	}
	_, err = changeTouches(ctx, tx, actReword, g.world.Now(), tx.NewUpdate().Set("texts = ?", texts).
		Set("print = CASE WHEN customer_id = '' THEN 0 ELSE ? END", int64(p)).
		Where("id IN (?) AND state IN (?)", bun.List(touchIDs), bun.List([]State{Reserved, Tasked})))
	if err != nil {
		return fmt.Errorf("reword %d touches: %w", len(touchIDs), err)
	}
	return nil
}

// TouchOf finds the entry of a key.
func (g *Governor) TouchOf(ctx context.Context, q bun.IDB, corpID, key string) (int64, error) {
	found, err := g.touchesByKey(ctx, q, corpID, []string{key})
	if err != nil || found[key] == nil {
		return 0, err
	}
	return found[key].ID, nil
}
