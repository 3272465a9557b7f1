package db

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// boundRows is how many rows one prepared statement of InsertAlike writes on SQLite, mostStatements how many are kept.
const (
	boundRows      = 100
	mostStatements = 64
)

// InsertAlike inserts rows of one model that agree in most of their columns, says once what they agree in, and answers how
// many were written: to read a long statement costs more than to do it. conflict is the rest of the statement,
// "ON CONFLICT ...", without arguments.
func InsertAlike[T any](ctx context.Context, tx *Tx, rows []*T, conflict string) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	table := tx.DB.write.Table(reflect.TypeFor[T]())
	values := make([]reflect.Value, len(rows))
	for j, r := range rows {
		values[j] = reflect.ValueOf(r).Elem()
	}
	differs := make([]bool, len(table.Fields))
	plain := tx.DB.Engine == SQLite // all columns can be bound as they are
	for i, f := range table.Fields {
		first := f.Value(values[0])
		_, ok := bindable(first)
		plain = plain && ok
		differs[i] = slices.ContainsFunc(values[1:], func(v reflect.Value) bool { return !alike(first, f.Value(v)) })
	}
	in := insertion{table: table, differs: differs, conflict: conflict}
	n := int64(0)
	for len(values) > 0 {
		var res sql.Result
		var err error
		part := values
		if plain && len(values) >= boundRows {
			part = values[:boundRows]
			res, err = tx.bound(ctx, in, part)
		} else {
			res, err = tx.Tx.Tx.ExecContext(ctx, in.literal(tx.DB.write.QueryGen(), part)) // as it is: what looks like an argument is part of a text
		}
		if err != nil {
			return n, fmt.Errorf("insert %d rows into %s: %w", len(part), table.Name, err)
		}
		written, err := res.RowsAffected()
		if err != nil {
			return n, fmt.Errorf("insert %d rows into %s: %w", len(part), table.Name, err)
		}
		n, values = n+written, values[len(part):]
	}
	return n, nil
}

// insertion is the statement of InsertAlike: which columns say the same in all rows.
type insertion struct {
	table    *schema.Table
	differs  []bool
	conflict string
}

// write puts the statement together: same and row write what stands for a column that is shared, and for one row's own.
func (in insertion) write(rows int, same func(q *bytes.Buffer, f *schema.Field), row func(q *bytes.Buffer, j int, f *schema.Field)) string {
	var q bytes.Buffer
	q.WriteString("INSERT INTO " + string(in.table.SQLName) + " (")
	for i, f := range in.table.Fields {
		comma(&q, i)
		q.WriteString(string(f.SQLName))
	}
	q.WriteString(") SELECT ")
	own := 0
	for i, f := range in.table.Fields {
		comma(&q, i)
		if !in.differs[i] {
			same(&q, f)
			continue
		}
		own++
		q.WriteString("column" + strconv.Itoa(own))
	}
	q.WriteString(" FROM (VALUES ")
	for j := range rows {
		comma(&q, j)
		q.WriteByte('(')
		n := 0
		for i, f := range in.table.Fields {
			if in.differs[i] {
				comma(&q, n)
				row(&q, j, f)
				n++
			}
		}
		if n == 0 {
			q.WriteByte('0')
		}
		q.WriteByte(')')
	}
	q.WriteString(") AS v WHERE TRUE " + in.conflict)
	return q.String()
}

func comma(q *bytes.Buffer, n int) {
	if n > 0 {
		q.WriteByte(',')
	}
}

// literal is the statement with all values in it.
func (in insertion) literal(gen schema.QueryGen, values []reflect.Value) string {
	return in.write(
		len(values),
		func(q *bytes.Buffer, f *schema.Field) { q.Write(f.AppendValue(gen, nil, values[0])) },
		func(q *bytes.Buffer, j int, f *schema.Field) { q.Write(f.AppendValue(gen, nil, values[j])) },
	)
}

// bound runs the statement prepared, on SQLite.
func (tx *Tx) bound(ctx context.Context, in insertion, values []reflect.Value) (sql.Result, error) {
	mark := func(q *bytes.Buffer) { q.WriteByte('?') }
	query := in.write(len(values), func(q *bytes.Buffer, _ *schema.Field) { mark(q) }, func(q *bytes.Buffer, _ int, _ *schema.Field) { mark(q) })
	var args []any
	for i, f := range in.table.Fields {
		if !in.differs[i] {
			v, _ := bindable(f.Value(values[0]))
			args = append(args, v)
		}
	}
	for _, row := range values {
		for i, f := range in.table.Fields {
			if in.differs[i] {
				v, _ := bindable(f.Value(row))
				args = append(args, v)
			}
		}
	}
	d := tx.DB
	d.statementsMu.Lock()
	stmt, full := d.statements[query], len(d.statements) >= mostStatements
	d.statementsMu.Unlock()
	if stmt != nil {
		mine := tx.Tx.Tx.StmtContext(ctx, stmt)
		defer func() { _ = mine.Close() }() // the transaction's; the one that is kept stays open
		return mine.ExecContext(ctx, args...)
	}
	if !full {
		tx.wanted = append(tx.wanted, query)
	}
	return tx.Tx.Tx.ExecContext(ctx, query, args...)
}

// prepare keeps the statements that a transaction wanted. It is called when its connection is free again.
func (d *DB) prepare(ctx context.Context, queries []string) {
	for _, q := range queries {
		if d.statements[q] != nil {
			continue
		}
		stmt, err := d.write.PrepareContext(ctx, q)
		if err != nil {
			return // the next one asks again
		}
		d.statementsMu.Lock()
		d.statements[q] = stmt.Stmt
		d.statementsMu.Unlock()
	}
}

// bindable is a column's value as the driver takes it; ok is false for kinds that need bun.
func bindable(v reflect.Value) (value any, ok bool) {
	switch v.Kind() {
	case reflect.String:
		return v.String(), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), true
	case reflect.Bool:
		return v.Bool(), true
	}
	return nil, false
}

// alike compares columns of the kinds that rows mostly have; others count as different.
func alike(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.String:
		return a.String() == b.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return a.Int() == b.Int()
	case reflect.Bool:
		return a.Bool() == b.Bool()
	}
	return false
}

// OneOf is a list of ids for "... IN ?". SQLite reads a long one much faster as a single text.
func (d *DB) OneOf(ids []string) schema.QueryAppender {
	if d.Engine != SQLite {
		return bun.SafeQuery("(?)", bun.List(ids))
	}
	raw, _ := json.Marshal(ids) // strings always encode
	return bun.SafeQuery("(SELECT value FROM json_each(?))", string(raw))
}
