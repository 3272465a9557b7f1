// Package broadcast sends one text to many customers, or to many customer groups: a mass message. WeCom gives it to members as tasks, and what a
// member has confirmed reaches the customers of that member.
//
// A mass message is drafted, planned (who gets it, who is held back and why), submitted, and then runs by itself: it
// reserves each receiver in the touch ledger, makes one task per member when sending hours are open, reads what became
// of every receiver, and takes back at the end of the hours what nobody confirmed. When a receiver says stop meanwhile,
// the member's task is taken back and made again without them.
//
//	draft ─submit─▶ planned ─reserved─▶ creating ─▶ open ─every receiver settled─▶ done
//	  ▲  └─submit─▶ review ─approve─▶ planned          │
//	  └───give back────┘                               │
//	                   └───────────────────┴─────────┴─cancel─▶ cancelled
//
// One that reaches many, or whose words a rule doubts, waits in review for a second person.
//
// One to customer groups takes the same way: its receivers are groups, its members the groups' owners.
//
// It is not: Moments, or journeys; and it decides nothing about who may be reached: governance does.
package broadcast

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/message"
)

// Kind is whom a mass message goes to.
type Kind string

// The kinds.
const (
	ToCustomers Kind = "customer"
	ToGroups    Kind = "group"
)

// State of a mass message.
type State string

// The states.
const (
	Draft     State = "draft"
	Review    State = "review"    // submitted: a second person has to approve it
	Planned   State = "planned"   // submitted: receivers are being reserved, or it waits for sending hours
	Creating  State = "creating"  // tasks are being made
	Open      State = "open"      // members have their tasks
	Done      State = "done"      // nothing of it can reach anybody any more
	Cancelled State = "cancelled" // by a person
	Failed    State = "failed"    // no task could be made
)

func (s State) running() bool { return s == Planned || s == Creating || s == Open }

// ReceiverState says what became of one receiver.
type ReceiverState string

// The states of a receiver.
const (
	Matched     ReceiverState = "matched" // of the audience; not decided yet
	Held        ReceiverState = "held"
	Reserved    ReceiverState = "reserved"
	Tasked      ReceiverState = "tasked"
	Delivered   ReceiverState = "delivered"
	NotFriend   ReceiverState = "not_friend"
	OverLimit   ReceiverState = "over_limit" // of WeCom's own quota
	Unconfirmed ReceiverState = "unconfirmed"
	TakenBack   ReceiverState = "cancelled"
	Lost        ReceiverState = "failed" // confirmed, and WeCom never said what became of it; or never made
)

// TaskState says how far one member's task is.
type TaskState string

// The states of a task.
const (
	TaskCreating   TaskState = "creating"
	TaskOpen       TaskState = "open"
	TaskConfirmed  TaskState = "confirmed"
	TaskCancelling TaskState = "cancelling"
	TaskCancelled  TaskState = "cancelled"
	TaskFailed     TaskState = "failed"
)

// Limits of WeCom. Official page: document/path/92135. Reminders: document/path/97610.
const (
	MaxText        = 4000 // bytes
	MaxAttachments = 9
	maxReminders   = 3
	maxBenefit     = 100 // characters; ours
	reminderWindow = 24 * time.Hour
)

// Audience chooses receivers among live relations, where tags count for the person, or among live groups.
type Audience struct {
	Tags        []string `json:"tags"`
	TagMode     string   `json:"tag_mode,omitempty" enum:"any,all" default:"any"`
	Staff       []string `json:"staff,omitempty" doc:"only customers of these; empty = of everybody the caller may see"`
	Departments []string `json:"departments,omitempty" doc:"and of the members of these and of all below them"`
	ExcludeTags []string `json:"exclude_tags,omitempty"`
	// Of one to groups: Staff are their owners, and tags choose nothing.
	Chats        []string `json:"chats,omitempty" doc:"to groups: only these; empty = all"`
	ExcludeChats []string `json:"exclude_chats,omitempty" doc:"to groups: all but these"`
	ChatName     string   `json:"chat_name,omitempty" maxLength:"60" doc:"to groups: part of the group's name"`
}

// byTraits says whether it chooses persons by what is known of them: whose customer somebody is says nothing of them.
func (a Audience) byTraits() bool { return len(a.Tags) > 0 || len(a.ExcludeTags) > 0 }

// Counts say what became of the receivers.
type Counts struct {
	Matched     int `json:"matched"`
	Reachable   int `json:"reachable" doc:"not held back"`
	Held        int `json:"held"`
	Waiting     int `json:"waiting" doc:"reserved or with a member, not decided yet"`
	Sent        int `json:"sent"`
	NotFriend   int `json:"not_friend"`
	OverLimit   int `json:"over_limit"`
	Unconfirmed int `json:"unconfirmed"`
	Cancelled   int `json:"cancelled"`
	Late        int `json:"late" doc:"of those sent"`
	Failed      int `json:"failed"`
}

// placeholder finds words that ask for each customer's own: WeCom sends one text to all.
var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}|\{(客户|昵称|姓名|name|nickname|customer)[^}]*\}|%(NICKNAME|USERNAME|昵称|姓名)%|\$\{[^}]*\}`)

func checkWords(w Words) error {
	name, text, benefit, attachments := w.Name, w.Text, w.Benefit, w.Attachments
	over := len(w.Said()) - MaxText
	switch {
	case utf8.RuneCountInString(benefit) > maxBenefit:
		return errs.Bad("benefit", "broadcast.benefit", errs.Tf("最多 %d 个字。", "At most %d characters.", maxBenefit))
	case strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > 50:
		return errs.Bad("name", "broadcast.name", errs.T("名称需要 1 到 50 个字，只在内部可见。", "The name needs 1 to 50 characters; only staff see it."))
	case text == "" && len(attachments) == 0:
		return errs.Bad("text", "broadcast.empty", errs.T("文字和附件至少要有一样。", "There must be a text or an attachment."))
	case over > 0 && w.closing != "":
		return errs.Bad("text", "broadcast.too_long", errs.T(
			fmt.Sprintf("超出 %d 字节，企业微信最多 %d 字节（一个汉字 3 字节），其中 %d 字节是自动加上的最后一行。", over, MaxText, len(w.Said())-len(text)),
			fmt.Sprintf("%s too long: WeCom takes %d (a Chinese character is 3), of which the last line, which is added, takes %d.", errs.Count(over, "byte", "bytes"), MaxText, len(w.Said())-len(text))))
	case over > 0:
		return errs.Bad("text", "broadcast.too_long", errs.T(
			fmt.Sprintf("超出 %d 字节，企业微信最多 %d 字节（一个汉字 3 字节）。", over, MaxText),
			fmt.Sprintf("%s too long: WeCom takes %d (a Chinese character is 3).", errs.Count(over, "byte", "bytes"), MaxText)))
	case len(attachments) > MaxAttachments:
		return errs.Bad("attachments", "broadcast.attachments", errs.Tf("附件最多 %d 个。", "At most %d attachments.", MaxAttachments))
	}
	if p := placeholder.FindString(text); p != "" {
		return errs.Bad("text", "broadcast.placeholder", errs.Tf("群发对所有人是同一段文字，不能写 %s 这样的占位。",
			"A mass message is one text for all: it cannot hold a placeholder such as %s.", p))
	}
	return message.Check(attachments)
}

// reminded keeps the reminders that still count, and says whether one more is allowed (WC-04).
func reminded(at []clock.Time, now clock.Time) (kept []clock.Time, allowed bool) {
	kept = slices.DeleteFunc(slices.Clone(at), func(t clock.Time) bool { return t <= now.Add(-reminderWindow) })
	return kept, len(kept) < maxReminders
}

// pollAfter is how long to wait before the n-th reading of an open task, n from 0: members who confirm at once are seen
// at once, those who take the day cost little.
func pollAfter(n int) time.Duration {
	switch {
	case n < 8: // the first two minutes
		return 15 * time.Second
	case n < 38: // half an hour
		return time.Minute
	case n < 56: // two hours
		return 5 * time.Minute
	case n < 190: // the first day
		return 10 * time.Minute
	case n < 360: // the first week
		return time.Hour
	default: // WeCom keeps what it would not take back, and tells no end
		return 24 * time.Hour
	}
}

func touchKey(id int64, customerID string) string {
	return fmt.Sprint("broadcast/", id, "/", customerID)
}
func campaignID(id int64) string { return fmt.Sprint("broadcast/", id) }

// campaignOf reads the id of a mass message out of its campaign's; false when it is another room's.
func campaignOf(campaign string) (id int64, ok bool) {
	number, ok := strings.CutPrefix(campaign, "broadcast/")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(number, 10, 64)
	return id, err == nil
}
