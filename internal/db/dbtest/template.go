package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver for what is done beside the tested code

	"zhiyin.dev/zhiyin/internal/db"
)

const sqliteFile = "zhiyin.db"

// sqliteTemplate is the bytes of a migrated database, made once per process.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "zhiyin-dbtest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := migrate("", dir); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, sqliteFile)
	if log, err := os.Stat(file + "-wal"); err == nil && log.Size() > 0 {
		return nil, errors.New("the template's write-ahead log is still there: a copy of the file would lack it")
	}
	return os.ReadFile(file)
})

func migrate(dsn, dir string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, dsn, dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(ctx), d.Close())
}

// server is the PostgreSQL that tests use, and the migrated database on it that theirs are copied from.
type server struct {
	url      *url.URL
	admin    *sql.DB
	template string
}

var (
	databases atomic.Int64 // tells the databases of this process apart

	postgres = sync.OnceValues(func() (*server, error) {
		u, err := url.Parse(os.Getenv("TEST_DATABASE_URL"))
		if err != nil {
			return nil, errors.New("TEST_DATABASE_URL is not a URL")
		}
		s := &server{url: u}
		if s.admin, err = sql.Open("pgx", u.String()); err != nil {
			return nil, err
		}
		s.admin.SetMaxIdleConns(4)
		return s, s.prepare(context.Background())
	})
)

// PostgresURL makes a migrated database and returns its URL, or skips when no server was named.
func PostgresURL(t testing.TB) string {
	t.Helper()
	if os.Getenv("TEST_DATABASE_URL") == "" {
		t.Skip("TEST_DATABASE_URL is not set: make test starts a PostgreSQL for this")
	}
	s, err := postgres()
	if err != nil {
		t.Fatalf("prepare the test server: %v", err)
	}
	name := fmt.Sprintf("zhiyin_test_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), databases.Add(1))
	if _, err := s.admin.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+s.template); err != nil {
		t.Fatalf("make a database on the test server: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := s.admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return s.at(name)
}

func (s *server) at(database string) string {
	u := *s.url
	u.Path = "/" + database
	return u.String()
}

// prepare makes the template unless another test process has. Its name tells the schema, so that a server which lives
// longer than a run never serves an old one.
func (s *server) prepare(ctx context.Context) error {
	sum, err := schemaSum()
	if err != nil {
		return err
	}
	s.template = "zhiyin_template_" + sum
	conn, err := s.admin.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	const lock = 7024612 // any constant: all test processes agree on it
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return fmt.Errorf("wait for another process's template: %w", err)
	}
	defer func() { _, _ = conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", lock) }()
	var there bool
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", s.template).Scan(&there); err != nil || there {
		return err
	}
	// Under another name until it is whole.
	raw := s.template + "_raw"
	for _, q := range []string{"DROP DATABASE IF EXISTS " + raw, "CREATE DATABASE " + raw} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("make the template: %w", err)
		}
	}
	if err := migrate(s.at(raw), ""); err != nil {
		return fmt.Errorf("migrate the template: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "ALTER DATABASE "+raw+" RENAME TO "+s.template); err != nil {
		return fmt.Errorf("name the template: %w", err)
	}
	return nil
}

func schemaSum() (string, error) {
	files, err := db.Migrations()
	if err != nil {
		return "", err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, name, len(text))
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}
