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
	"zhiyin.dev/zhiyin/internal/outreach"
)

// MaxText is how long the text may be, in bytes. Official page: document/path/92137.
const MaxText = 4000

// MaxAttachments is how many things may go with it.
const MaxAttachments = 9

// Hours is a time of the day, on some days of the week, in the corp's zone. From after To means over midnight.
type Hours struct {
	From     string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"09:00"`
	To       string `json:"to" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$" example:"21:00"`
	Weekdays []int  `json:"weekdays,omitempty" doc:"1 = Monday ... 7 = Sunday; empty = every day"`
}

// Welcome is one message and when it is used.
type Welcome struct {
	ID          int64
	Name        string
	Channels    []string // contactway ids; empty = the default welcome
	Text        string
	Attachments []outreach.Attachment
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
	return nil
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

// Why says in words why no welcome went out, and what can be done about it.
func Why(code string) (reason, wayOut errs.Text) {
	switch code {
	case WhyNone:
		return errs.T("没有为这个渠道和时段设置欢迎语。", "No welcome message is set for this channel and hour."),
			errs.T("新建一条默认欢迎语。", "Make a default welcome message.")
	case WhyConsoleWelcome:
		return errs.T("企业微信没有给欢迎码；这位成员最近的客户都没有，多半是管理后台已设了欢迎语。",
				"WeCom gave no welcome code, nor for this member's last customers: most likely WeCom's own console has a welcome set."),
			errs.T("在企业微信管理后台 → 客户联系 → 欢迎语里停用它。", "Turn it off in WeCom's console: Customer contact, Welcome message.")
	case WhyChatBegun:
		return errs.T("企业微信没有给欢迎码：聊天多半已经开始。", "WeCom gave no welcome code: most likely the chat had already begun."),
			errs.T("无需处理，成员正在和客户说话。", "Nothing to do: the member is talking with the customer.")
	case WhyHalfAnswered:
		return errs.T("客户先单方添加时已经发过欢迎语。", "The welcome went out when the customer's half of the adding came."), errs.Text{}
	case WhyWeComUser:
		return errs.T("对方是其他企业的企业微信用户，企业微信不给欢迎码。", "The customer uses another corp's WeCom; WeCom gives no code for them."), errs.Text{}
	case WhyFoundLate:
		return errs.T("这位客户是同步时发现的，欢迎码早已过期，不补发。", "A sync found this customer; the code had long expired, and none is sent late."),
			errs.T("检查回调是否畅通。", "Check that callbacks arrive.")
	case outreach.CodeWelcomeExpired:
		return errs.T("欢迎码已过期。", "The welcome code had expired."), errs.T("看看队列和企业微信接口是否变慢。", "See whether the queue or WeCom's API is slow.")
	case outreach.CodeWelcomeUsed:
		return errs.T("欢迎码已被使用。", "The welcome code was used already."), errs.T("检查是否有别的应用也在发欢迎语。", "Check whether another app sends welcomes too.")
	}
	return errs.Tf("被规则 %s 拦下。", "Held back by rule %s.", code), errs.T("打开这次触达看原因。", "Open the touch to see why.")
}
