package db

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// Ask runs a query that is asked again and again, and reads its rows into dest. Its arguments stand as ?0, ?1 ... and are numbers,
// texts or booleans. On SQLite it is prepared: to read such a text costs several times what it takes to answer it.
func (d *DB) Ask(ctx context.Context, dest any, query string, args ...any) error {
	if d.Engine != SQLite {
		return d.read.NewRaw(query, args...).Scan(ctx, dest)
	}
	stmt, err := d.asked(ctx, query, len(args)) //nolint:sqlclosecheck // it is kept until the database is closed
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	if err := d.read.ScanRows(ctx, rows, dest); err != nil {
		return err
	}
	return rows.Err()
}

// asked is the prepared statement of a query; each is prepared once.
func (d *DB) asked(ctx context.Context, query string, args int) (*sql.Stmt, error) {
	d.statementsMu.Lock()
	stmt := d.questions[query]
	d.statementsMu.Unlock()
	if stmt != nil {
		return stmt, nil
	}
	numbered := query
	for n := args - 1; n >= 0; n-- { // SQLite counts from 1
		numbered = strings.ReplaceAll(numbered, "?"+strconv.Itoa(n), "?"+strconv.Itoa(n+1))
	}
	made, err := d.read.DB.PrepareContext(ctx, numbered)
	if err != nil {
		return nil, fmt.Errorf("prepare %.80s: %w", query, err)
	}
	d.statementsMu.Lock()
	defer d.statementsMu.Unlock()
	if stmt := d.questions[query]; stmt != nil { // somebody was faster
		_ = made.Close() //nolint:sqlclosecheck // the other one is kept
		return stmt, nil
	}
	d.questions[query] = made
	return made, nil
}
