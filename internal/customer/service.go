package customer

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	World  clock.World
	Zone   *time.Location // the corp's zone
	WeCom  *wecom.Client
	CorpID string
	Live   func(kind, id string) // tells the consoles that are open; may be nil
	// Forgotten answers which persons were erased, with when: what lies before that is not stored again. May be nil.
	Forgotten func(ctx context.Context, q bun.IDB, customerIDs ...string) (map[string]clock.Time, error)
}

// Service is the use cases of customers and relations.
type Service struct {
	Config

	// OnAdded and OnLost are told inside the transaction; what they write commits with the relation or not at all.
	OnAdded []func(ctx context.Context, tx *db.Tx, e Added) error
	OnLost  []func(ctx context.Context, tx *db.Tx, e Lost) error

	rosterFrom int
	roster     roster
	veterans   sync.Map // members who had customers before an instant (clock.Time), by id: that stays so
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c, rosterFrom: rosterFrom} }

// add records that relations began and tells the subscribers. No person comes twice in events: what a burst of events
// writes shares the statements. The same beginning told twice (a callback after a sync) changes nothing the second time.
func (s *Service) add(ctx context.Context, tx *db.Tx, corpID string, events []Added) error {
	locks, ids := make([]string, 0, len(events)), make([]string, 0, len(events))
	for _, e := range events {
		if !e.Half { // a half has no relation yet, only a welcome code: the full event follows when the member confirms
			locks, ids = append(locks, "customer/"+corpID+"/"+e.CustomerID), append(ids, e.CustomerID)
		}
	}
	if err := tx.Lock(ctx, locks...); err != nil {
		return err
	}
	forgotten, err := s.forgotten(ctx, tx, ids)
	if err != nil {
		return err
	}
	events = slices.DeleteFunc(slices.Clone(events), func(e Added) bool { return !e.Half && e.At <= forgotten[e.CustomerID] })
	persons, relations, err := standing(ctx, tx, corpID, ids)
	if err != nil {
		return err
	}
	var began beginnings
	told := make([]Added, 0, len(events))
	for _, e := range events {
		if e.Half {
			told = append(told, e)
			continue
		}
		former, known := relations[relationKey{e.CustomerID, e.StaffID}]
		person, wasCustomer := persons[e.CustomerID]
		e.FirstEver = !wasCustomer
		if known && former.Live && e.WelcomeCode == "" {
			continue // told before
		}
		if known && !former.Live && former.LostBy != ByUnknown && e.At < former.LostAt {
			continue // told late: this beginning has ended since
		}
		if !known || !former.Live {
			began.add(e, !wasCustomer || !person.Live)
		}
		told = append(told, e)
	}
	if err := began.write(ctx, tx); err != nil {
		return err
	}
	for _, e := range told {
		if err := s.tellAdded(ctx, tx, e); err != nil {
			return err
		}
		if !e.Half {
			s.announce(tx, "customer", e.CustomerID)
		}
	}
	return nil
}

// lose records that a relation ended.
func (s *Service) lose(ctx context.Context, tx *db.Tx, corpID, customerID, staffID string, by LostBy, at clock.Time) error {
	if err := tx.Lock(ctx, "customer/"+corpID+"/"+customerID); err != nil {
		return err
	}
	former, known, err := getRelation(ctx, tx, corpID, customerID, staffID)
	if err != nil || !known || !former.Live {
		return err // never known or told before
	}
	if at < former.AddedAt {
		return nil // told late: the relation began anew since
	}
	_, err = tx.NewUpdate().Model((*relationRow)(nil)).Set("live = FALSE").Set("lost_at = ?", at).Set("lost_by = ?", by).
		Where("corp_id = ? AND customer_id = ? AND staff_id = ?", corpID, customerID, staffID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end relation %s/%s: %w", customerID, staffID, err)
	}
	changed(tx, corpID, customerID)
	more, err := hasLiveRelation(ctx, tx, corpID, customerID)
	if err != nil {
		return err
	}
	if !more {
		_, err := tx.NewUpdate().Model((*customerRow)(nil)).Set("live = FALSE").Set("lost_at = ?", at).
			Where("corp_id = ? AND id = ?", corpID, customerID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("mark customer %s lost: %w", customerID, err)
		}
	}
	if err := Note(ctx, tx, Entry{CorpID: corpID, CustomerID: customerID, At: at, Kind: "lost", Actor: staffID, Detail: string(by)}); err != nil {
		return err
	}
	e := Lost{CorpID: corpID, CustomerID: customerID, StaffID: staffID, By: by, At: at, LastOne: !more}
	for _, tell := range s.OnLost {
		if err := tell(ctx, tx, e); err != nil {
			return err
		}
	}
	s.announce(tx, "customer", customerID)
	return nil
}

// store writes live relations as a read call answered them, and tells OnAdded of those that nobody had told of. No
// welcome can follow: a relation that a read finds has no welcome code.
func (s *Service) store(ctx context.Context, tx *db.Tx, snapshots []Snapshot) error {
	fresh, err := s.unknown(ctx, tx, snapshots)
	if err != nil {
		return err
	}
	now := s.World.Now()
	persons, relations := map[string]customerRow{}, make([]Relation, 0, len(snapshots))
	rows := make([]relationRow, 0, len(snapshots))
	for _, sn := range snapshots {
		r, p := sn.Relation, sn.Person
		if former, ok := persons[p.ID]; !ok || r.AddedAt < former.AddedAt {
			persons[p.ID] = customerRow{
				CorpID: s.CorpID, ID: p.ID, Name: p.Name, Avatar: p.Avatar, Gender: p.Gender, Kind: p.Kind, CorpName: p.CorpName,
				UnionID: p.UnionID, Live: true, AddedAt: r.AddedAt, KnownAt: now,
			}
		}
		relations = append(relations, r)
		rows = append(rows, relationRow{
			CorpID: s.CorpID, CustomerID: r.CustomerID, StaffID: r.StaffID, Live: true, Remark: r.Remark, Description: r.Description,
			AddedAt: r.AddedAt, AddWay: r.AddWay, State: r.State, KnownAt: now,
		})
	}
	people := make([]customerRow, 0, len(persons))
	for _, p := range persons {
		people = append(people, p)
	}
	if err := upsertPersons(ctx, tx, people); err != nil {
		return err
	}
	if err := upsertRelations(ctx, tx, rows); err != nil {
		return err
	}
	if err := replaceTags(ctx, tx, s.CorpID, relations); err != nil {
		return err
	}
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	changed(tx, s.CorpID, ids...)
	return s.found(ctx, tx, fresh)
}

// found tells of relations that a read call brought and no callback had told of.
func (s *Service) found(ctx context.Context, tx *db.Tx, fresh []Relation) error {
	if len(fresh) == 0 {
		return nil
	}
	notes := make([]Entry, len(fresh))
	for i, r := range fresh {
		notes[i] = Entry{CorpID: s.CorpID, CustomerID: r.CustomerID, At: r.AddedAt, Kind: "added", Actor: r.StaffID, Detail: r.State}
	}
	if err := noteAll(ctx, tx, notes); err != nil {
		return err
	}
	for _, r := range fresh {
		e := Added{CorpID: s.CorpID, CustomerID: r.CustomerID, StaffID: r.StaffID, State: r.State, At: r.AddedAt}
		if err := s.tellAdded(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tellAdded(ctx context.Context, tx *db.Tx, e Added) error {
	for _, tell := range s.OnAdded {
		if err := tell(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) announce(tx *db.Tx, kind, id string) {
	if s.Live != nil {
		tx.OnCommit(func() { s.Live(kind, id) })
	}
}
