package customer

import (
	"context"
	"errors"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// change is the part of change_external_contact.* events that this room reads.
// Official page: https://developer.work.weixin.qq.com/document/path/92130
type change struct {
	UserID         string
	ExternalUserID string
	State          string
	WelcomeCode    string
	Source         string
	CreateTime     string
}

// at is when it happened; an event without a readable time happened now.
func (c change) at(world clock.World) clock.Time {
	sec, err := strconv.ParseInt(c.CreateTime, 10, 64)
	if err != nil || sec <= 0 {
		return world.Now()
	}
	return clock.Unix(sec)
}

const refreshKind = "customer.refresh"

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) {
	const event = "change_external_contact."
	b.Handle(event+"add_external_contact", s.added(false))
	b.Handle(event+"add_half_external_contact", s.added(true))
	b.Handle(event+"edit_external_contact", s.edited)
	b.Handle(event+"del_external_contact", s.lost(ByStaff))
	b.Handle(event+"del_follow_user", s.lost(ByCustomer))
	b.Perform(refreshKind, s.refresh)
}

func (s *Service) added(half bool) bus.Handler {
	return func(ctx context.Context, tx *db.Tx, w bus.Work) error {
		var c change
		if err := w.Decode(&c); err != nil {
			return err
		}
		err := s.add(ctx, tx, Added{
			CorpID: w.CorpID, CustomerID: c.ExternalUserID, StaffID: c.UserID, State: c.State, WelcomeCode: c.WelcomeCode,
			At: c.at(s.World), ByCallback: true, Half: half,
		})
		if err != nil {
			return err
		}
		return s.askDetails(ctx, tx, c.ExternalUserID, w.Key, 0)
	}
}

// edited asks for the details when the second is over: the events of two edits within one second are the same to the
// letter, so the second one is taken for a repeated delivery of the first.
func (s *Service) edited(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var c change
	if err := w.Decode(&c); err != nil {
		return err
	}
	return s.askDetails(ctx, tx, c.ExternalUserID, w.Key, s.World.Now().Add(time.Second))
}

func (s *Service) lost(by LostBy) bus.Handler {
	return func(ctx context.Context, tx *db.Tx, w bus.Work) error {
		var c change
		if err := w.Decode(&c); err != nil {
			return err
		}
		return s.lose(ctx, tx, w.CorpID, c.ExternalUserID, c.UserID, by, c.at(s.World))
	}
}

// askDetails puts the intent to read a person's details because of an event; many events about one person share a reading.
func (s *Service) askDetails(ctx context.Context, tx *db.Tx, customerID, cause string, due clock.Time) error {
	return s.Bus.PutMerged(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: refreshKind, Key: "refresh/" + cause, OrderKey: "refresh/" + customerID,
		Payload: refreshPayload{CustomerID: customerID}, DueAt: due,
	})
}

type refreshPayload struct{ CustomerID string }

// refresh reads a person with all relations and stores what WeCom says now.
func (s *Service) refresh(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p refreshPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	snapshots, err := s.read(ctx, p.CustomerID)
	switch {
	case errors.Is(err, wecom.ErrNotCustomer):
		return nil, nil // half added, or gone meanwhile: the next event tells
	case err != nil:
		return nil, calls.Failed(err, "read customer "+p.CustomerID)
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.StoreTx(ctx, tx, snapshots) }, nil
}
