package kf

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

type accountRow struct {
	bun.BaseModel `bun:"table:kf_account,alias:a"`

	CorpID    string `bun:",pk"`
	ID        string `bun:",pk"`
	Name      string
	Avatar    string
	Managed   bool
	Live      bool
	Desk      Desk
	Greeting  string
	Unmatched string
	Handoff   string
	Parting   string
	Link      string
}

type servicerRow struct {
	bun.BaseModel `bun:"table:kf_servicer"`

	CorpID       string `bun:",pk"`
	AccountID    string `bun:",pk"`
	StaffID      string `bun:",pk"`
	DepartmentID int64  `bun:",pk"`
	Receiving    bool
}

type cursorRow struct {
	bun.BaseModel `bun:"table:kf_cursor,alias:cu"`

	CorpID    string `bun:",pk"`
	AccountID string `bun:",pk"`
	Cursor    string
	Token     string
	TokenAt   clock.Time
	Wanted    int64
	Done      int64
}

type customerRow struct {
	bun.BaseModel `bun:"table:kf_customer"`

	CorpID string `bun:",pk"`
	ID     string `bun:",pk"`
	Name   string
	Avatar string
}

func (r accountRow) account() Account {
	return Account{
		ID: r.ID, Name: r.Name, Avatar: r.Avatar, Managed: r.Managed, Live: r.Live, Desk: r.Desk, Greeting: r.Greeting,
		Unmatched: r.Unmatched, Handoff: r.Handoff, Parting: r.Parting, Link: r.Link,
	}
}

func newAccount(corpID, id string) accountRow {
	return accountRow{
		CorpID: corpID, ID: id, Live: true, Managed: true, Desk: Console, Unmatched: defaultUnmatched, Handoff: defaultHandoff,
	}
}

func getAccount(ctx context.Context, q bun.IDB, corpID, id string) (accountRow, bool, error) {
	var row accountRow
	err := q.NewSelect().Model(&row).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return row, false, nil
	}
	if err != nil {
		return row, false, fmt.Errorf("read kf account %s: %w", id, err)
	}
	return row, true, nil
}

// putAccount stores what WeCom tells of an account; what is set here stays.
func putAccount(ctx context.Context, tx *db.Tx, row accountRow) error {
	_, err := tx.NewInsert().Model(&row).On("CONFLICT (corp_id, id) DO UPDATE").Set("name = EXCLUDED.name").
		Set("avatar = EXCLUDED.avatar").Set("managed = EXCLUDED.managed").Set("live = EXCLUDED.live").Exec(ctx)
	if err != nil {
		return fmt.Errorf("store kf account %s: %w", row.ID, err)
	}
	return nil
}

func listAccounts(ctx context.Context, q bun.IDB, corpID string) ([]Account, error) {
	var rows []accountRow
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND live", corpID).OrderExpr("name, id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list kf accounts: %w", err)
	}
	var servicers []servicerRow
	if err := q.NewSelect().Model(&servicers).Where("corp_id = ?", corpID).OrderExpr("staff_id, department_id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list who serves kf accounts: %w", err)
	}
	by := map[string][]Servicer{}
	for _, r := range servicers {
		by[r.AccountID] = append(by[r.AccountID], Servicer{StaffID: r.StaffID, DepartmentID: r.DepartmentID, Receiving: r.Receiving})
	}
	accounts := make([]Account, len(rows))
	for i, r := range rows {
		accounts[i] = r.account()
		accounts[i].Servicers = by[r.ID]
	}
	return accounts, nil
}

func putServicers(ctx context.Context, tx *db.Tx, corpID, accountID string, list []Servicer) error {
	_, err := tx.NewDelete().Model((*servicerRow)(nil)).Where("corp_id = ? AND account_id = ?", corpID, accountID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("replace who serves kf account %s: %w", accountID, err)
	}
	if len(list) == 0 {
		return nil
	}
	rows := make([]servicerRow, len(list))
	for i, s := range list {
		rows[i] = servicerRow{CorpID: corpID, AccountID: accountID, StaffID: s.StaffID, DepartmentID: s.DepartmentID, Receiving: s.Receiving}
	}
	if _, err := tx.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return fmt.Errorf("store who serves kf account %s: %w", accountID, err)
	}
	return nil
}

// want notes that an account has news, with the callback's token, and answers the number of this want.
func want(ctx context.Context, tx *db.Tx, corpID, accountID, token string, now clock.Time) (int64, error) {
	row := cursorRow{CorpID: corpID, AccountID: accountID, Token: token, TokenAt: now, Wanted: 1}
	q := tx.NewInsert().Model(&row).On("CONFLICT (corp_id, account_id) DO UPDATE").Set("wanted = cu.wanted + 1")
	if token != "" {
		q.Set("token = EXCLUDED.token").Set("token_at = EXCLUDED.token_at")
	}
	if _, err := q.Exec(ctx); err != nil {
		return 0, fmt.Errorf("note news of kf account %s: %w", accountID, err)
	}
	c, err := getCursor(ctx, tx, corpID, accountID)
	return c.Wanted, err
}

func getCursor(ctx context.Context, q bun.IDB, corpID, accountID string) (cursorRow, error) {
	var row cursorRow
	err := q.NewSelect().Model(&row).Where("corp_id = ? AND account_id = ?", corpID, accountID).Scan(ctx)
	if err != nil && !db.IsNoRows(err) {
		return row, fmt.Errorf("read the cursor of kf account %s: %w", accountID, err)
	}
	return row, nil
}

// moveCursor moves the cursor from where the page was read. When somebody else moved it, the page is not ours to store.
func moveCursor(ctx context.Context, tx *db.Tx, corpID, accountID, from, to string, done int64) error {
	res, err := tx.NewUpdate().Model((*cursorRow)(nil)).Set("cursor = ?", to).
		Set("done = CASE WHEN done < ? THEN ? ELSE done END", done, done).
		Where("corp_id = ? AND account_id = ? AND cursor = ?", corpID, accountID, from).Exec(ctx)
	if err != nil {
		return fmt.Errorf("move the cursor of kf account %s: %w", accountID, err)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = errors.New("it was moved meanwhile")
	}
	if err != nil {
		return fmt.Errorf("move the cursor of kf account %s: %w", accountID, err)
	}
	return nil
}
