package sandbox

import "time"

// hourOf is the hour of the day with its fraction.
func hourOf(t time.Time) float64 {
	t = t.In(Zone)
	return t.Sub(today(t)).Hours()
}

// after hours of the day
func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

// later does something after a while, unless this life is over by then.
func (s *Sandbox) later(l *life, wait time.Duration, do func()) { s.when(l, s.now().Add(wait), do) }

// when is later for a time.
func (s *Sandbox) when(l *life, t time.Time, do func()) {
	s.at(t, func() {
		if s.world.life == l {
			do()
		}
	})
}

// after passes a length of the population's own time, which runs slower at
// night, from t on.
func (l *lifeSettings) after(t time.Time, gap time.Duration) time.Time {
	for range 20_000 { // days
		rate, until := 1.0, today(t).Add(hours(l.Closes))
		if h := hourOf(t); l.asleep(h) {
			rate = l.NightShare
			until = today(t).Add(hours(l.Opens))
			if h >= l.Closes {
				until = until.AddDate(0, 0, 1)
			}
		}
		passes := time.Duration(float64(until.Sub(t)) * rate)
		if gap < passes {
			return t.Add(time.Duration(float64(gap) / rate))
		}
		gap -= passes
		t = until
	}
	return t
}

// awake moves a time of the night to the next morning, so that not everything
// of a night happens at once.
func (l *lifeSettings) awake(t time.Time) time.Time {
	h := hourOf(t)
	if !l.asleep(h) {
		return t
	}
	morning := today(t).Add(hours(l.Opens))
	if h >= l.Closes {
		morning = morning.AddDate(0, 0, 1)
	}
	return morning.Add(min(morning.Sub(t)/6, hours(l.Closes-l.Opens)/2))
}

// atWork is when a member works next, from t on: each has a shift of his own
// within the opening hours, and days off that come every week.
func (s *Sandbox) atWork(l *life, staff int32, t time.Time) time.Time {
	draw := hash(s.world.seed, uint64(staff), hashString("shift"))
	long := min(l.ShiftHours, l.Closes-l.Opens)
	starts := hours(l.Opens + (l.Closes-l.Opens-long)*float64(draw%4)/3)
	off := func(day time.Time) bool {
		return (uint64(day.Weekday())+mix(draw))%7 < uint64(l.DaysOff)
	}
	for day := today(t); ; day = day.AddDate(0, 0, 1) {
		from, to := day.Add(starts), day.Add(starts+hours(long))
		if off(day) || !t.Before(to) {
			continue
		}
		if t.Before(from) {
			return from.Add(min(from.Sub(t)/6, hours(long)/2))
		}
		return t
	}
}

// working says whether a member works now.
func (s *Sandbox) working(l *life, staff int32) bool {
	return s.atWork(l, staff, s.now()).Equal(s.now())
}

// delay draws a time that is short for most and long for a few, about as long
// as typical.
func delay(typical float64, draw uint64) time.Duration {
	u := unit(draw)
	return time.Duration((0.1 + 2*u*u) * typical * float64(time.Minute))
}
