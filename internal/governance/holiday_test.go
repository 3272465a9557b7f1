package governance

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func TestACalendarIsReadLineByLine(t *testing.T) {
	t.Parallel()
	got, err := parseDays("\ufeff# ours\n2026-10-01,国庆,休\r\n\n2026-10-08，上班，10:00，18:00\n")
	if err != nil || len(got) != 2 || got["2026-10-01"] != (Day{Name: "国庆"}) || got["2026-10-08"] != (Day{"上班", 600, 1080}) {
		t.Fatalf("%v %v", got, err)
	}
	for csv, line := range map[string]string{
		"2026-10-01": "第 1 行", "2026-10-01,a,休\n2026-10-01,b,休": "第 2 行", "2026-13-01,a,休": "第 1 行", "2026-10-01,a,b": "第 1 行",
		"2026-10-01,a,18:00,10:00": "第 1 行", "\n2026-10-01," + strings.Repeat("长", 21) + ",休": "第 2 行",
	} {
		_, err := parseDays(csv)
		if e, ok := errors.AsType[*errs.Error](err); !ok || e.Field != "csv" || !strings.HasPrefix(e.Text.ZH, line) {
			t.Errorf("%q: %v", csv, err)
		}
	}
}

func TestNothingGoesOutOnAClosedDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		before := reserve(t, g, marketing("b0/z", "z"))[0]
		caps, _, err := g.Caps(t.Context(), "c")
		if err != nil {
			t.Fatal(err)
		}
		caps.Quiet.Days = map[string]Day{"2026-11-24": {Name: "盘点"}, "2026-11-25": {"半天", 8 * 60, 12 * 60}}
		if _, err := g.SetCaps(t.Context(), "c", "S01", caps); err != nil {
			t.Fatal(err)
		}
		got := reserve(t, g, marketing("b1/a", "a"))[0]
		if want := clock.At(time.Date(2026, 11, 25, 9, 0, 0, 0, shanghai)); got.RuleID != ruleQuiet || got.Next != want {
			t.Fatalf("%+v", got)
		}
		same(t, g, got.TouchID)
		same(t, g, before.TouchID) // decided before the day was closed
		if _, refused := permit(t, g, before.TouchID); len(refused) != 1 || refused[0].RuleID != ruleQuiet {
			t.Fatalf("reserved before the day was closed: %+v", refused)
		}
		opens, closes, err := g.Window(t.Context(), "c", world.Now())
		if err != nil || opens.In(shanghai).Format("02 15:04") != "25 09:00" || closes.In(shanghai).Format("02 15:04") != "25 12:00" {
			t.Fatalf("%v to %v, %v", opens.In(shanghai), closes.In(shanghai), err)
		}
	})
}

// L5: whatever the zone, the season and the calendar, what is said to be open is within the hours of that day there, and a window
// is open from its beginning to its end.
func TestWindowsAreOpenOnlyWithinTheHoursOfTheDay(t *testing.T) {
	t.Parallel()
	zones := map[string]*time.Location{}
	var names []string
	for _, name := range []string{
		"Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
		"Africa/Cairo", "America/St_Johns", "Pacific/Kiritimati", "Europe/London", "UTC",
	} {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones[name], names = z, append(names, name)
	}
	first := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	rapid.Check(t, func(t *rapid.T) {
		zone := zones[rapid.SampledFrom(names).Draw(t, "zone")]
		start := rapid.OneOf(
			rapid.Int64Range(first, first+25*366*86400),
			rapid.SampledFrom([]int64{ // seasons change, a day is left out, months and years end, leap days
				time.Date(2026, 3, 28, 20, 0, 0, 0, time.UTC).Unix(), time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC).Unix(),
				time.Date(2011, 12, 29, 12, 0, 0, 0, time.UTC).Unix(), time.Date(2028, 2, 28, 12, 0, 0, 0, time.UTC).Unix(),
				time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC).Unix(), time.Date(2026, 4, 23, 20, 0, 0, 0, time.UTC).Unix(),
				time.Date(2027, 3, 13, 20, 0, 0, 0, time.UTC).Unix(), time.Date(2026, 10, 31, 20, 0, 0, 0, time.UTC).Unix(), // of New York
			}),
		).Draw(t, "second")
		at := clock.Unix(start).Add(time.Duration(rapid.IntRange(0, 72*60).Draw(t, "minutes")) * time.Minute)
		q := Quiet{From: 540 + rapid.IntRange(0, 300).Draw(t, "from"), To: 1260 - rapid.IntRange(0, 300).Draw(t, "to"), Days: map[string]Day{}}
		q.SundayFrom = q.From + 60
		for i := range rapid.IntRange(0, 4).Draw(t, "special days") {
			from := rapid.IntRange(0, 1440).Draw(t, "special from")
			q.Days[at.In(zone).AddDate(0, 0, i).Format(time.DateOnly)] = Day{From: from, To: rapid.IntRange(from, 1440).Draw(t, "special to")}
		}
		allowed := func(at clock.Time) bool { // said in another way than the code says it
			l := at.In(zone)
			min := l.Hour()*60 + l.Minute()
			lo, hi := q.From, q.To
			if l.Weekday() == time.Sunday {
				lo = q.SundayFrom
			}
			if d, ok := q.Days[l.Format(time.DateOnly)]; ok && (min < d.From || min >= d.To) {
				return false
			}
			return min >= lo && min < hi
		}
		opens, closes := q.Next(at, zone), q.Close(at, zone)
		if q.Open(at, zone) != allowed(at) || opens < at || !allowed(opens) || closes <= opens || allowed(closes) && !allowed(closes-1) {
			t.Fatalf("%s at %v: open %v, opens %v, closes %v", zone, at.In(zone), q.Open(at, zone), opens.In(zone), closes.In(zone))
		}
		step := clock.Time(5 * time.Minute / time.Millisecond)
		for x := at; x < opens; x += step {
			if allowed(x) {
				t.Fatalf("%s: %v is allowed and was passed over for %v", zone, x.In(zone), opens.In(zone))
			}
		}
		for x := opens; x < closes; x += step {
			if !allowed(x) {
				t.Fatalf("%s: %v lies in a window and is not allowed", zone, x.In(zone))
			}
		}
	})
}
