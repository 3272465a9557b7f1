package welcome

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/message"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	day := Hours{From: "09:00", To: "18:00", Weekdays: []int{1, 2, 3, 4, 5}}
	night := Hours{From: "22:00", To: "06:00", Weekdays: []int{5}} // Friday's night
	evening := Hours{From: "18:00", To: "24:00"}
	base := Welcome{ID: 1, Enabled: true}
	with := func(change func(w *Welcome)) Welcome {
		w := base
		change(&w)
		return w
	}
	channel := with(func(w *Welcome) { w.ID, w.Channels = 2, []string{"7"} })
	daytime := with(func(w *Welcome) { w.ID, w.Hours = 3, []Hours{day} })
	urgent := with(func(w *Welcome) { w.ID, w.Priority = 4, 9 })
	off := with(func(w *Welcome) { w.ID, w.Enabled, w.Priority = 5, false, 99 })
	late := with(func(w *Welcome) { w.ID, w.Hours = 6, []Hours{night, evening} })
	tuesday := func(clock string) string { return "2026-11-24 " + clock }
	for _, tt := range []struct {
		name    string
		all     []Welcome
		channel string
		at      string
		want    int64 // 0 = none
	}{
		{"none is set", nil, "", tuesday("10:00"), 0},
		{"the default", []Welcome{base}, "", tuesday("10:00"), 1},
		{"the channel's before the default, whatever its priority", []Welcome{urgent, channel}, "7", tuesday("10:00"), 2},
		{"another channel's is not for this one", []Welcome{channel}, "8", tuesday("10:00"), 0},
		{"nor for those without a channel", []Welcome{channel, base}, "", tuesday("10:00"), 1},
		{"hours before always, whatever the priority", []Welcome{urgent, daytime}, "", tuesday("10:00"), 3},
		{"the first minute counts", []Welcome{daytime}, "", tuesday("09:00"), 3},
		{"the last minute does not", []Welcome{daytime}, "", tuesday("18:00"), 0},
		{"a Saturday is no weekday", []Welcome{daytime}, "", "2026-11-28 10:00", 0},
		{"the higher priority", []Welcome{base, urgent}, "", tuesday("10:00"), 4},
		{"the older of two alike", []Welcome{with(func(w *Welcome) { w.ID = 9 }), base}, "", tuesday("10:00"), 1},
		{"what is off is off", []Welcome{off}, "", tuesday("10:00"), 0},
		{"until midnight", []Welcome{late}, "", tuesday("23:59"), 6},
		{"a Tuesday's morning is not Friday's night", []Welcome{late}, "", tuesday("05:00"), 0},
		{"over midnight: the evening of the day", []Welcome{with(func(w *Welcome) { w.Hours = []Hours{night} })}, "", "2026-11-27 22:00", 1},
		{"over midnight: the morning after belongs to the day before", []Welcome{with(func(w *Welcome) { w.Hours = []Hours{night} })}, "", "2026-11-28 05:59", 1},
		{"over midnight: its end", []Welcome{with(func(w *Welcome) { w.Hours = []Hours{night} })}, "", "2026-11-28 06:00", 0},
		{"over midnight: the morning of the day itself", []Welcome{with(func(w *Welcome) { w.Hours = []Hours{night} })}, "", "2026-11-27 05:00", 0},
		{"over midnight: Sunday's night ends on Monday", []Welcome{with(func(w *Welcome) { w.Hours = []Hours{{From: "22:00", To: "06:00", Weekdays: []int{7}}} })}, "", "2026-11-30 01:00", 1},
	} {
		at, err := time.Parse("2006-01-02 15:04", tt.at)
		if err != nil {
			t.Fatal(err)
		}
		w, ok := Choose(tt.all, tt.channel, at)
		if w.ID != tt.want || ok != (tt.want != 0) {
			t.Errorf("%s: %d, %v; want %d", tt.name, w.ID, ok, tt.want)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	link := message.Attachment{Type: "link", Link: &message.Link{Title: "护肤", URL: "https://example.com"}}
	for _, tt := range []struct {
		name  string
		w     Welcome
		field string
	}{
		{"a text", Welcome{Name: "a", Text: "你好"}, ""},
		{"only an attachment", Welcome{Name: "a", Attachments: []message.Attachment{link}}, ""},
		{"no name", Welcome{Text: "你好"}, "name"},
		{"nothing in it", Welcome{Name: "a"}, "text"},
		{"4000 bytes", Welcome{Name: "a", Text: strings.Repeat("a", 4000)}, ""},
		{"4001 bytes", Welcome{Name: "a", Text: strings.Repeat("a", 4001)}, "text"},
		{"bytes, not characters", Welcome{Name: "a", Text: strings.Repeat("你", 1334)}, "text"},
		{"nine attachments", Welcome{Name: "a", Attachments: slices.Repeat([]message.Attachment{link}, 9)}, ""},
		{"ten attachments", Welcome{Name: "a", Attachments: slices.Repeat([]message.Attachment{link}, 10)}, "attachments"},
		{"a link that opens nothing", Welcome{Name: "a", Attachments: []message.Attachment{{Type: "link", Link: &message.Link{Title: "护肤"}}}}, "attachments[0].link.url"},
	} {
		err := tt.w.Validate()
		if tt.field == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		e, ok := errors.AsType[*errs.Error](err)
		if !ok || e.Field != tt.field || e.Kind != errs.Invalid || e.Text.ZH == "" || e.Text.EN == "" {
			t.Errorf("%s: %v, want one about %s", tt.name, err, tt.field)
		}
	}
}

func TestEveryReasonIsSaidInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, code := range []string{WhyNone, WhyConsoleWelcome, WhyChatBegun, WhyHalfAnswered, WhyWeComUser, WhyFoundLate, "welcome_expired", "welcome_used", "Q1"} {
		if reason, _ := Why(code); reason.ZH == "" || reason.EN == "" {
			t.Errorf("%s: %+v", code, reason)
		}
	}
}
