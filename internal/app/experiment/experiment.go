// Package experiment plays one sending plan in the same world again: through the platform, whose governor judges every
// touch, and by a scripted sender that follows the plan blindly through WeCom's interface, as programs on members' phones
// do. A third playing sends nothing, so that what people do of their own accord can be taken off. What differs is what the
// sandbox's model of behaviour (docs/sandbox.md) makes of it: a simulation, not a finding about people.
//
// It is for the command of that name. The platform is the one that serve runs: nothing here reaches around its gate, and
// there is nothing that could be set to.
package experiment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"zhiyin.dev/zhiyin/sandbox"
)

// Options say in which world the plan is played, and how long.
type Options struct {
	World     string
	Customers int
	Staff     int
	Groups    int
	Seed      uint64
	Days      int
	Start     time.Time // the first day; its hour is not used
	Log       *slog.Logger
	Progress  func(arm string, day int) // nil = none
}

// Send is one mass message of the plan, every day at the same minute, to all customers with one of the tags.
type Send struct {
	At   string `json:"at"`   // HH:MM of the corp's zone
	Name string `json:"name"` // for staff only
	Text string `json:"text"`
	Tags []int  `json:"tags"` // places in the world's list of tags
}

// Plan is what both follow: four sends a day, the last one at night, to tags that overlap. It is the plan of a corp that
// counts only how many it reaches.
func Plan() []Send {
	return []Send{
		{"10:20", "会员护理提醒", "会员日护理提醒：预约门店免费补水一次。不想再收到，回复“退订”我来关掉。", []int{0, 1}},
		{"12:40", "午间到店礼", "午间到店领取小样一份，数量有限。不想再收到，回复“退订”我来关掉。", []int{0, 2}},
		{"19:30", "晚间补货通知", "你常用的那一款今天补货。不想再收到，回复“退订”我来关掉。", []int{1, 3}},
		{"23:10", "深夜预约", "明天的预约已经开放，点门店二维码选时间。不想再收到，回复“退订”我来关掉。", []int{2, 3}},
	}
}

// Result is what came out.
type Result struct {
	Label     string `json:"label"`
	World     string `json:"world"`
	Seed      uint64 `json:"seed"`
	Days      int    `json:"days"`
	Customers int    `json:"customers"` // at the start
	Staff     int    `json:"staff"`
	Plan      []Send `json:"plan"`
	Product   Tally  `json:"product"`
	Blind     Tally  `json:"blind"`
	Nobody    Tally  `json:"nobody"` // nothing is sent
}

// Label says what the figures are, wherever they are shown.
const Label = "a simulation of the model in docs/sandbox.md, not a finding about people"

const warmUp = 10 * time.Minute // of world time, in which the platform reads the corp; the others wait as long

// Run plays the plan three times, one after the other.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Days < 1 || o.Days > 366 {
		return nil, errors.New("experiment: the days go from 1 to 366")
	}
	dir, err := os.MkdirTemp("", "zhiyin-experiment-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the experiment: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := &Result{Label: Label, World: o.World, Seed: o.Seed, Days: o.Days, Plan: Plan()}
	for _, arm := range []struct {
		name  string
		begin func(context.Context, *stage) (sender, error)
		tally *Tally
	}{{"product", beginProduct, &out.Product}, {"blind", beginBlind, &out.Blind}, {"nobody", beginNobody, &out.Nobody}} {
		st, err := o.stage(ctx, filepath.Join(dir, arm.name))
		if err != nil {
			return nil, err
		}
		out.Customers, out.Staff = st.box.State().Counts["customers"], st.box.State().Counts["staff"]
		*arm.tally, err = st.play(ctx, o, arm.name, arm.begin)
		if err = errors.Join(err, st.box.Close()); err != nil {
			return nil, fmt.Errorf("experiment, %s: %w", arm.name, err)
		}
	}
	return out, nil
}

// sender sends one message of the plan, now. What is refused is no error: it is the answer of whom the sender asks.
type sender interface {
	send(ctx context.Context, day int, s Send, tags []string) error
	end(ctx context.Context) error
}

// stage is the world one playing happens in.
type stage struct {
	box  *sandbox.Server
	dir  string
	pace float64
	log  *slog.Logger
}

// stage makes the world as it is at the start. Its people are as busy as its customers are many.
func (o Options) stage(ctx context.Context, dir string) (*stage, error) {
	own, err := sandbox.ReadWorld(o.World)
	if err != nil {
		return nil, err
	}
	box, err := sandbox.Start(ctx, sandbox.Options{
		World: o.World, Customers: o.Customers, Staff: o.Staff, Groups: o.Groups, Seed: o.Seed, Start: atMinute(o.Start, 9, 0), Paused: true,
		DataDir: filepath.Join(dir, "sandbox"),
	})
	if err != nil {
		return nil, err
	}
	pace := own.Life.Pace
	if o.Customers > 0 && own.Customers > 0 {
		pace *= float64(o.Customers) / float64(own.Customers)
	}
	return &stage{box: box, dir: dir, pace: pace, log: o.Log}, nil
}

// play lets the days pass, sends what the plan says, and counts what came of it.
func (st *stage) play(ctx context.Context, o Options, name string, begin func(context.Context, *stage) (sender, error)) (t Tally, err error) {
	tags, err := st.tags(ctx)
	if err != nil {
		return t, err
	}
	by, err := begin(ctx, st)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, by.end(context.WithoutCancel(ctx))) }()
	first := atMinute(o.Start, 9, 0)
	if err := st.box.SetTime(ctx, first.Add(warmUp)); err != nil {
		return t, err
	}
	if err := st.control(ctx, "life", map[string]any{"running": true, "pace": st.pace}, nil); err != nil {
		return t, err
	}
	for day := range o.Days {
		if o.Progress != nil {
			o.Progress(name, day)
		}
		for _, s := range Plan() {
			at, err := s.on(first.AddDate(0, 0, day))
			if err != nil {
				return t, err
			}
			if err := st.box.SetTime(ctx, at); err != nil {
				return t, err
			}
			var to []string
			for _, n := range s.Tags {
				to = append(to, tags[n%len(tags)])
			}
			if err := by.send(ctx, day, s, to); err != nil {
				return t, err
			}
		}
	}
	if err := st.box.SetTime(ctx, first.AddDate(0, 0, o.Days)); err != nil {
		return t, err
	}
	return st.count(ctx)
}

// on is the minute of the send on a day.
func (s Send) on(day time.Time) (time.Time, error) {
	at, err := time.ParseInLocation(time.DateOnly+" 15:04", day.Format(time.DateOnly)+" "+s.At, sandbox.Zone)
	if err != nil {
		return at, fmt.Errorf("the plan's minute %q: %w", s.At, err)
	}
	return at, nil
}

func atMinute(day time.Time, hour, minute int) time.Time {
	y, m, d := day.In(sandbox.Zone).Date()
	return time.Date(y, m, d, hour, minute, 0, 0, sandbox.Zone)
}

// nobody sends nothing.
type nobody struct{}

func beginNobody(context.Context, *stage) (sender, error) { return nobody{}, nil }

func (nobody) send(context.Context, int, Send, []string) error { return nil }
func (nobody) end(context.Context) error                       { return nil }
