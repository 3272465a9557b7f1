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
	addingKind       = "staff.adding"        // a day is over: what members did on it is read
	memberAddingKind = "staff.member_adding" // of one member
	addingHour       = 4                     // when WeCom has counted the day before
)

// Adding is told once a day of a member who sent requests to become contacts: how many, and how many customers they got, whoever
// had asked. WeCom does not tell how many of the requests were accepted; it is no more than Added.
type Adding struct {
	CorpID   string
	StaffID  string
	Day      clock.Time // its midnight
	Requests int
	Added    int
}

type addingDay struct {
	StaffID string
	Day     clock.Time
}

// Start begins to read what members do. The readings go on by themselves; starting twice is starting once.
func (s *Service) Start(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.putAdding(ctx, tx, s.World.Now().Day(s.Zone)) })
}

// putAdding has a day read in the night after it.
func (s *Service) putAdding(ctx context.Context, tx *db.Tx, day clock.Time) error {
	next := day.In(s.Zone).AddDate(0, 0, 1)
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: addingKind, Key: fmt.Sprint(addingKind, "/", int64(day)), OrderKey: addingKind,
		Payload: addingDay{Day: day}, DueAt: clock.At(next.Add(addingHour * time.Hour)),
	})
	return err
}

// dayOver has what each member with customers did on a day read, and puts the next day on the table. After a time without us only
// the last day is read: what was done long ago is no reason to warn.
func (s *Service) dayOver(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p addingDay
	if err := w.Decode(&p); err != nil {
		return err
	}
	today := s.World.Now().Day(s.Zone)
	if yesterday := clock.At(today.In(s.Zone).AddDate(0, 0, -1)); p.Day < yesterday {
		p.Day = yesterday
	}
	ids, err := s.ids(ctx, tx, "gone_at = 0 AND contact")
	if err != nil {
		return err
	}
	for _, id := range ids {
		_, err := s.Bus.Put(ctx, tx, bus.Item{
			CorpID: s.CorpID, Lane: bus.Intent, Kind: memberAddingKind, Key: fmt.Sprint(memberAddingKind, "/", id, "/", int64(p.Day)), OrderKey: "staff/" + id,
			Payload: addingDay{id, p.Day},
		})
		if err != nil {
			return err
		}
	}
	return s.putAdding(ctx, tx, clock.At(p.Day.In(s.Zone).AddDate(0, 0, 1)))
}

// readAdding reads what a member did on a day, and tells it.
func (s *Service) readAdding(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p addingDay
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
	e := Adding{CorpID: s.CorpID, StaffID: p.StaffID, Day: p.Day}
	for _, a := range found {
		e.Requests += a.Requests
		e.Added += a.Added
	}
	if e.Requests == 0 {
		return nil, nil
	}
	return func(ctx context.Context, tx *db.Tx) error {
		for _, tell := range s.OnAdding {
			if err := tell(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
