package broadcast

import (
	"context"
	"fmt"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
)

// ahead keeps for each mass message the next part of its receivers, which is decided while the one before is written. It is only
// ever a help: what is not there, or does not hold any more, is read and decided in the transaction.
type ahead struct {
	mu    sync.Mutex
	parts map[int64]*part
}

// part is decided when done is closed.
type part struct {
	done chan struct{}
	is   *foreseen // nil = nothing could be decided ahead
}

// foreseen is a part of a mass message's receivers as it was decided ahead.
type foreseen struct {
	revision int // of the words
	members  []customer.Member
	of       *governance.Foresight
}

// take answers the part that was decided ahead, once; nil = there is none, or it takes too long: nobody waits for it inside a
// transaction.
func (a *ahead) take(id int64) *foreseen {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.parts[id]
	delete(a.parts, id)
	if p == nil {
		return nil
	}
	select {
	case <-p.done:
		return p.is
	default:
		return nil
	}
}

// wait waits until the part of a mass message is decided, for a while.
func (a *ahead) wait(ctx context.Context, id int64) {
	a.mu.Lock()
	p := a.parts[id]
	a.mu.Unlock()
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, mostWait)
	defer cancel()
	select {
	case <-p.done:
	case <-ctx.Done():
	}
}

// mostWait is how long the work of a partition waits for a part to be decided.
const mostWait = 200 * time.Millisecond

// drop forgets what was decided ahead.
func (a *ahead) drop(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.parts, id)
}

// begin lets a part be decided beside what goes on.
func (a *ahead) begin(id int64, decide func() *foreseen) {
	p := &part{done: make(chan struct{})}
	a.mu.Lock()
	if a.parts == nil {
		a.parts = map[int64]*part{}
	}
	a.parts[id] = p
	a.mu.Unlock()
	go func() {
		defer close(p.done)
		p.is = decide()
	}()
}

// nextPart are the next receivers to be decided, with what was decided about them ahead, if that can still hold.
func (s *Service) nextPart(ctx context.Context, tx *db.Tx, b *Broadcast, most int) ([]customer.Member, *governance.Foresight, error) {
	if f := s.ahead.take(b.ID); f != nil && f.revision == b.Revision {
		wait, err := s.still(ctx, tx, b.ID, f.members)
		if err != nil || wait {
			return f.members, f.of, err
		}
	}
	members, err := s.matched(ctx, tx, b.ID, "", most)
	return members, nil, err
}

// lookAhead decides about the receivers after one customer while the transaction goes on.
func (s *Service) lookAhead(ctx context.Context, tx *db.Tx, b *Broadcast, after string, most int) {
	if b.Kind != ToCustomers {
		return
	}
	mine := *b // the transaction goes on with its own
	b = &mine
	tx.OnCommit(func() { s.ahead.wait(ctx, b.ID) }) // here no callback waits behind it
	s.ahead.begin(b.ID, func() *foreseen {
		members, err := s.matched(ctx, s.DB.Read(), b.ID, after, most)
		if err != nil || len(members) == 0 {
			return nil
		}
		reqs, err := s.requests(b, members)
		if err != nil {
			return nil
		}
		f, err := s.Governor.Foresee(ctx, reqs)
		if err != nil || f == nil {
			return nil // the transaction decides, and tells what is wrong
		}
		return &foreseen{b.Revision, members, f}
	})
}

// still says whether a part that was decided ahead still waits: receivers of a message only ever leave that state.
func (s *Service) still(ctx context.Context, tx *db.Tx, id int64, members []customer.Member) (bool, error) {
	var n int
	err := tx.NewRaw("SELECT COUNT(*) FROM broadcast_receiver WHERE corp_id = ? AND broadcast_id = ? AND state = ? AND customer_id >= ? AND customer_id <= ?",
		s.CorpID, id, Matched, members[0].CustomerID, members[len(members)-1].CustomerID).Scan(ctx, &n)
	if err != nil {
		return false, fmt.Errorf("count the receivers of mass message %d: %w", id, err)
	}
	return n == len(members), nil
}

// requests asks for some receivers of a mass message.
func (s *Service) requests(b *Broadcast, members []customer.Member) ([]governance.Request, error) {
	words, err := s.words(b)
	if err != nil {
		return nil, err
	}
	req := s.request(b.ID, b.SubmittedBy, words, b.Cost)
	req.Expires, req.Opens, req.Closes = b.ClosesAt, b.OpensAt, b.ClosesAt
	reqs := make([]governance.Request, len(members))
	for i, m := range members {
		reqs[i] = req
		aim(&reqs[i], b, m)
	}
	return reqs, nil
}
