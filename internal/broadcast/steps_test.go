package broadcast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/outreach"
)

var stepsZone = time.FixedZone("CST", 8*3600)

// stepper does the work of mass messages one piece at a time, in their order: each is first broken off before it is committed, and
// then done twice. What WeCom would answer it tells at the end.
type stepper struct {
	t     *testing.T
	d     *db.DB
	world *clock.Manual
	gov   *governance.Governor
	s     *Service
	at    func(n int) // called after the n-th piece of work
	n     int
	story string // whose customers they are
	asked map[string]int
}

const (
	stepsStaff = 4
	stepsCrowd = 31
)

func newStepper(t *testing.T, d *db.DB) *stepper {
	t.Helper()
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	p := &stepper{t: t, d: d, world: clock.NewManual(time.Date(2026, 11, 24, 10, 0, 0, 0, stepsZone)), asked: map[string]int{}}
	b, err := bus.New(bus.Config{DB: d, World: p.world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	p.must(err)
	p.gov, err = governance.New(governance.Config{DB: d, Bus: b, World: p.world, Zone: stepsZone, Key: []byte("0123456789abcdef")})
	p.must(err)
	caps := governance.DefaultCaps()
	caps.Holdout = 0
	_, err = p.gov.SetCaps(t.Context(), "c", "S01", caps)
	p.must(err)
	out := outreach.New(outreach.Config{DB: d, Bus: b, World: p.world, Zone: stepsZone, Governor: p.gov, CorpID: "c"})
	audience := func(context.Context, customer.AudienceQuery) ([]customer.Member, error) {
		members := make([]customer.Member, stepsCrowd)
		for i := range members {
			members[i] = customer.Member{CustomerID: fmt.Sprintf("%s%02d", p.story, i), StaffID: fmt.Sprintf("S%02d", i%stepsStaff)}
		}
		return members, nil
	}
	p.s = New(Config{
		DB: d, Bus: b, World: p.world, Zone: stepsZone, Outreach: out, Governor: p.gov, CorpID: "c", Step: 3, Audience: audience,
		Muster: func(ctx context.Context, q customer.AudienceQuery) ([]customer.Member, int, error) {
			members, err := audience(ctx, q)
			return members, 100 * stepsCrowd, err
		},
	})
	p.gov.OnOptOut = append(p.gov.OnOptOut, p.s.OptedOut)
	p.gov.OnHalt = append(p.gov.OnHalt, p.s.Halted)
	return p
}

func (p *stepper) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *stepper) tx(f func(ctx context.Context, tx *db.Tx) error) {
	p.t.Helper()
	p.must(p.d.Tx(p.t.Context(), f))
}

func (p *stepper) submit() *Broadcast {
	p.t.Helper()
	w := Words{Name: p.story, Text: p.story + "：周末护理课开放预约。", Benefit: "可以预约护理课"}
	b, err := p.s.Create(p.t.Context(), "S01", w)
	p.must(err)
	b, err = p.s.Submit(p.t.Context(), b.ID, "S01", nil, stepsCrowd)
	p.must(err)
	return b
}

// due is the next piece of work of a lane that may be done now.
func (p *stepper) due(lane bus.Lane) *bus.Work {
	p.t.Helper()
	w := new(bus.Work)
	err := p.d.Read().NewSelect().Model(w).Where("lane = ? AND state = 'pending' AND due_at <= ? AND kind NOT LIKE 'governance%' AND kind NOT LIKE '%poll'",
		lane, p.world.Now()).OrderExpr("id").Limit(1).Scan(p.t.Context())
	if db.IsNoRows(err) {
		return nil
	}
	p.must(err)
	return w
}

func (p *stepper) settle(w *bus.Work, tx *db.Tx) error {
	_, err := tx.NewRaw("UPDATE work SET state = 'done' WHERE id = ?", w.ID).Exec(p.t.Context())
	return err
}

var errBrokenOff = errors.New("the power went")

// run does what is due until nothing is.
func (p *stepper) run() {
	p.t.Helper()
	do := map[string]bus.Handler{
		reserveKind: p.s.reserve, openKind: p.s.open, closeKind: p.s.close, takeKind: p.s.takeMore, stopKind: p.s.stop, haltKind: p.s.halt,
	}
	for w := p.due(bus.Timer); w != nil; w = p.due(bus.Timer) {
		f := do[w.Kind]
		if f == nil {
			p.t.Fatalf("nobody does %s", w.Kind)
		}
		err := p.d.Tx(p.t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := f(ctx, tx, *w); err != nil {
				return err
			}
			return errBrokenOff
		})
		if !errors.Is(err, errBrokenOff) {
			p.t.Fatalf("%s: %v", w.Key, err)
		}
		for range 2 {
			p.tx(func(ctx context.Context, tx *db.Tx) error {
				if err := f(ctx, tx, *w); err != nil {
					return fmt.Errorf("%s: %w", w.Key, err)
				}
				return p.settle(w, tx)
			})
		}
		if p.n++; p.n > 500 {
			p.t.Fatalf("it never ends: %s", w.Key)
		}
		if p.at != nil {
			p.at(p.n)
		}
	}
}

// outside does the calls that were asked for, as outreach does, and tells what WeCom would answer.
func (p *stepper) outside() {
	p.t.Helper()
	for w := p.due(bus.Intent); w != nil; w = p.due(bus.Intent) {
		var m outreach.Mass
		p.must(w.Decode(&m))
		e := outreach.MassEvent{TaskID: m.TaskID, Stage: outreach.MassNone, At: p.world.Now()}
		p.tx(func(ctx context.Context, tx *db.Tx) error {
			switch w.Kind {
			case "outreach.mass":
				wanted, err := p.s.Wanted(ctx, tx, m.TaskID)
				if err != nil || !wanted {
					return errors.Join(err, p.settle(w, tx))
				}
				permits, refused, err := p.gov.Permit(ctx, tx, m.TouchIDs...)
				if err != nil {
					return err
				}
				var ids []int64
				for _, permit := range permits {
					p.asked[permit.CustomerID()]++
					ids = append(ids, permit.TouchID())
				}
				if e.Refused = refused; len(ids) > 0 {
					e.Stage, e.MsgID = outreach.MassOpen, fmt.Sprint("msg", m.TaskID)
				}
				if err := p.s.Massed(ctx, tx, e); err != nil {
					return err
				}
				return errors.Join(p.gov.Tasked(ctx, tx, e.MsgID, ids...), p.settle(w, tx))
			case "outreach.mass_find":
				return errors.Join(p.s.Massed(ctx, tx, e), p.settle(w, tx))
			case "outreach.mass_cancel":
				e.Stage = outreach.MassCancelled
				err := errors.Join(p.s.Massed(ctx, tx, e), p.settle(w, tx))
				return errors.Join(err, p.s.polled(ctx, tx, pollStep{TaskID: m.TaskID, Kind: "final"}, 0))
			}
			return fmt.Errorf("nobody does %s", w.Kind)
		})
		p.run()
	}
}

// states counts the receivers of a message by state, and checks what holds at any time.
func (p *stepper) states(id int64) map[ReceiverState]int {
	p.t.Helper()
	rows, err := p.s.receivers(p.t.Context(), p.d.Read(), id, 0, Matched, Held, Reserved, Tasked, Unconfirmed, TakenBack, Lost, NotFriend)
	p.must(err)
	if len(rows) != stepsCrowd {
		p.t.Fatalf("%d of %d receivers are known", len(rows), stepsCrowd)
	}
	out := map[ReceiverState]int{}
	for _, r := range rows {
		out[r.State]++
		if p.asked[r.CustomerID] > 1 {
			p.t.Errorf("%s was in %d tasks at WeCom", r.CustomerID, p.asked[r.CustomerID])
		}
	}
	return out
}

// ended checks that nothing of a message can reach anybody any more.
func (p *stepper) ended(id int64, want State) {
	p.t.Helper()
	b, err := p.s.Get(p.t.Context(), id)
	p.must(err)
	left := p.states(id)
	if b.State != want || b.EndedAt == 0 || left[Matched]+left[Reserved]+left[Tasked] != 0 {
		p.t.Fatalf("%s: it is %s, ended %d, and its receivers %v", p.story, b.State, b.EndedAt, left)
	}
	var open, filling int
	p.must(p.d.Read().NewRaw("SELECT COUNT(*) FROM touch WHERE state IN ('reserved', 'tasked')").Scan(p.t.Context(), &open))
	p.must(p.d.Read().NewRaw("SELECT COUNT(*) FROM broadcast_task WHERE filling OR state IN ('creating', 'open', 'cancelling')").Scan(p.t.Context(), &filling))
	if open != 0 || filling != 0 {
		p.t.Fatalf("%d entries of the ledger and %d tasks are open", open, filling)
	}
}

func TestALargeMessageIsOpenedAndClosedInStepsAndNobodyIsInTwoTasks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newStepper(t, d)
		p.story = "plain"
		b := p.submit()
		p.run()
		if p.n < stepsCrowd/3 {
			t.Fatalf("%d pieces of work are no steps", p.n)
		}
		var items []bus.Work
		p.must(d.Read().NewSelect().Model(&items).Where("kind = 'outreach.mass'").Scan(t.Context()))
		seen := map[int64]int{}
		for _, w := range items {
			var m outreach.Mass
			p.must(json.Unmarshal([]byte(w.Payload), &m))
			for _, id := range m.TouchIDs {
				seen[id]++
			}
		}
		if len(items) != stepsStaff || len(seen) != stepsCrowd {
			t.Fatalf("%d tasks for %d receivers were asked for", len(items), len(seen))
		}
		p.outside()
		if got := p.states(b.ID); got[Tasked] != stepsCrowd {
			t.Fatalf("with the members: %v", got)
		}
		p.world.Advance(12 * time.Hour) // the evening
		p.run()
		p.outside()
		p.ended(b.ID, Done)
		if got := p.states(b.ID); got[Unconfirmed] != stepsCrowd {
			t.Fatalf("in the evening: %v", got)
		}
	})
}

func TestWhatComesAmidTheStepsEndsTheRest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do    func(p *stepper, b *Broadcast)
		state State
	}{
		"cancel": {func(p *stepper, b *Broadcast) {
			_, err := p.s.Cancel(p.t.Context(), b.ID)
			p.must(err)
			p.tx(func(ctx context.Context, tx *db.Tx) error { // nothing is made from here on
				tasks, err := p.s.tasks(ctx, tx, b.ID)
				for _, task := range tasks {
					if wanted, err := p.s.Wanted(ctx, tx, task.ID); err != nil || wanted {
						p.t.Errorf("a task is wanted after the end: %v", err)
					}
				}
				return err
			})
		}, Cancelled},
		"stop": {func(p *stepper, _ *Broadcast) {
			p.tx(func(ctx context.Context, tx *db.Tx) error {
				return p.gov.HaltSending(ctx, tx, "c", "", "S02", "内容出错")
			})
		}, Cancelled},
		"evening": {func(p *stepper, _ *Broadcast) { p.world.Advance(11*time.Hour + time.Second) }, Done},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				p := newStepper(t, d)
				for _, n := range []int{0, 2, 6, 11} { // before the first step, and after some
					p.story = fmt.Sprint(name, n, "-")
					b := p.submit()
					p.n = 0
					if p.at = func(m int) {
						if m == n {
							c.do(p, b)
						}
					}; n == 0 {
						c.do(p, b)
					}
					p.run()
					if p.at = nil; p.n < n {
						t.Fatalf("%d pieces of work are too few", p.n)
					}
					if c.state == Cancelled {
						p.lift()
					}
					p.outside()
					if c.state == Done {
						p.world.Advance(13 * time.Hour) // the evening, where it came before the message was ready
						p.run()
						p.outside()
					}
					b, err := p.s.Get(t.Context(), b.ID)
					p.must(err)
					want := c.state
					switch {
					case b.State == Failed: // nothing was made
						want = Failed
					case n == 0 && name == "stop": // everybody was held back
						want = Done
					}
					p.ended(b.ID, want)
					for who := range p.asked {
						if c.state == Cancelled && strings.HasPrefix(who, p.story) {
							t.Errorf("%s was put into a task after it was stopped", who)
						}
					}
				}
			})
		})
	}
}

// lift lets sending go on, if it is stopped.
func (p *stepper) lift() {
	p.t.Helper()
	list, err := p.gov.Halts(p.t.Context(), "c", 1)
	p.must(err)
	if len(list) == 1 && list[0].LiftedAt == 0 {
		p.tx(func(ctx context.Context, tx *db.Tx) error { return p.gov.LiftHalt(ctx, tx, "c", list[0].ID, "S02") })
	}
}

func TestWhoSaysStopAmidTheStepsIsInNoTask(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newStepper(t, d)
		p.story = "optout"
		b := p.submit()
		p.at = func(n int) {
			if n > 12 {
				return
			}
			p.tx(func(ctx context.Context, tx *db.Tx) error {
				return p.gov.OptOut(ctx, tx, "c", fmt.Sprintf("optout%02d", 2*n), "page", "customer")
			})
		}
		p.run()
		p.outside()
		if got := p.states(b.ID); got[Held] != 12 || got[Tasked] != stepsCrowd-12 || len(p.asked) != stepsCrowd-12 {
			t.Fatalf("%v, %d asked for", got, len(p.asked))
		}
	})
}

func TestAMembersStopThatIsLiftedAmidTheStepsLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newStepper(t, d)
		for _, n := range []int{3, 6, 9} {
			p.story = fmt.Sprint("lifted", n, "-")
			b := p.submit()
			p.n = 0
			p.at = func(m int) {
				switch m {
				case n:
					p.tx(func(ctx context.Context, tx *db.Tx) error {
						return p.gov.HaltSending(ctx, tx, "c", "S01", "S02", "账号异常")
					})
				case n + 4:
					p.lift()
				}
			}
			p.run()
			p.lift()
			p.outside()
			rows, err := p.s.receivers(t.Context(), d.Read(), b.ID, 0, Matched, Held, Reserved, Tasked, TakenBack)
			p.must(err)
			for _, r := range rows {
				if r.StaffID != "S01" && r.State != Tasked {
					t.Errorf("%s of another member is %s", r.CustomerID, r.State)
				}
			}
			p.world.Advance(12 * time.Hour)
			p.run()
			p.outside()
			p.ended(b.ID, Done)
			p.world.Advance(13 * time.Hour) // the next story begins in the morning
		}
	})
}
