// Package groupchat knows the corp's customer groups and who is in them.
//
// WeCom's events about groups say little, and what they speak of can be read only about two seconds later. So an event
// puts an intent that reads the group after that time, compares the members with those stored, and tells the joins and
// leaves by typed events inside the same transaction. A sync reads all groups the same way.
//
// Callers: internal/inbound's rows, internal/sync (Sync), the console. It sends nothing to anybody.
package groupchat

import (
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
)

// State of a group.
type State string

// The states.
const (
	Live      State = "live"
	Dismissed State = "dismissed" // by its owner, or no longer told by WeCom
)

// Kind of a member.
type Kind string

// The kinds. People of other corps and people who are nobody's customer are customers here too: WeCom tells no difference.
const (
	Staff    Kind = "staff"
	Customer Kind = "customer"
)

// Values of Member.JoinScene. Official page: https://developer.work.weixin.qq.com/document/path/92122
const (
	SceneInvited = 1
	SceneLink    = 2
	SceneScan    = 3
)

// ScanLimit is how many members a group may have for people to join it by scanning a code; beyond it they must be invited.
const ScanLimit = 200

// settle is how long after an event WeCom needs until a group's details show it.
const settle = 2 * time.Second

// Chat is a customer group as WeCom tells it.
type Chat struct {
	ID        string
	Name      string // "" when it was never named
	OwnerID   string
	Notice    string
	Version   string // of the members; "" when WeCom tells none
	CreatedAt clock.Time
	Members   []Member
}

// Member is one person in a group.
type Member struct {
	ID        string
	Kind      Kind
	Name      string
	JoinedAt  clock.Time
	JoinScene int
	InvitorID string // member of staff
	State     string // of the group code used
}

// Joined is told when somebody joined a group after we knew it.
type Joined struct {
	CorpID    string
	ChatID    string
	ChatName  string
	MemberID  string
	Kind      Kind
	At        clock.Time
	JoinScene int
	InvitorID string
	State     string
}

// Left is told when somebody left a group or was removed. WeCom tells no time: At is when it was seen.
type Left struct {
	CorpID   string
	ChatID   string
	ChatName string
	MemberID string
	Kind     Kind
	At       clock.Time
}

// change is what differs between the members stored and those read.
type change struct {
	joined []Member
	left   []Member
}

// diff compares by person and by the moment of joining: who left and came back between two readings did both.
func diff(stored, read []Member) change {
	var c change
	former := make(map[string]Member, len(stored))
	for _, m := range stored {
		former[m.ID] = m
	}
	now := make(map[string]bool, len(read))
	for _, m := range read {
		now[m.ID] = true
		f, ok := former[m.ID]
		switch {
		case !ok:
			c.joined = append(c.joined, m)
		case m.JoinedAt > f.JoinedAt:
			c.left = append(c.left, f)
			c.joined = append(c.joined, m)
		}
	}
	for _, m := range stored {
		if !now[m.ID] {
			c.left = append(c.left, m)
		}
	}
	return c
}
