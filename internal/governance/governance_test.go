package governance

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/log"
)

var shanghai = time.FixedZone("CST", 8*3600)

// tuesday is a working morning: 2026-11-24 10:00 in the corp's zone.
var tuesday = time.Date(2026, 11, 24, 10, 0, 0, 0, shanghai)

func newGovernor(t testing.TB, d *db.DB, world clock.World) *Governor {
	t.Helper()
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Config{DB: d, Bus: b, World: world, Zone: shanghai, Key: []byte("0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	g.book.caps.Holdout = 0 // who is held out has tests of its own
	g.Register(b)
	return g
}

func marketing(key, customer string) Request {
	return Request{
		CorpID: "c", Key: key, CustomerID: customer, StaffID: "S03", Channel: MassCustomer, Class: Marketing, CampaignID: "b1",
		CampaignName: "会员日", Texts: []string{saying(campaignOf(key))}, By: "S01", Reason: "会员日通知",
	}
}

// campaignOf is what stands before the slash of a key: one message says one thing to all its receivers, and is looked at once.
func campaignOf(key string) string {
	campaign, _, _ := strings.Cut(key, "/")
	return campaign
}

// saying is words of its own for each key: what says the same as another is a matter of its own.
func saying(key string) string {
	nouns := []string{
		"护理", "试用", "茶会", "花艺", "讲座", "面霜", "绣球", "书店", "露营", "咖啡", "陶艺", "烘焙", "合唱", "雨伞", "羊毛", "栗子", "苔藓", "灯笼", "木梳", "砚台",
		"风筝", "松果", "围巾", "蜂蜜", "竹篮", "琴谱", "雪松", "海盐", "米酒", "棉布", "橙子", "柚木", "石榴", "蜡烛", "地图", "诗集", "胶片", "自行车", "望远镜", "手风琴",
	}
	h := fnv.New64a()
	var b strings.Builder
	for i := range 9 {
		_, _ = fmt.Fprint(h, key, i)
		b.WriteString(nouns[h.Sum64()%uint64(len(nouns))])
	}
	return b.String()
}

func inTx(t testing.TB, d *db.DB, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := d.Tx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func reserve(t testing.TB, g *Governor, reqs ...Request) []Decision {
	t.Helper()
	var out []Decision
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = g.Reserve(ctx, tx, reqs...)
		return err
	})
	return out
}

func permit(t testing.TB, g *Governor, ids ...int64) (permits []Permit, refused []Decision) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) (err error) {
		permits, refused, err = g.Permit(ctx, tx, ids...)
		return err
	})
	return permits, refused
}

func deliver(t testing.TB, g *Governor, id int64, at clock.Time) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error { return g.Delivered(ctx, tx, id, at) })
}

func touch(t testing.TB, g *Governor, id int64) *Touch {
	t.Helper()
	found, err := g.touchesByID(t.Context(), g.db.Read(), "", []int64{id})
	if err != nil || found[id] == nil {
		t.Fatalf("read touch %d: %v %v", id, found, err)
	}
	return found[id]
}

func optOut(t testing.TB, g *Governor, customer string) {
	t.Helper()
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		return g.OptOut(ctx, tx, "c", customer, "page", "customer")
	})
}

func TestServiceGoesOutAtNightAfterOptOutAndBeyondTheCap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday.Add(13 * time.Hour)) // 23:00
		g := newGovernor(t, d, world)
		optOut(t, g, "青柠 07")
		for i := range 5 {
			r := marketing(fmt.Sprintf("welcome/%d", i), "青柠 07")
			r.Class, r.Channel = Service, Welcome
			got := reserve(t, g, r)[0]
			if got.State != Reserved || got.RuleID != "" {
				t.Fatalf("service touch %d: %+v", i, got)
			}
			permits, refused := permit(t, g, got.TouchID)
			if len(permits) != 1 || len(refused) != 0 || !permits[0].Valid() || permits[0].CustomerID() != "青柠 07" {
				t.Fatalf("service touch %d: permits %v, refused %v", i, permits, refused)
			}
			deliver(t, g, got.TouchID, world.Now())
			if row := touch(t, g, got.TouchID); row.State != Committed || row.Late {
				t.Fatalf("service touch %d is %s, late %v", i, row.State, row.Late)
			}
		}
	})
}

func TestTheSameKeyIsOneTouch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		got := reserve(t, g, marketing("b1/a", "a"), marketing("b1/a", "a"))
		again := reserve(t, g, marketing("b1/a", "a"))[0]
		if got[0].Existing || !got[1].Existing || !again.Existing || got[1].TouchID != got[0].TouchID || again.TouchID != got[0].TouchID {
			t.Fatalf("want one touch, got %+v and %+v", got, again)
		}
	})
}

func TestCapsHoldBackTheSecondTouchOfADay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		first := reserve(t, g, marketing("b1/a", "a"), marketing("b2/a", "a"), marketing("b1/b", "b"))
		if first[0].State != Reserved || first[1].State != Held || first[1].RuleID != ruleCap || first[2].State != Reserved {
			t.Fatalf("got %+v", first)
		}
		permit(t, g, first[0].TouchID)
		deliver(t, g, first[0].TouchID, world.Now())
		delivered := world.Now()
		if next := reserve(t, g, marketing("b3/a", "a"))[0]; next.State != Held || next.Next != delivered.Add(24*time.Hour) {
			t.Fatalf("held until %v, want a day after the delivery: %+v", next.Next.In(shanghai), next)
		}
		world.Set(delivered.Add(24*time.Hour - time.Millisecond))
		if got := reserve(t, g, marketing("b4/a", "a"))[0]; got.State != Held {
			t.Fatalf("a millisecond early: %+v", got)
		}
		world.Set(delivered.Add(24 * time.Hour))
		if got := reserve(t, g, marketing("b5/a", "a"))[0]; got.State != Reserved {
			t.Fatalf("a day later: %+v", got)
		}
	})
}

func TestQuietHoursDeferAndTheWindowOfTheEarliestDeliveryCounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		night := time.Date(2026, 11, 24, 22, 0, 0, 0, shanghai)
		world := clock.NewManual(night)
		g := newGovernor(t, d, world)
		opens := clock.At(time.Date(2026, 11, 25, 9, 0, 0, 0, shanghai))
		got := reserve(t, g, marketing("b1/a", "a"))[0]
		if got.State != Reserved || got.RuleID != ruleQuiet || got.Next != opens {
			t.Fatalf("at night: %+v", got)
		}
		if permits, refused := permit(t, g, got.TouchID); len(permits) != 0 || len(refused) != 1 || refused[0].State != Reserved || refused[0].Next != opens {
			t.Fatalf("at night: permits %v, refused %+v", permits, refused)
		}
		world.Set(opens)
		if permits, _ := permit(t, g, got.TouchID); len(permits) != 1 {
			t.Fatal("no permit when the window opens")
		}
	})
}

func TestOptOutReleasesReservationsTellsOfOpenTasksAndBooksLateOnes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		var told []OptedOut
		g.OnOptOut = append(g.OnOptOut, func(_ context.Context, _ *db.Tx, e OptedOut) error {
			told = append(told, e)
			return nil
		})
		tasked := reserve(t, g, marketing("b1/a", "a"))[0].TouchID
		permit(t, g, tasked)
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.Tasked(ctx, tx, "msg1", tasked) })
		reserved := reserve(t, g, marketing("b1/b", "b"))[0].TouchID
		world.Advance(time.Minute)
		optOut(t, g, "a")
		optOut(t, g, "a")
		optOut(t, g, "b")
		if len(told) != 2 || len(told[0].Open) != 1 || told[0].Open[0].ID != tasked || told[0].Open[0].TaskID != "msg1" || len(told[1].Open) != 0 {
			t.Fatalf("told %+v", told)
		}
		if row := touch(t, g, reserved); row.State != Released || row.RuleID != ruleOptOut {
			t.Fatalf("the reservation is %s by %s", row.State, row.RuleID)
		}
		if got := reserve(t, g, marketing("b2/b", "b"))[0]; got.State != Held || got.RuleID != ruleOptOut {
			t.Fatalf("after the opt-out: %+v", got)
		}
		deliver(t, g, tasked, world.Now())
		if row := touch(t, g, tasked); row.State != Committed || !row.Late {
			t.Fatalf("the member had confirmed: %s, late %v", row.State, row.Late)
		}
	})
}

func TestANewIDOfTheSamePersonStaysSuppressedUntilTheirOwnConsent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		g.identities = func(_ context.Context, _ bun.IDB, _ string, ids []string) (map[string][]string, error) {
			out := map[string][]string{}
			for _, id := range ids {
				if id == "old" || id == "new" {
					out[id] = []string{"union-1"}
				}
			}
			return out, nil
		}
		optOut(t, g, "old")
		if got := reserve(t, g, marketing("b1/new", "new"))[0]; got.State != Held || got.RuleID != ruleSuppressed {
			t.Fatalf("a new id of the same person: %+v", got)
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.OptIn(ctx, tx, "c", "old", "", "S01") })
		if err == nil {
			t.Fatal("lifted without evidence")
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error { return g.OptIn(ctx, tx, "c", "old", "page", "customer") })
		if got := reserve(t, g, marketing("b2/new", "new"))[0]; got.State != Reserved {
			t.Fatalf("after the person's own consent: %+v", got)
		}
	})
}
