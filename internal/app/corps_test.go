package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// neighbour writes a row of another corp into every table that has corps, with the ids of ours and the word zugvogel in every text.
func neighbour(t *testing.T, d *db.DB) (tables int) {
	t.Helper()
	var columns []struct{ Table, Column, Type string }
	err := d.Read().NewRaw(`SELECT m.name AS "table", p.name AS "column", p.type FROM sqlite_master AS m, pragma_table_info(m.name) AS p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, p.cid`).
		Scan(t.Context(), &columns)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]string{}
	names := map[string][]string{}
	ids := map[string]string{"customer": "wm2", "customer_id": "wm2", "groupchat": "wr2", "chat_id": "wr2", "staff": "S02", "staff_id": "S02"}
	for _, c := range columns {
		v := "'zugvogel'"
		switch {
		case c.Column == "corp_id":
			v = "'ww2'"
		case strings.EqualFold(c.Type, "BOOLEAN"):
			v = "TRUE"
		case !strings.EqualFold(c.Type, "TEXT"):
			v = "7077"
		case ids[c.Column] != "":
			v = "'" + ids[c.Column] + "'"
		case c.Column == "id" && ids[c.Table] != "":
			v = "'" + ids[c.Table] + "'"
		}
		names[c.Table] = append(names[c.Table], c.Column)
		values[c.Table] = append(values[c.Table], v)
	}
	err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for table, cs := range names {
			if !strings.Contains(strings.Join(cs, ","), "corp_id") {
				continue
			}
			if _, err := tx.NewRaw("INSERT INTO " + table + " (" + strings.Join(cs, ", ") + ") VALUES (" + strings.Join(values[table], ", ") + ")").Exec(ctx); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			tables++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// Another corp's data in the same database is seen by no route, under no id (OWN-11): not even by the owner, and a row of it that was read
// and not shown would break on its texts.
func TestNoRouteReadsAnotherCorp(t *testing.T) {
	t.Parallel()
	a := alone(t)
	h, owner := a.API.Handler(), token(t, a, auth.NewToken{Role: auth.Owner})
	read := func() map[string]string {
		out := map[string]string{}
		for _, r := range a.API.Routes() {
			if r.Method != "GET" || r.Path == "/live" {
				continue
			}
			for _, id := range []string{"wm2", "wr2", "S02", "7077", "zugvogel"} {
				path := strings.ReplaceAll(r.Path, "{id}", id)
				status, answer := webtest.Do(t, h, webtest.Scenario{As: owner, Path: path})
				if status >= 500 {
					t.Errorf("%s: %d\n%s", path, status, answer)
				}
				_, body, _ := strings.Cut(answer, "\n\n")
				out[path] = fmt.Sprint(status, " ", body)
				if path == r.Path {
					break
				}
			}
		}
		return out
	}
	before := read()
	if n := neighbour(t, a.DB); n < 60 {
		t.Fatalf("only %d tables have a row of the other corp", n)
	}
	shown := 0
	for path, answer := range read() {
		if strings.Contains(strings.ReplaceAll(answer, "zugvogel\"", ""), "zugvogel") && !strings.Contains(path, "zugvogel") {
			t.Errorf("%s shows the other corp's data\n%s", path, answer)
		}
		if status, was := answer[:3], before[path][:3]; status != was {
			t.Errorf("%s answers %s, and %s without the other corp's data", path, status, was)
		}
		if strings.Contains(path, "/customers") || strings.Contains(path, "/broadcasts") {
			if answer != before[path] && !strings.Contains(answer, "request_id") {
				t.Errorf("%s counts the other corp's data\nwith    %s\nwithout %s", path, answer, before[path])
			}
		}
		shown++
	}
	if shown < 80 {
		t.Errorf("only %d routes were read", shown)
	}
}
