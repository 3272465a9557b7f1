// Package welcome greets customers who have just added a member: which message, and why none went out.
//
// The welcome is chosen in the transaction that stores the new relation and sent by internal/outreach within the 20
// seconds that WeCom allows. A trace per relation says what became of it.
package welcome

import (
	"cmp"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/message"
)

// MaxText is how long the text may be, in bytes. Official page: document/path/92137.
const MaxText = 4000

// MaxAttachments is how many things may go with it.
const MaxAttachments = 9

// Hours is a time of the day, on some days of the week, in the corp's zone. From after To means over midnight.
type Hours struct {
	From     string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"a time of day like 09:00" example:"09:00"`
	To       string `json:"to" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$" patternDescription:"a time of day like 09:00" example:"21:00"`
	Weekdays []int  `json:"weekdays,omitempty" doc:"1 = Monday ... 7 = Sunday; empty = every day"`
}

// Welcome is one message and when it is used.
type Welcome struct {
	ID          int64
	Name        string
	Channels    []string // contactway ids; empty = the default welcome
	Text        string
	Attachments []message.Attachment
	Hours       []Hours // empty = always
	Enabled     bool
	Priority    int // the higher goes first
	UpdatedAt   clock.Time
}

// contains says whether t lies in h.
func (h Hours) contains(t time.Time) bool {
	now, day := t.Format("15:04"), weekday(t)
	if h.From > h.To { // over midnight: the morning part belongs to the day before
		if now < h.To {
			day = (day+5)%7 + 1
		} else if now < h.From {
			return false
		}
	} else if now < h.From || now >= h.To {
		return false
	}
	return len(h.Weekdays) == 0 || slices.Contains(h.Weekdays, day)
}

// weekday is 1 for Monday ... 7 for Sunday.
func weekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// Choose picks the welcome for a customer who came by channel (a contactway id, "" for none) at t: those of the channel
// before the default ones, those bound to hours before those for always, then by priority, then the older.
func Choose(all []Welcome, channel string, t time.Time) (Welcome, bool) {
	var fit []Welcome
	for _, w := range all {
		byChannel := channel != "" && slices.Contains(w.Channels, channel)
		inHours := len(w.Hours) == 0 || slices.ContainsFunc(w.Hours, func(h Hours) bool { return h.contains(t) })
		if w.Enabled && inHours && (byChannel || len(w.Channels) == 0) {
			fit = append(fit, w)
		}
	}
	if len(fit) == 0 {
		return Welcome{}, false
	}
	rank := func(w Welcome) int {
		n := 0
		if len(w.Channels) > 0 {
			n += 2
		}
		if len(w.Hours) > 0 {
			n++
		}
		return -n
	}
	slices.SortFunc(fit, func(a, b Welcome) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.ID, b.ID))
	})
	return fit[0], true
}

// Validate checks what an operator entered.
func (w Welcome) Validate() error {
	switch {
	case w.Name == "":
		return errs.Bad("name", "welcome.name", errs.T("请给欢迎语起个名字。", "Give the welcome message a name."))
	case w.Text == "" && len(w.Attachments) == 0:
		return errs.Bad("text", "welcome.empty", errs.T("文字和附件至少要有一样。", "It needs a text or an attachment."))
	case len(w.Text) > MaxText:
		return errs.Bad("text", "welcome.too_long", errs.Tf("文字最多 %d 字节，超出 %d 字节。", "The text may have %d bytes; it has %d too many.",
			MaxText, len(w.Text)-MaxText))
	case len(w.Attachments) > MaxAttachments:
		return errs.Bad("attachments", "welcome.attachments", errs.Tf("附件最多 %d 个。", "At most %d attachments.", MaxAttachments))
	}
	return message.Check(w.Attachments)
}

// Outcome of the welcome for one new relation.
type Outcome string

// The outcomes.
const (
	Waiting Outcome = "waiting"
	Sent    Outcome = "sent"
	NotSent Outcome = "not_sent"
)

// Why no welcome went out, beside rule ids of governance and the codes of outreach.
const (
	WhyNone           = "none"            // no welcome is set for this channel and hour
	WhyConsoleWelcome = "console_welcome" // no code came, nor for this member's last customers: WeCom's own welcome is set
	WhyChatBegun      = "chat_begun"      // no code came, though this member's customers usually have one
	WhyHalfAnswered   = "half_answered"   // the customer's half of the adding was answered already
	WhyWeComUser      = "wecom_user"      // users of another corp's WeCom get no code
	WhyFoundLate      = "found_late"      // a sync found the relation: its code is long expired
)
