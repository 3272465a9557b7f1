package contactway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	World  clock.World
	WeCom  *wecom.Client
	CorpID string
	// Tag gives tags to a relation, at WeCom and in our tables.
	Tag func(ctx context.Context, customerID, staffID string, tagIDs []string) (bus.Settle, error)
	// Room answers how many customers members have, and how many any of them may have (WC-10).
	Room func(ctx context.Context, staffIDs []string) (have map[string]int, most int, err error)
	// Consented refuses tags that tell sensitive data without a consent on record (LAW-07); field names where they stand. nil refuses none.
	Consented func(ctx context.Context, field string, tagIDs ...string) error
}

// Service is the use cases of channel codes.
type Service struct {
	Config

	looks sync.Map // the minute at whose end a member's room is looked at, by member
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c} }

const tagKind = "contactway.tag"

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) {
	b.Perform(tagKind, s.giveTags)
	b.Handle(roomKind, s.roomChanged)
	b.Perform(fitKind, s.fit)
}

// check says what is wrong with a code that somebody saves.
func (s *Service) check(ctx context.Context, c Contactway) error {
	if err := c.Validate(); err != nil || s.Consented == nil {
		return err
	}
	return s.Consented(ctx, "tags", c.TagIDs...)
}

// Create makes a code at WeCom and stores it.
func (s *Service) Create(ctx context.Context, c Contactway) (Contactway, error) {
	c.Purpose = cmp.Or(c.Purpose, ServiceAndMarketing)
	if err := s.check(ctx, c); err != nil {
		return c, err
	}
	c.ID = s.DB.NewID()
	c.State = "c" + strconv.FormatInt(c.ID, 36) // never reused, at most 30 characters
	err := s.leaveOut(ctx, &c)
	if err != nil {
		return c, err
	}
	if c.ConfigID, c.QRCode, err = s.WeCom.AddContactWay(ctx, c.wire()); err != nil {
		return c, calls.Refused(err, "make a channel code")
	}
	c.Enabled, c.CreatedAt = true, s.World.Now()
	r, err := rowOf(s.CorpID, c)
	if err != nil {
		return c, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
			return err
		}
		return s.setPurpose(ctx, tx, c)
	})
	if err != nil {
		return c, fmt.Errorf("store channel code %q: %w", c.Name, err)
	}
	return c, s.purposes(ctx, s.DB.Read(), &c)
}

// Update changes a code at WeCom and in our table. Its state never changes, and its purpose stays where none is given.
func (s *Service) Update(ctx context.Context, c Contactway) (Contactway, error) {
	former, err := s.Get(ctx, c.ID)
	if err != nil {
		return c, err
	}
	c.Purpose = cmp.Or(c.Purpose, former.Purpose)
	if err := s.check(ctx, c); err != nil {
		return c, err
	}
	c.ConfigID, c.State, c.QRCode, c.CreatedAt, c.Enabled = former.ConfigID, former.State, former.QRCode, former.CreatedAt, former.Enabled
	c.Passed = former.Passed
	if err := s.leaveOut(ctx, &c); err != nil {
		return c, err
	}
	if err := s.WeCom.UpdateContactWay(ctx, c.wire()); err != nil {
		return c, calls.Refused(err, "change a channel code")
	}
	r, err := rowOf(s.CorpID, c)
	if err != nil {
		return c, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewUpdate().Model(&r).WherePK().Exec(ctx); err != nil {
			return err
		}
		if err := s.setPurpose(ctx, tx, c); err != nil {
			return err
		}
		_, err := s.Bus.Put(ctx, tx, s.fitOf(tx, c.ID)) // a fit under way may have written the former members after us
		return err
	})
	if err != nil {
		return c, fmt.Errorf("store channel code %d: %w", c.ID, err)
	}
	return c, s.purposes(ctx, s.DB.Read(), &c)
}

// Delete ends a code at WeCom. Our row stays, so that customers who came by it keep their source.
func (s *Service) Delete(ctx context.Context, id int64) error {
	c, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := s.WeCom.DeleteContactWay(ctx, c.ConfigID); err != nil && !errors.Is(err, wecom.ErrConfigID) {
		return calls.Refused(err, "end a channel code")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*row)(nil)).Set("enabled = FALSE").Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
		return err
	})
}

// ChannelOf answers the id of the code with a state, "" when none has it: for welcomes.
func (s *Service) ChannelOf(ctx context.Context, tx *db.Tx, state string) (string, error) {
	c, ok, err := s.ByState(ctx, tx, state)
	if err != nil || !ok {
		return "", err
	}
	return strconv.FormatInt(c.ID, 10), nil
}

type tagPayload struct {
	CustomerID, StaffID string
	TagIDs              []string
}

// Added gives the code's tags to whoever came by it: it is a subscriber of customer.OnAdded.
func (s *Service) Added(ctx context.Context, tx *db.Tx, e customer.Added) error {
	if e.Half {
		return nil
	}
	if err := s.look(ctx, tx, e); err != nil || e.State == "" {
		return err
	}
	c, ok, err := s.ByState(ctx, tx, e.State)
	if err != nil || !ok || len(c.TagIDs) == 0 {
		return err
	}
	_, err = s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: tagKind, OrderKey: "tag/" + e.CustomerID,
		Key:     fmt.Sprintf("contactway/tag/%s/%s/%d", e.CustomerID, e.StaffID, e.At),
		Payload: tagPayload{CustomerID: e.CustomerID, StaffID: e.StaffID, TagIDs: c.TagIDs},
	})
	return err
}

func (s *Service) giveTags(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p tagPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	settle, err := s.Tag(ctx, p.CustomerID, p.StaffID, p.TagIDs)
	return settle, calls.Failed(err, "tag customer "+p.CustomerID)
}

func (c Contactway) wire() wecom.ContactWay {
	kind := wecom.WayMany // one member or several: a code can grow without being printed anew
	var staff []wecom.StaffID
	for _, id := range c.answering() {
		staff = append(staff, wecom.StaffID(id))
	}
	return wecom.ContactWay{
		ConfigID: c.ConfigID, Type: kind, Scene: wecom.SceneQR, Remark: c.Remark, SkipVerify: &c.SkipVerify, State: c.State,
		Staff: staff, Departments: c.Departments,
	}
}
