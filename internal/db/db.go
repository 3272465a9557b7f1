// Package db opens the database, the only truth of the platform: SQLite in the data directory, or PostgreSQL.
//
// One text of SQL serves both engines: bun with "?" placeholders, ON CONFLICT, plain types (TEXT, BIGINT, BOOLEAN).
// Ids are made here, not by the engine, so that they sort by time on every node. Times are clock.Time, milliseconds.
//
// Writes go through Tx. On SQLite there is one writer connection; reads use their own pool and see the last commit.
package db

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // registers the pure-Go driver
)

// Engine is which database lies underneath. Code branches on it only in this package and where a lock needs it.
type Engine string

// The two engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is an open database.
type DB struct {
	Engine Engine
	write  *bun.DB
	read   *bun.DB
	ids    ids
	turns  *turns // of writers on SQLite; nil on PostgreSQL

	back *bun.DB       // SQLite: copies the log back
	file *os.File      // SQLite: what it is copied into; closing it drops the locks of the process, so it outlives the pools
	stop func()        // ends it
	over chan struct{} // closed when it has ended

	statementsMu sync.Mutex
	statements   map[string]*sql.Stmt // SQLite: what InsertAlike prepared
	questions    map[string]*sql.Stmt // SQLite: what Ask prepared
	// BeforeCommit are called at the end of every write transaction, inside it; an error undoes it. Fill it before the first.
	BeforeCommit []func(ctx context.Context, tx *Tx) error
}

// Open opens url ("postgres://...") or, when it is empty, SQLite in dir/zhiyin.db. It does not migrate.
func Open(ctx context.Context, url, dir string) (*DB, error) {
	if url == "" {
		return openSQLite(ctx, dir)
	}
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, fmt.Errorf("ZHIYIN_DATABASE_URL: want postgres://..., or nothing for SQLite in the data directory")
	}
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("ZHIYIN_DATABASE_URL: not a valid PostgreSQL URL") // the parse error would show the password
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // bun inlines arguments: every text is new to a statement cache
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(24)
	pool.SetMaxIdleConns(24) // each new one is a process of the server: those of a burst are kept for the next
	pool.SetConnMaxIdleTime(5 * time.Minute)
	bdb := bun.NewDB(pool, pgdialect.New())
	d := &DB{Engine: Postgres, write: bdb, read: bdb, ids: newIDs()}
	if err := d.Ping(ctx); err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("reach PostgreSQL: %w", err)
	}
	return d, nil
}

func openSQLite(ctx context.Context, dir string) (*DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	file := filepath.Join(dir, "zhiyin.db")
	open := func(extra string, conns int) (*bun.DB, error) {
		dsn := "file:" + file + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
			"&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-32000)" +
			"&_pragma=wal_autocheckpoint(25000)" + // 100 MB: pages are copied back beside the writer, see keepLogShort
			"&_pragma=journal_size_limit(8388608)" +
			"&_pragma=secure_delete(fast)" + // what is deleted is overwritten in pages that are written anyway; see Tx.Overwrite
			"&_pragma=temp_store(MEMORY)" + extra // what a statement would undo goes to memory and not to a file
		pool, err := sql.Open("sqlite", dsn)
		if err != nil {
			return nil, err
		}
		pool.SetMaxOpenConns(conns)
		pool.SetMaxIdleConns(conns)
		return bun.NewDB(pool, sqlitedialect.New()), nil
	}
	write, err := open("", 1)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	if err := write.PingContext(ctx); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	read, err := open("&_pragma=query_only(1)", 4)
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("open %s for reading: %w", file, err)
	}
	back, err := open("", 1)
	if err != nil {
		_ = errors.Join(write.Close(), read.Close())
		return nil, fmt.Errorf("open %s for its log: %w", file, err)
	}
	disk, err := os.Open(file)
	if err != nil {
		_ = errors.Join(back.Close(), write.Close(), read.Close())
		return nil, fmt.Errorf("open %s to write it through: %w", file, err)
	}
	d := &DB{Engine: SQLite, write: write, read: read, back: back, file: disk, ids: newIDs(), turns: &turns{}, over: make(chan struct{}), statements: map[string]*sql.Stmt{}, questions: map[string]*sql.Stmt{}}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	go func() {
		defer close(d.over)
		d.keepLogShort(running, file+"-wal")
	}()
	return d, nil
}

// Close closes the pools.
func (d *DB) Close() error {
	if d.back == nil {
		return d.write.Close()
	}
	d.stop()
	<-d.over
	return errors.Join(d.back.Close(), d.write.Close(), d.read.Close(), d.file.Close())
}

// Ping says whether the database answers a write connection.
func (d *DB) Ping(ctx context.Context) error { return d.write.PingContext(ctx) }

// Read is for queries outside a transaction: it sees what was committed last.
func (d *DB) Read() bun.IDB { return d.read }

// NewID makes an id that sorts by the time it was made, over all nodes.
func (d *DB) NewID() int64 { return d.ids.next() }

// IDBefore is the smallest id that any node makes `ago` before now.
func (d *DB) IDBefore(ago time.Duration) int64 { return d.ids.before(ago) }

// Tx is a write transaction. Helpers below a use case take it; only use cases open one.
type Tx struct {
	bun.Tx
	DB       *DB
	before   []func(ctx context.Context) error
	onCommit []func()
	changes  []*Change
	wanted   []string // statements worth to be kept prepared
	kept     map[any]any
}

// BeforeCommit runs f at the end of the transaction, inside it; an error undoes everything.
func (tx *Tx) BeforeCommit(f func(ctx context.Context) error) { tx.before = append(tx.before, f) }

// Keep answers what is kept under key for this transaction, and makes it the first time it is asked for. The key has a type of
// its package's own, as with contexts.
func (tx *Tx) Keep(key any, fresh func() any) any {
	v, ok := tx.kept[key]
	if !ok {
		v = fresh()
		if tx.kept == nil {
			tx.kept = map[any]any{}
		}
		tx.kept[key] = v
	}
	return v
}

// OnCommit runs f after the transaction was committed, never when it was rolled back.
func (tx *Tx) OnCommit(f func()) { tx.onCommit = append(tx.onCommit, f) }

// Overwrite has SQLite overwrite pages that this transaction frees as well: for data of persons, of which nothing may be left in the
// file. It costs writes that others wait for, so it is not so always. PostgreSQL's files are its server's.
func (tx *Tx) Overwrite(ctx context.Context) error {
	if tx.DB.Engine != SQLite {
		return nil
	}
	set := func(ctx context.Context, mode string) error {
		var now int
		if err := tx.NewRaw("PRAGMA secure_delete = "+mode).Scan(ctx, &now); err != nil {
			return fmt.Errorf("have freed pages overwritten (%s): %w", mode, err)
		}
		return nil
	}
	tx.BeforeCommit(func(ctx context.Context) error { return set(ctx, "fast") })
	return set(ctx, "on")
}

// NewID makes an id, as DB.NewID.
func (tx *Tx) NewID() int64 { return tx.DB.NewID() }

// Lock serialises transactions over the named keys until the end of this one. SQLite has one writer and needs nothing;
// PostgreSQL takes advisory locks in sorted order, so that two transactions cannot wait for each other.
func (tx *Tx) Lock(ctx context.Context, keys ...string) error {
	if tx.DB.Engine == SQLite || len(keys) == 0 {
		return nil
	}
	_, err := tx.NewRaw(
		"SELECT pg_advisory_xact_lock(h) FROM (SELECT DISTINCT hashtextextended(k, 0) AS h FROM unnest(ARRAY[?]) AS k ORDER BY 1) AS s",
		bun.List(keys)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("lock %d keys: %w", len(keys), err)
	}
	return nil
}

type inTx struct{}

// Tx runs f in one transaction and commits when it answers nil. A transaction inside a transaction is refused: on SQLite
// it would wait for itself.
func (d *DB) Tx(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return errors.New("transaction inside a transaction: pass the Tx on")
	}
	tx := &Tx{DB: d}
	if err := d.turn(ctx, tx, f); err != nil {
		return err
	}
	for _, f := range tx.onCommit {
		f()
	}
	return nil
}

// turn is one transaction, on SQLite when its turn has come.
func (d *DB) turn(ctx context.Context, tx *Tx, f func(ctx context.Context, tx *Tx) error) error {
	if d.turns != nil {
		if err := d.turns.take(ctx); err != nil {
			return fmt.Errorf("wait to write: %w", err)
		}
		defer d.turns.give()
	}
	raw, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx.Tx = raw
	done := false
	defer func() {
		if !done { // error or panic
			_ = raw.Rollback()
		}
	}()
	ctx = context.WithValue(ctx, inTx{}, true)
	if err := f(ctx, tx); err != nil {
		return err
	}
	if err := tx.finish(ctx); err != nil {
		return err
	}
	if err := tx.writeChanges(ctx); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	if len(tx.wanted) > 0 {
		d.prepare(ctx, tx.wanted)
	}
	return nil
}

// finish does what waits for the end of the transaction.
func (tx *Tx) finish(ctx context.Context) error {
	for _, f := range tx.DB.BeforeCommit {
		if err := f(ctx, tx); err != nil {
			return err
		}
	}
	for len(tx.before) > 0 { // one may ask for another
		f := tx.before[0]
		tx.before = tx.before[1:]
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Snapshot runs f on one unchanging view of the database, beside writers.
func (d *DB) Snapshot(ctx context.Context, f func(ctx context.Context, q bun.IDB) error) error {
	tx, err := d.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: d.snapshotLevel()})
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return f(ctx, tx)
}

func (d *DB) snapshotLevel() sql.IsolationLevel {
	if d.Engine == Postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault // a read transaction of SQLite is a snapshot anyway
}

// IsNoRows says whether err means that the row does not exist.
func IsNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// IsUnreachable says whether PostgreSQL could not be reached, or does not take connections yet: waiting may help. A wrong
// password or a database that does not exist is no such thing.
func IsUnreachable(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok {
		return false
	}
	const startingUp, tooMany = "57P03", "53300"
	e, answered := errors.AsType[*pgconn.PgError](err)
	return !answered || e.Code == startingUp || e.Code == tooMany
}

// IsDeadlock says whether PostgreSQL ended the transaction because it and another one waited for each other. Doing it again
// is right; one of the two went through.
func IsDeadlock(err error) bool {
	const deadlockDetected = "40P01"
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == deadlockDetected
}

// ids makes 63-bit ids: 41 bits of milliseconds since 2025, 10 bits of node, 12 bits of sequence.
type ids struct {
	mu   *sync.Mutex
	last *int64
	node int64
}

const (
	idEpoch = 1735689600000 // 2025-01-01 UTC
	idBits  = 22            // below the milliseconds
)

func newIDs() ids {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return ids{mu: new(sync.Mutex), last: new(int64), node: int64(binary.BigEndian.Uint16(b[:]) & 0x3ff)}
}

func (g ids) next() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := g.before(0) | g.node<<12
	if id <= *g.last {
		id = *g.last + 1
	}
	*g.last = id
	return id
}

// before is the smallest id that any node makes `ago` before now.
func (g ids) before(ago time.Duration) int64 {
	return (time.Now().Add(-ago).UnixMilli() - idEpoch) << idBits //nolint:forbidigo // ids sort by the machine's time on every node
}

// OrNobody keeps an empty list of ids an empty list in SQL: it answers one that nobody has, because "IN ()" is no SQL.
func OrNobody(ids []string) []string {
	if len(ids) == 0 {
		return []string{"\x01"}
	}
	return ids
}
