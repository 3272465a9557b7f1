package governance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Age is what is known of a minor's age.
type Age string

// The ages that the law knows.
const (
	Under14 Age = "under_14" // nothing but service without the guardian
	Under18 Age = "under_18" // no marketing that is chosen by what is known of them
)

// AgeMark says that a customer is a minor (LAW-08). A person sets and ends it: nothing is guessed.
type AgeMark struct {
	bun.BaseModel `bun:"table:age_mark"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CustomerID string
	Age        Age
	Reason     string // how it is known
	SetBy      string
	SetAt      clock.Time
	EndedID    int64
	EndedAt    clock.Time // 0 = it holds
	EndedBy    string
	EndReason  string
}

// minor is what decisions look at: the age, and what the guardian consents to.
type minor struct {
	age                          Age
	since                        clock.Time
	marketing, lifecycle, traits bool
}

// byTraits is what a step adds to the age where only the choice by traits is refused.
const byTraits = "/traits"

// grant says whether a touch may reach the minor; After of its step counts what the guardian consented to of what it needs.
func (m minor) grant(class Class, traits bool) grant {
	st := Step{RuleID: ruleMinor, Since: m.since, Text: string(m.age)}
	refused := func(ok bool, more string) bool {
		if ok {
			st.After++
			return false
		}
		st.After = 0
		st.Text += more
		return true
	}
	if m.age == Under14 {
		ok := m.lifecycle
		if class == Marketing {
			ok = m.marketing
		}
		if refused(ok, "") {
			return grant{st, false}
		}
	}
	if traits && (class == Marketing || m.age == Under14) && refused(m.traits, byTraits) {
		return grant{st, false}
	}
	return grant{st, true}
}

// reasonMinor says why a minor is not reached, out of what the ledger holds of it.
func reasonMinor(s Step) errs.Text {
	age, traits := strings.CutSuffix(s.Text, byTraits)
	switch {
	case Age(age) == Under14 && traits:
		return errs.T("这位客户登记为未满 14 岁，监护人没有同意按标签和行为挑选。", "This customer is marked as under 14, and the guardian did not agree to a choice by tags and behaviour.")
	case Age(age) == Under14:
		return errs.T("这位客户登记为未满 14 岁，没有监护人对此的同意。", "This customer is marked as under 14, and no guardian's consent to this is on record.")
	}
	return errs.T("这位客户登记为未满 18 岁，不按标签和行为给他们挑选营销。", "This customer is marked as under 18: no marketing is chosen for them by tags or behaviour.")
}

// MarkAge marks a customer as a minor, in the place of the mark in force. What it forbids is given back at once.
func (g *Governor) MarkAge(ctx context.Context, tx *db.Tx, m AgeMark) (*AgeMark, error) {
	if m.Age != Under14 && m.Age != Under18 {
		return nil, errs.Bad("age", "invalid", errs.T("请选：未满 14 岁、未满 18 岁。", "Choose: under 14, under 18."))
	}
	var err error
	if m.Reason, err = said("reason", m.Reason, errs.T("写明是怎么知道的", "Say how it is known")); err != nil {
		return nil, err
	}
	if err := lockKeys(ctx, tx, []string{customerLock(m.CorpID, m.CustomerID)}); err != nil {
		return nil, err
	}
	m.ID, m.SetAt = tx.NewID(), max(g.world.Now(), 1)
	m.EndedID, m.EndedAt, m.EndedBy, m.EndReason = 0, 0, "", ""
	if _, err := g.endMark(ctx, tx, m.CorpID, m.CustomerID, m.ID, m.SetBy, m.Reason); err != nil {
		return nil, err
	}
	if _, err := tx.NewInsert().Model(&m).Exec(ctx); err != nil {
		return nil, fmt.Errorf("mark the age of %s: %w", m.CustomerID, err)
	}
	if err := g.agedChanged(ctx, tx, m.CorpID, m.CustomerID, "age.mark", m.SetBy, audit.Detail{"age": m.Age}); err != nil {
		return nil, err
	}
	return &m, nil
}

// EndAge ends the mark, and with it what a guardian consented to.
func (g *Governor) EndAge(ctx context.Context, tx *db.Tx, corpID, customerID, by, reason string) error {
	reason, err := said("reason", reason, errs.T("写明为什么不再是", "Say why it holds no longer"))
	if err != nil {
		return err
	}
	if err := lockKeys(ctx, tx, []string{customerLock(corpID, customerID)}); err != nil {
		return err
	}
	id := tx.NewID()
	n, err := g.endMark(ctx, tx, corpID, customerID, id, by, reason)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.Missing("年龄标记", "mark of age")
	}
	if _, err := g.endConsents(ctx, tx, corpID, customerID, id, by, "NOT own"); err != nil {
		return err
	}
	return g.agedChanged(ctx, tx, corpID, customerID, "age.end", by, nil)
}

func (g *Governor) endMark(ctx context.Context, tx *db.Tx, corpID, customerID string, endedID int64, by, reason string) (int64, error) {
	res, err := tx.NewUpdate().Model((*AgeMark)(nil)).Set("ended_id = ?", endedID).Set("ended_at = ?", max(g.world.Now(), 1)).
		Set("ended_by = ?", by).Set("end_reason = ?", reason).Where("corp_id = ? AND customer_id = ? AND ended_id = 0", corpID, customerID).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("end the mark of age of %s: %w", customerID, err)
	}
	return res.RowsAffected()
}

// agedChanged notes a change of a minor, tells the audit log, and takes back what they may not get any more.
func (g *Governor) agedChanged(ctx context.Context, tx *db.Tx, corpID, customerID, act, by string, detail audit.Detail) error {
	changed(tx, corpID, customerID)
	now := g.world.Now()
	if err := audit.Log(ctx, tx, audit.Entry{CorpID: corpID, Act: act, Subject: audit.Of("customers", customerID), Who: by, At: now, Detail: detail}); err != nil {
		return err
	}
	return g.tellChosen(ctx, tx, corpID, customerID, now)
}

// Guardian is what a guardian said for a minor.
type Guardian struct {
	CorpID     string
	CustomerID string
	Who        string    // their name, and what they are to the child
	Words      string    // where and how they said so
	Purposes   []Purpose // marketing, lifecycle, traits: to these and nothing else
	By         string
}

// GuardianAgrees records a guardian's consent in the place of the one in force. It lifts nothing that the customer said themselves.
func (g *Governor) GuardianAgrees(ctx context.Context, tx *db.Tx, v Guardian) error {
	var err error
	if v.Who = strings.TrimSpace(v.Who); utf8.RuneCountInString(v.Who) < 2 || utf8.RuneCountInString(v.Who) > maxRef {
		return errs.Bad("guardian", "minor.guardian", errs.Tf("写明监护人是谁、和孩子是什么关系，2 到 %d 个字。", "Say who the guardian is and what they are to the child, in 2 to %d characters.", maxRef))
	}
	if v.Words, err = said("words", v.Words, errs.T("写明在哪里、怎样同意的", "Say where and how they agreed")); err != nil {
		return err
	}
	v.Purposes = slices.Compact(slices.Sorted(slices.Values(v.Purposes)))
	for _, p := range v.Purposes {
		if p != ForMarketing && p != ForLifecycle && p != ForTraits {
			return errs.Bad("purposes", "invalid", errs.T("监护人可以同意的是：营销、售后与关怀、按标签和行为挑选。", "A guardian can agree to: marketing, after-sales and care, a choice by tags and behaviour."))
		}
	}
	if len(v.Purposes) == 0 {
		return errs.Bad("purposes", "minor.purposes", errs.T("至少选一个用途；都不同意就不用登记。", "Choose at least one purpose; a guardian who agrees to none needs no record."))
	}
	if err := lockKeys(ctx, tx, []string{customerLock(v.CorpID, v.CustomerID)}); err != nil {
		return err
	}
	marks, err := marksOf(ctx, g, tx, v.CorpID, []string{v.CustomerID})
	if err != nil {
		return err
	}
	if len(marks) == 0 {
		return errs.New(errs.Conflict, "minor.unmarked", errs.T("先标记年龄，再登记监护人的同意。", "Mark the customer's age first, then record the guardian's consent."))
	}
	id := tx.NewID()
	if _, err := g.endConsents(ctx, tx, v.CorpID, v.CustomerID, id, v.By, "NOT own"); err != nil {
		return err
	}
	for _, p := range v.Purposes {
		c := Consent{CorpID: v.CorpID, ID: tx.NewID(), CustomerID: v.CustomerID, Purpose: p, Guardian: v.Who, Via: "staff", ByWhom: v.By, Words: v.Words}
		if err := g.putConsent(ctx, tx, &c); err != nil {
			return err
		}
	}
	return g.agedChanged(ctx, tx, v.CorpID, v.CustomerID, "guardian.agree", v.By, audit.Detail{"purposes": v.Purposes})
}

// GuardianEnds ends what a guardian consented to.
func (g *Governor) GuardianEnds(ctx context.Context, tx *db.Tx, corpID, customerID, by string) error {
	if err := lockKeys(ctx, tx, []string{customerLock(corpID, customerID)}); err != nil {
		return err
	}
	n, err := g.endConsents(ctx, tx, corpID, customerID, tx.NewID(), by, "NOT own")
	if err != nil || n == 0 {
		return err
	}
	return g.agedChanged(ctx, tx, corpID, customerID, "guardian.end", by, nil)
}

// marksOf are the marks in force.
func marksOf(ctx context.Context, g *Governor, q bun.IDB, corpID string, customerIDs []string) (map[string]*AgeMark, error) {
	if len(customerIDs) == 0 {
		return nil, nil //nolint:nilnil // nobody is marked
	}
	var rows []*AgeMark
	err := g.along(ctx, "customer_id", customerIDs, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw("SELECT * FROM age_mark WHERE corp_id = ? AND ended_id = 0 AND "+where, append([]any{corpID}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read marks of age: %w", err)
	}
	wanted := setOf(customerIDs)
	out := make(map[string]*AgeMark, len(rows))
	for _, r := range rows {
		if wanted[r.CustomerID] {
			out[r.CustomerID] = r
		}
	}
	return out, nil
}

// minorsOf reads who of the customers is a minor, with what counts of their guardians' consents.
func (g *Governor) minorsOf(ctx context.Context, q bun.IDB, corpID string, customerIDs []string) (map[string]minor, error) {
	marks, err := marksOf(ctx, g, q, corpID, customerIDs)
	if err != nil || len(marks) == 0 { // nearly always
		return nil, err
	}
	told, err := noticeIn(ctx, q, corpID, newest)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(marks))
	out := make(map[string]minor, len(marks))
	for id, m := range marks {
		ids = append(ids, id)
		out[id] = minor{age: m.Age, since: m.SetAt}
	}
	var rows []Consent
	err = q.NewRaw("SELECT customer_id, purpose FROM consent WHERE corp_id = ? AND NOT own AND ended_id = 0 AND id > ? AND customer_id IN ?", corpID, told.again, g.db.OneOf(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("read the consents of guardians: %w", err)
	}
	for _, c := range rows {
		out[c.CustomerID] = out[c.CustomerID].with(c.Purpose)
	}
	return out, nil
}

// with is the minor with a guardian's consent.
func (m minor) with(p Purpose) minor {
	m.marketing = m.marketing || p == ForMarketing
	m.lifecycle = m.lifecycle || p == ForLifecycle
	m.traits = m.traits || p == ForTraits
	return m
}

// minorThen is what was known of a customer's age when a touch was decided, and what their guardian had agreed to by the notice of then.
func (g *Governor) minorThen(ctx context.Context, t *Touch, told notice) (minor, error) {
	var marks []AgeMark
	const then = "corp_id = ? AND customer_id = ? AND id < ? AND (ended_id = 0 OR ended_id > ?)"
	err := g.db.Read().NewSelect().Model(&marks).Where(then, t.CorpID, t.CustomerID, t.ID, t.ID).OrderExpr("id DESC").Limit(1).Scan(ctx)
	if err != nil || len(marks) == 0 {
		if err != nil {
			err = fmt.Errorf("read the mark of age of then: %w", err)
		}
		return minor{}, err
	}
	m := minor{age: marks[0].Age, since: marks[0].SetAt}
	var rows []Consent
	err = g.db.Read().NewSelect().Model(&rows).Where(then, t.CorpID, t.CustomerID, t.ID, t.ID).Where("NOT own AND id > ?", told.again).Scan(ctx)
	if err != nil {
		return m, fmt.Errorf("read the guardian's consents of then: %w", err)
	}
	for _, c := range rows {
		m = m.with(c.Purpose)
	}
	return m, nil
}

// AgeMarks are all marks of a customer, the newest first.
func (g *Governor) AgeMarks(ctx context.Context, corpID, customerID string) ([]AgeMark, error) {
	var rows []AgeMark
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ?", corpID, customerID).OrderExpr("id DESC").Limit(50).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the marks of age of %s: %w", customerID, err)
	}
	return rows, nil
}
