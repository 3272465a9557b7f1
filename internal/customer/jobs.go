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
	b.HandleMany(event+"add_external_contact", s.added(false))
	b.HandleMany(event+"add_half_external_contact", s.added(true))
	b.HandleMany(event+"edit_external_contact", s.edited)
	b.Handle(event+"del_external_contact", s.lost(ByStaff))
	b.Handle(event+"del_follow_user", s.lost(ByCustomer))
	b.Perform(refreshKind, s.refresh)
}

// added takes events of as many persons: the order key of an event is its person.
func (s *Service) added(half bool) bus.ManyHandler {
	return func(ctx context.Context, tx *db.Tx, ws []bus.Work) error {
		events := make([]Added, len(ws))
		for i, w := range ws {
			var c change
			if err := w.Decode(&c); err != nil {
				return err
			}
			events[i] = Added{
				CorpID: w.CorpID, CustomerID: c.ExternalUserID, StaffID: c.UserID, State: c.State, WelcomeCode: c.WelcomeCode,
				At: c.at(s.World), ByCallback: true, Half: half,
			}
		}
		if err := s.add(ctx, tx, ws[0].CorpID, events); err != nil {
			return err
		}
		return s.askDetails(ctx, tx, ws, 0)
	}
}

// edited asks for the details when the second is over: the events of two edits within one second are the same to the
// letter, so the second one is taken for a repeated delivery of the first.
func (s *Service) edited(ctx context.Context, tx *db.Tx, ws []bus.Work) error {
	return s.askDetails(ctx, tx, ws, s.World.Now().Add(time.Second))
}

// askDetails puts the intents to read persons' details because of events; many events about one person share a reading.
func (s *Service) askDetails(ctx context.Context, tx *db.Tx, ws []bus.Work, due clock.Time) error {
	items := make([]bus.Item, len(ws))
	for i, w := range ws {
		var c change
		if err := w.Decode(&c); err != nil {
			return err
		}
		items[i] = bus.Item{
			CorpID: s.CorpID, Lane: bus.Intent, Kind: refreshKind, Key: "refresh/" + w.Key, OrderKey: "refresh/" + c.ExternalUserID,
			Payload: refreshPayload{CustomerID: c.ExternalUserID}, DueAt: due,
		}
	}
	return s.Bus.PutMerged(ctx, tx, items...)
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
