package governance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Day is a day of the corp's calendar on which it sends within fewer hours, in minutes after midnight; From = To: nothing at all.
// The calendar only ever tightens: hours beyond those of the weekday stay closed.
type Day struct {
	Name string `json:"name"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

const (
	maxDays    = 400 // a year and some
	maxDayName = 20
)

// checkDays says what is wrong with a calendar.
func (q Quiet) checkDays() error {
	if len(q.Days) > maxDays {
		return errs.Bad("csv", "governance.days", errs.Tf("日历最多 %d 天，请删掉过去的日子。", "The calendar holds at most %d days; take out those that have passed.", maxDays))
	}
	for date, d := range q.Days {
		if _, err := time.Parse(time.DateOnly, date); err != nil || d.From < 0 || d.From > d.To || d.To > 24*60 || utf8.RuneCountInString(d.Name) > maxDayName {
			return errs.Bad("csv", "governance.days", errs.Tf("日历里的 %s 不对。", "The calendar's %s is wrong.", date))
		}
	}
	return nil
}

// closed is how a day without any sending is written.
const closed = "休"

// parseDays reads a calendar, a day a line: date, name, and either 休 (or closed) or the hours from and to.
func parseDays(csv string) (map[string]Day, error) {
	out := map[string]Day{}
	for i, line := range strings.Split(strings.TrimPrefix(csv, "\ufeff"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		wrong := func(what errs.Text) error {
			return errs.Bad("csv", "governance.days", errs.T(fmt.Sprintf("第 %d 行：%s", i+1, what.ZH), fmt.Sprintf("Line %d: %s", i+1, what.EN)))
		}
		cells := strings.Split(strings.ReplaceAll(line, "，", ","), ",")
		for j := range cells {
			cells[j] = strings.Trim(strings.TrimSpace(cells[j]), `"`)
		}
		if len(cells) < 3 || len(cells) > 4 {
			return nil, wrong(errs.T("要写成「日期,名称,休」或「日期,名称,10:00,18:00」。", "Write “date,name,closed” or “date,name,10:00,18:00”."))
		}
		if _, err := time.Parse(time.DateOnly, cells[0]); err != nil {
			return nil, wrong(errs.T("日期要写成 2026-10-01 这样。", "Write the date like 2026-10-01."))
		}
		if _, twice := out[cells[0]]; twice {
			return nil, wrong(errs.Tf("%s 写了两次。", "%s is there twice.", cells[0]))
		}
		if utf8.RuneCountInString(cells[1]) > maxDayName {
			return nil, wrong(errs.Tf("名称最多 %d 个字。", "The name has at most %d characters.", maxDayName))
		}
		d := Day{Name: cells[1]}
		if len(cells) == 4 {
			var err1, err2 error
			d.From, err1 = parseClock(cells[2])
			d.To, err2 = parseClock(cells[3])
			if err1 != nil || err2 != nil || d.From >= d.To {
				return nil, wrong(errs.T("时间要写成 10:00,18:00 这样，先开始后结束。", "Write the hours like 10:00,18:00, the beginning first."))
			}
		} else if cells[2] != closed && !strings.EqualFold(cells[2], "closed") {
			return nil, wrong(errs.T("第三格写「休」，或写开始和结束两个时间。", "The third cell says “closed”, or there are two times."))
		}
		out[cells[0]] = d
	}
	if len(out) == 0 {
		return nil, nil //nolint:nilnil // an empty calendar is one
	}
	return out, nil
}

type dayOut struct {
	Date   string `json:"date" example:"2026-10-01"`
	Name   string `json:"name"`
	Closed bool   `json:"closed" doc:"nothing is sent on that day"`
	From   string `json:"from,omitempty" doc:"what is left of the day's sending hours"`
	To     string `json:"to,omitempty"`
}

type daysOut struct {
	Items []dayOut `json:"items"`
	CSV   string   `json:"csv" doc:"the same as text, to be changed and sent back"`
}

type setDaysIn struct {
	Body struct {
		CSV string `json:"csv" maxLength:"40000" doc:"a day a line: date,name,closed or date,name,10:00,18:00. It replaces the calendar"`
	}
}

func (h *API) days(ctx context.Context, _ *web.None) (*daysOut, error) {
	c, _, err := h.Caps(ctx, web.Caller(ctx).CorpID)
	if err != nil {
		return nil, err
	}
	return c.Quiet.show(), nil
}

func (h *API) setDays(ctx context.Context, in *setDaysIn) (*daysOut, error) {
	who := web.Caller(ctx)
	days, err := parseDays(in.Body.CSV)
	if err != nil {
		return nil, err
	}
	c, _, err := h.Caps(ctx, who.CorpID)
	if err != nil {
		return nil, err
	}
	c.Quiet.Days = days
	if c, err = h.SetCaps(ctx, who.CorpID, who.User, c); err != nil {
		return nil, err
	}
	return c.Quiet.show(), nil
}

func (q Quiet) show() *daysOut {
	out := &daysOut{Items: []dayOut{}}
	dates := make([]string, 0, len(q.Days))
	for date := range q.Days {
		dates = append(dates, date)
	}
	slices.Sort(dates)
	for _, date := range dates {
		d := q.Days[date]
		o := dayOut{Date: date, Name: d.Name}
		day, _ := time.Parse(time.DateOnly, date) // looked at when it was set
		from, to := q.Day(day)
		if o.Closed = !from.Before(to); !o.Closed {
			o.From, o.To = from.Format("15:04"), to.Format("15:04")
		}
		if d.From == d.To {
			out.CSV += fmt.Sprintf("%s,%s,%s\n", date, d.Name, closed)
		} else {
			out.CSV += fmt.Sprintf("%s,%s,%s,%s\n", date, d.Name, formatClock(d.From), formatClock(d.To))
		}
		out.Items = append(out.Items, o)
	}
	return out
}
