package governance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// Plan asks in memory and in the tables: whatever happened before, both answer the same.
func (m *machine) Plan(t *rapid.T) {
	r := marketing("plan", "plan")
	r.CorpID = m.corp
	r.Cost = rapid.IntRange(1, maxCost).Draw(t, "cost")
	r.NotBefore = m.world.Now().Add(time.Duration(rapid.IntRange(0, 30*24).Draw(t, "hours ahead")) * time.Hour)
	agree(t, m.g, r, m.customers)
}

// agree compares a preview from memory with decisions from the tables.
func agree(t interface{ Fatalf(string, ...any) }, g *Governor, r Request, customers []string) {
	reqs, to := make([]Request, len(customers)), make([]Recipient, len(customers))
	for i, id := range customers {
		reqs[i], to[i] = r, Recipient{CustomerID: id, StaffID: r.StaffID}
		reqs[i].Key, reqs[i].CustomerID = fmt.Sprint("plan/", i), id
	}
	decisions, err := g.Plan(context.Background(), reqs...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	g.censusFrom = 1
	p, err := g.Preview(context.Background(), r, to)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff(TallyOf(decisions), p.Tally); diff != "" {
		t.Fatalf("what is kept in memory says otherwise than the tables (-tables +memory):\n%s", diff)
	}
}

func TestAPreviewIsWhatTheReservationDoes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		unions := func(_ context.Context, _ bun.IDB, _ string, ids []string) (map[string][]string, error) {
			out := map[string][]string{}
			for _, id := range ids {
				out[id] = []string{"u" + id[len(id)-3:]} // wm1007 and wm0007 are one person
			}
			return out, nil
		}
		node := func() *Governor {
			g := newGovernor(t, d, world)
			g.book.caps.Holdout = 5
			g.identities = unions
			newMember(g, clock.At(tuesday)) // S03
			g.alike = func(_ context.Context, _ bun.IDB, _, id string) ([]string, error) {
				return []string{"wm0" + id[3:], "wm1" + id[3:]}, nil
			}
			return g
		}
		g, other := node(), node() // two nodes on one database
		g.censusFrom, other.censusFrom = 1, 1
		r := rand.New(rand.NewPCG(1, 2))
		var to []Recipient
		for i := range 1300 {
			to = append(to, Recipient{CustomerID: fmt.Sprintf("wm%04d", i), StaffID: fmt.Sprintf("S%02d", i%7)})
		}
		zones := map[string]string{}
		for i := 0; i < len(to); i += 20 {
			zones[to[i].CustomerID] = []string{"Asia/Urumqi", "America/New_York", "Asia/Tokyo", "UTC+05:30"}[i/20%4]
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			_, err := other.SetZones(ctx, tx, "c", "import", "S01", zones)
			return err
		})
		for round := range 4 {
			shape := marketing("", "")
			shape.Topic = []string{"", "新品"}[round%2]
			shape.Cost = 1 + round%2
			shape.Winback, shape.Traits = round == 3, round%2 == 1
			shape.NotBefore = world.Now().Add(time.Duration(round*5) * time.Hour)
			var err error
			if shape.Opens, shape.Closes, err = g.Window(t.Context(), "c", shape.NotBefore); err != nil {
				t.Fatal(err)
			}
			if round >= 2 { // the corp asks for consents from now on: what is kept in memory holds them already
				asksConsent(t, g, true)
			}
			if round == 2 {
				inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
					for _, c := range to[:900] {
						if err := g.agree(ctx, tx, "c", c.CustomerID, 1, "zh"); err != nil {
							return err
						}
					}
					return nil
				})
			}
			plan := func(g *Governor) Preview {
				p, err := g.Preview(t.Context(), shape, to)
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			want := plan(g)
			g.censusFrom = 1 << 30
			if diff := cmp.Diff(plan(g), want); diff != "" {
				t.Fatalf("round %d: from the tables and from memory (-tables +memory):\n%s", round, diff)
			}
			g.censusFrom = 1
			if diff := cmp.Diff(plan(other), want); diff != "" {
				t.Fatalf("round %d: another node:\n%s", round, diff)
			}
			reqs := make([]Request, len(to))
			for i, c := range to {
				reqs[i] = shape
				reqs[i].Key, reqs[i].CustomerID, reqs[i].StaffID = fmt.Sprint("round", round, "/", i), c.CustomerID, c.StaffID
			}
			decisions := reserve(t, g, reqs...)
			if diff := cmp.Diff(TallyOf(decisions), want.Tally); diff != "" {
				t.Fatalf("round %d: reserved otherwise than planned (-reserved +planned):\n%s", round, diff)
			}
			if round > 0 && len(want.Reasons) < 3 {
				t.Fatalf("round %d shows too little: %+v", round, want.Reasons)
			}
			live(t, g, r, decisions)
			world.Advance(time.Duration(20+r.IntN(60)) * time.Hour)
		}
		// What is counted again for the same instant stays the same, and a stop of all sending is heard of.
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			return other.HaltSending(ctx, tx, "c", "", "S01", "盘点")
		})
		p, err := g.Preview(t.Context(), marketing("", ""), to)
		if err != nil || p.Reachable != 0 || len(p.Reasons) != 1 || p.Reasons[0].RuleID != ruleHalt {
			t.Fatalf("%+v %v", p, err)
		}
	})
}

// live lets some of what was reserved arrive, some come to nothing, and some customers choose for themselves.
func live(t *testing.T, g *Governor, r *rand.Rand, decisions []Decision) {
	t.Helper()
	at := map[int64]clock.Time{}
	var nothing []int64
	for _, d := range decisions {
		if d.State != Reserved {
			continue
		}
		switch r.IntN(4) {
		case 0:
			at[d.TouchID] = g.world.Now().Add(time.Duration(r.IntN(300)) * time.Minute)
		case 1:
			nothing = append(nothing, d.TouchID)
		}
	}
	inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
		if _, err := g.DeliveredAll(ctx, tx, at); err != nil {
			return err
		}
		return g.ReleaseAll(ctx, tx, nothing, "WC-02", reasonLease)
	})
	for range 12 {
		id := decisions[r.IntN(len(decisions))].CustomerID
		inTx(t, g.db, func(ctx context.Context, tx *db.Tx) error {
			switch r.IntN(8) {
			case 7:
				return g.agree(ctx, tx, "c", id, 1, "zh")
			case 6:
				_, err := g.SetZones(ctx, tx, "c", "staff", "S01", map[string]string{id: []string{"", "Europe/Berlin"}[r.IntN(2)]})
				return err
			case 2:
				return hushed(ctx, g, tx, id, 50+r.IntN(200))
			case 3:
				return g.Acted(ctx, tx, "c", Wrote, map[string]clock.Time{id: g.world.Now()})
			case 0:
				return g.OptOut(ctx, tx, "c", id, "page", "customer")
			case 1:
				return sulk(ctx, g, tx, id)
			}
			return g.SetPreference(ctx, tx, Preference{
				CorpID: "c", CustomerID: id, Pace: []Pace{Usual, Weekly, Monthly}[r.IntN(3)], Via: "page", ByWhom: "customer",
				TopicsOff: []string{"新品"}[:r.IntN(2)], NoTraits: r.IntN(2) == 0, PausedUntil: g.world.Now().Add(time.Duration(r.IntN(72)) * time.Hour),
			})
		})
	}
}

// sulk opens a grievance of a customer, or ends the one that is open.
func sulk(ctx context.Context, g *Governor, tx *db.Tx, id string) error {
	open, err := g.grievances(ctx, tx, "c", id, true)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		_, err = g.EndGrievance(ctx, tx, "c", open[0].ID, "S01", "已退款")
		return err
	}
	_, err = g.OpenGrievance(ctx, tx, Grievance{CorpID: "c", CustomerID: id, Kind: Refund, Note: "要求退款", ByWhom: "S01"})
	return err
}

// Who stands alike is judged once: so a stance has to hold all that a verdict depends on.
func TestAStanceHoldsAllOfAStanding(t *testing.T) {
	t.Parallel()
	names := func(of reflect.Type) map[string]bool {
		out := map[string]bool{}
		for f := range of.Fields() {
			out[f.Name] = true
		}
		return out
	}
	if diff := cmp.Diff(names(reflect.TypeFor[standing]()), names(reflect.TypeFor[stance]())); diff != "" {
		t.Fatalf("fields of a standing and of a stance (-standing +stance):\n%s", diff)
	}
}
