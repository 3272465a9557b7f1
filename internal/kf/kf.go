// Package kf is WeChat customer service: conversations that customers begin, answered by rules, then by people.
//
// A callback only says that an account has news. An intent then reads the messages from a stored cursor, page by page;
// each page is stored, and everything it leads to (answer, hand-off, queue) is written, in one transaction with the new
// cursor, each message once by WeCom's msgid.
//
// Every account has one of two desks. At the console desk a conversation stays with the API at WeCom (state 0 or 1) and
// queue and assignment are ours: bot -> waiting -> human -> ended; a person's words go through send_msg. At the WeCom
// desk a hand-off moves the conversation to WeCom's pool or to a member (state 2, 3); people answer in the WeCom client,
// and we see their words and show them.
//
// Customers' words are sealed in the database. What goes out passes internal/outreach; nothing is sent later than 48
// hours after the customer's last words, nor more than 5 messages to each of them.
package kf

import (
	"slices"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Desk says where people answer.
type Desk string

// The desks.
const (
	Console  Desk = "console"
	WeComApp Desk = "wecom"
)

// State of a conversation.
type State string

// The states.
const (
	Bot     State = "bot"     // rules answer
	Waiting State = "waiting" // for a person
	Human   State = "human"
	Ended   State = "ended"
)

// next lists the legal moves. A conversation that ended begins again only when a member re-opens it in the WeCom client;
// a customer who writes again begins a new one.
var next = map[State][]State{
	Bot:     {Waiting, Human, Ended},
	Waiting: {Human, Ended},
	Human:   {Waiting, Human, Ended},
	Ended:   {Human},
}

// Origin says who a message is from.
type Origin string

// The origins.
const (
	FromCustomer Origin = "customer"
	FromBot      Origin = "bot"
	FromAgent    Origin = "agent"  // a person at the console desk
	FromWeCom    Origin = "wecom"  // a person in the WeCom client
	FromSystem   Origin = "system" // a note between colleagues, or from us to them; never sent
	FromEvent    Origin = "event"
)

// MessageState is what became of a message.
type MessageState string

// The states of a message.
const (
	Received MessageState = "received"
	Sending  MessageState = "sending"
	Sent     MessageState = "sent"
	Failed   MessageState = "failed"
	Held     MessageState = "held" // not sent: a rule held it back, or the window was closed
	Recalled MessageState = "recalled"
)

// Values of Session.WeComState. Official page: https://developer.work.weixin.qq.com/document/path/94669
const (
	weComNew   = 0
	weComAPI   = 1
	weComPool  = 2
	weComStaff = 3
	weComEnded = 4
)

// The window in which we may write. Official page: https://developer.work.weixin.qq.com/document/path/94677
const (
	windowLength = 48 * time.Hour // after the customer's last words
	windowMost   = 5              // messages to each of them
)

// botIdle is how long a conversation that only rules answered waits for the customer before it ends.
const botIdle = time.Hour

// How old a customer's message may be for rules to answer it. What was read later, after an outage, is a person's; what
// is older at the first reading of an account was said before us, and is only stored.
const (
	answerWithin = time.Hour
	firstWithin  = 10 * time.Minute
)

// loopMost is how many automatic messages a conversation gets within loopWithin before a person takes over: on the
// other side is a machine, or somebody whom rules do not help.
const (
	loopMost   = 8
	loopWithin = time.Minute
)

// missesMost is how many messages in a row may fit no rule until a person takes over.
const missesMost = 2

// Account is a kf account.
type Account struct {
	ID        string // open_kfid
	Name      string
	Avatar    string
	Managed   bool // our app may route and answer
	Live      bool // WeCom still names it
	Desk      Desk
	Greeting  string // said when a customer enters; empty = nothing
	Unmatched string // said once when no rule fits; empty = nothing
	Handoff   string // said when a person takes over; empty = nothing
	Parting   string // said when a conversation at the WeCom desk ends; empty = nothing
	Link      string
	Servicers []Servicer
}

// What new accounts say. Written for customers, in their language.
const (
	defaultUnmatched = "没太明白您的意思，可以换个说法再问一次，或者回复“人工”找人工客服，回复“投诉”由专人处理。"
	defaultHandoff   = "好的，正在为您转接人工客服，请稍等。"
)

// Servicer is a member, or a department, that serves an account.
type Servicer struct {
	StaffID      string
	DepartmentID int64
	Receiving    bool
}

// Session is one conversation.
type Session struct {
	ID             int64
	AccountID      string
	CustomerID     string
	State          State
	WeComState     int
	AgentID        string
	OpenedAt       clock.Time
	EndedAt        clock.Time
	WaitingSince   clock.Time
	LastCustomerAt clock.Time
	Sent           int // through the API since the customer's last words
	Misses         int
	Unread         int
	LastAt         clock.Time
	LastFrom       Origin
	LastText       string
	Reason         Reason
}

// Window says until when and how often we may still write.
type Window struct {
	ClosesAt clock.Time // never when the customer has not written
	Left     int
	Open     bool
}

// Window at an instant.
func (s *Session) Window(now clock.Time) Window {
	if s.LastCustomerAt == 0 {
		return Window{}
	}
	w := Window{ClosesAt: s.LastCustomerAt.Add(windowLength), Left: max(windowMost-s.Sent, 0)}
	w.Open = now < w.ClosesAt && w.Left > 0 && s.State != Ended && s.WeComState <= weComAPI
	return w
}

// why says in words why nothing can be written now, as the composer shows it.
func (s *Session) why(now clock.Time) errs.Text {
	w := s.Window(now)
	switch {
	case s.State == Ended:
		return errs.T("会话已结束，客户再次发消息时会开始新的会话。", "The conversation has ended. A new one begins when the customer writes again.")
	case s.WeComState > weComAPI:
		return errs.T("这个会话在企业微信里接待，请在企业微信客户端回复。", "This conversation is served in WeCom. Answer in the WeCom client.")
	case s.LastCustomerAt == 0:
		return errs.T("客户还没有发过消息，不能先发。", "The customer has not written yet, so nothing can be sent first.")
	case now >= w.ClosesAt:
		return errs.T("距离客户上一条消息已超过 48 小时，不能再发送。客户再次发消息后可以继续。",
			"More than 48 hours have passed since the customer's last message. You can go on when they write again.")
	default:
		return errs.T("客户上一条消息之后已发满 5 条，不能再发送。客户再次发消息后可以继续。",
			"5 messages were sent since the customer's last one. You can go on when they write again.")
	}
}

// may says whether a move is legal.
func (s *Session) may(to State) bool { return slices.Contains(next[s.State], to) }

// idleAt is when the conversation ends by itself if nothing happens.
func (s *Session) idleAt() clock.Time {
	if s.State == Bot {
		return s.LastAt.Add(botIdle)
	}
	return max(s.LastCustomerAt, s.OpenedAt).Add(windowLength)
}

// Message is one message of a conversation.
type Message struct {
	ID         int64
	SessionID  int64
	AccountID  string
	CustomerID string
	MsgID      string
	At         clock.Time
	Origin     Origin
	AgentID    string
	Type       string
	Text       string
	MediaID    string
	RuleID     int64
	TouchID    int64
	State      MessageState
	ReasonCode string
	Reason     errs.Text
}

// Step is one change of a conversation's state.
type Step struct {
	At     clock.Time
	State  State
	Reason Reason
	Actor  string // staff id or user; empty = by itself
}

// asks are the words by which a customer calls for a person.
var asks = []string{"人工", "转人工", "人工客服", "人工服务", "找人工", "转接人工", "真人", "human", "agent"}

// asksForPerson says whether a message is nothing but the call for a person.
func asksForPerson(bare string) bool { return slices.Contains(asks, bare) }

// firstLine shortens text for a list.
func firstLine(text string) string {
	const most = 60
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	r := []rune(text)
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
