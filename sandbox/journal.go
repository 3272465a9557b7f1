package sandbox

import "time"

// entry is one thing that happened in the world. Empty fields did not apply.
type entry struct {
	Seq      int    `json:"seq"`
	Time     string `json:"time"`
	Kind     string `json:"kind"`
	Staff    string `json:"staff,omitempty"`
	Customer string `json:"customer,omitempty"`
	Chat     string `json:"chat,omitempty"`
	ID       string `json:"id,omitempty"`     // of a way, message, tag, event
	Detail   string `json:"detail,omitempty"` // state of a way, cause, count
}

// Delivery is one row of the oracle: something that reached a customer.
type Delivery struct {
	Seq      int    `json:"seq"`
	Time     string `json:"time"`     // RFC 3339, +08:00
	Customer string `json:"customer"` // empty for what went to a whole chat
	Staff    string `json:"staff"`
	Chat     string `json:"chat"`
	Channel  string `json:"channel"` // contact, group, moment, kf
	Kind     string `json:"kind"`    // welcome, kf, chat, mass_customer, mass_group, moment, group_welcome, red_packet
	Origin   string `json:"origin"`  // api, or member for what was written in the client
	Task     string `json:"task"`    // msgid, moment id or the like
	Text     string `json:"text"`
}

// journal writes down what happened, with s.mu held.
func (s *Sandbox) journal(e entry) {
	w := s.world
	e.Seq, e.Time = w.entries.next(), s.stampNow()
	w.entries.add(e)
	s.workedAt(&e)
	s.operated(&e)
}

// delivered writes down what reached a customer, with s.mu held.
func (s *Sandbox) delivered(d Delivery) {
	w := s.world
	d.Seq, d.Time = w.deliveries.next(), s.stampNow()
	w.deliveries.add(d)
	if d.Origin == "member" {
		s.worked(d.Staff)
	}
}

// stampNow formats the present once per instant: a mass message writes
// thousands of rows at one.
func (s *Sandbox) stampNow() string {
	now := s.now()
	if !now.Equal(s.world.stampedAt) || s.world.stamped == "" {
		s.world.stampedAt, s.world.stamped = now, now.In(Zone).Format(time.RFC3339)
	}
	return s.world.stamped
}

// Deliveries answers all that reached customers with a number above after, of
// the rows that are kept.
func (s *Sandbox) Deliveries(after int) []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.deliveries.after(after)
}

// journalAfter is Deliveries for the journal; rows are never changed.
func (s *Sandbox) journalAfter(after int) []entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.world.entries.after(after)
}

// rowsKept is how many rows the journal and the deliveries keep each. Beyond
// it the oldest quarter is dropped at once, so that years can be lived through.
const rowsKept = 2_000_000

// rows are the last rows of a book, numbered from 1 on without gaps.
type rows[T any] struct {
	list    []T
	dropped int
}

// next is the number of the next row.
func (b *rows[T]) next() int { return b.dropped + len(b.list) + 1 }

func (b *rows[T]) add(v T) {
	if len(b.list) >= rowsKept {
		b.dropped += rowsKept / 4
		b.list = append(make([]T, 0, rowsKept), b.list[rowsKept/4:]...) // readers hold the old ones
	}
	b.list = append(b.list, v)
}

// after answers the rows with a number above n.
func (b *rows[T]) after(n int) []T {
	at := min(max(n-b.dropped, 0), len(b.list))
	return b.list[at:len(b.list):len(b.list)]
}
