package staff

import (
	"context"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

const (
	requestsKind       = "staff.requests"        // a day is over: what members did on it is read
	memberRequestsKind = "staff.member_requests" // of one member
	requestsHour       = 4                       // when WeCom has counted the day before
)

// Requested is told once a day of a member who asked people to become contacts: how many they asked, and how many customers they
// got, whoever had asked. WeCom does not tell how many of those asked said yes; it is no more than Added.
type Requested struct {
	CorpID  string
	StaffID string
	Day     clock.Time // its midnight
	Asked   int
	Added   int
}

type requestsPayload struct {
	StaffID string
	Day     clock.Time
}

// Start begins to read what members do. The readings go on by themselves; starting twice is starting once.
func (s *Service) Start(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.putRequests(ctx, tx, s.World.Now().Day(s.Zone)) })
}

// putRequests has a day read in the night after it.
func (s *Service) putRequests(ctx context.Context, tx *db.Tx, day clock.Time) error {
	next := day.In(s.Zone).AddDate(0, 0, 1)
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: requestsKind, Key: fmt.Sprint(requestsKind, "/", int64(day)), OrderKey: requestsKind,
		Payload: requestsPayload{Day: day}, DueAt: clock.At(next.Add(requestsHour * time.Hour)),
	})
	return err
}

// dayOver has what each member with customers did on a day read, and puts the next day on the table. After a time without us only
// the last day is read: what was done long ago is no reason to warn.
func (s *Service) dayOver(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p requestsPayload
	if err := w.Decode(&p); err != nil {
		return err
	}
	today := s.World.Now().Day(s.Zone)
	if yesterday := clock.At(today.In(s.Zone).AddDate(0, 0, -1)); p.Day < yesterday {
		p.Day = yesterday
	}
	var ids []string
	err := tx.NewSelect().Model((*staffRow)(nil)).Column("id").Where("corp_id = ? AND gone_at = 0 AND contact", s.CorpID).OrderExpr("id").Scan(ctx, &ids)
	if err != nil {
		return fmt.Errorf("list members with customers: %w", err)
	}
	for _, id := range ids {
		_, err := s.Bus.Put(ctx, tx, bus.Item{
			CorpID: s.CorpID, Lane: bus.Intent, Kind: memberRequestsKind, Key: fmt.Sprint(memberRequestsKind, "/", id, "/", int64(p.Day)), OrderKey: "staff/" + id,
			Payload: requestsPayload{id, p.Day},
		})
		if err != nil {
			return err
		}
	}
	return s.putRequests(ctx, tx, clock.At(p.Day.In(s.Zone).AddDate(0, 0, 1)))
}

// readRequests reads what a member did on a day, and tells it.
func (s *Service) readRequests(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p requestsPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	day := p.Day.In(s.Zone)
	found, err := s.WeCom.Activities(ctx, []wecom.StaffID{wecom.StaffID(p.StaffID)}, day, day)
	if c := wecom.ClassOf(err); c == wecom.ClassPermission || c == wecom.ClassBadRequest || c == wecom.ClassGone {
		return nil, nil // not visible to us, or left: there is nothing to warn of
	}
	if err != nil {
		return nil, calls.Failed(err, "read what member "+p.StaffID+" did")
	}
	e := Requested{CorpID: s.CorpID, StaffID: p.StaffID, Day: p.Day}
	for _, a := range found {
		e.Asked += a.Requests
		e.Added += a.Added
	}
	if e.Asked == 0 {
		return nil, nil
	}
	return func(ctx context.Context, tx *db.Tx) error {
		for _, tell := range s.OnRequested {
			if err := tell(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
