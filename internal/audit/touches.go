package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Digest is the first half of the SHA-256 of a row.
type Digest [16]byte

// Row is what the log says of a row of the ledger.
type Row struct {
	ID      int64
	Rev     int   // how many times it was changed
	EntryID int64 // the entry that logged its decision; 0 = it is older than the log
	Digest  Digest
}

// most is how many rows one entry holds.
const most = 2000

// Batch is one entry about rows of the ledger: what a transaction did alike with up to 2,000 of them.
type Batch struct {
	ID      int64 // of the entry
	corpID  string
	act     string
	at      clock.Time
	who     string
	subject Subject
	rows    []Row
	tally   Detail
}

// pending is what a transaction will have logged at its end.
type pending struct {
	explained bool // an entry says what the request of the transaction changed
	batches   []*Batch
}

type pendingKey struct{}

func pendingOf(tx *db.Tx) *pending {
	return tx.Keep(pendingKey{}, func() any {
		p := &pending{}
		tx.BeforeCommit(func(ctx context.Context) error { return p.write(ctx, tx) })
		return p
	}).(*pending)
}

// Touches answers the entry to which the transaction adds rows that it did act with: the one it began, while that has room.
// The entry is written at the end of the transaction.
func Touches(tx *db.Tx, corpID, act string, at clock.Time) *Batch {
	p := pendingOf(tx)
	for _, b := range slices.Backward(p.batches) {
		if b.corpID == corpID && b.act == act && len(b.rows) < most {
			return b
		}
	}
	b := &Batch{ID: tx.NewID(), corpID: corpID, act: act, at: at, tally: Detail{}}
	p.batches = append(p.batches, b)
	return b
}

// Full says whether the entry has no more room.
func (b *Batch) Full() bool { return len(b.rows) >= most }

// Add adds a row as the transaction leaves it, with who wanted it, what it belongs to, and what to count it under. Where rows
// differ in who or in what they belong to, the entry says neither.
func (b *Batch) Add(r Row, who string, subject Subject, count string) {
	if len(b.rows) == 0 {
		b.who, b.subject = who, subject
	}
	if b.who != who {
		b.who = ""
	}
	if b.subject != subject {
		b.subject = Subject{}
	}
	b.rows = append(b.rows, r)
	n, _ := b.tally[count].(int)
	b.tally[count] = n + 1
}

// Set notes something that holds for all of the entry's rows.
func (b *Batch) Set(name string, value any) { b.tally[name] = value }

func (p *pending) write(ctx context.Context, tx *db.Tx) error {
	var rows []*row
	for _, b := range p.batches {
		r, err := newRow(ctx, tx.DB, Entry{CorpID: b.corpID, Act: b.act, Subject: b.subject, Who: b.who, At: b.at, Detail: b.tally})
		if err != nil {
			return err
		}
		r.ID, r.Touches = b.ID, pack(b.rows)
		rows = append(rows, r)
	}
	p.batches = nil
	if len(rows) == 0 {
		return nil
	}
	return insert(ctx, tx, rows...)
}

// pack writes rows in the order of their ids, each as the distance of its id from the one before, its revision and its digest.
func pack(rows []Row) string {
	slices.SortFunc(rows, func(a, b Row) int {
		if a.ID == b.ID {
			return a.Rev - b.Rev
		}
		return int(min(1, max(-1, a.ID-b.ID)))
	})
	buf := make([]byte, 0, len(rows)*24)
	last := int64(0)
	for _, r := range rows {
		buf = binary.AppendUvarint(buf, uint64(r.ID-last))
		buf = binary.AppendUvarint(buf, uint64(r.Rev))
		buf = append(buf, r.Digest[:]...)
		last = r.ID
	}
	return base64.RawStdEncoding.EncodeToString(buf)
}

var errTouches = errors.New("what it says of the ledger cannot be read")

// unpack reads what pack wrote.
func unpack(s string, f func(Row)) error {
	raw, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return fmt.Errorf("%w: %w", errTouches, err)
	}
	in := bytes.NewReader(raw)
	last := int64(0)
	for in.Len() > 0 {
		step, err1 := binary.ReadUvarint(in)
		rev, err2 := binary.ReadUvarint(in)
		var r Row
		n, _ := in.Read(r.Digest[:])
		if err1 != nil || err2 != nil || n != len(r.Digest) {
			return errTouches
		}
		r.ID, r.Rev = last+int64(step), int(rev)
		last = r.ID
		f(r)
	}
	return nil
}
