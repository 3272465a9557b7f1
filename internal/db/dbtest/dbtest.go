// Package dbtest opens real databases for tests: SQLite in a temporary directory always, PostgreSQL when
// TEST_DATABASE_URL names a server (make test starts one). Each test gets a database of its own, copied from one that was
// migrated once: so tests share no row, no lock and no time.
package dbtest

import (
	"os"
	"path/filepath"
	"testing"

	"zhiyin.dev/zhiyin/internal/db"
)

// Each runs f as a subtest on every engine that is there.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

// SQLite opens a migrated SQLite database in a temporary directory.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, "", SQLiteDir(t))
}

// SQLiteDir makes a data directory that holds a migrated SQLite database.
func SQLiteDir(t testing.TB) string {
	t.Helper()
	migrated, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sqliteFile), migrated, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Postgres opens a migrated database of its own, or skips when no server was named.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t), "")
}

func open(t testing.TB, dsn, dir string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), dsn, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}
