package notice_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/notice"
	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
)

// desk is two nodes of one corp that share a database, beside a sandbox.
type desk struct {
	t     *testing.T
	box   *sandbox.Server
	db    *db.DB
	world *clock.Manual
	nodes [2]*notice.Service
}

func open(t *testing.T, d *db.DB, q notice.Quota) *desk {
	t.Helper()
	start := time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone)
	box, err := sandbox.Start(t.Context(), sandbox.Options{Staff: 6, Customers: 4, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	client, err := wecom.New(wecom.Config{BaseURL: box.URL, CorpID: box.Ready.CorpID, AgentID: box.Ready.AgentID, Secrets: wecom.Secrets{App: box.Ready.Secrets.App}})
	if err != nil {
		t.Fatal(err)
	}
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	k := &desk{t: t, box: box, db: d, world: clock.NewManual(start)}
	b, err := bus.New(bus.Config{DB: d, World: k.world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range k.nodes {
		k.nodes[i] = notice.New(notice.Config{
			DB: d, Bus: b, World: k.world, Zone: sandbox.Zone, WeCom: client, CorpID: box.Ready.CorpID, Quota: q,
			Members: func(context.Context) (int, error) { return 2, nil },
		})
	}
	k.nodes[0].Register(b)
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Stop(context.WithoutCancel(t.Context())) })
	return k
}

// got counts the messages that members got whose text has the mark.
func (k *desk) got(mark string) (n int) {
	k.t.Helper()
	resp, err := http.Get(k.box.URL + "/_sandbox/journal")
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		k.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, `"app_message"`) && strings.Contains(line, mark) {
			n++
		}
	}
	return n
}

// try sends at once by the nodes in turn until one refuses, and answers how many went and what the refusal says.
func (k *desk) try(staff []string, texts ...string) (int, string) {
	k.t.Helper()
	for n := range 100 {
		_, err := k.nodes[n%2].Send(k.t.Context(), staff, texts...)
		if err == nil {
			continue
		}
		if errs.KindOf(err) != errs.Limited {
			k.t.Fatal(err)
		}
		return n, err.Error()
	}
	k.t.Fatal("a hundred were let through")
	return 0, ""
}

func TestMessagesAreHeldToWeComsLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quota notice.Quota
		staff []string
		texts []string
		times int
		says  string
		after time.Duration // until there is room
	}{
		"a member's minute": {notice.Quota{MemberMin: 3, MemberHour: 90, MemberDay: 90, CorpMin: 90, CorpHour: 90, AccountDay: 90}, []string{"S01"}, []string{"一"}, 3, "10:01:00", time.Minute},
		"a member's hour":   {notice.Quota{MemberMin: 90, MemberHour: 4, MemberDay: 90, CorpMin: 90, CorpHour: 90, AccountDay: 90}, []string{"S01"}, []string{"一"}, 4, "11:00:00", time.Hour},
		"a member's day":    {notice.Quota{MemberMin: 90, MemberHour: 90, MemberDay: 5, CorpMin: 90, CorpHour: 90, AccountDay: 90}, []string{"S01"}, []string{"一"}, 5, "11-25 10:00", 24 * time.Hour},
		"everybody's minute": {
			notice.Quota{MemberMin: 90, MemberHour: 90, MemberDay: 90, CorpMin: 5, CorpHour: 90, AccountDay: 90}, []string{"S01", "S02"}, []string{"一"}, 2, "10:01:00", time.Minute,
		},
		"everybody's hour": {
			notice.Quota{MemberMin: 90, MemberHour: 90, MemberDay: 90, CorpMin: 90, CorpHour: 6, AccountDay: 90}, []string{"S01", "S02"}, []string{"一"}, 3, "11:00:00", time.Hour,
		},
		"the accounts' day": {
			notice.Quota{MemberMin: 90, MemberHour: 90, MemberDay: 90, CorpMin: 90, CorpHour: 90, AccountDay: 3}, []string{"S01", "S02"}, []string{"一"}, 3, "11-25 10:00", 24 * time.Hour,
		},
		"texts in several parts": {
			notice.Quota{MemberMin: 5, MemberHour: 90, MemberDay: 90, CorpMin: 90, CorpHour: 90, AccountDay: 90}, []string{"S01"}, []string{"一", "二"}, 2, "10:01:00", time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				k := open(t, d, c.quota)
				n, says := k.try(c.staff, c.texts...)
				if n != c.times || !strings.Contains(says, c.says) {
					t.Errorf("%d went, then %q; want %d and %s", n, says, c.times, c.says)
				}
				if got := k.got(""); got != c.times*len(c.staff)*len(c.texts) {
					t.Errorf("members got %d: a refused one went out", got)
				}
				k.world.Advance(c.after - time.Millisecond)
				if _, err := k.nodes[1].Send(t.Context(), c.staff, c.texts...); errs.KindOf(err) != errs.Limited {
					t.Errorf("too early: %v", err)
				}
				k.world.Advance(time.Millisecond)
				if _, err := k.nodes[1].Send(t.Context(), c.staff, c.texts...); err != nil {
					t.Errorf("at the time that was said: %v", err)
				}
			})
		})
	}
}

func TestWhoIsFullIsToldLater(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := open(t, d, notice.Quota{MemberMin: 2, MemberHour: 90, MemberDay: 90, CorpMin: 90, CorpHour: 90, AccountDay: 90})
		if n, _ := k.try([]string{"S01"}, "试发"); n != 2 {
			t.Fatalf("%d went", n)
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for i, to := range [][]string{{"S01"}, {"S01", "S02"}} {
				if err := k.nodes[1].Put(ctx, tx, notice.Notice{Key: fmt.Sprint("k", i), Staff: to, Text: fmt.Sprint("待办", i)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		clocktest.Eventually(t, "the one who has room to be told", func() bool { return k.got("待办1") == 1 }, nil)
		if n := k.got("待办0"); n != 0 {
			t.Fatalf("told %d times over the limit", n)
		}
		k.world.Advance(time.Minute)
		clocktest.Eventually(t, "the other to be told when there is room", func() bool { return k.got("待办0") == 1 && k.got("待办1") == 2 }, nil)
	})
}
