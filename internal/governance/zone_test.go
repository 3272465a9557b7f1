package governance

import (
	"context"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func lives(t testing.TB, g *Governor, customer, zone string) int {
	t.Helper()
	var n int
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = g.SetZones(ctx, tx, "c", "staff", "S01", map[string]string{customer: zone})
		return err
	})
	return n
}

func TestAZoneIsANameOrAnOffset(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", " Asia/Shanghai ": "Asia/Shanghai", "+8": "UTC+08:00", "UTC-3:30": "UTC-03:30", "gmt+05:45": "UTC+05:45", "+0530": "UTC+05:30", "UTC": "UTC",
	} {
		got, err := parseZone(in)
		if err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", in, got, err, want)
		}
		if got == "" {
			continue
		}
		loc, err := loadZone(got)
		if err != nil || loc.String() != got {
			t.Errorf("%q: %v, %v", got, loc, err)
		}
	}
	for _, bad := range []string{"Local", "Mars/Base", "+15", "+08:20", "../etc/passwd", "+14:30", "8", strings.Repeat("A", 200)} {
		if got, err := parseZone(bad); err == nil {
			t.Errorf("%q is taken as %q", bad, got)
		}
	}
}

// 10:00 of the corp is 21:00 of the evening before in New York, 08:00 in Urumqi and 11:00 in Tokyo.
func TestHoursAreThoseOfTheZoneACustomerLivesIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		for customer, zone := range map[string]string{"纽约": "America/New_York", "乌鲁木齐": "Asia/Urumqi", "东京": "Asia/Tokyo", "时差": "UTC-11:00"} {
			if lives(t, g, customer, zone) != 1 || lives(t, g, customer, zone) != 0 {
				t.Fatal("a zone that is set is one change, set again it is none")
			}
		}
		at := func(day, hour int) clock.Time { return clock.At(time.Date(2026, 11, day, hour, 0, 0, 0, shanghai)) }
		ask := func(key, customer string) Request {
			r := marketing(key, customer)
			r.Opens, r.Closes = at(24, 9), at(24, 21)
			return r
		}
		once := ask("once", "乌鲁木齐")
		once.AtOnce, once.Class = true, Lifecycle
		got := map[string]Decision{}
		reqs := []Request{once, ask("b/1", "纽约"), ask("b/2", "乌鲁木齐"), ask("b/3", "东京"), ask("b/4", "时差"), ask("b/5", "不知道")}
		for i, dec := range reserve(t, g, reqs...) {
			got[reqs[i].Key] = dec
			same(t, g, dec.TouchID)
		}
		for key, want := range map[string]struct {
			state State
			rule  string
			next  clock.Time
		}{
			"b/1": {Held, ruleQuiet, at(24, 22)}, "b/2": {Reserved, ruleQuiet, at(24, 11)}, "b/3": {Reserved, "", 0}, "b/4": {Reserved, "", 0},
			"b/5": {Reserved, "", 0}, "once": {Held, ruleQuiet, at(24, 11)},
		} {
			if dec := got[key]; dec.State != want.state || dec.RuleID != want.rule || dec.Next != want.next {
				t.Errorf("%s: %s by %q, next %v; want %+v", key, dec.State, dec.RuleID, dec.Next.In(shanghai), want)
			}
		}
		if why := touch(t, g, got["b/1"].TouchID).Why; !strings.Contains(why, "America/New_York") || !strings.Contains(got["b/1"].Reason.ZH, "America/New_York") {
			t.Errorf("the entry does not say by which zone: %s; %s", why, got["b/1"].Reason.ZH)
		}

		// The permit reads the hours of now, and of the zone that is known now.
		if permits, _ := permit(t, g, got["b/3"].TouchID); len(permits) != 1 {
			t.Error("it is day in Tokyo")
		}
		if _, refused := permit(t, g, got["b/2"].TouchID); len(refused) != 1 || refused[0].State != Reserved || refused[0].Next != at(24, 11) {
			t.Errorf("it is early in Urumqi: %+v", refused)
		}
		lives(t, g, "不知道", "Europe/London")
		if _, refused := permit(t, g, got["b/5"].TouchID); len(refused) != 1 || refused[0].RuleID != ruleQuiet || refused[0].Next != at(24, 17) {
			t.Errorf("it is night in London: %+v", refused)
		}
		// What was decided stays decided by the zone of then.
		for _, dec := range got {
			lives(t, g, dec.CustomerID, "")
			same(t, g, dec.TouchID)
		}
		world.Set(at(24, 20).Add(30 * time.Minute))
		lives(t, g, "东京", "Asia/Tokyo") // 21:30 there: the open task is unwanted, and what arrives is late
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			no, err := g.Unwanted(ctx, tx, "c", got["b/3"].TouchID, got["b/5"].TouchID)
			if err == nil && (len(no) != 1 || no[got["b/3"].TouchID].RuleID != ruleQuiet) {
				t.Errorf("unwanted: %+v", no)
			}
			return err
		})
		deliver(t, g, got["b/3"].TouchID, world.Now())
		if !touch(t, g, got["b/3"].TouchID).Late {
			t.Error("what arrived at 21:30 of the customer's day is not late")
		}
	})
}

// Whoever is asked, in whatever zone, season and hours of the sender: what is reserved begins within the customer's own day, and who
// is held back could not be reached before the sender's hours end.
func TestNobodyIsReachedOutsideOfTheirOwnDay(t *testing.T) {
	t.Parallel()
	names := []string{"America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Tokyo", "Asia/Kathmandu", "UTC-11:00", "UTC+14:00"}
	var cache homes
	cache.known = map[string]*home{}
	q := DefaultCaps().Quiet
	rapid.Check(t, func(t *rapid.T) {
		h, err := cache.of(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		start := rapid.SampledFrom([]time.Time{ // the nights of New York, London and Lord Howe with an hour more or less, and any day
			time.Date(2027, 3, 13, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC), time.Date(2027, 3, 27, 12, 0, 0, 0, time.UTC),
			time.Date(2027, 4, 3, 6, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
		}).Draw(t, "day")
		now := clock.At(start).Add(time.Duration(rapid.IntRange(0, 48*60).Draw(t, "minutes")) * time.Minute)
		r := marketing("k", "a")
		r.Opens, r.Closes = q.Next(now, shanghai), q.Close(now, shanghai)
		on := r.earliest(now, q, h, shanghai)
		v := judge(r, on, on > now, standing{home: h}, DefaultCaps(), nil, shanghai)
		if !v.held {
			if l := on.In(h.loc); l.Hour() < 9 || l.Hour() >= 21 || l.Weekday() == time.Sunday && l.Hour() < 10 || on < r.Opens || on >= r.Closes {
				t.Fatalf("%s: reserved for %v", h.name, l)
			}
			return
		}
		for x := r.Opens; x < r.Closes; x += clock.Time(15 * time.Minute / time.Millisecond) {
			if q.Open(x, h.loc) {
				t.Fatalf("%s: held back, and %v is open", h.name, x.In(h.loc))
			}
		}
	})
}
