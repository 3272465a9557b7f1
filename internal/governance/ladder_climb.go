package governance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Refuse notes a refused text against who wanted to send it, and answers the refusal. The same rule on the same day is one
// hit: correcting a text in steps is no new offence.
func (g *Governor) Refuse(ctx context.Context, corpID, by, campaignID string, f Finding, refusal error) error {
	if by == "" {
		return refusal
	}
	weight := weightBlock
	if f.Severity == Suspend {
		weight = weightHeavy
	}
	now := g.world.Now()
	err := g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return g.hit(ctx, tx, LadderHit{
			CorpID: corpID, Key: fmt.Sprint("text/", by, "/", f.RuleID, "/", int64(now.Day(g.zone))), Subject: OnStaff, SubjectID: by, Weight: weight, RuleID: f.RuleID,
			CampaignID: campaignID, Text: f.Text,
		}, "", "")
	})
	if err != nil {
		return err
	}
	return refusal
}

// Active looks at what each member published by themselves on a day, and cools down who did far more than the others (OWN-05).
func (g *Governor) Active(ctx context.Context, tx *db.Tx, corpID string, day clock.Time, counts map[string]int) error {
	for _, id := range overactive(counts, g.book.plans.MomentsADay) {
		err := g.hit(ctx, tx, LadderHit{
			CorpID: corpID, Key: fmt.Sprint("active/", id, "/", int64(day)), Subject: OnStaff, SubjectID: id, Weight: weightHeavy, RuleID: ruleStaffDay,
			Text: fmt.Sprint(counts[id]),
		}, "", "")
		if err != nil {
			return err
		}
	}
	return nil
}

// Harmed looks at what a campaign cost its receivers (FTG-12): sent are those who got it, lost those who said stop,
// complained or deleted their member after it.
func (g *Governor) Harmed(ctx context.Context, tx *db.Tx, corpID, campaignID, title, author string, sent, lost int) error {
	weight := g.book.plans.Brake.weight(sent, lost)
	if weight == 0 {
		return nil
	}
	return g.hit(ctx, tx, LadderHit{
		CorpID: corpID, Key: "harm/" + campaignID, Subject: OnCampaign, SubjectID: campaignID, Weight: weight, RuleID: ruleHarm, CampaignID: campaignID,
		Text: fmt.Sprint(lost, " / ", sent),
	}, title, author)
}

// MemberHarmed looks at what 30 days of a member's mass messages cost their receivers (FTG-12), with the same bounds as for a campaign.
// It is one hit in 30 days, however many leave: the days in which the same people still count are no new offences.
func (g *Governor) MemberHarmed(ctx context.Context, tx *db.Tx, corpID, staffID string, sent, lost int) error {
	weight := g.book.plans.Brake.weight(sent, lost)
	if weight == 0 {
		return nil
	}
	return g.hitOnce(ctx, tx, LadderHit{CorpID: corpID, Key: "harm/" + staffID, Subject: OnStaff, SubjectID: staffID, Weight: weight, RuleID: ruleHarm, Text: fmt.Sprint(lost, " / ", sent)})
}

// weight of so many lost out of so many; 0 = nothing speaks against it.
func (b Brake) weight(sent, lost int) int {
	switch share := float64(lost); {
	case sent < b.MinSample || lost == 0 || share < b.Warn*float64(sent):
		return 0
	case share < b.Pause*float64(sent):
		return weightHeavy
	}
	return weightPause
}

// Adding looks at how many requests to become contacts a member sent on a day, and at how many customers they got (WC-09). Too many
// requests are a notice; when hardly anybody accepts, marketing rests, before WeCom limits the account. It is one hit in 30 days.
func (g *Governor) Adding(ctx context.Context, tx *db.Tx, corpID, staffID string, day clock.Time, requests, added int) error {
	bound, weight := g.book.plans.Adding, 0
	if requests > bound.PerDay {
		weight = weightBlock
	}
	if requests >= bound.MinSample && float64(added) < bound.MinAccept*float64(requests) {
		weight = weightHeavy
	}
	if weight == 0 {
		return nil
	}
	return g.hitOnce(ctx, tx, LadderHit{
		CorpID: corpID, Key: fmt.Sprint("adding/", staffID, "/", int64(day)), Subject: OnStaff, SubjectID: staffID, Weight: weight, RuleID: ruleAdding,
		Text: fmt.Sprint(added, " / ", requests),
	})
}

// hitOnce notes a hit of a rule that looks at a stretch of time, unless one of it stands already: it leads no higher than its own
// weight. What grew worse makes that one heavier; one that an appeal took away stays away until its time is over.
func (g *Governor) hitOnce(ctx context.Context, tx *db.Tx, h LadderHit) error {
	if err := lockSubject(ctx, tx, h.CorpID, h.Subject, h.SubjectID); err != nil {
		return err
	}
	now := g.world.Now()
	last := new(LadderHit)
	err := tx.NewSelect().Model(last).Where("corp_id = ? AND subject = ? AND subject_id = ? AND rule_id = ? AND at > ?",
		h.CorpID, h.Subject, h.SubjectID, h.RuleID, now.Add(-hitWindow)).OrderExpr("id DESC").Limit(1).Scan(ctx)
	switch {
	case db.IsNoRows(err):
		h.Key += fmt.Sprint("/", int64(now))
	case err != nil:
		return fmt.Errorf("look for what %s says of %s: %w", h.RuleID, h.SubjectID, err)
	case last.RemovedAt != 0 || last.Weight >= h.Weight:
		return nil
	default:
		h.Key = last.Key
	}
	return g.hit(ctx, tx, h, "", "")
}

// hit notes what speaks against somebody, and takes the step that follows.
func (g *Governor) hit(ctx context.Context, tx *db.Tx, h LadderHit, title, author string) error {
	if err := lockSubject(ctx, tx, h.CorpID, h.Subject, h.SubjectID); err != nil {
		return err
	}
	now := g.world.Now()
	h.At = max(now, 1)
	changed, err := addHit(ctx, tx, &h)
	if err != nil || !changed {
		return err
	}
	hits, err := hitsOf(ctx, tx, h.CorpID, h.Subject, h.SubjectID, now)
	if err != nil {
		return err
	}
	last, err := lastStep(ctx, tx, h.CorpID, h.Subject, h.SubjectID)
	if err != nil {
		return err
	}
	weight, ids, rules := 0, []int64{}, []string{}
	for _, x := range hits {
		weight += x.Weight
		ids = append(ids, x.ID)
		if !slices.Contains(rules, x.RuleID) {
			rules = append(rules, x.RuleID)
		}
	}
	if last != nil && last.EndedAt == 0 && last.Rung >= Suspended { // nothing goes out anyway; it stays on the record
		if err := last.because(rules, ids); err != nil {
			return err
		}
		return saveStep(ctx, tx, last)
	}
	s := &LadderStep{
		CorpID: h.CorpID, Subject: h.Subject, SubjectID: h.SubjectID, Title: title, Author: author, Rung: climb(weight, last.standing(now)), State: StepInForce, ByWhom: byLadder,
	}
	if err := s.because(rules, ids); err != nil {
		return err
	}
	return g.take(ctx, tx, last, s)
}

// because writes the cause of a step.
func (s *LadderStep) because(rules []string, hits []int64) error {
	r, err := json.Marshal(append([]string{}, rules...))
	if err != nil {
		return fmt.Errorf("write the rules of a step: %w", err)
	}
	h, err := json.Marshal(append([]int64{}, hits...))
	if err != nil {
		return fmt.Errorf("write the hits of a step: %w", err)
	}
	s.Rules, s.Hits = string(r), string(h)
	return nil
}

// take puts a step into force, in place of the last one, and stops what it stops.
func (g *Governor) take(ctx context.Context, tx *db.Tx, last, s *LadderStep) error {
	now := max(g.world.Now(), 1)
	if last != nil && last.EndedAt == 0 {
		last.EndedAt, last.EndedBy, last.EndedWhy, last.State = now, s.ByWhom, endedReplaced, StepEnded
		if err := saveStep(ctx, tx, last); err != nil {
			return err
		}
	}
	s.ID, s.Since = tx.NewID(), now
	if d := s.Rung.lasts(); d > 0 {
		s.Until = now.Add(d)
	}
	if _, err := tx.NewInsert().Model(s).Exec(ctx); err != nil {
		return fmt.Errorf("take a step on the ladder: %w", err)
	}
	if err := g.stop(ctx, tx, s); err != nil {
		return err
	}
	if s.Subject == OnStaff && s.Rung >= Suspended { // the corp's own ladder counts its suspended members
		err := g.hit(ctx, tx, LadderHit{
			CorpID: s.CorpID, Key: fmt.Sprint("suspended/", s.ID), Subject: OnCorp, Weight: weightBlock, RuleID: ruleLadder, Text: s.SubjectID,
		}, "", "")
		if err != nil {
			return err
		}
	}
	return g.tellLadder(ctx, tx, s)
}

func (g *Governor) tellLadder(ctx context.Context, tx *db.Tx, s *LadderStep) error {
	for _, f := range g.OnLadder {
		if err := f(ctx, tx, *s); err != nil {
			return fmt.Errorf("tell of a step on the ladder: %w", err)
		}
	}
	return nil
}

// stop ends what is on its way, where the step asks for more than that nothing new begins.
func (g *Governor) stop(ctx context.Context, tx *db.Tx, s *LadderStep) error {
	switch {
	case s.Subject == OnCampaign && s.Rung >= Paused: // what members have not confirmed is taken back
		for _, f := range g.OnHalt {
			if err := f(ctx, tx, Halted{CorpID: s.CorpID, CampaignID: s.SubjectID, At: s.Since}); err != nil {
				return fmt.Errorf("tell that a campaign is stopped: %w", err)
			}
		}
		return nil
	case s.Rung >= Suspended:
		return g.HaltSending(ctx, tx, s.CorpID, s.SubjectID, byLadder, s.Rung.Name().ZH+" · "+s.Rung.Name().EN)
	}
	return nil
}

// endStep ends a step, and lets sending go on where the ladder had stopped it.
func (g *Governor) endStep(ctx context.Context, tx *db.Tx, s *LadderStep, by, why string) error {
	s.EndedAt, s.EndedBy, s.EndedWhy, s.State = max(g.world.Now(), 1), by, why, StepEnded
	if err := saveStep(ctx, tx, s); err != nil {
		return err
	}
	if s.Subject != OnCampaign && s.Rung >= Suspended {
		var rows []Halt
		err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND staff_id = ? AND lifted_at = 0 AND by_whom = ?", s.CorpID, s.SubjectID, byLadder).Scan(ctx)
		if err != nil {
			return fmt.Errorf("look for what the ladder stopped: %w", err)
		}
		for _, h := range rows {
			if err := g.liftHalt(ctx, tx, s.CorpID, h.ID, by); err != nil {
				return err
			}
		}
	}
	return g.tellLadder(ctx, tx, s)
}

// Grave takes somebody to the last rung: two persons saw that a text was gambling, pornography, fraud or illegal goods.
func (g *Governor) Grave(ctx context.Context, tx *db.Tx, corpID, author, first, second, reason string, rules []string) error {
	if err := lockSubject(ctx, tx, corpID, OnStaff, author); err != nil {
		return err
	}
	last, err := lastStep(ctx, tx, corpID, OnStaff, author)
	if err != nil {
		return err
	}
	if last != nil && last.EndedAt == 0 && last.Rung == Stopped {
		return nil
	}
	s := &LadderStep{
		CorpID: corpID, Subject: OnStaff, SubjectID: author, Rung: Stopped, State: StepInForce, Reason: reason, ByWhom: first, ConfirmedBy: second, ConfirmedAt: max(g.world.Now(), 1),
	}
	if err := s.because(rules, nil); err != nil {
		return err
	}
	return g.take(ctx, tx, last, s)
}

// Watched says whether everything that somebody submits goes to a second person: they stand on the third rung or above.
func (g *Governor) Watched(ctx context.Context, corpID, account string) (bool, error) {
	last, err := lastStep(ctx, g.db.Read(), corpID, OnStaff, account)
	return last.standing(g.world.Now()) >= Paused, err
}

const (
	leastWords = 2
	mostWords  = 500
)

// said checks words that a person has to give.
func said(field, text string, ask errs.Text) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n < leastWords || n > mostWords {
		return "", errs.Bad(field, "governance.ladder_words", errs.T(
			fmt.Sprintf("%s，%d 到 %d 个字。", ask.ZH, leastWords, mostWords), fmt.Sprintf("%s in %d to %d characters.", ask.EN, leastWords, mostWords)))
	}
	return text, nil
}

// wait says until when, in the corp's zone.
func (g *Governor) wait(t clock.Time) string { return t.In(g.zone).Format(time.DateOnly + " 15:04") }
