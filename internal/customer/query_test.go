package customer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := serve(d)
		person := func(id, name, staff, state string, minutes, addWay int, tags ...string) Snapshot {
			sn := snapshot(id, staff, minutes, tags...)
			sn.Person.Name, sn.Relation.State, sn.Relation.AddWay = name, state, addWay
			return sn
		}
		told(
			t, s,
			person("wm1", "青柠 07", "S01", "c1", 1, 1, "dry"),
			person("wm2", "Green_Plum 8%", "S02", "", 2, 2, "dry", "vip"),
			person("wm3", "GreenXPlum 88!", "S03", "c1", 3, 1),
			person("wm4", `back\slash`, "S01", "", 4, 3, "vip"),
			person("wm5", "走了", "S01", "c1", 5, 1, "dry"),
			person("wm6", "换人", "S01", "c1", 6, 1, "dry"), person("wm6", "换人", "S02", "", 7, 2),
		)
		ended(t, s, "wm5", "S01", ByCustomer, 50)
		ended(t, s, "wm6", "S01", ByStaff, 50) // its tag, its state and its member count no more
		for _, tt := range []struct {
			name string
			f    Filter
			want string
		}{
			{"everybody who is there", Filter{}, "wm1 wm2 wm3 wm4 wm6"},
			{"those who left", Filter{Lost: true}, "wm5"},
			{"a part of a name", Filter{Query: "青柠"}, "wm1"},
			{"a whole id", Filter{Query: "wm3"}, "wm3"},
			{"a part of an id is no id", Filter{Query: "wm"}, ""},
			{"an underscore is an underscore", Filter{Query: "n_p"}, "wm2"},
			{"a percent sign is one", Filter{Query: "8%"}, "wm2"},
			{"only a percent sign", Filter{Query: "%"}, "wm2"},
			{"an exclamation mark is one", Filter{Query: "8!"}, "wm3"},
			{"a backslash is one", Filter{Query: `k\s`}, "wm4"},
			{"small and capital letters are alike", Filter{Query: "greenxPLUM"}, "wm3"},
			{"a quote harms nothing", Filter{Query: "' OR 1=1 --"}, ""},
			{"one tag", Filter{TagIDs: []string{"dry"}}, "wm1 wm2"},
			{"both tags", Filter{TagIDs: []string{"dry", "vip"}}, "wm2"},
			{"a tag of those who left", Filter{TagIDs: []string{"dry"}, Lost: true}, "wm5"},
			{"a member", Filter{StaffIDs: []string{"S01"}}, "wm1 wm4"},
			{"a scope", Filter{Scope: []string{"S02", "S03"}}, "wm2 wm3 wm6"},
			{"a scope of nobody", Filter{Scope: []string{}}, ""},
			{"a member out of scope", Filter{Scope: []string{"S02"}, StaffIDs: []string{"S01"}}, ""},
			{"a channel", Filter{State: "c1"}, "wm1 wm3"},
			{"how they came", Filter{AddWays: []int{2, 3}}, "wm2 wm4 wm6"},
			{"from and to", Filter{From: at(2), To: at(4)}, "wm2 wm3"},
			{"some ids, in scope", Filter{IDs: []string{"wm1", "wm2"}, Scope: []string{"S01"}}, "wm1"},
			{"no ids", Filter{IDs: []string{}}, ""},
		} {
			ids, err := s.IDs(t.Context(), tt.f, 100)
			if got := strings.Join(ids, " "); err != nil || got != tt.want {
				t.Errorf("%s: %q, want %q; %v", tt.name, got, tt.want, err)
			}
		}
	})
}

// Walking through pages of any size, in any order, meets everybody once and in order.
func TestPagesHaveNoHolesAndNoDoubles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run := 0
		rapid.Check(t, func(t *rapid.T) {
			run++
			s := New(Config{DB: d, World: clock.NewManual(noon), CorpID: fmt.Sprint("ww", run)})
			var rows []customerRow
			for i := range rapid.IntRange(0, 25).Draw(t, "customers") {
				rows = append(rows, customerRow{
					CorpID: s.CorpID, ID: fmt.Sprint("wm", i), Live: true, AddedAt: at(rapid.IntRange(0, 3).Draw(t, "minute")), // many alike
					Name: rapid.SampledFrom([]string{"", "a", "B", "青柠", "青柠 07", "é"}).Draw(t, "name"),
				})
			}
			err := d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
				if len(rows) == 0 {
					return nil
				}
				_, err := tx.NewInsert().Model(&rows).Exec(ctx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			order := rapid.SampledFrom([]Order{NewestFirst, OldestFirst, ByName}).Draw(t, "order")
			size := rapid.IntRange(1, 7).Draw(t, "page")
			whole, err := s.page(context.Background(), Filter{}, order, nil, 100)
			if err != nil || len(whole) != len(rows) {
				t.Fatalf("%d of %d, %v", len(whole), len(rows), err)
			}
			var want, got []string
			for i, c := range whole {
				want = append(want, c.ID)
				if i == 0 || order == ByName {
					continue
				}
				if newer := c.AddedAt > whole[i-1].AddedAt; c.AddedAt != whole[i-1].AddedAt && newer != (order == OldestFirst) {
					t.Fatalf("%s: %d before %d", order, whole[i-1].AddedAt, c.AddedAt)
				}
			}
			for from := (*after)(nil); ; {
				page, err := s.page(context.Background(), Filter{}, order, from, size)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page {
					got = append(got, c.ID)
				}
				if len(page) < size {
					break
				}
				last := page[len(page)-1]
				from = &after{value: strconv.FormatInt(int64(last.AddedAt), 10), id: last.ID}
				if order == ByName {
					from.value = last.Name
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("pages of %d by %s: %v, want %v", size, order, got, want)
			}
		})
	})
}

// A sync writes down late what happened early: pages follow what happened, not when it was written.
func TestTimelineIsInOrderOverPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := serve(d)
		minutes := []int{5, 1, 9, 3, 3, 7, 2, 8}
		in(t, s, func(ctx context.Context, tx *db.Tx) error {
			for _, m := range minutes {
				if err := Note(ctx, tx, Entry{CorpID: corp, CustomerID: "wm1", At: at(m), Kind: "touch"}); err != nil {
					return err
				}
			}
			return Note(ctx, tx, Entry{CorpID: corp, CustomerID: "wm2", At: at(6), Kind: "touch"})
		})
		var got []clock.Time
		for from := int64(0); ; {
			page, err := s.Timeline(t.Context(), "wm1", from, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				got = append(got, e.At)
			}
			if len(page) < 3 {
				break
			}
			from = page[len(page)-1].ID
		}
		var want []clock.Time
		for _, m := range []int{9, 8, 7, 5, 3, 3, 2, 1} {
			want = append(want, at(m))
		}
		same(t, "timeline", got, want)
	})
}
