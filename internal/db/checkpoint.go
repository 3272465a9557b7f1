package db

import (
	"context"
	"fmt"
	"os"
	"time"
)

const (
	// checkpointFrom is the size of the log from which on its pages are copied back into the database.
	checkpointFrom = 16 << 20
	checkpointLook = 100 * time.Millisecond
	// checkpointRest is how many pages may be left for the moment in which nobody writes.
	checkpointRest = 400
)

// keepLogShort copies pages of SQLite's log back beside the writer. Done by a commit, as SQLite itself would, it would hold
// up the callbacks behind that commit; the last of it needs a moment without a writer, for only then the log begins anew.
func (d *DB) keepLogShort(ctx context.Context, log string) {
	tick := time.NewTicker(checkpointLook)
	defer tick.Stop()
	var done int64 // its size when all of it was copied
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		info, err := os.Stat(log)
		if err != nil || info.Size() < checkpointFrom || info.Size() == done {
			continue
		}
		if left, err := d.checkpoint(ctx); err == nil && left == 0 { // else the next look tries again, and far behind a commit does it
			done = info.Size()
		}
	}
}

func (d *DB) checkpoint(ctx context.Context) (left int, err error) {
	for range 8 {
		if left, err = d.copyBack(ctx); err != nil {
			return 0, err
		}
		if left < checkpointRest {
			break
		}
	}
	// The last copy writes the whole database through to the disk, and everybody waits for it: most of that is done before.
	if err := d.file.Sync(); err != nil {
		return 0, fmt.Errorf("write the database through: %w", err)
	}
	if _, err := d.copyBack(ctx); err != nil {
		return 0, err
	}
	if err := d.turns.take(Urgent(ctx)); err != nil {
		return 0, err
	}
	defer d.turns.give()
	return d.copyBack(ctx)
}

// Scrub removes what was deleted from SQLite's log as well: until the log begins anew, the pages of before are in it. It waits for a
// moment without readers and writers, and says so when there was none; then the log goes by itself later. PostgreSQL's files are its
// server's: what is dead in them goes with the next vacuum.
func (d *DB) Scrub(ctx context.Context) (clean bool, err error) {
	if d.back == nil {
		return true, nil
	}
	if _, err := d.checkpoint(ctx); err != nil {
		return false, err
	}
	if err := d.turns.take(Urgent(ctx)); err != nil {
		return false, err
	}
	defer d.turns.give()
	conn, err := d.back.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("reach the log: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = 50"); err != nil { // everybody waits for it
		return false, fmt.Errorf("empty the log: %w", err)
	}
	var busy, all, done int
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &all, &done)
	if _, again := conn.ExecContext(ctx, "PRAGMA busy_timeout = 10000"); err == nil {
		err = again
	}
	if err != nil {
		return false, fmt.Errorf("empty the log: %w", err)
	}
	return busy == 0, nil
}

// copyBack copies what it can without waiting for anybody and answers how many pages were left at its end.
func (d *DB) copyBack(ctx context.Context) (left int, err error) {
	var busy, all, done int
	if err := d.back.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &all, &done); err != nil {
		return 0, fmt.Errorf("copy the log back: %w", err)
	}
	return all - done, nil
}
