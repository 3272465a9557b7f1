package autoreply

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

type ruleRow struct {
	bun.BaseModel `bun:"table:autoreply"`

	CorpID    string `bun:",pk"`
	ID        int64  `bun:",pk"`
	Name      string
	Enabled   bool
	Priority  int
	Accounts  string
	Patterns  string
	Answer    string
	Hours     string
	Matched   int64
	CreatedAt clock.Time
	UpdatedAt clock.Time
}

func rowOf(r Rule) (ruleRow, error) {
	row := ruleRow{
		CorpID: r.CorpID, ID: r.ID, Name: r.Name, Enabled: r.Enabled, Priority: r.Priority, Matched: r.Matched,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	for _, part := range []struct {
		to   *string
		from any
	}{{&row.Accounts, r.Accounts}, {&row.Patterns, r.Patterns}, {&row.Answer, r.Answer}, {&row.Hours, r.Hours}} {
		b, err := json.Marshal(part.from)
		if err != nil {
			return ruleRow{}, fmt.Errorf("write keyword rule %d: %w", r.ID, err)
		}
		*part.to = string(b)
	}
	return row, nil
}

func (row ruleRow) rule() (Rule, error) {
	r := Rule{
		CorpID: row.CorpID, ID: row.ID, Name: row.Name, Enabled: row.Enabled, Priority: row.Priority, Matched: row.Matched,
		CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
	}
	for _, part := range []struct {
		from string
		to   any
	}{{row.Accounts, &r.Accounts}, {row.Patterns, &r.Patterns}, {row.Answer, &r.Answer}, {row.Hours, &r.Hours}} {
		if err := json.Unmarshal([]byte(part.from), part.to); err != nil {
			return Rule{}, fmt.Errorf("read keyword rule %d: %w", row.ID, err)
		}
	}
	return r, nil
}

// listRules reads all rules of the corp, the strongest first.
func listRules(ctx context.Context, q bun.IDB, corpID string) ([]Rule, error) {
	var rows []ruleRow
	err := q.NewSelect().Model(&rows).Where("corp_id = ?", corpID).OrderExpr("priority DESC, id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list keyword rules: %w", err)
	}
	rules := make([]Rule, len(rows))
	for i, row := range rows {
		if rules[i], err = row.rule(); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

func getRule(ctx context.Context, q bun.IDB, corpID string, id int64) (Rule, error) {
	var row ruleRow
	err := q.NewSelect().Model(&row).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return Rule{}, errs.Missing("关键词规则", "keyword rule")
	}
	if err != nil {
		return Rule{}, fmt.Errorf("read keyword rule %d: %w", id, err)
	}
	return row.rule()
}

func saveRule(ctx context.Context, tx *db.Tx, r Rule) error {
	row, err := rowOf(r)
	if err != nil {
		return err
	}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (corp_id, id) DO UPDATE").Set("name = EXCLUDED.name").
		Set("enabled = EXCLUDED.enabled").Set("priority = EXCLUDED.priority").Set("accounts = EXCLUDED.accounts").
		Set("patterns = EXCLUDED.patterns").Set("answer = EXCLUDED.answer").Set("hours = EXCLUDED.hours").
		Set("updated_at = EXCLUDED.updated_at").Exec(ctx) // matched is counted elsewhere
	if err != nil {
		return fmt.Errorf("store keyword rule %d: %w", r.ID, err)
	}
	return nil
}

func deleteRule(ctx context.Context, tx *db.Tx, corpID string, id int64) (bool, error) {
	res, err := tx.NewDelete().Model((*ruleRow)(nil)).Where("corp_id = ? AND id = ?", corpID, id).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("delete keyword rule %d: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// countMatch counts a message that the rule answered.
func countMatch(ctx context.Context, tx *db.Tx, corpID string, id int64) error {
	_, err := tx.NewUpdate().Model((*ruleRow)(nil)).Set("matched = matched + 1").Where("corp_id = ? AND id = ?", corpID, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("count a match of keyword rule %d: %w", id, err)
	}
	return nil
}

func changed(ctx context.Context, tx *db.Tx, corpID string) error {
	_, err := tx.NewRaw("INSERT INTO autoreply_rev (corp_id, rev) VALUES (?, 1) ON CONFLICT (corp_id) DO UPDATE SET rev = autoreply_rev.rev + 1",
		corpID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note that keyword rules changed: %w", err)
	}
	return nil
}

func revision(ctx context.Context, q bun.IDB, corpID string) (int64, error) {
	var rev int64
	err := q.NewRaw("SELECT rev FROM autoreply_rev WHERE corp_id = ?", corpID).Scan(ctx, &rev)
	if err != nil && !db.IsNoRows(err) {
		return 0, fmt.Errorf("read the revision of keyword rules: %w", err)
	}
	return rev, nil
}
