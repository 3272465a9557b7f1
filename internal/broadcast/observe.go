package broadcast

import (
	"context"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

const (
	observeKind  = "broadcast.observe" // what members sent on their own is read and booked
	observeEvery = 30 * time.Minute
	// observeAgain is how far back each reading repeats the one before: results come in slowly.
	observeAgain = 2 * time.Hour
	// observeMost is how far back WeCom lets us look. Official page: document/path/93338.
	observeMost = 30 * 24 * time.Hour
)

type observeStep struct{ Since clock.Time }

// Start begins to read what members send on their own: those messages count against the caps as ours do. The readings go on
// by themselves; starting twice is starting once.
func (s *Service) Start(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.World.Now()
		return s.putObserve(ctx, tx, now, now.Add(-24*time.Hour))
	})
}

// putObserve puts one reading on the table. One of each half hour is enough, whoever asks.
func (s *Service) putObserve(ctx context.Context, tx *db.Tx, at, since clock.Time) error {
	slot := int64(at) / observeEvery.Milliseconds()
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: observeKind, Key: fmt.Sprint(observeKind, "/", slot), OrderKey: observeKind,
		Payload: observeStep{since}, DueAt: at,
	})
	return err
}

// observe reads and books. A repeat books nothing twice: each receiver of each message has a key of its own.
func (s *Service) observe(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p observeStep
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	now := s.World.Now()
	for _, kind := range observedKinds() {
		f := wecom.GroupMsgFilter{
			Kind: kind, By: wecom.MassByMember, Limit: 100,
			Start: max(p.Since.Add(-observeAgain), now.Add(-observeMost)).Unix(), End: now.Unix(),
		}
		for more := true; more; more = f.Cursor != "" {
			page, next, err := s.WeCom.GroupMsgs(ctx, f)
			if err != nil {
				return nil, s.readFailed(err, "list members' mass messages")
			}
			for _, m := range page {
				if err := s.observeOne(ctx, m); err != nil {
					return nil, err
				}
			}
			f.Cursor = next
		}
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.putObserve(ctx, tx, now.Add(observeEvery), now) }, nil
}

func (s *Service) observeOne(ctx context.Context, m wecom.GroupMsg) error {
	confirmed, err := s.confirmed(ctx, &Task{MsgID: m.ID})
	if err != nil {
		return err
	}
	for staffID := range confirmed {
		for cursor, more := "", true; more; more = cursor != "" {
			page, next, err := s.WeCom.GroupMsgResults(ctx, m.ID, staffID, cursor, 1000)
			if limited, failed := s.limited(ctx, staffID, err); failed != nil {
				return failed
			} else if limited { // the others' are read
				break
			}
			if err != nil {
				return s.readFailed(err, "read the receivers of "+m.ID)
			}
			if err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.bookObserved(ctx, tx, m, page) }); err != nil {
				return err
			}
			cursor = next
		}
	}
	return nil
}

func (s *Service) bookObserved(ctx context.Context, tx *db.Tx, m wecom.GroupMsg, page []wecom.GroupMsgResult) error {
	for _, r := range page {
		if r.Status != wecom.ReceiverSent || receiverOf(r) == "" {
			continue
		}
		if err := s.Governor.Observe(ctx, tx, s.observed(m, r), clock.Unix(r.SendTime)); err != nil {
			return err
		}
	}
	return nil
}
