package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// RegisterAPI puts the routes of the log on the API. Nobody changes it: there is nothing but reading and verifying.
func (s *Service) RegisterAPI(a *web.API) {
	op := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "audit.read", Scope: web.WholeCorp, Summary: summary}
	}
	web.Get(a, "/audit/entries", op("list-audit-entries", "Who did, decided or read what"), s.list)
	web.Get(a, "/audit/entries/{id}", op("get-audit-entry", "One entry, with the proof that it is in the log"), s.get)
	web.Get(a, "/audit/head", op("get-audit-head", "The signed head of the log, and what the last verification found"), s.head)
	verify := op("verify-audit", "Compute the whole log again and compare; the head tells the result")
	verify.Status = http.StatusAccepted
	web.Post(a, "/audit/verify", verify, s.verify)
}

type listIn struct {
	web.List
	Who     string    `query:"who" maxLength:"128"`
	Act     string    `query:"act" maxLength:"64" doc:"an act, or the first part of several: caps, touch.release"`
	Kind    string    `query:"kind" maxLength:"64" doc:"of the subject"`
	Subject string    `query:"subject" maxLength:"128" doc:"id of the subject"`
	From    time.Time `query:"from" doc:"RFC 3339"`
	To      time.Time `query:"to" doc:"RFC 3339, exclusive"`
}

// EntryOut is an entry as the API answers it.
type EntryOut struct {
	ID        web.ID          `json:"id"`
	At        time.Time       `json:"at"`
	Who       string          `json:"who"`
	Act       string          `json:"act"`
	Kind      string          `json:"kind,omitempty" doc:"of the subject"`
	Subject   string          `json:"subject,omitempty"`
	Detail    json.RawMessage `json:"detail,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Leaf      *int64          `json:"leaf,omitempty" doc:"its place in the tree; absent: it waits for one, a second at most"`
}

func (s *Service) show(r *row) EntryOut {
	out := EntryOut{
		ID: web.IDOf(r.ID), At: r.At.In(s.Zone), Who: r.Who, Act: r.Act, Kind: r.SubjectKind, Subject: r.SubjectID, Detail: json.RawMessage(r.Detail), RequestID: r.RequestID,
	}
	if r.Leaf >= 0 {
		out.Leaf = &r.Leaf
	}
	return out
}

func (s *Service) list(ctx context.Context, in *listIn) (*web.Page[EntryOut], error) {
	q := s.DB.Read().NewSelect().Model((*row)(nil)).ExcludeColumn("touches").Where("corp_id = ?", s.CorpID)
	for _, f := range []struct{ where, value string }{{"who = ?", in.Who}, {"subject_kind = ?", in.Kind}, {"subject_id = ?", in.Subject}} {
		if f.value != "" {
			q.Where(f.where, f.value)
		}
	}
	if in.Act != "" { // "touch" finds "touch.decide"; the next character after "." and "-" ends the range
		q.Where("(act = ? OR act >= ? AND act < ?)", in.Act, in.Act+".", in.Act+"/")
	}
	if !in.From.IsZero() {
		q.Where("at >= ?", clock.At(in.From))
	}
	if !in.To.IsZero() {
		q.Where("at < ?", clock.At(in.To))
	}
	var rows []*row
	total, more, err := web.NewestFirst(ctx, s.DB.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list the audit log: %w", err)
	}
	out := make([]EntryOut, len(rows))
	for i, r := range rows {
		out[i] = s.show(r)
	}
	return web.NewPage(out, in.List, total, more, func(e EntryOut) string { return string(e.ID) }), nil
}

type idIn struct {
	ID web.ID `path:"id"`
}

// touchesShown is how many rows of the ledger one answer names.
const touchesShown = 100

// EntryDetail is one entry with its proof.
type EntryDetail struct {
	EntryOut
	Touches int      `json:"touches" doc:"how many rows of the ledger it speaks of"`
	Some    []web.ID `json:"some" doc:"the first hundred of them"`
	Record  string   `json:"record" doc:"what the leaf's hash is made of"`
	Hash    string   `json:"hash" doc:"of the leaf"`
	Proof   []string `json:"proof" doc:"the hashes that lead from the leaf to the root, RFC 6962"`
	Size    int64    `json:"size" doc:"leaves of the tree that the proof is for"`
	Root    string   `json:"root"`
	Intact  bool     `json:"intact" doc:"leaf and proof lead to the root that was signed"`
}

func (s *Service) get(ctx context.Context, in *idIn) (*EntryDetail, error) {
	var r row
	err := s.DB.Read().NewSelect().Model(&r).Where("corp_id = ? AND id = ?", s.CorpID, in.ID.Int()).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("审计记录", "audit entry")
	}
	if err != nil {
		return nil, fmt.Errorf("read an entry of the audit log: %w", err)
	}
	out := &EntryDetail{EntryOut: s.show(&r), Some: []web.ID{}, Record: string(r.bytes()), Hash: r.hash().String(), Proof: []string{}}
	readable := unpack(r.Touches, func(t Row) {
		if out.Touches++; len(out.Some) < touchesShown {
			out.Some = append(out.Some, web.IDOf(t.ID))
		}
	})
	if r.Leaf < 0 {
		out.Intact = readable == nil
		return out, nil
	}
	return out, s.prove(ctx, &r, out)
}

// prove leads from the leaf to the root that was signed last. A log that was damaged proves nothing, and is no error.
func (s *Service) prove(ctx context.Context, r *row, out *EntryDetail) error {
	h, err := s.lastHead(ctx, s.DB.Read())
	if err != nil {
		return err
	}
	t, err := s.keys.open(h.Note)
	if err != nil || t.N <= r.Leaf {
		return nil //nolint:nilerr // what does not fit is what the answer says
	}
	out.Size, out.Root = t.N, t.Hash.String()
	proof, err := tlog.ProveRecord(t.N, r.Leaf, reader(ctx, s.DB.Read(), s.CorpID))
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	for _, p := range proof {
		out.Proof = append(out.Proof, p.String())
	}
	out.Intact = tlog.CheckRecord(proof, t.N, t.Hash, r.Leaf, r.hash()) == nil
	return nil
}

// HeadOut is the state of the log.
type HeadOut struct {
	Size     int64     `json:"size" doc:"leaves"`
	Waiting  int       `json:"waiting" doc:"committed, and without a place in the tree yet"`
	Root     string    `json:"root"`
	Note     string    `json:"note" doc:"the signed head: keep it elsewhere, and give it to zhiyin audit verify --against"`
	Key      string    `json:"key" doc:"whose signature it is"`
	Checking bool      `json:"checking" doc:"a verification runs on this node"`
	Checked  *CheckOut `json:"checked,omitempty" doc:"the last verification"`
}

// CheckOut is what a verification found, as it was logged.
type CheckOut struct {
	At       time.Time    `json:"at"`
	Who      string       `json:"who"`
	OK       bool         `json:"ok"`
	Leaves   int64        `json:"leaves"`
	Touches  int64        `json:"touches" doc:"rows of the ledger that are as the log says"`
	Older    int64        `json:"older" doc:"rows of the ledger from before the log"`
	Problems []ProblemOut `json:"problems"`
}

// ProblemOut is one thing that is not as it was written.
type ProblemOut struct {
	Leaf  int64  `json:"leaf" doc:"the leaf that shows it; -1: none"`
	Entry web.ID `json:"entry,omitempty"`
	Touch web.ID `json:"touch,omitempty"`
	Zh    string `json:"zh"`
	En    string `json:"en"`
}

const actVerify = "audit.verify"

func (s *Service) head(ctx context.Context, _ *web.None) (*HeadOut, error) {
	h, err := s.lastHead(ctx, s.DB.Read())
	if err != nil {
		return nil, err
	}
	out := &HeadOut{Size: h.Size, Note: h.Note, Key: s.keys.key, Checking: s.checking.Load()}
	if t, err := s.keys.open(h.Note); err == nil {
		out.Root = t.Hash.String()
	}
	n, err := s.DB.Read().NewSelect().Model((*row)(nil)).Where("corp_id = ? AND leaf = -1", s.CorpID).Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	out.Waiting = int(n)
	var last row
	err = s.DB.Read().NewSelect().Model(&last).Where("corp_id = ? AND act = ?", s.CorpID, actVerify).OrderExpr("id DESC").Limit(1).Scan(ctx)
	if db.IsNoRows(err) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last verification: %w", err)
	}
	c := CheckOut{Problems: []ProblemOut{}}
	if err := json.Unmarshal([]byte(last.Detail), &c); err != nil {
		return nil, fmt.Errorf("read the last verification: %w", err)
	}
	c.At, c.Who = last.At.In(s.Zone), last.Who
	out.Checked = &c
	return out, nil
}

// verify begins a verification; what it finds is logged, so that every node tells of it.
func (s *Service) verify(ctx context.Context, _ *web.None) (*web.None, error) {
	who := web.Caller(ctx).User
	if !s.checking.CompareAndSwap(false, true) {
		return nil, nil
	}
	s.stopped.Go(func() {
		defer s.checking.Store(false)
		if err := s.check(s.life, who); err != nil && s.life.Err() == nil {
			s.Log.Error("verify the audit log", "error", err)
		}
	})
	return nil, nil
}

func (s *Service) check(ctx context.Context, who string) error {
	r, err := s.Verify(ctx, "")
	if err != nil {
		return err
	}
	problems := []ProblemOut{}
	for _, p := range r.Problems {
		o := ProblemOut{Leaf: p.Leaf, Zh: p.Text.ZH, En: p.Text.EN}
		if p.EntryID != 0 {
			o.Entry = web.IDOf(p.EntryID)
		}
		if p.TouchID != 0 {
			o.Touch = web.IDOf(p.TouchID)
		}
		problems = append(problems, o)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return Log(ctx, tx, Entry{
			CorpID: s.CorpID, Act: actVerify, Who: who, At: s.World.Now(),
			Detail: Detail{"ok": r.OK(), "leaves": r.Leaves, "touches": r.Touches, "older": r.Older, "problems": problems},
		})
	})
}

// SignedHead answers the newest signed head of the tree, and the key that signed it. What waits is sealed first.
func (s *Service) SignedHead(ctx context.Context) (note, key string, err error) {
	if err := s.Seal(ctx); err != nil {
		return "", "", err
	}
	h, err := s.lastHead(ctx, s.DB.Read())
	return h.Note, s.keys.key, err
}
