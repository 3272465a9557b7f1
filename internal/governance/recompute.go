package governance

import (
	"context"
	"encoding/json"
	"fmt"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
)

// Recomputed is a decision made again.
type Recomputed struct {
	Same  bool // the verdict and every counter are as they were
	State State
	Rule  string
	Rules []Step
	// PolicyThen decided, PolicyNow is this program's. Where they differ, the words are not read again: the finding that was
	// kept stands, and so do the numbers of the policy that the corp had not set itself.
	PolicyThen string
	PolicyNow  string
}

// SamePolicy says whether the words were read again by the rules that decided.
func (r *Recomputed) SamePolicy() bool { return r.PolicyThen == r.PolicyNow }

// Recompute decides a touch again from the ledger as it stood at that instant, under the limits of that version, and
// says whether the answer is the same.
func (g *Governor) Recompute(ctx context.Context, corpID string, touchID int64) (*Recomputed, error) {
	t, err := g.Get(ctx, corpID, touchID)
	if err != nil {
		return nil, err
	}
	if t.forgotten() {
		return nil, errs.New(errs.Conflict, "touch.forgotten", errs.T("这位客户的信息已经删除，无法再算一遍。", "This person's data was removed: it cannot be decided again."))
	}
	var was []Step
	if err := json.Unmarshal([]byte(t.Why), &was); err != nil {
		return nil, fmt.Errorf("read the reasons of touch %d: %w", touchID, err)
	}
	caps, err := g.capsVersion(ctx, g.db.Read(), corpID, capsVersionOf(t.RuleVersion))
	if err != nil {
		return nil, err
	}
	if caps.Notice, err = noticeIn(ctx, g.db.Read(), corpID, noticeThen(was)); err != nil {
		return nil, err
	}
	s, err := g.standingThen(ctx, t, caps, was)
	if err != nil {
		return nil, err
	}
	r := Request{
		CorpID: t.CorpID, Key: t.Key, CustomerID: t.CustomerID, ChatID: t.ChatID, Channel: t.Channel, Class: t.Class, Topic: t.Topic, StaffID: t.StaffID,
		Texts: t.texts(), Cost: t.Cost, By: t.RequestedBy,
		Open: t.open(), Winback: t.Winback, Traits: t.Traits,
	}
	out := &Recomputed{PolicyThen: policyOf(t.RuleVersion), PolicyNow: g.book.Version}
	if !out.SamePolicy() && caps.Version == 0 {
		caps = caps.as(was)
	}
	waits := len(was) > 0 && was[len(was)-1].Verdict == Waits
	for _, st := range was {
		if st.RuleID == ruleQuiet {
			r.Closes = st.To
		}
	}
	var content *Finding
	switch {
	case t.SeenOnly: // what a member wrote on their own was booked, not judged
	case out.SamePolicy():
		record, err := g.ownThen(ctx, t)
		if err != nil {
			return nil, err
		}
		content = g.reader(g.book.guard.Own(record)).of(r)
	default:
		content = g.foundThen(was)
	}
	if s.house, err = g.houseThen(ctx, t, was); err != nil {
		return nil, err
	}
	v := judge(r, t.EarliestAt, waits, s, caps, content, g.zone)
	out.State, out.Rule, out.Rules, out.Same = Reserved, v.rule, v.steps, len(was) == len(v.steps)
	if v.held {
		out.State = Held
	}
	for i := range min(len(was), len(v.steps)) {
		a, b := was[i], v.steps[i]
		if a.RuleID != b.RuleID || a.Verdict != b.Verdict || a.Before != b.Before || a.After != b.After || a.Cap != b.Cap || a.Days != b.Days || a.RuleID == ruleQuiet && a.Text != b.Text {
			out.Same = false
		}
	}
	return out, nil
}

// noticeThen is the version of the notice that a decision read; 0 = there was none, or it was refused before.
func noticeThen(was []Step) int {
	for _, st := range was {
		if st.RuleID == ruleNotice {
			return st.After
		}
	}
	return 0
}

// foundThen is the finding about words that a decision kept, when it refused for one.
func (g *Governor) foundThen(was []Step) *Finding {
	for _, s := range was {
		if s.Verdict == Refused && s.reason() == (errs.Text{}) {
			return &Finding{RuleID: s.RuleID, Text: s.Text, Reason: g.refusal(s)}
		}
	}
	return nil
}

// as puts the numbers that a decision kept in the place of today's.
func (c Caps) as(was []Step) Caps {
	for _, s := range was {
		for i := range c.Per {
			if s.RuleID == ruleCap && s.Days == c.Per[i].Days && s.Cap > 0 {
				c.Per[i].Cap = s.Cap
			}
		}
	}
	return c
}

// standingThen is the customer's standing as the decision about t saw it.
func (g *Governor) standingThen(ctx context.Context, t *Touch, caps Caps, was []Step) (standing, error) {
	var s standing
	for _, st := range was { // hashes of a lifted suppression are gone, a silence ends without a trace: the row is the evidence
		switch st.RuleID {
		case ruleSunset:
			s.hush.since = st.Since
			s.hush.dormant = s.hush.dormant || st.Days == 0 && st.Cap > 0
			if st.Text == winback {
				s.hush.asked = st.Before
			}
		case ruleSuppressed:
			s.suppressed = st.Since
		case rulePurpose: // relations come and go
			s.narrow = true
		case ruleRamp: // a relation of before that was seen later makes the member older than we knew
			s.load.since = st.Since
		}
	}
	stops, err := g.haltsThen(ctx, t)
	if err != nil {
		return s, err
	}
	s.halted = stops.of(t.StaffID)
	ladder, err := g.stepsThen(ctx, t)
	if err != nil {
		return s, err
	}
	s.ladder = ladder.against(t.Class, t.StaffID, t.RequestedBy, t.CampaignID, t.EarliestAt)
	if !t.Class.Limited() {
		return s, nil
	}
	if s.load.used, err = g.loadThen(ctx, t); err != nil {
		return s, err
	}
	if t.CustomerID == "" {
		err = g.roomThen(ctx, t, caps, &s)
		return s, err
	}
	gave, err := g.db.Read().NewSelect().Model((*Touch)(nil)).Where("corp_id = ? AND displaced_by = ?", t.CorpID, t.ID).Count(ctx)
	if err != nil {
		return s, fmt.Errorf("count what gave way to touch %d: %w", t.ID, err)
	}
	s.displaced = int(gave)
	var said []OptOutRow
	err = g.db.Read().NewSelect().Model(&said).
		Where("corp_id = ? AND customer_id = ? AND since <= ? AND (lifted_at = 0 OR lifted_at > ?)", t.CorpID, t.CustomerID, t.ReservedAt, t.ReservedAt).
		OrderExpr("since").Limit(1).Scan(ctx)
	if err != nil {
		return s, fmt.Errorf("read opt-outs of then: %w", err)
	}
	if len(said) > 0 && said[0].ID < t.ID {
		s.optedOut = said[0].Since
	}
	if s.pref, err = g.preferenceThen(ctx, t); err != nil {
		return s, err
	}
	if caps.OnlyConsented || s.narrow {
		if s.consented, err = g.consentedThen(ctx, t, caps.Notice); err != nil {
			return s, err
		}
	}
	if s.minor, err = g.minorThen(ctx, t, caps.Notice); err != nil {
		return s, err
	}
	if s.home, err = g.homeThen(ctx, t); err != nil {
		return s, err
	}
	if s.sorrow, err = g.sorrowThen(ctx, t); err != nil {
		return s, err
	}
	s.heldOut = g.heldOut(t.CorpID, t.CustomerID, caps.Holdout)
	rows, err := g.ledgerThen(ctx, t)
	if err != nil {
		return s, err
	}
	f := g.frameThen(t, caps)
	for _, r := range rows {
		at, gone := r.then(t.ReservedAt)
		if gone {
			continue
		}
		if r.Channel == MassCustomer && (at == 0 || at >= f.from) {
			s.mass++
		}
		if r.open() && (at == 0 || at >= t.EarliestAt.Day(g.zone)) {
			s.open++
		}
		if !r.Class.Limited() {
			continue
		}
		when := slotOf(&r, at)
		s.at = append(s.at, spent{slot: when, cost: r.Cost})
		s.twin = s.twin.closer(likeness.Print(t.Print), likeness.Print(r.Print), at, t.EarliestAt, caps.Alike, g.zone)
		if f.covers(when, shareLength) {
			s.week = append(s.week, spent{slot: when, cost: r.Cost, topic: r.Topic, channel: r.Channel, id: r.ID})
		}
		for i, w := range caps.Per {
			if f.covers(when, w.length()) {
				s.used[i] += r.Cost
			}
		}
	}
	return s, nil
}

// frameThen is what t was decided by.
func (g *Governor) frameThen(t *Touch, caps Caps) frame {
	last := t.ExpiresAt
	if t.SeenOnly { // it had happened
		last = t.EarliestAt
	}
	return g.frameOf(t.ReservedAt, t.EarliestAt, last, caps)
}

// then is when a touch was delivered as an earlier instant knew it; 0 = it was open. gone says that it was released by then.
func (t *Touch) then(when clock.Time) (at clock.Time, gone bool) {
	switch {
	case t.CommittedAt != 0 && t.CommittedAt <= when:
		return t.DeliveredAt, false
	case t.ReleasedAt != 0 && t.ReleasedAt <= when:
		return 0, true
	}
	return 0, false
}

// loadThen is what the sender of t had to do on its day, as the decision about t saw it.
func (g *Governor) loadThen(ctx context.Context, t *Touch) (int, error) {
	if t.Channel != MassCustomer || t.StaffID == "" {
		return 0, nil
	}
	day, end := dayOf(t.EarliestAt, g.zone)
	var rows []Touch
	err := g.db.Read().NewSelect().Model(&rows).Column("id", "channel", "class", "earliest_at", "expires_at", "tasked_at", "delivered_at", "committed_at", "released_at").
		Where("corp_id = ? AND staff_id = ? AND channel = 'mass_customer' AND NOT unbound AND state <> ? AND id <> ? AND earliest_at >= ? AND earliest_at < ?", t.CorpID, t.StaffID, Held, t.ID, day.Add(-longOpen), end).
		Where("(reserved_at < ? OR reserved_at = ? AND id < ?)", t.ReservedAt, t.ReservedAt, t.ID).Scan(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the member's day of then: %w", err)
	}
	n := 0
	for _, r := range rows {
		at, gone := r.then(t.ReservedAt)
		if !gone && r.onDay(r.TaskedAt != 0 && r.TaskedAt <= t.ReservedAt, at, day, end) {
			n++
		}
	}
	return n, nil
}

// ledgerThen are the entries that stood for the same customer or group when t was decided.
func (g *Governor) ledgerThen(ctx context.Context, t *Touch) ([]Touch, error) {
	var rows []Touch
	err := g.db.Read().NewSelect().Model(&rows).
		Where("corp_id = ? AND customer_id = ? AND (customer_id <> '' OR chat_id = ?) AND state <> ? AND id <> ?", t.CorpID, t.CustomerID, t.ChatID, Held, t.ID).
		Where("(reserved_at < ? OR reserved_at = ? AND id < ?)", t.ReservedAt, t.ReservedAt, t.ID).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ledger of then: %w", err)
	}
	return rows, nil
}

// roomThen counts what a group had had when t was decided.
func (g *Governor) roomThen(ctx context.Context, t *Touch, caps Caps, s *standing) error {
	rows, err := g.ledgerThen(ctx, t)
	if err != nil {
		return err
	}
	f := g.frameThen(t, caps)
	for i := range rows {
		if at, gone := rows[i].then(t.ReservedAt); !gone {
			s.countRoom(&rows[i], at, f)
		}
	}
	return nil
}
