package sandbox

import (
	"slices"
	"strings"
)

// State is the sandbox at a glance, as GET /_sandbox/state answers it.
type State struct {
	Clock            string          `json:"clock"`
	Speed            float64         `json:"speed"`
	Running          bool            `json:"running"`
	CallbacksPending int             `json:"callbacks_pending"`
	CallbacksSent    int             `json:"callbacks_sent"`
	CallbacksFailed  int             `json:"callbacks_failed"`
	CallbacksDropped int             `json:"callbacks_dropped"`
	Followers        []FollowerState `json:"followers"`
	Overruns         int             `json:"overruns"` // times an advance gave up waiting for followers
	Life             bool            `json:"life"`
	Counts           map[string]int  `json:"counts"`
	Hash             string          `json:"hash,omitempty"` // see Sandbox.Hash; only GET /_sandbox/state?hash=1 has it
}

// FollowerState is one platform that follows the clock.
type FollowerState struct {
	ID   string `json:"id"`
	Busy bool   `json:"busy"`
}

// State answers the clock, what is under way and the size of the world.
func (s *Sandbox) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewClock()
	st := State{
		Clock: v.Clock, Speed: v.Speed, Running: v.Running, Followers: []FollowerState{},
		Overruns: s.clock.overruns, CallbacksDropped: s.callbacks.dropped, Life: s.world.life != nil, Counts: s.world.counts(),
	}
	st.CallbacksPending, st.CallbacksSent, st.CallbacksFailed = s.callbacks.counts()
	for f := range s.eachFollower() {
		st.Followers = append(st.Followers, FollowerState{ID: f.id, Busy: f.busy || f.need > 0})
	}
	slices.SortFunc(st.Followers, func(a, b FollowerState) int { return strings.Compare(a.ID, b.ID) })
	return st
}
