package audit

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/tlog"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Report is what a verification found.
type Report struct {
	Leaves  int64
	Waiting int   // entries without a place in the tree yet
	Touches int64 // rows of the ledger that are as the log says
	Older   int64 // rows of the ledger that are older than the log, which says nothing of them
	Heads   int   // signed heads that fit
	Root    tlog.Hash
	// Problems are what is not as it was written, at most mostProblems of them.
	Problems []Problem
}

// OK says whether everything is as it was written.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// Problem is one thing that is not as it was written.
type Problem struct {
	Leaf    int64 // the leaf that shows it; -1 = none does
	EntryID int64
	TouchID int64
	Text    errs.Text
}

const (
	mostProblems = 20
	page         = 1000
)

// Verify computes the whole tree again from the entries, compares it with every stored hash and every signed head, and
// compares every row of the ledger with what the log says of it. It reads one unchanging view of the database, beside writers.
// against is a signed head that was kept elsewhere, "" = none.
func (s *Service) Verify(ctx context.Context, against string) (*Report, error) {
	v := &verifier{Service: s, out: &Report{}, touches: map[int64]said{}, against: -1}
	if against != "" {
		t, err := s.keys.open(against)
		if err != nil {
			return nil, errs.Bad("against", "audit.head", errs.T("这个树头不是本系统用这把主密钥签的，或者有字被改过。请用 zhiyin audit head 当时的原样输出。",
				"This tree head was not signed by this platform with this master key, or was changed. Use the output of zhiyin audit head as it was.")).Because(err)
		}
		v.against, v.kept = t.N, t
	}
	err := s.DB.Snapshot(ctx, func(ctx context.Context, q bun.IDB) error {
		v.q = q
		for _, step := range []func(context.Context) error{v.readHeads, v.readLeaves, v.readWaiting, v.compareTouches} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return v.out, err
}

// said is what the log says last of a row of the ledger.
type said struct {
	digest Digest
	rev    int32
	seen   bool
	leaf   int64
}

type verifier struct {
	*Service
	q       bun.IDB
	out     *Report
	edge    edge
	heads   []headRow // by size
	against int64     // size of the head that was kept elsewhere
	kept    tlog.Tree
	touches map[int64]said
	firstID int64 // of the oldest entry
	signed  int64 // leaves of the largest head that fits
}

func (v *verifier) wrong(p Problem) {
	if len(v.out.Problems) < mostProblems {
		v.out.Problems = append(v.out.Problems, p)
	}
}

func (v *verifier) readHeads(ctx context.Context) error {
	if err := v.q.NewSelect().Model(&v.heads).Where("corp_id = ?", v.CorpID).OrderExpr("size, hour").Scan(ctx); err != nil {
		return fmt.Errorf("read the tree heads: %w", err)
	}
	return nil
}

// readLeaves walks over the entries and the stored hashes side by side.
func (v *verifier) readLeaves(ctx context.Context) error {
	hashes := &hashes{q: v.q, corpID: v.CorpID}
	v.pastHeads()
	for after := int64(waiting); ; {
		var rows []*row
		err := v.q.NewSelect().Model(&rows).Where("corp_id = ? AND leaf > ?", v.CorpID, after).OrderExpr("leaf").Limit(page).Scan(ctx)
		if err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		for _, r := range rows {
			for v.edge.size < r.Leaf { // its stored hash stands in for it, so that the rest can be judged
				h, err := hashes.next(ctx)
				if err != nil {
					return err
				}
				if h == "" && hashes.end { // nobody ever had this place
					v.wrong(Problem{Leaf: r.Leaf, EntryID: r.ID, Text: errs.T(fmt.Sprintf("记录 %d 说自己是第 %d 条，树里只有 %d 条。", r.ID, r.Leaf, v.edge.size),
						fmt.Sprintf("Entry %d says that it is leaf %d; the tree has %d.", r.ID, r.Leaf, v.edge.size))})
					v.out.Leaves, v.out.Root = v.edge.size, v.edge.root()
					v.end()
					return nil
				}
				v.wrong(Problem{Leaf: v.edge.size, Text: errs.Tf("第 %d 条记录不见了。", "Leaf %d is missing.", v.edge.size)})
				if err := v.put(ctx, hashes, h, nil); err != nil {
					return err
				}
			}
			stored, err := hashes.next(ctx)
			if err != nil {
				return err
			}
			h := r.hash()
			if h.String() != stored {
				v.wrong(Problem{Leaf: r.Leaf, EntryID: r.ID, Text: errs.T(fmt.Sprintf("第 %d 条记录（%s）和写下时不一样。", r.Leaf, r.Act),
					fmt.Sprintf("Leaf %d (%s) is not as it was written.", r.Leaf, r.Act))})
			}
			if err := v.put(ctx, hashes, h.String(), r); err != nil {
				return err
			}
			after = r.Leaf
		}
		if len(rows) < page {
			break
		}
	}
	if extra, err := hashes.next(ctx); err != nil {
		return err
	} else if extra != "" {
		v.wrong(Problem{Leaf: v.edge.size, Text: errs.Tf("第 %d 条起的记录不见了：它们的散列还在。", "Leaves from %d on are missing: their hashes are still there.", v.edge.size)})
	}
	v.out.Leaves, v.out.Root = v.edge.size, v.edge.root()
	v.end()
	return nil
}

// put adds a leaf to the computed tree and compares what that makes with what is stored.
func (v *verifier) put(ctx context.Context, stored *hashes, leaf string, r *row) error {
	n := v.edge.size
	h, err := tlog.ParseHash(leaf)
	if err != nil {
		v.wrong(Problem{Leaf: n, Text: errs.Tf("第 %d 条记录的散列不见了。", "The hash of leaf %d is missing.", n)})
	}
	for i, made := range v.edge.add(h) {
		if i == 0 {
			continue
		}
		was, err := stored.next(ctx)
		if err != nil {
			return err
		}
		if was != made.String() {
			v.wrong(Problem{Leaf: n, Text: errs.T(fmt.Sprintf("到第 %d 条为止的散列和写下时不一样：这之前有记录或散列被改过。", n),
				fmt.Sprintf("The hash up to leaf %d is not as it was written: an entry or a hash before it was changed.", n))})
		}
	}
	if r != nil {
		if v.firstID == 0 || r.ID < v.firstID {
			v.firstID = r.ID
		}
		v.note(r)
	}
	v.pastHeads()
	return nil
}

// note keeps what an entry says of the ledger.
func (v *verifier) note(r *row) {
	err := unpack(r.Touches, func(t Row) {
		if was, ok := v.touches[t.ID]; !ok || int(was.rev) < t.Rev {
			v.touches[t.ID] = said{digest: t.Digest, rev: int32(t.Rev), leaf: r.Leaf}
		}
	})
	if err != nil {
		v.wrong(Problem{Leaf: r.Leaf, EntryID: r.ID, Text: errs.Tf("第 %d 条记录里关于账本的部分读不出来。", "What leaf %d says of the ledger cannot be read.", r.Leaf)})
	}
}

// pastHeads checks every signed head over as many leaves as there are now.
func (v *verifier) pastHeads() {
	for len(v.heads) > 0 && v.heads[0].Size <= v.edge.size {
		h := v.heads[0]
		v.heads = v.heads[1:]
		t, err := v.keys.open(h.Note)
		switch {
		case err != nil:
			v.wrong(Problem{Leaf: h.Size - 1, Text: errs.Tf("%d 条时的树头签名不对。", "The signature of the tree head over %d leaves is wrong.", h.Size)})
		case t.N != h.Size || h.Size != v.edge.size || t.Hash != v.edge.root():
			v.wrong(Problem{Leaf: h.Size - 1, Text: errs.Tf("%d 条时签过的树头和现在的记录对不上。", "The tree head that was signed over %d leaves does not fit what is there now.", h.Size)})
		default:
			v.out.Heads++
			v.signed = t.N
		}
	}
	if v.against == v.edge.size {
		v.against = -1
		if v.kept.Hash != v.edge.root() {
			v.wrong(Problem{Leaf: v.kept.N - 1, Text: errs.Tf("另存的树头（%d 条）和现在的记录对不上：历史被改写过。",
				"The tree head that was kept elsewhere (%d leaves) does not fit: history was rewritten.", v.kept.N)})
		}
	}
}

// end checks that no head speaks of leaves that are not there, and that the last one speaks of all.
func (v *verifier) end() {
	n := v.edge.size
	for _, h := range v.heads {
		v.wrong(Problem{Leaf: n, Text: errs.T(fmt.Sprintf("签过 %d 条的树头，现在只有 %d 条。", h.Size, n), fmt.Sprintf("A tree head was signed over %d leaves; there are %d.", h.Size, n))})
	}
	if v.against > n {
		v.wrong(Problem{Leaf: n, Text: errs.T(fmt.Sprintf("另存的树头有 %d 条，现在只有 %d 条。", v.kept.N, n),
			fmt.Sprintf("The tree head that was kept elsewhere has %d leaves; there are %d.", v.kept.N, n))})
	}
	if len(v.heads) == 0 && v.signed != n {
		v.wrong(Problem{Leaf: n - 1, Text: errs.Tf("最后 %d 条没有签名的树头。", "The last %d leaves have no signed head.", int(n-v.signed))})
	}
}

// readWaiting takes in what is committed and has no place yet: the rows of the ledger are as these left them.
func (v *verifier) readWaiting(ctx context.Context) error {
	for after := int64(0); ; {
		var rows []*row
		err := v.q.NewSelect().Model(&rows).Where("corp_id = ? AND leaf = -1 AND id > ?", v.CorpID, after).OrderExpr("id").Limit(page).Scan(ctx)
		if err != nil {
			return fmt.Errorf("read what waits: %w", err)
		}
		for _, r := range rows {
			v.out.Waiting++
			if v.firstID == 0 || r.ID < v.firstID {
				v.firstID = r.ID
			}
			v.note(r)
			after = r.ID
		}
		if len(rows) < page {
			return nil
		}
	}
}

// compareTouches compares the ledger with what the log says of it.
func (v *verifier) compareTouches(ctx context.Context) error {
	if v.Rows == nil {
		return nil
	}
	for after := int64(0); ; {
		rows, err := v.Rows(ctx, v.q, v.CorpID, after, page)
		if err != nil {
			return err
		}
		for _, t := range rows {
			v.compare(t)
			after = t.ID
		}
		if len(rows) < page {
			break
		}
	}
	for id, was := range v.touches {
		if !was.seen {
			v.wrong(Problem{Leaf: was.leaf, TouchID: id, Text: errs.T(fmt.Sprintf("账本里的触达 %d 不见了，第 %d 条记录说到过它。", id, was.leaf),
				fmt.Sprintf("Touch %d of the ledger is gone; leaf %d speaks of it.", id, was.leaf))})
		}
	}
	return nil
}

func (v *verifier) compare(t Row) {
	was, ok := v.touches[t.ID]
	switch {
	case ok && (was.digest != t.Digest || int(was.rev) != t.Rev):
		v.wrong(Problem{Leaf: was.leaf, TouchID: t.ID, Text: errs.T(fmt.Sprintf("账本里的触达 %d 和第 %d 条记录说的不一样。", t.ID, was.leaf),
			fmt.Sprintf("Touch %d of the ledger is not as leaf %d says.", t.ID, was.leaf))})
	case ok:
		v.out.Touches++
	case t.EntryID == 0 && t.Rev == 0 && (v.firstID == 0 || t.ID < v.firstID):
		v.out.Older++
	default:
		v.wrong(Problem{Leaf: waiting, TouchID: t.ID, Text: errs.Tf("账本里的触达 %d 没有任何记录说到。", "No entry speaks of touch %d of the ledger.", t.ID)})
	}
	if ok {
		was.seen = true
		v.touches[t.ID] = was
	}
}

// hashes reads the stored hashes in their order.
type hashes struct {
	q      bun.IDB
	corpID string
	want   int64
	rows   []hashRow
	end    bool
}

// next answers the next stored hash; "" where it is missing.
func (h *hashes) next(ctx context.Context) (string, error) {
	if len(h.rows) == 0 && !h.end {
		h.rows = nil
		err := h.q.NewSelect().Model(&h.rows).Where("corp_id = ? AND idx >= ?", h.corpID, h.want).OrderExpr("idx").Limit(page).Scan(ctx)
		if err != nil {
			return "", fmt.Errorf("read the hashes of the audit log: %w", err)
		}
		h.end = len(h.rows) == 0
	}
	n := h.want
	h.want++
	if len(h.rows) == 0 || h.rows[0].Idx != n {
		return "", nil
	}
	out := h.rows[0].Hash
	h.rows = h.rows[1:]
	return out, nil
}
