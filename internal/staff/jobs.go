package staff

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/db"
)

const (
	refreshKind     = "staff.refresh"
	departmentsKind = "staff.departments"
)

// change is the part of change_contact.* events that this room reads. Helpers set up after August 2022 are told ids
// only, so what changed is always read.
// Official page: https://developer.work.weixin.qq.com/document/path/90970
type change struct {
	UserID    string
	NewUserID string
}

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) {
	const event = "change_contact."
	b.Handle(event+"create_user", s.changed)
	b.Handle(event+"update_user", s.changed)
	b.Handle(event+"delete_user", s.deleted)
	for _, c := range []string{"create_party", "update_party", "delete_party"} {
		b.Handle(event+c, s.departmentsChanged)
	}
	b.Perform(refreshKind, s.refresh)
	b.Perform(departmentsKind, s.refreshDepartments)
	b.Handle(addingKind, s.dayOver)
	b.Perform(memberAddingKind, s.readAdding)
}

type refreshPayload struct{ StaffID string }

func (s *Service) changed(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var c change
	if err := w.Decode(&c); err != nil {
		return err
	}
	id := c.UserID
	if c.NewUserID != "" && c.NewUserID != c.UserID {
		if err := s.rename(ctx, tx, c.UserID, c.NewUserID); err != nil {
			return err
		}
		id = c.NewUserID
	}
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: refreshKind, Key: "staff/" + w.Key, OrderKey: "staff/" + id, Payload: refreshPayload{id},
	})
	return err
}

// rename moves our role and scope to the member's new id; the former id counts as gone.
func (s *Service) rename(ctx context.Context, tx *db.Tx, from, to string) error {
	m, err := s.members(ctx, tx, []string{from})
	if err != nil {
		return err
	}
	former, known := m[from]
	if !known {
		return nil
	}
	row := staffRow{CorpID: s.CorpID, ID: to, Name: former.Name, Position: former.Position, Active: former.Active, Contact: former.Contact, Role: former.Role, Scope: former.Scope}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (corp_id, id) DO UPDATE").Set("role = EXCLUDED.role").Set("scope = EXCLUDED.scope").Exec(ctx)
	if err != nil {
		return fmt.Errorf("rename member %s: %w", from, err)
	}
	return s.markGone(ctx, tx, []string{from})
}

func (s *Service) deleted(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var c change
	if err := w.Decode(&c); err != nil {
		return err
	}
	// A member whom we never read is noted too: an answer that is still on its way would make them a colleague.
	row := staffRow{CorpID: s.CorpID, ID: c.UserID, Name: c.UserID, Role: "staff", Scope: "own"}
	if _, err := tx.NewInsert().Model(&row).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
		return fmt.Errorf("note member %s who left: %w", c.UserID, err)
	}
	return s.markGone(ctx, tx, []string{c.UserID})
}

func (s *Service) departmentsChanged(ctx context.Context, tx *db.Tx, w bus.Work) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: departmentsKind, Key: "departments/" + w.Key, OrderKey: "departments", Payload: struct{}{},
	})
	return err
}

func (s *Service) refresh(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p refreshPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	asked := s.World.Now()
	m, gone, err := s.read(ctx, p.StaffID)
	if err != nil {
		return nil, calls.Failed(err, "read member "+p.StaffID)
	}
	return func(ctx context.Context, tx *db.Tx) error {
		if gone {
			return s.markGone(ctx, tx, []string{p.StaffID})
		}
		return s.upsert(ctx, tx, []Member{m}, asked)
	}, nil
}

func (s *Service) refreshDepartments(ctx context.Context, _ bus.Work) (bus.Settle, error) {
	list, err := s.askDepartments(ctx)
	if err != nil {
		return nil, calls.Failed(err, "read departments")
	}
	return func(ctx context.Context, tx *db.Tx) error { return s.setDepartments(ctx, tx, list) }, nil
}
