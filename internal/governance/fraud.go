package governance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// FraudState says what became of words that were found to be fraud.
type FraudState string

// The states.
const (
	FraudOpen      FraudState = "open"      // an owner has to look
	FraudConfirmed FraudState = "confirmed" // it is; the campaign stays frozen until two persons let it go on
	FraudMistaken  FraudState = "mistaken"  // it is not; the campaign may go on
)

// FraudCase is words that were found to be fraud (LAW-35), kept as evidence: by a content rule that refused them, or by a person who
// reviewed them. The campaign that holds them is frozen at once, by the ladder.
type FraudCase struct {
	bun.BaseModel `bun:"table:fraud_case"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CampaignID string // empty = the words were kept nowhere
	Title      string
	Author     string
	Source     string // guard, review
	Words      string // JSON
	Findings   string // JSON
	Version    string
	FoundBy    string // the reviewer; empty = the rules
	FoundAt    clock.Time
	Digest     string
	StepID     int64
	State      FraudState
	DecidedBy  string
	DecidedAt  clock.Time
	Note       string
}

// Said is the words that were refused, or given back, and what the rules say to them.
type Said struct {
	Title  string // of what they belong to
	Fields []Field
	Check  Check
	Freeze bool // the campaign holds these words, or runs and was to say them
}

// spot is one finding as the evidence keeps it.
type spot struct {
	RuleID string `json:"rule_id"`
	Field  string `json:"field"`
	Start  int    `json:"start" doc:"in UTF-16 units; start = end = 0: the whole message"`
	End    int    `json:"end"`
	Text   string `json:"text"`
	Layer  string `json:"layer" doc:"what found it: pattern, lexicon, classifier, ..."`
}

// FraudField is one string of the words.
type FraudField struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

func (c *FraudCase) spots() (out []spot) {
	_ = json.Unmarshal([]byte(c.Findings), &out) // written by us
	return out
}

func (c *FraudCase) words() (out []FraudField) {
	_ = json.Unmarshal([]byte(c.Words), &out) // written by us
	return out
}

// digest is what the audit log says of the case.
func (c *FraudCase) digest() string {
	raw, _ := json.Marshal([]string{c.CorpID, c.CampaignID, c.Title, c.Author, c.Source, c.Words, c.Findings, c.Version, c.FoundBy}) // strings always encode
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// say writes the words and findings into the case.
func (c *FraudCase) say(s Said) error {
	fields, spots := make([]FraudField, len(s.Fields)), make([]spot, len(s.Check.Findings))
	for i, f := range s.Fields {
		fields[i] = FraudField(f)
	}
	for i, f := range s.Check.Findings {
		spots[i] = spot{f.RuleID, f.Field, f.Start, f.End, f.Text, string(f.Layer)}
	}
	words, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("write the words of a fraud: %w", err)
	}
	found, err := json.Marshal(spots)
	if err != nil {
		return fmt.Errorf("write the findings of a fraud: %w", err)
	}
	c.Title, c.Words, c.Findings = s.Title, string(words), string(found)
	return nil
}

// fraudulent says whether a rule that refuses what is fraud refused it.
func (g *Governor) fraudulent(c Check) bool {
	return slices.ContainsFunc(c.Findings, func(f Finding) bool { return f.Severity.Refuses() && slices.Contains(g.book.fraud, f.RuleID) })
}

// Suspect keeps the evidence of words that the content rules refused, when they are fraud, and freezes the campaign that holds them.
// Other words are left to Refuse.
func (g *Governor) Suspect(ctx context.Context, corpID, by, campaignID string, s Said) error {
	if !g.fraudulent(s.Check) {
		return nil
	}
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return g.Fraud(ctx, tx, &FraudCase{CorpID: corpID, CampaignID: campaignID, Author: by, Source: "guard"}, s)
	})
}

// Fraud keeps evidence of words and freezes the campaign that holds them: nothing more of it goes out, and what members have not
// confirmed is taken back. The same words of the same campaign are one case.
func (g *Governor) Fraud(ctx context.Context, tx *db.Tx, c *FraudCase, s Said) error {
	if err := c.say(s); err != nil {
		return err
	}
	now := max(g.world.Now(), 1)
	c.ID, c.Version, c.FoundAt, c.State = tx.NewID(), g.book.Version, now, FraudOpen
	c.Digest = c.digest()
	if err := tx.Lock(ctx, "fraud/"+c.CorpID+"/"+c.Digest); err != nil {
		return err
	}
	known, err := tx.NewSelect().Model((*FraudCase)(nil)).Where("corp_id = ? AND digest = ?", c.CorpID, c.Digest).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for a case of fraud: %w", err)
	}
	if known > 0 {
		return nil
	}
	if s.Freeze && c.CampaignID != "" {
		if c.StepID, err = g.freeze(ctx, tx, c); err != nil {
			return err
		}
	}
	if _, err := tx.NewInsert().Model(c).Exec(ctx); err != nil {
		return fmt.Errorf("keep evidence of fraud: %w", err)
	}
	return g.logFraud(ctx, tx, "fraud.found", c.FoundBy, c, audit.Detail{"digest": c.Digest, "campaign": c.CampaignID, "source": c.Source, "rules": rulesOf(c)})
}

func rulesOf(c *FraudCase) []string {
	rules := []string{ruleFraud}
	for _, f := range c.spots() {
		if !slices.Contains(rules, f.RuleID) {
			rules = append(rules, f.RuleID)
		}
	}
	return rules
}

func (g *Governor) logFraud(ctx context.Context, tx *db.Tx, act, who string, c *FraudCase, d audit.Detail) error {
	if who == "" {
		who = audit.System
	}
	return audit.Log(ctx, tx, audit.Entry{CorpID: c.CorpID, Act: act, Subject: audit.Of("fraud", strconv.FormatInt(c.ID, 10)), Who: who, At: g.world.Now(), Detail: d})
}

// freeze takes the campaign to the rung on which nothing of it goes out, and answers the step that does so.
func (g *Governor) freeze(ctx context.Context, tx *db.Tx, c *FraudCase) (int64, error) {
	return g.frozen(ctx, tx, c, &LadderStep{Rung: Suspended, ByWhom: byLadder})
}

// frozen takes the campaign of a case up to the rung of s, unless it stands there already.
func (g *Governor) frozen(ctx context.Context, tx *db.Tx, c *FraudCase, s *LadderStep) (int64, error) {
	if err := lockSubject(ctx, tx, c.CorpID, OnCampaign, c.CampaignID); err != nil {
		return 0, err
	}
	last, err := lastStep(ctx, tx, c.CorpID, OnCampaign, c.CampaignID)
	if err != nil {
		return 0, err
	}
	if last != nil && last.EndedAt == 0 && last.Rung >= s.Rung {
		return last.ID, nil
	}
	s.CorpID, s.Subject, s.SubjectID, s.Title, s.Author, s.State = c.CorpID, OnCampaign, c.CampaignID, c.Title, c.Author, StepInForce
	if err := s.because(rulesOf(c), nil); err != nil {
		return 0, err
	}
	if err := g.take(ctx, tx, last, s); err != nil {
		return 0, err
	}
	return s.ID, nil
}

// DecideFraud is what an owner makes of a case. Confirmed, the campaign comes to the last rung and note says who was warned and to
// whom it was reported; mistaken, it may go on. What was taken back stays taken back. The evidence stays either way.
func (g *Governor) DecideFraud(ctx context.Context, corpID string, id int64, by string, confirmed bool, note string) error {
	note, err := said("note", note, errs.T("写明怎么处理的：提醒了谁、报给了谁，或者为什么不是", "Say what was done: who was warned, to whom it was reported, or why it is none"))
	if err != nil {
		return err
	}
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, fmt.Sprint("fraud-case/", corpID, "/", id)); err != nil {
			return err
		}
		c := new(FraudCase)
		err := tx.NewSelect().Model(c).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
		switch {
		case db.IsNoRows(err):
			return errs.Missing("诈骗线索", "case of fraud")
		case err != nil:
			return fmt.Errorf("read a case of fraud: %w", err)
		case c.State != FraudOpen:
			return errs.New(errs.Conflict, "governance.fraud_decided", errs.T("有人已经处理了。", "Somebody has decided already."))
		case by == c.Author:
			return errs.New(errs.Forbidden, "governance.fraud_own", errs.T("写它的人不能处理，请另一位所有者来做。", "Whoever wrote it does not decide. Ask another owner."))
		}
		c.State, c.DecidedBy, c.DecidedAt, c.Note = FraudMistaken, by, max(g.world.Now(), 1), note
		if confirmed {
			c.State = FraudConfirmed
		}
		if err := g.after(ctx, tx, c); err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model(c).WherePK().Column("state", "decided_by", "decided_at", "note", "step_id").Exec(ctx)
		if err != nil {
			return fmt.Errorf("decide a case of fraud: %w", err)
		}
		return g.logFraud(ctx, tx, "fraud.decide", by, c, audit.Detail{"state": c.State})
	})
}

// after does with the campaign what the decision says.
func (g *Governor) after(ctx context.Context, tx *db.Tx, c *FraudCase) (err error) {
	if c.StepID == 0 {
		return nil
	}
	if c.State == FraudConfirmed {
		c.StepID, err = g.frozen(ctx, tx, c, &LadderStep{Rung: Stopped, ByWhom: byLadder, Reason: c.Note, ConfirmedBy: c.DecidedBy, ConfirmedAt: c.DecidedAt})
		return err
	}
	s, err := lockStep(ctx, tx, c.CorpID, c.StepID)
	if err != nil || s.EndedAt != 0 {
		return err
	}
	others, err := tx.NewSelect().Model((*FraudCase)(nil)).Where("corp_id = ? AND step_id = ? AND id <> ? AND state <> ?", c.CorpID, c.StepID, c.ID, FraudMistaken).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for other cases of %s: %w", c.CampaignID, err)
	}
	if others > 0 || s.ByWhom != byLadder { // something else holds it, too
		return nil
	}
	return g.endStep(ctx, tx, s, c.DecidedBy, endedRejected)
}

// fraudOpen says that a step freezes what may be fraud, and that no owner has looked yet.
func (g *Governor) fraudOpen(ctx context.Context, tx *db.Tx, s *LadderStep) error {
	n, err := tx.NewSelect().Model((*FraudCase)(nil)).Where("corp_id = ? AND step_id = ? AND state = ?", s.CorpID, s.ID, FraudOpen).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for open cases of fraud: %w", err)
	}
	if n > 0 {
		return errs.New(errs.Conflict, "governance.fraud_open", errs.T("它因疑似诈骗冻结，先由所有者处理那条线索（LAW-35）。",
			"It is frozen because of what looks like fraud: an owner decides about that first (LAW-35)."))
	}
	return nil
}

// Frauds lists cases, those that wait for an owner first.
func (g *Governor) Frauds(ctx context.Context, corpID string, limit int) ([]*FraudCase, error) {
	var rows []*FraudCase
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ?", corpID).
		OrderExpr("CASE WHEN state = ? THEN 0 ELSE 1 END, id DESC", FraudOpen).Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list cases of fraud: %w", err)
	}
	return rows, nil
}

// Intact says whether a case is as it was found, by the audit log.
func (g *Governor) Intact(ctx context.Context, c *FraudCase) (bool, error) {
	found, err := audit.Found(ctx, g.db.Read(), c.CorpID, "fraud.found", audit.Of("fraud", strconv.FormatInt(c.ID, 10)))
	if err != nil || len(found) == 0 {
		return false, err
	}
	return c.digest() == c.Digest && found[0]["digest"] == c.Digest, nil
}
