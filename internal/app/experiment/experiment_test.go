package experiment

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/sandbox"
)

// small is a corp that is played through in seconds.
func small(t *testing.T) Options {
	t.Helper()
	return Options{
		World: "huajian", Customers: 60, Staff: 4, Groups: 2, Seed: 3, Days: 2,
		Start: time.Date(2026, 3, 3, 0, 0, 0, 0, sandbox.Zone), Log: log.Discard(),
	}
}

// The plan asks for the impossible: four sends a day and one of them at night. The platform is given every chance to obey
// it, with the rights of an operator; the blind sender shows that the same world lets everything through.
func TestThePlatformNeverObeysThePlanBeyondItsCaps(t *testing.T) {
	t.Parallel()
	r, err := Run(t.Context(), small(t))
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Product; p.Touches == 0 || p.MostIn7 > 2 || p.AtNight != 0 || p.Nights != 0 || p.Reports != 0 {
		t.Errorf("through the platform: %+v; want touches, at most one a day and none at night", p)
	}
	if b := r.Blind; b.MostIn7 <= 3 || b.AtNight == 0 || b.Nights != 2 || b.Touches <= r.Product.Touches || b.Deletions <= r.Product.Deletions {
		t.Errorf("sent blindly: %+v; want more than any cap, and the nights", b)
	}
	if n := r.Nobody; n.Touches != 0 || n.Replies != 0 {
		t.Errorf("nothing was sent, but: %+v", n)
	}
	if r.Label != Label || r.Customers != 60 || r.Staff != 4 {
		t.Errorf("the result says %+v", r)
	}
}

func TestTheMostWithinASlidingSpan(t *testing.T) {
	t.Parallel()
	at := func(hours ...int) (out []time.Time) {
		for _, h := range hours {
			out = append(out, time.Unix(0, 0).Add(time.Duration(h)*time.Hour))
		}
		return out
	}
	for _, c := range []struct {
		times []time.Time
		want  int
	}{{nil, 0}, {at(5), 1}, {at(0, 24), 1}, {at(0, 23), 2}, {at(0, 10, 23, 24, 30, 33), 5}} {
		if got := mostWithin(c.times, 24*time.Hour); got != c.want {
			t.Errorf("%v: got %d, want %d", c.times, got, c.want)
		}
	}
}

func TestWhatCannotBePlayedIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){
		"no days":        func(o *Options) { o.Days = 0 },
		"too many days":  func(o *Options) { o.Days = 367 },
		"an odd world":   func(o *Options) { o.World = "nowhere" },
		"a lonely staff": func(o *Options) { o.Staff = 1 },
	} {
		o := small(t)
		change(&o)
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
