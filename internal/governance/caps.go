package governance

import (
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Caps are the limits in force for a corp. The policy's own numbers are the most that is ever allowed; a corp may only
// tighten them.
type Caps struct {
	Version  int       `json:"-"` // 0 = the policy's numbers, untouched
	Per      [3]Window `json:"per"`
	Quiet    Quiet     `json:"quiet"`
	MassMode MassMode  `json:"mass_mode"`
	// Holdout is the share of customers, in percent, that gets no marketing at all, so that its worth can be measured (FTG-11).
	// It is a number of the corp's own, up or down.
	Holdout int `json:"holdout"`
	// OnlyConsented sends marketing only to customers whose own consent is on record (LAW-21). The relation is made by the customer's
	// own act, so the law leaves the corp this choice.
	OnlyConsented bool `json:"only_consented,omitempty"`
	// TopicWeek is how often a customer hears about one topic within 7 days, ChannelWeek how often they are reached by one channel
	// where the corp wants less than FTG-01 (FTG-02).
	TopicWeek   int             `json:"topic_week"`
	ChannelWeek map[Channel]int `json:"channel_week,omitempty"`
	// Ramp is how many customers a new member's mass messages may reach on each of their first days (FTG-16); StaffDay how many
	// anybody's may on a day (OWN-05): 0 = the corp set none.
	Ramp     [rampDays]int `json:"ramp"`
	StaffDay int           `json:"staff_day,omitempty"`
	// StaffHour is how many receivers one member's part of a mass message gets within an hour (FTG-17).
	StaffHour int `json:"staff_hour"`
	// Sunset is from when on who does not react gets less, and then nothing (FTG-13).
	Sunset Sunset `json:"sunset"`
	// Alike is when two messages are too alike for one customer (FTG-14): the policy's own.
	Alike Alike `json:"-"`
	// Notice is what the corp tells its customers of their data: not a limit, but what holds for everybody beside them.
	Notice notice `json:"-"`
	// Chat are the windows of a customer group (FTG-20): the policy's own, nobody sets them.
	Chat [2]Window `json:"-"`
}

// maxHoldout is the most customers that may be held out, in percent.
const maxHoldout = 50

// Window is one sliding limit of FTG-01: at most Cap marketing and lifecycle touches within Days times 24 hours.
type Window struct {
	Days int `json:"days"`
	Cap  int `json:"cap"`
}

// charge is what a touch takes of the window. One that counts double fills a window that has room for a single one.
func (w Window) charge(cost int) int { return min(cost, max(w.Cap, 1)) }

// fits says whether a touch has room beside what is used.
func (w Window) fits(used, cost int) bool { return used+w.charge(cost) <= w.Cap }

// length of the window.
func (w Window) length() time.Duration { return time.Duration(w.Days) * 24 * time.Hour }

// Quiet are the hours of the day within which marketing may reach a customer (FTG-05), in minutes after midnight of the
// corp's zone: From is allowed, To is not.
type Quiet struct {
	From       int `json:"from"`
	To         int `json:"to"`
	SundayFrom int `json:"sunday_from"`
	// Days are the corp's calendar of special days, by date ("2026-10-01"): on them it sends less, or nothing.
	Days map[string]Day `json:"days,omitempty"`
}

// MassMode is how WeCom counts mass messages per customer (WC-01). It mirrors what the corp's administrator chose in WeCom.
type MassMode string

// The modes. Official page: document/path/92135.
const (
	PerMonthDays MassMode = "per_month_days" // as many in a calendar month as the month has days
	PerWeek7     MassMode = "per_week_7"     // 7 in a calendar week
	PerDay1      MassMode = "per_day_1"      // 1 in a calendar day
)

// DefaultCaps are the policy's own numbers.
func DefaultCaps() Caps {
	return Caps{
		Per:      [3]Window{{1, 1}, {7, 3}, {30, 8}},
		Quiet:    Quiet{From: 9 * 60, To: 21 * 60, SundayFrom: 10 * 60},
		MassMode: PerMonthDays,
		Holdout:  5, TopicWeek: 2, Ramp: [rampDays]int{50, 100, 200, 400, 800},
		StaffHour: 2000,
		Alike:     Alike{Days: 30, Most: 8},
		Sunset:    Sunset{Cooling: 60, Dormant: 180, Week: 1, Least: 3},
		Chat:      [2]Window{{1, 1}, {7, 3}},
	}
}

// tightens says, as an error for the user, when c allows more than the policy does.
func (c Caps) tightens(policy Caps) error {
	for i, w := range c.Per {
		p := policy.Per[i]
		if w.Days != p.Days {
			return errs.Bad(fmt.Sprintf("per/%d/days", i), "governance.days_fixed",
				errs.Tf("第 %d 个窗口固定为 %d 天。", "Window %d has a fixed length in days: %d.", i+1, p.Days))
		}
		if w.Cap < 0 || w.Cap > p.Cap {
			return errs.Bad(fmt.Sprintf("per/%d/cap", i), "governance.only_tighter",
				errs.T(fmt.Sprintf("%d 天内最多 %d 次，只能调低（FTG-01）。", p.Days, p.Cap),
					fmt.Sprintf("At most %d within %s; it can only be lowered (FTG-01).", p.Cap, errs.Count(p.Days, "day", "days"))))
		}
	}
	q, p := c.Quiet, policy.Quiet
	if q.From < p.From || q.To > p.To || q.SundayFrom < p.SundayFrom || q.From >= q.To || q.SundayFrom >= q.To {
		return errs.Bad("quiet", "governance.only_tighter",
			errs.T("允许发送的时段只能在 09:00 到 21:00 之内（周日 10:00 起），并且开始要早于结束（FTG-05）。",
				"Sending hours can only lie within 09:00 and 21:00 (Sundays from 10:00), and must begin before they end (FTG-05)."))
	}
	if err := q.checkDays(); err != nil {
		return err
	}
	if c.Holdout < 0 || c.Holdout > maxHoldout {
		return errs.Bad("holdout", "governance.holdout", errs.Tf("对照组可以占 0%% 到 %d%%（FTG-11）。", "The holdout can be 0 to %d percent (FTG-11).", maxHoldout))
	}
	if err := c.tightensShares(policy); err != nil {
		return err
	}
	if err := c.tightensSunset(policy); err != nil {
		return err
	}
	switch c.MassMode {
	case PerMonthDays, PerWeek7, PerDay1:
		return nil
	}
	return errs.Bad("mass_mode", "governance.mass_mode",
		errs.T("请选择企业微信后台里设置的群发次数规则（WC-01）。", "Choose the mass message rule that is set in WeCom's own console (WC-01)."))
}

// maxStaffDay bounds the corp's own limit of a member's day, so that a slip of the finger is seen.
const maxStaffDay = 30_000

func (c Caps) tightensShares(policy Caps) error {
	if c.TopicWeek < 0 || c.TopicWeek > policy.TopicWeek {
		return errs.Bad("topic_week", "governance.only_tighter",
			errs.Tf("同一主题 7 天内最多 %d 次，只能调低（FTG-02）。", "At most %d about one topic within 7 days; it can only be lowered (FTG-02).", policy.TopicWeek))
	}
	for channel, most := range c.ChannelWeek {
		field := "channel_week/" + string(channel)
		if channel != MassCustomer && channel != Moment {
			return errs.Bad(field, "governance.channel", errs.T("分渠道上限只用于客户群发和朋友圈（FTG-02）。", "Caps per channel are for mass messages to customers and for Moments (FTG-02)."))
		}
		if most < 0 || most > policy.Per[1].Cap {
			return errs.Bad(field, "governance.only_tighter",
				errs.Tf("一个渠道 7 天内可以设 0 到 %d 次，不能多于总上限（FTG-02）。", "A channel can have 0 to %d within 7 days, no more than the overall cap (FTG-02).", policy.Per[1].Cap))
		}
	}
	for i, most := range c.Ramp {
		if most < 0 || most > policy.Ramp[i] {
			return errs.Bad(fmt.Sprintf("ramp/%d", i), "governance.only_tighter",
				errs.Tf("新成员第 %d 天最多 %d 位客户，只能调低（FTG-16）。", "A new member's day %d has at most %d customers; it can only be lowered (FTG-16).", i+1, policy.Ramp[i]))
		}
	}
	if c.StaffHour < 1 || c.StaffHour > policy.StaffHour {
		return errs.Bad("staff_hour", "governance.only_tighter",
			errs.Tf("一次群发里，一位员工一小时可以有 1 到 %d 位客户（FTG-17）。", "Of one mass message a member can have 1 to %d customers an hour (FTG-17).", policy.StaffHour))
	}
	if c.StaffDay < 0 || c.StaffDay > maxStaffDay {
		return errs.Bad("staff_day", "governance.staff_day",
			errs.Tf("每位员工一天可以设 1 到 %d 位客户，0 表示不另设（OWN-05）。", "A member's day can have 1 to %d customers; 0 sets no limit of your own (OWN-05).", maxStaffDay))
	}
	return nil
}

// Day answers the sending hours of the day that t lies in.
func (q Quiet) Day(t time.Time) (from, to time.Time) {
	y, m, d := t.Date()
	first, last := q.From, q.To
	if t.Weekday() == time.Sunday {
		first = q.SundayFrom
	}
	if len(q.Days) > 0 {
		if special, ok := q.Days[t.Format(time.DateOnly)]; ok {
			first, last = max(first, special.From), min(last, special.To)
		}
	}
	at := func(min int) time.Time { return time.Date(y, m, d, min/60, min%60, 0, 0, t.Location()) }
	return at(first), at(max(first, last)) // the same instant twice: nothing on that day
}

// Open says whether marketing may reach a customer at t.
func (q Quiet) Open(t clock.Time, zone *time.Location) bool {
	l := t.In(zone)
	from, to := q.Day(l)
	return !l.Before(from) && l.Before(to)
}

// Next is t when the window is open then, else the instant at which it opens next.
func (q Quiet) Next(t clock.Time, zone *time.Location) clock.Time {
	l := t.In(zone)
	from, to := q.Day(l)
	if from.Before(to) && l.Before(from) {
		return clock.At(from)
	}
	if from.Before(to) && l.Before(to) {
		return t
	}
	y, m, d := l.Date()
	for i := 1; ; i++ { // days on which nothing goes out are in the calendar, and that is bounded
		from, to = q.Day(time.Date(y, m, d+i, 12, 0, 0, 0, zone))
		if from.Before(to) || i > len(q.Days)+1 {
			return clock.At(from)
		}
	}
}

// Close is the end of the window that is open at t, or that opens next.
func (q Quiet) Close(t clock.Time, zone *time.Location) clock.Time {
	_, to := q.Day(q.Next(t, zone).In(zone))
	return clock.At(to)
}

// Period is the calendar period of WC-01 that t lies in, and what may be received within it.
func (m MassMode) Period(t clock.Time, zone *time.Location) (from, to clock.Time, limit int) {
	y, mon, d := t.In(zone).Date()
	at := func(y int, m time.Month, d int) clock.Time { return clock.At(time.Date(y, m, d, 0, 0, 0, 0, zone)) }
	switch m {
	case PerWeek7:
		monday := d - (int(t.In(zone).Weekday())+6)%7
		return at(y, mon, monday), at(y, mon, monday+7), 7
	case PerDay1:
		return at(y, mon, d), at(y, mon, d+1), 1
	case PerMonthDays:
	}
	return at(y, mon, 1), at(y, mon+1, 1), time.Date(y, mon+1, 0, 12, 0, 0, 0, zone).Day()
}
