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
	e.Seq, e.Time = len(w.entries)+1, s.stampNow()
	w.entries = append(w.entries, e)
}

// delivered writes down what reached a customer, with s.mu held.
func (s *Sandbox) delivered(d Delivery) {
	w := s.world
	d.Seq, d.Time = len(w.deliveries)+1, s.stampNow()
	w.deliveries = append(w.deliveries, d)
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

// Deliveries answers all that reached customers with a number above after.
func (s *Sandbox) Deliveries(after int) []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.world.deliveries
	return all[min(max(after, 0), len(all)):len(all):len(all)]
}

// journalAfter is Deliveries for the journal; rows are never changed.
func (s *Sandbox) journalAfter(after int) []entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.world.entries
	return all[min(max(after, 0), len(all)):len(all):len(all)]
}
