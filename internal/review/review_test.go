package review_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/governance/classify"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/review"
)

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))

// desk is a queue with what its rooms were told.
type desk struct {
	*review.Service
	t     *testing.T
	world *clock.Manual
	gov   *governance.Governor
	told  []string
}

func newDesk(t *testing.T, d *db.DB) *desk {
	t.Helper()
	world := clock.NewManual(start)
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	gov, err := governance.New(governance.Config{DB: d, Bus: b, World: world, Zone: start.Location(), Key: []byte("0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	k := &desk{t: t, world: world, gov: gov}
	k.Service = review.New(review.Config{DB: d, World: world, Governor: gov, CorpID: "c", Key: []byte("0123456789abcdef"), Rooms: map[string]review.Room{
		"broadcast": {
			Reach: func(context.Context, int64) (int, error) { return 300, nil },
			Pass: func(ctx context.Context, id int64, by string, expect int) error {
				k.told = append(k.told, fmt.Sprint("pass ", id, " ", by, " ", expect))
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					return k.Settled(ctx, tx, "c", "broadcast", fmt.Sprint(id), by, true, "")
				})
			},
			Back: func(ctx context.Context, id int64, by, note string) error {
				k.told = append(k.told, fmt.Sprint("back ", id, " ", by, " ", note))
				return d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
					return k.Settled(ctx, tx, "c", "broadcast", fmt.Sprint(id), by, false, note)
				})
			},
		},
		"welcome": {Stop: func(_ context.Context, id int64, by, _ string) error {
			k.told = append(k.told, fmt.Sprint("stop ", id, " ", by))
			return nil
		}},
	}})
	return k
}

// saw takes a text in, as its room would.
func (k *desk) saw(noun, ref, text string, audience int, cause governance.Cause) {
	k.t.Helper()
	class, channel := governance.Marketing, governance.MassCustomer
	if noun != "broadcast" {
		class, channel = governance.Service, governance.Welcome
	}
	f := governance.Field{Name: "text", Text: text}
	check, err := k.gov.CheckFor(k.t.Context(), "c", class, channel, f)
	if err != nil {
		k.t.Fatal(err)
	}
	err = k.DB.Tx(k.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return k.Saw(ctx, tx, governance.ReviewText{
			CorpID: "c", Noun: noun, Ref: ref, Title: noun + ref, Class: class, Channel: channel, Author: "S01", Fields: []governance.Field{f},
			Check: check, Audience: audience, Cause: cause,
		})
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *desk) queue() []*review.Item {
	k.t.Helper()
	rows, err := k.Queue(k.t.Context(), review.Filter{}, 0, 100)
	if err != nil {
		k.t.Fatal(err)
	}
	return rows
}

func refusedAs(t *testing.T, err error, code string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("want %s, got %v", code, err)
	}
}

const doubtful = "你好，这是全国第一的护理课。退订回 TD"

func TestTheQueueIsOrderedByHarmAudienceAndAge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		k.saw("broadcast", "1", "周末护理课开放预约。退订回 TD", 250, governance.BySize)
		k.saw("broadcast", "2", doubtful, 250, governance.ByWords) // worse, as many
		k.saw("broadcast", "3", doubtful, 5000, governance.ByWords)
		order := func() (out string) {
			for _, i := range k.queue() {
				out += i.Ref
			}
			return out
		}
		if got := order(); got != "321" {
			t.Fatalf("%s", got)
		}
		k.world.Advance(48 * time.Hour)
		k.saw("broadcast", "4", doubtful, 5000, governance.ByWords) // as bad and as many, younger
		if got := order(); got != "3241" {
			t.Fatalf("%s", got)
		}
		k.saw("broadcast", "3", "周末护理课开放预约。退订回 TD", 300, governance.BySize) // submitted again: the former text gives way
		if got := order(); len(got) != 4 {
			t.Fatalf("%s", got)
		}
		if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return k.Withdrawn(ctx, tx, "c", "broadcast", "2") }); err != nil {
			t.Fatal(err)
		}
		if got := order(); strings.Contains(got, "2") {
			t.Fatalf("%s", got)
		}
	})
}

func TestADecisionIsSomebodyElses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k, ctx := newDesk(t, d), t.Context()
		k.saw("broadcast", "1", doubtful, 300, governance.ByWords)
		k.saw("broadcast", "2", doubtful+"！", 300, governance.ByWords)
		k.saw("welcome", "3", "欢迎来到全国第一的花间", 90, governance.NoCause)
		rows := k.queue()
		if len(rows) != 3 || rows[2].Cause != governance.Flagged || rows[2].Held {
			t.Fatalf("a service text in doubt is looked at and never waits: %+v", rows)
		}
		one, two, three := rows[0].ID, rows[1].ID, rows[2].ID
		_, err := k.Pass(ctx, one, "S01", "", 300)
		refusedAs(t, err, "review.own")
		_, err = k.Pass(ctx, one, "S02", "gambling", 300)
		refusedAs(t, err, "review.label")
		_, err = k.Return(ctx, one, "S02", " ", "", false)
		refusedAs(t, err, "review.note")
		_, err = k.Return(ctx, one, "S02", "夸大", "service", false)
		refusedAs(t, err, "review.label")
		i, err := k.Pass(ctx, one, "S02", "exempt", 300)
		if err != nil || i.State != review.Passed || i.Label != "exempt" || i.ByWhom != "S02" {
			t.Fatalf("%+v %v", i, err)
		}
		_, err = k.Pass(ctx, one, "S02", "", 300)
		refusedAs(t, err, "review.decided")
		alike, err := k.Similar(ctx, rows[1], 3)
		if err != nil || len(alike) != 1 || alike[0].ID != one || alike[0].Share < 0.8 {
			t.Fatalf("%+v %v", alike, err)
		}

		// Grave: given back at once; two persons stop its author.
		if i, err = k.Return(ctx, two, "S02", "这是诈骗", "fraud", true); err != nil || i.State != review.Second {
			t.Fatalf("%+v %v", i, err)
		}
		_, err = k.Agree(ctx, two, "S02", true)
		refusedAs(t, err, "review.own")
		if rung, err := k.gov.Standing(ctx, "c", governance.OnStaff, "S01", k.world.Now()); err != nil || rung != governance.Clean {
			t.Fatalf("one person alone: %d %v", rung, err)
		}
		if i, err = k.Agree(ctx, two, "S03", true); err != nil || i.State != review.Returned || !i.Grave {
			t.Fatalf("%+v %v", i, err)
		}
		if rung, err := k.gov.Standing(ctx, "c", governance.OnStaff, "S01", k.world.Now()); err != nil || rung != governance.Stopped {
			t.Fatalf("two: %d %v", rung, err)
		}
		if i, err = k.Return(ctx, three, "S02", "不要夸大", "", false); err != nil || i.State != review.Returned {
			t.Fatalf("%+v %v", i, err)
		}
		want := []string{"pass 1 S02 300", "back 2 S02 这是诈骗", "stop 3 S02"}
		if fmt.Sprint(k.told) != fmt.Sprint(want) {
			t.Fatalf("%v", k.told)
		}

		// What was decided can be learnt from.
		file, err := k.Examples(ctx)
		if err != nil {
			t.Fatal(err)
		}
		examples, err := classify.ReadExamples([]byte(file))
		if err != nil || len(examples) != 2 || examples[0].Class != "exempt" || examples[1].Class != "fraud" || examples[0].Text != doubtful {
			t.Fatalf("%+v %v", examples, err)
		}
		sum, err := k.Sum(ctx, nil)
		if err != nil || sum != (review.Sum{Decided: 3, Overturned: 1}) {
			t.Fatalf("%+v %v", sum, err)
		}
	})
}

func TestWhatCustomersSayIsNoExample(t *testing.T) {
	t.Parallel()
	k, ctx := newDesk(t, dbtest.SQLite(t)), t.Context()
	k.saw("kf", "1", doubtful, 1, governance.NoCause)
	k.saw("autoreply", "2", doubtful+"？", 1, governance.NoCause)
	for _, i := range k.queue() {
		if _, err := k.Return(ctx, i.ID, "S02", "像诈骗", "fraud", false); err != nil {
			t.Fatal(err)
		}
	}
	file, err := k.Examples(ctx)
	if err != nil || strings.Count(file, "fraud\t") != 1 || !strings.Contains(file, "？") {
		t.Fatalf("%v\n%s", err, file)
	}
}

// Two in a hundred of what passed are looked at; the same text always falls alike, whoever saves it how often.
func TestTheSampleIsDrawnByAKey(t *testing.T) {
	t.Parallel()
	const texts = 400
	k := newDesk(t, dbtest.SQLite(t))
	for range 2 {
		for n := range texts {
			k.saw("welcome", fmt.Sprint(n), fmt.Sprintf("欢迎你，第 %d 号柜台见。", n), 1, governance.NoCause)
		}
		rows := k.queue()
		if len(rows) < texts/100 || len(rows) > 5*texts/100 {
			t.Fatalf("%d of %d", len(rows), texts)
		}
		for _, i := range rows {
			if i.Cause != governance.Sampled || i.Held {
				t.Fatalf("%+v", i)
			}
		}
		if k.told = append(k.told, fmt.Sprint(refs(rows))); k.told[0] != k.told[len(k.told)-1] {
			t.Fatalf("drawn again: %v", k.told)
		}
	}
}

func refs(rows []*review.Item) map[string]bool {
	out := map[string]bool{}
	for _, i := range rows {
		out[i.Ref] = true
	}
	return out
}
