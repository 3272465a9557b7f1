package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
)

// Subject is what an entry is about.
type Subject struct {
	Kind string // customer, staff, touch, broadcast, setting ...
	ID   string
}

// Of names a subject.
func Of(kind, id string) Subject { return Subject{Kind: kind, ID: id} }

// Detail is what an entry says beyond who, what and about whom: numbers, ids, versions, hashes. Never words that somebody
// typed: an entry can never be taken out again.
type Detail map[string]any

// Entry is something that happened.
type Entry struct {
	CorpID  string
	Act     string // noun and verb: "caps.set"
	Subject Subject
	Who     string     // who did it; "" = the caller of the API, else System
	At      clock.Time // of the world's clock; 0 = the machine's, for what has no world
	Detail  Detail     // may be nil
}

// Whoever is nobody's account.
const (
	System   = "system"   // a timer, a callback, a job
	Customer = "customer" // the person the entry is about, on a page or in a talk
	Command  = "command line"
)

// row is an entry as it is stored. Everything but Leaf is what the leaf's hash is made of.
type row struct {
	bun.BaseModel `bun:"table:audit_entry"`

	CorpID      string         `bun:",pk" json:"corp"`
	ID          int64          `bun:",pk" json:"id"`
	At          clock.Time     `json:"at"`
	WallAt      clock.WallTime `json:"wall"`
	Who         string         `json:"who"`
	Act         string         `json:"act"`
	SubjectKind string         `json:"kind"`
	SubjectID   string         `json:"subject"`
	Detail      string         `json:"detail"`
	RequestID   string         `json:"request"`
	Touches     string         `json:"touches"`
	Leaf        int64          `json:"-"`
}

// waiting is the leaf of an entry that has no place in the tree yet.
const waiting = -1

// bytes is what the leaf's hash is made of: the same on every node and for ever.
func (r *row) bytes() []byte {
	b, _ := json.Marshal(r) // strings and numbers always encode
	return b
}

func (r *row) hash() tlog.Hash { return tlog.RecordHash(r.bytes()) }

// Log writes an entry in the transaction of the change it speaks of: both are there afterwards, or neither.
func Log(ctx context.Context, tx *db.Tx, e Entry) error {
	r, err := newRow(ctx, tx.DB, e)
	if err != nil {
		return err
	}
	if ask, ok := web.Asked(ctx); ok {
		pendingOf(tx).explained = true
		tx.OnCommit(ask.Note)
	}
	return insert(ctx, tx, r)
}

func insert(ctx context.Context, tx *db.Tx, rows ...*row) error {
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

func newRow(ctx context.Context, d *db.DB, e Entry) (*row, error) {
	if e.CorpID == "" || e.Act == "" {
		return nil, fmt.Errorf("audit entry %q: corp and act are needed", e.Act)
	}
	r := &row{
		CorpID: e.CorpID, ID: d.NewID(), At: e.At, WallAt: clock.SystemWall().Now(), Who: e.Who, Act: e.Act, SubjectKind: e.Subject.Kind, SubjectID: e.Subject.ID,
		RequestID: web.RequestID(ctx), Leaf: waiting,
	}
	if r.At == 0 {
		r.At = clock.Time(r.WallAt)
	}
	if ask, ok := web.Asked(ctx); ok && r.Who == "" {
		r.Who = ask.Who.User
	}
	r.Who = cmp.Or(r.Who, System)
	if len(e.Detail) > 0 {
		b, err := json.Marshal(e.Detail)
		if err != nil {
			return nil, fmt.Errorf("audit entry %q: write its detail: %w", e.Act, err)
		}
		r.Detail = string(b)
	}
	// Text of PostgreSQL holds no NUL, and a leaf only what JSON gives back as it was.
	for _, s := range []*string{&r.Who, &r.SubjectKind, &r.SubjectID} {
		*s = strings.ToValidUTF8(strings.ReplaceAll(*s, "\x00", ""), "�")
	}
	return r, nil
}

// Found answers what entries of an act say about a subject, the oldest first.
func Found(ctx context.Context, q bun.IDB, corpID, act string, about Subject) ([]Detail, error) {
	var rows []row
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND subject_kind = ? AND subject_id = ? AND act = ?", corpID, about.Kind, about.ID, act).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what the audit log says of %s %s: %w", about.Kind, about.ID, err)
	}
	out := make([]Detail, len(rows))
	for i, r := range rows {
		if r.Detail == "" {
			continue
		}
		if err := json.Unmarshal([]byte(r.Detail), &out[i]); err != nil {
			return nil, fmt.Errorf("read entry %d of the audit log: %w", r.ID, err)
		}
	}
	return out, nil
}
