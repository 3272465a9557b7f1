package contactway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

const (
	roomKind = "contactway.room" // members won or lost customers: codes may have to change
	fitKind  = "contactway.fit"  // a code at WeCom gets those of its members who have room
)

// lookAfter is how long after a customer came or went a member's room is looked at: many at once are one look.
const lookAfter = time.Minute

// change names whose room changed; nobody = anybody's.
type change struct{ StaffID string }

// fitting names a code.
type fitting struct{ ID int64 }

// leaveOut says whom a code passes over now.
func (s *Service) leaveOut(ctx context.Context, c *Contactway) error {
	have, most, err := s.Room(ctx, c.StaffIDs)
	if err == nil {
		c.Passed = c.pass(have, most)
	}
	return err
}

// look has a member's room looked at. A sync finds many relations at once and ends with a look at everybody's.
func (s *Service) look(ctx context.Context, tx *db.Tx, e customer.Added) error {
	if !e.ByCallback {
		return nil
	}
	return s.lookAt(ctx, tx, e.StaffID)
}

// Lost is a subscriber of customer.OnLost: there may be room again.
func (s *Service) Lost(ctx context.Context, tx *db.Tx, e customer.Lost) error {
	return s.lookAt(ctx, tx, e.StaffID)
}

func (s *Service) lookAt(ctx context.Context, tx *db.Tx, staffID string) error {
	minute := int64(s.World.Now()) / lookAfter.Milliseconds()
	if at, ok := s.looks.Load(staffID); ok && at == minute { // that one was committed, and comes later than we do
		return nil
	}
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: roomKind, Key: fmt.Sprint(roomKind, "/", staffID, "/", minute), OrderKey: roomKind, Payload: change{staffID},
		DueAt: s.World.Now().Add(2 * lookAfter),
	})
	if err == nil {
		tx.OnCommit(func() { s.looks.Store(staffID, minute) })
	}
	return err
}

// LookAgain has everybody's room looked at: after a sync, and when other capacities hold.
func (s *Service) LookAgain(ctx context.Context, tx *db.Tx) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: roomKind, Key: fmt.Sprint(roomKind, "//", tx.NewID()), OrderKey: roomKind, Payload: change{},
	})
	return err
}

// roomChanged puts the codes on the table that have to change.
func (s *Service) roomChanged(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p change
	if err := w.Decode(&p); err != nil {
		return err
	}
	var rows []row
	if err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND enabled", s.CorpID).OrderExpr("id").Scan(ctx); err != nil {
		return fmt.Errorf("list channel codes: %w", err)
	}
	var ways []Contactway
	var staff []string
	for _, r := range rows {
		c, err := r.contactway()
		if err != nil {
			return err
		}
		if p.StaffID == "" || slices.Contains(c.StaffIDs, p.StaffID) {
			ways, staff = append(ways, c), append(staff, c.StaffIDs...)
		}
	}
	slices.Sort(staff)
	have, most, err := s.Room(ctx, slices.Compact(staff))
	if err != nil {
		return err
	}
	for _, c := range ways {
		if slices.Equal(c.pass(have, most), c.Passed) {
			continue
		}
		if err := s.Bus.PutMerged(ctx, tx, s.fitOf(tx, c.ID)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) fitOf(tx *db.Tx, id int64) bus.Item {
	return bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: fitKind, Key: fmt.Sprint(fitKind, "/", id, "/", tx.NewID()), OrderKey: fmt.Sprint("contactway/", id),
		Payload: fitting{id},
	}
}

// fit brings the members of a code at WeCom to those who have room now. It reads what WeCom has first: what an earlier attempt
// wrote before a crash is not written again, and what a change by an operator wrote meanwhile is found. Whoever changes a code
// puts a fit behind it, so the last one always sees the last change.
func (s *Service) fit(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p fitting
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	c, err := s.Get(ctx, p.ID)
	if err != nil || !c.Enabled {
		return nil, err
	}
	if err := s.leaveOut(ctx, &c); err != nil {
		return nil, err
	}
	want := c.wire()
	now, err := s.WeCom.ContactWay(ctx, c.ConfigID)
	if err == nil && !sameStaff(now.Staff, want.Staff) {
		err = s.WeCom.UpdateContactWay(ctx, want)
	}
	if errors.Is(err, wecom.ErrConfigID) {
		return nil, nil // somebody ended it
	}
	if err != nil {
		return nil, calls.Failed(err, fmt.Sprint("change who answers channel code ", c.ID))
	}
	passed, err := json.Marshal(c.Passed)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*row)(nil)).Set("passed = ?", string(passed)).Where("corp_id = ? AND id = ?", s.CorpID, c.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("note whom channel code %d passes over: %w", c.ID, err)
		}
		return nil
	}, nil
}

func sameStaff(a, b []wecom.StaffID) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
