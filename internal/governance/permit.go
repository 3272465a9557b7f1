package governance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Permit is asked just before a call. It reads again what may have changed since the reservation (opt-out, hours, words),
// turns reserved touches into tasked ones and mints their permits. The decisions are of those without one: a touch that only
// has to wait stays Reserved and says until when; any other is Released with its rule.
//
// A touch that is tasked but has no task id yet gets its permit again: its call may not have been made. Whoever asks again
// has asked WeCom first.
func (g *Governor) Permit(ctx context.Context, tx *db.Tx, touchIDs ...int64) ([]Permit, []Decision, error) {
	found, err := g.touchesByID(ctx, tx, "", touchIDs)
	if err != nil || len(found) == 0 {
		return nil, nil, err
	}
	if err := lockTouches(ctx, tx, found); err != nil {
		return nil, nil, err
	}
	if found, err = g.touchesByID(ctx, tx, "", touchIDs); err != nil { // as they are under the lock
		return nil, nil, err
	}
	now := g.world.Now()
	checks, err := g.recheck(ctx, tx, found, now)
	if err != nil {
		return nil, nil, err
	}
	var permits []Permit
	var refused []Decision
	var tasked []int64
	against := map[refusal][]*Touch{}
	for _, id := range touchIDs {
		t, ok := found[id]
		if !ok {
			return nil, nil, fmt.Errorf("permit touch %d: not in the ledger", id)
		}
		if t.State != Reserved && (t.State != Tasked || t.TaskID != "") {
			refused = append(refused, t.decision(true))
			continue
		}
		if c, ok := checks[id]; ok {
			t.refuse(c, now)
			against[c] = append(against[c], t)
			refused = append(refused, t.decision(false))
			continue
		}
		if t.State == Reserved {
			tasked = append(tasked, id)
		}
		permits = append(permits, Permit{
			touchID: t.ID, corpID: t.CorpID, customerID: t.CustomerID, chatID: t.ChatID, staffID: t.StaffID, channel: t.Channel,
		})
	}
	for c, rows := range against {
		if err := g.refuse(ctx, tx, rows, c, now); err != nil {
			return nil, nil, err
		}
	}
	for part := range slices.Chunk(tasked, chunk) {
		done, err := changeTouches(ctx, tx, actPermit, now, tx.NewUpdate().Set("state = ?", Tasked).Set("tasked_at = ?", now).
			Set("rule_id = ''").Set("reason_zh = ''").Set("reason_en = ''").Set("next_at = 0").
			Where("id IN (?) AND state = ?", bun.List(part), Reserved))
		if err != nil {
			return nil, nil, fmt.Errorf("task %d touches: %w", len(part), err)
		}
		if len(done) != len(part) { // released meanwhile: no permit may leave here
			return nil, nil, fmt.Errorf("task %d touches: only %d were still reserved (%w)", len(part), len(done), errChanged)
		}
	}
	return permits, refused, nil
}

func lockTouches(ctx context.Context, tx *db.Tx, touches map[int64]*Touch) error {
	var keys []string
	for _, t := range touches {
		if t.Class.Limited() {
			keys = append(keys, customerLock(t.CorpID, t.subject()))
		}
	}
	return lockKeys(ctx, tx, keys)
}

// refusal is what stands against a touch at the moment of its call.
type refusal struct {
	rule   string
	reason errs.Text
	until  clock.Time // above 0: it only waits
}

func (g *Governor) recheck(ctx context.Context, tx *db.Tx, touches map[int64]*Touch, now clock.Time) (map[int64]refusal, error) {
	out := map[int64]refusal{}
	contents := map[string]reader{} // by corp
	stops, ladders := map[string]halts{}, map[string]steps{}
	for id, t := range touches {
		if stops[t.CorpID] == nil {
			own, err := g.ownNow(ctx, tx, t.CorpID)
			if err != nil {
				return nil, err
			}
			contents[t.CorpID] = g.reader(own)
			if stops[t.CorpID], err = haltsIn(ctx, tx, t.CorpID); err != nil {
				return nil, err
			}
			if ladders[t.CorpID], err = stepsIn(ctx, tx, t.CorpID); err != nil {
				return nil, err
			}
		}
		r := Request{Class: t.Class, Channel: t.Channel, Texts: t.texts(), By: t.RequestedBy}
		if f := contents[t.CorpID].of(r); f != nil {
			out[id] = refusal{rule: f.RuleID, reason: f.Reason}
		}
		if st := ladders[t.CorpID].against(t.Class, t.StaffID, t.RequestedBy, t.CampaignID, now); st != nil {
			out[id] = refusal{rule: ruleLadder, reason: st.step().reason()}
		}
		if s := stops[t.CorpID].of(t.StaffID); s != (stop{}) {
			out[id] = refusal{rule: s.why().RuleID, reason: s.why().Reason}
		}
	}
	full, err := g.full(ctx, tx, touches, now)
	if err != nil {
		return nil, err
	}
	err = g.eachLimited(ctx, tx, touches, func(t *Touch, caps Caps, s standing) {
		switch {
		case out[t.ID].rule != "":
		case s.optedOut != 0:
			out[t.ID] = refusal{rule: ruleOptOut, reason: reasonOptOut}
		case s.suppressed != 0:
			out[t.ID] = refusal{rule: ruleSuppressed, reason: reasonSuppressed}
		case t.ungranted(caps, s).RuleID != "":
			missing := t.ungranted(caps, s)
			out[t.ID] = refusal{rule: missing.RuleID, reason: missing.Reason}
		case !s.sorrow.over(now):
			st := s.sorrow.step()
			out[t.ID] = refusal{rule: st.RuleID, reason: st.reason()}
		case t.Traits && s.pref.traits().Since != 0:
			out[t.ID] = refusal{rule: ruleTraits, reason: reasonTraits}
		case s.pref != nil && unwanted(s.pref, t, now).rule != "":
			out[t.ID] = unwanted(s.pref, t, now)
		case full[t.ID].rule != "":
			out[t.ID] = full[t.ID]
		case now < t.EarliestAt: // its counters looked at a later instant
			out[t.ID] = refusal{rule: ruleCap, reason: reasonEarly, until: t.EarliestAt}
		case !caps.Quiet.Open(now, s.home.or(g.zone)):
			st := Step{RuleID: ruleQuiet, Text: s.home.zone(), Verdict: Waits}
			out[t.ID] = refusal{rule: ruleQuiet, reason: st.reason(), until: caps.Quiet.Next(now, s.home.or(g.zone))}
		}
	})
	return out, err
}

// unwanted is what the customer's own choice says to a touch now. The pace they chose was counted when it was reserved, and
// reservations it forbids are released when it changes.
func unwanted(p *Preference, t *Touch, now clock.Time) refusal {
	st, reason := p.refuses(t.Topic, now)
	return refusal{rule: st.RuleID, reason: reason}
}

// eachLimited calls f for every touch whose class caps, hours and opt-outs hold for, with what its corp set and what its
// customer said.
func (g *Governor) eachLimited(ctx context.Context, tx *db.Tx, touches map[int64]*Touch, f func(t *Touch, caps Caps, s standing)) error {
	customers := map[string][]string{} // by corp
	for _, t := range touches {
		if t.Class.Limited() {
			customers[t.CorpID] = append(customers[t.CorpID], t.CustomerID) // "" of a group: nobody's opt-out, but the hours hold
		}
	}
	for corpID, ids := range customers {
		caps, err := g.capsOf(ctx, tx, corpID)
		if err != nil {
			return err
		}
		stopped, err := g.stopped(ctx, tx, corpID, ids)
		if err != nil {
			return err
		}
		live, err := g.homesOf(ctx, tx, corpID, ids)
		if err != nil {
			return err
		}
		footings, err := g.footings(ctx, tx, corpID, ids, caps)
		if err != nil {
			return err
		}
		for _, t := range touches {
			if t.CorpID == corpID && t.Class.Limited() {
				s := stopped[t.CustomerID]
				s.home = live[t.CustomerID]
				s.narrow, s.consented = footings[t.CustomerID].narrow, footings[t.CustomerID].consented
				f(t, caps, s)
			}
		}
	}
	return nil
}

// refuse notes what stands against a touch.
func (t *Touch) refuse(c refusal, now clock.Time) {
	t.setReason(c.rule, c.reason)
	t.NextAt = c.until
	if c.until == 0 {
		t.State, t.ReleasedAt = Released, now
	}
}

// refuse writes what stands against touches, the same for all, into their rows.
func (g *Governor) refuse(ctx context.Context, tx *db.Tx, touches []*Touch, c refusal, now clock.Time) error {
	for part := range slices.Chunk(touches, chunk) {
		ids := make([]int64, len(part))
		for i, t := range part {
			ids[i] = t.ID
		}
		q := tx.NewUpdate().Set("rule_id = ?", c.rule).Set("reason_zh = ?", part[0].ReasonZh).Set("reason_en = ?", part[0].ReasonEn).Set("next_at = ?", c.until)
		if c.until == 0 {
			q.Set("state = ?", Released).Set("released_at = ?", now)
		}
		if _, err := changeTouches(ctx, tx, actRefuse, now, q.Where("id IN (?)", bun.List(ids))); err != nil {
			return fmt.Errorf("refuse %d touches: %w", len(part), err)
		}
		if c.until == 0 {
			changedPersons(tx, personsOf(part))
		}
	}
	return nil
}

// Tasked notes WeCom's id of the task or message that carries the touches.
func (g *Governor) Tasked(ctx context.Context, tx *db.Tx, taskID string, touchIDs ...int64) error {
	for part := range slices.Chunk(touchIDs, chunk) {
		_, err := changeTouches(ctx, tx, actTask, g.world.Now(), tx.NewUpdate().Set("task_id = ?", taskID).
			Where("id IN (?) AND state = ?", bun.List(part), Tasked))
		if err != nil {
			return fmt.Errorf("note task %s: %w", taskID, err)
		}
	}
	return nil
}

// Touches reads entries of the ledger by id, in the order of ids; unknown ones are left out.
func (g *Governor) Touches(ctx context.Context, corpID string, touchIDs []int64) ([]Touch, error) {
	return g.TouchesIn(ctx, g.db.Read(), corpID, touchIDs)
}

// TouchesIn is Touches as a transaction sees it.
func (g *Governor) TouchesIn(ctx context.Context, q bun.IDB, corpID string, touchIDs []int64) ([]Touch, error) {
	found, err := g.touchesByID(ctx, q, corpID, touchIDs)
	if err != nil {
		return nil, err
	}
	out := make([]Touch, 0, len(found))
	for _, id := range touchIDs {
		if t, ok := found[id]; ok {
			out = append(out, *t)
		}
	}
	return out, nil
}

// Recall notes that the task of these touches was cancelled at WeCom before it reached anybody: they keep their place in
// the ledger and wait for the permit of another task.
func (g *Governor) Recall(ctx context.Context, tx *db.Tx, touchIDs ...int64) error {
	for part := range slices.Chunk(touchIDs, chunk) {
		_, err := changeTouches(ctx, tx, actRecall, g.world.Now(), tx.NewUpdate().Set("task_id = ''").
			Where("id IN (?) AND state = ?", bun.List(part), Tasked))
		if err != nil {
			return fmt.Errorf("recall %d touches: %w", len(part), err)
		}
	}
	return nil
}

// Delivered books that the customer got the touch at `at`. Telling it twice changes nothing. A touch that reaches the
// customer after an opt-out, outside of its hours or after its release is booked all the same, as late.
func (g *Governor) Delivered(ctx context.Context, tx *db.Tx, touchID int64, at clock.Time) error {
	_, err := g.DeliveredAll(ctx, tx, map[int64]clock.Time{touchID: at})
	return err
}

// NotArrived notes on a touch that was booked as delivered why WeCom said later that it did not arrive. The entry stays and
// counts: what was delivered once is never taken off the books, so that they hold no less than what customers got.
func (g *Governor) NotArrived(ctx context.Context, tx *db.Tx, touchID int64, ruleID string, reason errs.Text) error {
	_, err := changeTouches(ctx, tx, actNote, g.world.Now(), tx.NewUpdate().
		Set("rule_id = ?", ruleID).Set("reason_zh = ?", reason.ZH).Set("reason_en = ?", reason.EN).
		Where("id = ? AND state IN (?)", touchID, bun.List([]State{Delivered, Committed})))
	if err != nil {
		return fmt.Errorf("note that touch %d did not arrive: %w", touchID, err)
	}
	return nil
}

// DeliveredAll books many deliveries, each with its time, and answers which of them were late.
func (g *Governor) DeliveredAll(ctx context.Context, tx *db.Tx, at map[int64]clock.Time) (late map[int64]bool, err error) {
	ids := make([]int64, 0, len(at))
	for id := range at {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	found, err := g.touchesByID(ctx, tx, "", ids)
	if err != nil {
		return nil, err
	}
	if late, err = g.lateOnes(ctx, tx, found, at); err != nil {
		return nil, err
	}
	now := g.world.Now()
	type moment struct {
		at   clock.Time
		late bool
	}
	same := map[moment][]int64{}
	for _, id := range ids {
		t, ok := found[id]
		if !ok {
			return nil, fmt.Errorf("book the delivery of touch %d: not in the ledger", id)
		}
		if t.State == Delivered || t.State == Committed {
			continue
		}
		k := moment{at[id], late[id]}
		same[k] = append(same[k], id)
	}
	var arrived []*Touch
	for k, ids := range same {
		for part := range slices.Chunk(ids, chunk) {
			rows, err := changeTouches(ctx, tx, actDeliver, now, tx.NewUpdate().Set("state = ?", Committed).Set("delivered_at = ?", k.at).
				Set("committed_at = ?", now).Set("late = ?", k.late).
				Where("id IN (?) AND state NOT IN (?, ?)", bun.List(part), Delivered, Committed))
			if err != nil {
				return nil, fmt.Errorf("book %d deliveries: %w", len(part), err)
			}
			arrived = append(arrived, rows...)
		}
	}
	changedTouches(tx, found)
	return late, g.reached(ctx, tx, arrived)
}

// errChanged says that another transaction was faster: doing it again sees the new state.
var errChanged = errors.New("changed meanwhile")

// lateOnes tells which deliveries came after their customer had said stop, outside of the hours, or after the release.
func (g *Governor) lateOnes(ctx context.Context, tx *db.Tx, touches map[int64]*Touch, at map[int64]clock.Time) (map[int64]bool, error) {
	out := map[int64]bool{}
	for id, t := range touches {
		if t.State == Released || t.State == Held {
			out[id] = true
		}
	}
	err := g.eachLimited(ctx, tx, touches, func(t *Touch, caps Caps, s standing) {
		since := s.optedOut
		if since == 0 {
			since = s.suppressed
		}
		paused := s.pref != nil && at[t.ID] >= s.pref.SetAt && at[t.ID] < s.pref.PausedUntil
		grieved := s.sorrow.since != 0 && at[t.ID] >= s.sorrow.since && !s.sorrow.over(at[t.ID])
		young := s.minor.age != "" && at[t.ID] >= s.minor.since && !s.minor.grant(t.Class, t.Traits).ok
		refused := t.Traits && s.pref.traits().Since != 0 && at[t.ID] >= s.pref.SetAt
		if since != 0 && at[t.ID] >= since || paused || refused || grieved || young || !caps.Quiet.Open(at[t.ID], s.home.or(g.zone)) {
			out[t.ID] = true
		}
	})
	return out, err
}

// Release ends a touch that will not reach the customer, with the rule or answer that ended it. Delivered ones stay.
func (g *Governor) Release(ctx context.Context, tx *db.Tx, touchID int64, ruleID string, reason errs.Text) error {
	return g.ReleaseAll(ctx, tx, []int64{touchID}, ruleID, reason)
}

// ReleaseAll ends many touches for one reason.
func (g *Governor) ReleaseAll(ctx context.Context, tx *db.Tx, touchIDs []int64, ruleID string, reason errs.Text) error {
	return g.release(ctx, tx, touchIDs, ruleID, reason, Reserved, Tasked)
}

// ReleaseReserved ends those of the touches that have no permit yet; a tasked one waits for WeCom's answer.
func (g *Governor) ReleaseReserved(ctx context.Context, tx *db.Tx, touchIDs []int64, ruleID string, reason errs.Text) error {
	return g.release(ctx, tx, touchIDs, ruleID, reason, Reserved)
}

func (g *Governor) release(ctx context.Context, tx *db.Tx, touchIDs []int64, ruleID string, reason errs.Text, from ...State) error {
	for part := range slices.Chunk(touchIDs, chunk) {
		now := g.world.Now()
		rows, err := changeTouches(ctx, tx, actRelease, now, tx.NewUpdate().Set("state = ?", Released).Set("released_at = ?", now).
			Set("rule_id = ?", ruleID).Set("reason_zh = ?", reason.ZH).Set("reason_en = ?", reason.EN).Set("next_at = 0").
			Where("id IN (?) AND state IN (?)", bun.List(part), bun.List(from)))
		if err != nil {
			return fmt.Errorf("release %d touches: %w", len(part), err)
		}
		changedPersons(tx, personsOf(rows))
	}
	return nil
}

// Observe books a touch that a member made outside of us and that we saw afterwards, even beyond the caps: until its
// windows pass, nothing more is reserved for the customer. The same Key is booked once.
func (g *Governor) Observe(ctx context.Context, tx *db.Tx, r Request, at clock.Time) error {
	if g.Erased != nil && r.CustomerID != "" {
		gone, err := g.Erased(ctx, tx, r.CustomerID)
		if err != nil || gone[r.CustomerID] {
			return err
		}
	}
	if err := r.validate(); err != nil {
		return err
	}
	if err := lockCustomers(ctx, tx, []Request{r}); err != nil {
		return err
	}
	caps, err := g.capsOf(ctx, tx, r.CorpID)
	if err != nil {
		return err
	}
	var s map[string]standing
	if r.toRoom() {
		s, err = g.roomStandings(ctx, tx, r.CorpID, []string{r.ChatID}, g.frameOf(g.world.Now(), at, at, caps))
	} else {
		f := g.frameOf(g.world.Now(), at, at, caps)
		r.print = g.printOf(prints{}, r)
		f.print = r.print
		if s, err = g.standingIn(ctx, tx, r.CorpID, []string{r.CustomerID}, f); err == nil {
			err = g.housed(ctx, tx, r.CorpID, []string{r.CustomerID}, s)
		}
	}
	if err != nil {
		return err
	}
	now := g.world.Now()
	if !r.toRoom() {
		if err := g.sharesAt(ctx, tx, r, caps, at, now, s); err != nil {
			return err
		}
	}
	had := s[r.subject()]
	v := judge(r, at, false, had, caps, nil, g.zone)
	why, err := v.why()
	if err != nil {
		return err
	}
	t, err := newTouch(r, v, why, now, at, g.version(caps))
	if err != nil {
		return err
	}
	t.ID, t.State, t.SeenOnly, t.NextAt, t.ExpiresAt = tx.NewID(), Committed, true, 0, 0
	t.DeliveredAt, t.CommittedAt = at, now
	t.Late = r.Class.Limited() && (had.optedOut != 0 && at >= had.optedOut || !caps.Quiet.Open(at, had.home.or(g.zone)))
	n, err := g.insertTouches(ctx, tx, actObserve, []*Touch{t})
	if err != nil {
		return fmt.Errorf("book an observed touch: %w", err)
	}
	changed(tx, t.CorpID, t.CustomerID)
	if n == 0 {
		return nil
	}
	logTouches(tx, actObserve, now, []*Touch{t})
	if err := g.watchGreeting(ctx, tx, t); err != nil {
		return err
	}
	return g.reached(ctx, tx, []*Touch{t})
}
