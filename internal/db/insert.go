package db

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strconv"
)

// InsertAlike inserts rows of one model that agree in most of their columns, and says once what they agree in: to read a
// long statement costs more than to do it. conflict is the rest of the statement, "ON CONFLICT ...", without arguments.
func InsertAlike[T any](ctx context.Context, tx *Tx, rows []*T, conflict string) (sql.Result, error) {
	table := tx.DB.write.Table(reflect.TypeFor[T]())
	gen := tx.DB.write.QueryGen()
	shared := make([][]byte, len(table.Fields)) // nil = the rows differ
	own := make([][][]byte, len(table.Fields))
	values := make([]reflect.Value, len(rows))
	for j, r := range rows {
		values[j] = reflect.ValueOf(r).Elem()
	}
	for i, f := range table.Fields {
		first := f.Value(values[0])
		if !slices.ContainsFunc(values[1:], func(v reflect.Value) bool { return !alike(first, f.Value(v)) }) {
			shared[i] = f.AppendValue(gen, nil, values[0])
			continue
		}
		own[i] = make([][]byte, len(rows))
		for j, v := range values {
			own[i][j] = f.AppendValue(gen, nil, v)
		}
	}
	var q bytes.Buffer
	q.WriteString("INSERT INTO " + string(table.SQLName) + " (")
	for i, f := range table.Fields {
		if i > 0 {
			q.WriteByte(',')
		}
		q.WriteString(string(f.SQLName))
	}
	q.WriteString(") SELECT ")
	var differ []int
	for i := range table.Fields {
		if i > 0 {
			q.WriteByte(',')
		}
		if own[i] == nil {
			q.Write(shared[i])
			continue
		}
		differ = append(differ, i)
		q.WriteString("column" + strconv.Itoa(len(differ)))
	}
	q.WriteString(" FROM (VALUES ")
	for j := range rows {
		if j > 0 {
			q.WriteByte(',')
		}
		q.WriteByte('(')
		if len(differ) == 0 {
			q.WriteByte('0')
		}
		for n, i := range differ {
			if n > 0 {
				q.WriteByte(',')
			}
			q.Write(own[i][j])
		}
		q.WriteByte(')')
	}
	q.WriteString(") AS v WHERE TRUE " + conflict)
	res, err := tx.Tx.Tx.ExecContext(ctx, q.String()) // as it is: what looks like an argument is part of a text
	if err != nil {
		return nil, fmt.Errorf("insert %d rows into %s: %w", len(rows), table.Name, err)
	}
	return res, nil
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
