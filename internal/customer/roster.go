package customer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Areas of changes. The room of tags notes some too.
const (
	areaCustomer = "customer" // a person's relations, tags or lasting ids
	areaTag      = "tag"      // a tag that is no more
)

// rosterFrom is from how many customers on the roster is kept in memory: below, SQL is as quick.
const rosterFrom = 20_000

// roster holds who is with whom and carries which tag, so that an audience of a million is chosen in a moment. Before each
// use it reads again whatever changed since: it answers what Audience would.
type roster struct {
	mu       sync.Mutex
	follower *db.Follower
	at       map[string]uint32
	people   []resident
	more     map[uint32][]link // further relations than the newest
	tags     map[string]*roaring.Bitmap
	live     *roaring.Bitmap
	staff    map[string]int32
	staffIDs []string
}

type resident struct {
	id     string
	newest link
}

type link struct {
	staff   int32
	addedAt clock.Time
}

// Muster answers the persons whom Audience would, in no order, and how many persons have a live relation at all. In a large
// corp it answers from memory.
func (s *Service) Muster(ctx context.Context, q AudienceQuery) (chosen []Member, all int, err error) {
	r := &s.roster
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.follower == nil {
		all, err := s.CountLive(ctx)
		if err != nil {
			return nil, 0, err
		}
		if all < s.rosterFrom {
			chosen, err := s.Audience(ctx, q)
			return chosen, all, err
		}
	}
	if err := s.renew(ctx, r); err != nil {
		r.follower = nil
		return nil, 0, err
	}
	return r.choose(q), int(r.live.GetCardinality()), nil
}

// renew brings the roster up to date.
func (s *Service) renew(ctx context.Context, r *roster) error {
	if r.follower != nil {
		changes, lost, err := r.follower.Next(ctx)
		if err != nil {
			return err
		}
		if !lost {
			return s.follow(ctx, r, changes)
		}
	}
	r.follower = s.DB.Follow(s.CorpID, areaCustomer, areaTag)
	r.at, r.people, r.more = map[string]uint32{}, nil, map[uint32][]link{}
	r.tags, r.live = map[string]*roaring.Bitmap{}, roaring.New()
	r.staff, r.staffIDs = map[string]int32{}, nil
	return s.enrol(ctx, r, nil)
}

// follow applies changes.
func (s *Service) follow(ctx context.Context, r *roster, changes []db.Change) error {
	stale := map[string]bool{}
	for _, c := range changes {
		for _, name := range c.Names {
			if c.Area == areaTag {
				delete(r.tags, name)
			} else {
				stale[name] = true
			}
		}
	}
	ids := make([]string, 0, len(stale))
	for id := range stale {
		ids = append(ids, id)
		if i, ok := r.at[id]; ok {
			delete(r.more, i)
			r.live.Remove(i)
			for _, tagged := range r.tags {
				tagged.Remove(i)
			}
		}
	}
	slices.Sort(ids)
	for part := range slices.Chunk(ids, 500) {
		if err := s.enrol(ctx, r, part); err != nil {
			return err
		}
	}
	return nil
}

// enrol reads live relations and their tags, of everybody or of the persons given.
func (s *Service) enrol(ctx context.Context, r *roster, ids []string) error {
	of := func(q *bun.SelectQuery, column string) *bun.SelectQuery {
		if ids != nil {
			q.Where("? IN (?)", bun.Ident(column), bun.List(ids))
		}
		return q
	}
	rows, err := of(s.DB.Read().NewSelect().Model((*relationRow)(nil)).Column("customer_id", "staff_id", "added_at").
		Where("r.corp_id = ? AND r.live", s.CorpID), "r.customer_id").Rows(ctx)
	if err != nil {
		return fmt.Errorf("read who is with whom: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var customerID, staffID string
		var at clock.Time
		if err := rows.Scan(&customerID, &staffID, &at); err != nil {
			return fmt.Errorf("read who is with whom: %w", err)
		}
		r.join(customerID, staffID, at)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read who is with whom: %w", err)
	}
	return s.enrolTags(ctx, r, of)
}

func (s *Service) enrolTags(ctx context.Context, r *roster, of func(q *bun.SelectQuery, column string) *bun.SelectQuery) error {
	rows, err := of(s.DB.Read().NewSelect().Model((*relationTagRow)(nil)).Column("customer_id", "staff_id", "tag_id").
		Where("rt.corp_id = ?", s.CorpID), "rt.customer_id").Rows(ctx)
	if err != nil {
		return fmt.Errorf("read who carries which tag: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var customerID, staffID, tagID string
		if err := rows.Scan(&customerID, &staffID, &tagID); err != nil {
			return fmt.Errorf("read who carries which tag: %w", err)
		}
		i, ok := r.at[customerID]
		if !ok || !r.live.Contains(i) || !r.with(i, staffID) {
			continue // the tag of a relation that has ended
		}
		if r.tags[tagID] == nil {
			r.tags[tagID] = roaring.New()
		}
		r.tags[tagID].Add(i)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read who carries which tag: %w", err)
	}
	return nil
}

// join adds a live relation.
func (r *roster) join(customerID, staffID string, at clock.Time) {
	staff, ok := r.staff[staffID]
	if !ok {
		staff = int32(len(r.staffIDs))
		r.staff[staffID], r.staffIDs = staff, append(r.staffIDs, staffID)
	}
	l := link{staff, at}
	i, ok := r.at[customerID]
	if !ok {
		i = uint32(len(r.people))
		r.at[customerID], r.people = i, append(r.people, resident{id: customerID})
	}
	if r.live.CheckedAdd(i) {
		r.people[i].newest = l
		return
	}
	if r.before(l, r.people[i].newest) {
		l, r.people[i].newest = r.people[i].newest, l
	}
	r.more[i] = append(r.more[i], l)
	slices.SortFunc(r.more[i], func(a, b link) int {
		return cmp.Or(cmp.Compare(b.addedAt, a.addedAt), cmp.Compare(r.staffIDs[a.staff], r.staffIDs[b.staff]))
	})
}

// before says whether the first of two relations of a person is the one that speaks.
func (r *roster) before(a, b link) bool {
	return a.addedAt > b.addedAt || a.addedAt == b.addedAt && r.staffIDs[a.staff] < r.staffIDs[b.staff]
}

func (r *roster) with(i uint32, staffID string) bool {
	staff, ok := r.staff[staffID]
	return ok && (r.people[i].newest.staff == staff || slices.ContainsFunc(r.more[i], func(l link) bool { return l.staff == staff }))
}

// choose answers the persons of an audience.
func (r *roster) choose(q AudienceQuery) []Member {
	who := r.live
	if len(q.TagIDs) > 0 {
		if q.TagMode == AllTag {
			for _, id := range q.TagIDs {
				who = roaring.And(who, r.carriers(id))
			}
		} else {
			who = roaring.And(who, r.anyOf(q.TagIDs))
		}
	}
	if len(q.ExcludeTagIDs) > 0 {
		who = roaring.AndNot(who, r.anyOf(q.ExcludeTagIDs))
	}
	allowed := r.allowed(q)
	rather := r.without(allowed, q.AwayStaffIDs)
	out := make([]Member, 0, who.GetCardinality())
	who.Iterate(func(i uint32) bool {
		l, ok := r.speaker(i, rather)
		if !ok {
			l, ok = r.speaker(i, allowed)
		}
		if ok {
			out = append(out, Member{CustomerID: r.people[i].id, StaffID: r.staffIDs[l.staff], AddedAt: l.addedAt})
		}
		return true
	})
	return out
}

// allowed says by a member's number who may speak; nil = everybody.
func (r *roster) allowed(q AudienceQuery) []bool {
	if q.StaffIDs == nil && len(q.LeftStaffIDs) == 0 {
		return nil
	}
	out := make([]bool, len(r.staffIDs))
	set := func(ids []string, to bool) {
		for _, id := range ids {
			if staff, ok := r.staff[id]; ok {
				out[staff] = to
			}
		}
	}
	if q.StaffIDs == nil {
		set(r.staffIDs, true)
	} else {
		set(q.StaffIDs, true)
	}
	set(q.LeftStaffIDs, false)
	return out
}

// without takes members out of those who may speak.
func (r *roster) without(allowed []bool, ids []string) []bool {
	if len(ids) == 0 {
		return allowed
	}
	out := slices.Clone(allowed)
	if out == nil {
		out = slices.Repeat([]bool{true}, len(r.staffIDs))
	}
	for _, id := range ids {
		if staff, ok := r.staff[id]; ok {
			out[staff] = false
		}
	}
	return out
}

// speaker is the newest relation to one of the members allowed.
func (r *roster) speaker(i uint32, allowed []bool) (link, bool) {
	l := r.people[i].newest
	if allowed == nil || allowed[l.staff] {
		return l, true
	}
	for _, l := range r.more[i] {
		if allowed[l.staff] {
			return l, true
		}
	}
	return link{}, false
}

func (r *roster) carriers(tagID string) *roaring.Bitmap {
	if b := r.tags[tagID]; b != nil {
		return b
	}
	return roaring.New()
}

func (r *roster) anyOf(tagIDs []string) *roaring.Bitmap {
	out := roaring.New()
	for _, id := range tagIDs {
		out.Or(r.carriers(id))
	}
	return out
}

// changed notes that the relations, tags or ids of persons changed.
func changed(tx *db.Tx, corpID string, customerIDs ...string) {
	if ids := slices.Compact(slices.Sorted(slices.Values(customerIDs))); len(ids) > 0 {
		tx.Changed(corpID, areaCustomer, ids...)
	}
}

// Alike answers the customers that share a lasting id with one.
func (s *Service) Alike(ctx context.Context, q bun.IDB, customerID string) ([]string, error) {
	var ids []string
	err := q.NewSelect().Model((*customerRow)(nil)).Column("c.id").Where("c.corp_id = ? AND c.unionid <> ''", s.CorpID).
		Where("c.unionid = (SELECT unionid FROM customer WHERE corp_id = ? AND id = ?)", s.CorpID, customerID).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("read who shares the union id of %s: %w", customerID, err)
	}
	return ids, nil
}
