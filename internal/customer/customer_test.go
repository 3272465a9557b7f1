package customer

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

const corp = "ww1"

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// heard writes down what subscribers were told.
type heard struct{ added, lost []string }

func serve(d *db.DB) (*Service, *heard) {
	s := New(Config{DB: d, World: clock.NewManual(noon), Zone: time.UTC, CorpID: corp})
	h := &heard{}
	s.OnAdded = append(s.OnAdded, func(_ context.Context, _ *db.Tx, e Added) error {
		word := e.CustomerID + "/" + e.StaffID
		for _, w := range []struct {
			on   bool
			text string
		}{{e.Half, " half"}, {e.FirstEver, " first"}, {!e.ByCallback, " found"}, {e.WelcomeCode != "", " code"}} {
			if w.on {
				word += w.text
			}
		}
		h.added = append(h.added, word)
		return nil
	})
	s.OnLost = append(s.OnLost, func(_ context.Context, _ *db.Tx, e Lost) error {
		word := e.CustomerID + "/" + e.StaffID + " " + string(e.By)
		if e.LastOne {
			word += " last"
		}
		h.lost = append(h.lost, word)
		return nil
	})
	return s, h
}

// in runs f in a transaction of its own.
func in(t testing.TB, s *Service, f func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := s.DB.Tx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// began is the callback of a new relation, n minutes after noon.
func began(t testing.TB, s *Service, customer, staff string, minutes int) {
	t.Helper()
	in(t, s, func(ctx context.Context, tx *db.Tx) error {
		return s.add(ctx, tx, corp, []Added{{CorpID: corp, CustomerID: customer, StaffID: staff, At: at(minutes), ByCallback: true}})
	})
}

// ended is the callback of a relation's end.
func ended(t testing.TB, s *Service, customer, staff string, by LostBy, minutes int) {
	t.Helper()
	in(t, s, func(ctx context.Context, tx *db.Tx) error {
		return s.lose(ctx, tx, corp, customer, staff, by, at(minutes))
	})
}

// told is what a read call answers.
func told(t testing.TB, s *Service, snapshots ...Snapshot) {
	t.Helper()
	in(t, s, func(ctx context.Context, tx *db.Tx) error { return s.StoreTx(ctx, tx, snapshots) })
}

func at(minutes int) clock.Time { return clock.At(noon).Add(time.Duration(minutes) * time.Minute) }

func snapshot(customer, staff string, minutes int, tags ...string) Snapshot {
	return Snapshot{
		Person:   Person{ID: customer, Name: "青柠 " + customer, Kind: WeChat},
		Relation: Relation{CustomerID: customer, StaffID: staff, AddedAt: at(minutes), TagIDs: tags},
	}
}

func holds(t testing.TB, s *Service, customer, staff string) relationRow {
	t.Helper()
	r, ok, err := getRelation(t.Context(), s.DB.Read(), corp, customer, staff)
	if err != nil || !ok {
		t.Fatalf("relation %s/%s: %v %v", customer, staff, ok, err)
	}
	return r
}

func same[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

func TestABeginningToldTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, h := serve(d)
		began(t, s, "wm1", "S01", 0)
		began(t, s, "wm1", "S01", 0)
		told(t, s, snapshot("wm1", "S01", 0))
		told(t, s, snapshot("wm1", "S01", 0))
		ended(t, s, "wm1", "S01", ByStaff, 5)
		ended(t, s, "wm1", "S01", ByStaff, 5)
		ended(t, s, "wm9", "S01", ByStaff, 5) // never known
		same(t, "added", h.added, []string{"wm1/S01 first"})
		same(t, "lost", h.lost, []string{"wm1/S01 staff last"})
		lines, err := s.Timeline(t.Context(), "wm1", 0, 10)
		if err != nil || len(lines) != 2 || lines[0].Kind != "lost" || lines[1].Kind != "added" {
			t.Fatalf("timeline %+v, %v", lines, err)
		}
	})
}

func TestHalfAnAddingIsNoRelation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, h := serve(d)
		in(t, s, func(ctx context.Context, tx *db.Tx) error {
			return s.add(ctx, tx, corp, []Added{{CorpID: corp, CustomerID: "wm1", StaffID: "S01", WelcomeCode: "c1", At: at(0), ByCallback: true, Half: true}})
		})
		if _, ok, err := getRelation(t.Context(), d.Read(), corp, "wm1", "S01"); ok || err != nil {
			t.Fatalf("a relation stands after half an adding: %v", err)
		}
		began(t, s, "wm1", "S01", 1)
		same(t, "added", h.added, []string{"wm1/S01 half code", "wm1/S01 first"})
		if r := holds(t, s, "wm1", "S01"); !r.Live || r.AddedAt != at(1) {
			t.Fatalf("after the member confirmed: %+v", r)
		}
	})
}

// WeCom goes on answering a customer who deleted the member, and a read may be older than an event.
func TestWhatEndedStaysEndedThoughAReadStillAnswersIt(t *testing.T) {
	t.Parallel()
	for _, by := range []LostBy{ByCustomer, ByStaff} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s, h := serve(d)
				began(t, s, "wm1", "S01", 0)
				ended(t, s, "wm1", "S01", by, 5)
				told(t, s, snapshot("wm1", "S01", 0))
				if r := holds(t, s, "wm1", "S01"); r.Live || r.LostAt != at(5) || r.LostBy != by {
					t.Fatalf("it lives again: %+v", r)
				}
				row, _, err := getCustomer(t.Context(), d.Read(), corp, "wm1")
				if err != nil || row.Live || row.LostAt != at(5) {
					t.Fatalf("the person lives again: %+v, %v", row, err)
				}
				told(t, s, snapshot("wm1", "S01", 9)) // added anew, and no callback told
				if r := holds(t, s, "wm1", "S01"); !r.Live || r.LostAt != 0 || r.LostBy != "" || r.AddedAt != at(9) {
					t.Fatalf("added anew: %+v", r)
				}
				same(t, "added", h.added, []string{"wm1/S01 first", "wm1/S01 found"})
			})
		})
	}
}

func TestWhatASyncFoundGoneMayBeFoundAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, h := serve(d)
		began(t, s, "wm1", "S01", -5)
		if err := s.End(t.Context(), []Pair{{"wm1", "S01"}, {"wm9", "S01"}}); err != nil {
			t.Fatal(err)
		}
		same(t, "lost", h.lost, []string{"wm1/S01 unknown last"})
		told(t, s, snapshot("wm1", "S01", -5))
		if r := holds(t, s, "wm1", "S01"); !r.Live {
			t.Fatalf("found again: %+v", r)
		}
	})
}

func TestAddAgainAfterALoss(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, h := serve(d)
		began(t, s, "wm1", "S01", 0)
		began(t, s, "wm1", "S02", 1)
		ended(t, s, "wm1", "S01", ByCustomer, 5)
		ended(t, s, "wm1", "S02", ByCustomer, 6)
		began(t, s, "wm1", "S01", 9)
		same(t, "added", h.added, []string{"wm1/S01 first", "wm1/S02", "wm1/S01"})
		same(t, "lost", h.lost, []string{"wm1/S01 customer", "wm1/S02 customer last"})
		row, _, err := getCustomer(t.Context(), d.Read(), corp, "wm1")
		if err != nil || !row.Live || row.LostAt != 0 || row.AddedAt != at(0) {
			t.Fatalf("the person: %+v, %v", row, err)
		}
		if r := holds(t, s, "wm1", "S01"); !r.Live || r.LostBy != "" || r.AddedAt != at(9) {
			t.Fatalf("the relation: %+v", r)
		}
	})
}

// Callbacks are not promised in order.
func TestEventsThatComeLateChangeNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, h := serve(d)
		began(t, s, "wm1", "S01", 10)
		ended(t, s, "wm1", "S01", ByCustomer, 5) // of the time before
		if r := holds(t, s, "wm1", "S01"); !r.Live {
			t.Fatal("an old end ended the new relation")
		}
		ended(t, s, "wm1", "S01", ByCustomer, 20)
		began(t, s, "wm1", "S01", 10) // the same beginning again
		if r := holds(t, s, "wm1", "S01"); r.Live {
			t.Fatal("an old beginning revived what had ended")
		}
		same(t, "added", h.added, []string{"wm1/S01 first"})
		same(t, "lost", h.lost, []string{"wm1/S01 customer last"})
	})
}

func TestAnEventWithoutATimeHappenedNow(t *testing.T) {
	t.Parallel()
	s, _ := serve(dbtest.SQLite(t))
	began(t, s, "wm1", "S01", -5)
	for _, text := range []string{"", "soon", "-1", "0"} {
		if got := (change{CreateTime: text}).at(s.World); got != at(0) {
			t.Errorf("CreateTime %q is %d", text, got)
		}
	}
	raw, err := json.Marshal(change{UserID: "S01", ExternalUserID: "wm1"})
	if err != nil {
		t.Fatal(err)
	}
	in(t, s, func(ctx context.Context, tx *db.Tx) error {
		return s.lost(ByCustomer)(ctx, tx, bus.Work{CorpID: corp, Payload: string(raw)})
	})
	if r := holds(t, s, "wm1", "S01"); r.Live || r.LostAt != at(0) {
		t.Fatalf("%+v", r)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := serve(d)
		for _, id := range []string{"held", "gone", "left", "deleted", "vague"} {
			began(t, s, id, "S01", 0)
		}
		began(t, s, "late", "S01", 30)
		began(t, s, "just then", "S01", 20) // WeCom cuts its times to seconds: it began within the second in which the list was asked
		ended(t, s, "left", "S01", ByCustomer, 5)
		ended(t, s, "deleted", "S01", ByStaff, 25) // after the list was asked
		ended(t, s, "vague", "S01", ByUnknown, 5)
		got, err := s.Compare(t.Context(), []Listed{{StaffID: "S01", At: at(20).Add(900 * time.Millisecond), CustomerIDs: []string{"held", "fresh", "left", "deleted", "vague"}}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "difference", got, Difference{
			New:  []Pair{{"fresh", "S01"}, {"vague", "S01"}}, // left: WeCom keeps naming them; deleted: the list is older
			Gone: []Pair{{"gone", "S01"}},                    // late began after the list
		})
	})
}

func TestAReadTellsPersonRelationAndTags(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, h := serve(d)
		a, b := snapshot("wm1", "S01", 3, "t1", "t2"), snapshot("wm1", "S02", 1, "t2")
		a.Person.UnionID, a.Relation.State, a.Relation.Remark = "u1", "c1", "老客户"
		b.Person = a.Person
		told(t, s, a, b)
		a.Person.UnionID, a.Person.Name, a.Relation.State, a.Relation.TagIDs = "", "青柠 新", "", []string{"t3"}
		told(t, s, a)
		row, _, err := getCustomer(t.Context(), d.Read(), corp, "wm1")
		if err != nil || row.UnionID != "u1" || row.Name != "青柠 新" || row.AddedAt != at(1) || row.KnownAt != at(0) {
			t.Fatalf("person %+v, %v", row, err)
		}
		if r := holds(t, s, "wm1", "S01"); r.State != "c1" || r.Remark != "老客户" {
			t.Fatalf("relation %+v", r)
		}
		items, err := s.withRelations(t.Context(), []customerRow{row})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "tags", [][]string{items[0].Relations[0].TagIDs, items[0].Relations[1].TagIDs}, [][]string{{"t3"}, {"t2"}})
		same(t, "added", h.added, []string{"wm1/S01 found", "wm1/S02 found"})
	})
}
