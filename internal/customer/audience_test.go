package customer

import (
	"context"
	"slices"
	"testing"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestAudience(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := serve(d)
		s.rosterFrom = 1
		kept := func(q AudienceQuery) []string {
			members, _, err := s.Muster(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, m := range members {
				words = append(words, m.CustomerID+"/"+m.StaffID)
			}
			slices.Sort(words)
			return words
		}
		told(t, s, snapshot("wm1", "S01", 1), snapshot("wm4", "S03", 5, "dry"), snapshot("wm9", "S03", 5))
		same(t, "read before the rest is told", kept(AudienceQuery{TagIDs: []string{"dry"}}), []string{"wm4/S03"})
		ended(t, s, "wm9", "S03", ByCustomer, 20)
		told(
			t, s,
			snapshot("wm1", "S01", 1, "dry"), snapshot("wm1", "S02", 9, "vip"), // two members: S02 is newer
			snapshot("wm2", "S01", 2, "dry", "vip"),
			snapshot("wm3", "S01", 3),
			snapshot("wm4", "S02", 4, "vip"), snapshot("wm4", "S03", 5, "dry"),
			snapshot("wm5", "S01", 6, "dry", "vip"),
		)
		ended(t, s, "wm4", "S03", ByCustomer, 20) // its tag counts no more
		ended(t, s, "wm5", "S01", ByStaff, 20)
		for _, tt := range []struct {
			name string
			q    AudienceQuery
			want []string
		}{
			{"all who are there", AudienceQuery{}, []string{"wm1/S02", "wm2/S01", "wm3/S01", "wm4/S02"}},
			{"any tag", AudienceQuery{TagIDs: []string{"dry"}}, []string{"wm1/S02", "wm2/S01"}},
			{"any of two tags", AudienceQuery{TagIDs: []string{"dry", "vip"}, TagMode: AnyTag}, []string{"wm1/S02", "wm2/S01", "wm4/S02"}},
			{"all tags, whoever gave them", AudienceQuery{TagIDs: []string{"dry", "vip"}, TagMode: AllTag}, []string{"wm1/S02", "wm2/S01"}},
			{"a tag named twice is one", AudienceQuery{TagIDs: []string{"vip", "vip"}, TagMode: AllTag}, []string{"wm1/S02", "wm2/S01", "wm4/S02"}},
			{"but not those with", AudienceQuery{ExcludeTagIDs: []string{"vip"}}, []string{"wm3/S01"}},
			{"of a member", AudienceQuery{StaffIDs: []string{"S01"}}, []string{"wm1/S01", "wm2/S01", "wm3/S01"}},
			{"a member, a tag, and not another", AudienceQuery{StaffIDs: []string{"S01"}, TagIDs: []string{"dry"}, ExcludeTagIDs: []string{"nobody"}}, []string{"wm1/S01", "wm2/S01"}},
			{"of nobody", AudienceQuery{StaffIDs: []string{}}, nil},
			{"who left does not speak, the next one does", AudienceQuery{LeftStaffIDs: []string{"S02"}}, []string{"wm1/S01", "wm2/S01", "wm3/S01"}},
			{"who cannot send now speaks where nobody else does", AudienceQuery{AwayStaffIDs: []string{"S02"}}, []string{"wm1/S01", "wm2/S01", "wm3/S01", "wm4/S02"}},
			{"who cannot send now, and the colleague left", AudienceQuery{AwayStaffIDs: []string{"S02"}, LeftStaffIDs: []string{"S01"}}, []string{"wm1/S02", "wm4/S02"}},
			{"nobody can send now", AudienceQuery{AwayStaffIDs: []string{"S01", "S02"}, TagIDs: []string{"dry"}}, []string{"wm1/S02", "wm2/S01"}},
			{"of a member who left", AudienceQuery{StaffIDs: []string{"S02"}, LeftStaffIDs: []string{"S02", "S07"}}, nil},
		} {
			got, err := s.Audience(t.Context(), tt.q)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			var words []string
			for _, m := range got {
				words = append(words, m.CustomerID+"/"+m.StaffID)
			}
			same(t, tt.name, words, tt.want)
			same(t, tt.name+", from memory", kept(tt.q), tt.want)
		}
		in(t, s, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.NewRaw("DELETE FROM relation_tag WHERE tag_id = 'vip'").Exec(ctx); err != nil {
				return err
			}
			tx.Changed(s.CorpID, areaTag, "vip")
			return nil
		})
		same(t, "a tag that is no more", kept(AudienceQuery{TagIDs: []string{"vip"}}), nil)
		_, all, err := s.Muster(t.Context(), AudienceQuery{})
		if n, err2 := s.CountLive(t.Context()); err != nil || err2 != nil || n != all {
			t.Fatalf("%d live, %d in memory: %v %v", n, all, err, err2)
		}
	})
}

func TestNamesAndCounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := serve(d)
		a, b := snapshot("wm1", "S01", 1), snapshot("wo2", "S01", 1)
		b.Person.Kind = WeCom
		told(t, s, a, b, snapshot("wm1", "S02", 2))
		ended(t, s, "wm1", "S01", ByStaff, 3)
		names, err := s.Names(t.Context(), d.Read(), []string{"wm1", "nobody"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "names", names, map[string]string{"wm1": "青柠 wm1"})
		briefs, err := s.Briefs(t.Context(), []string{"wm1", "wo2"})
		if err != nil || briefs["wm1"].WeCom || !briefs["wo2"].WeCom {
			t.Fatalf("briefs %v, %v", briefs, err)
		}
		counts, err := s.CountByStaff(t.Context(), []string{"S01", "S02", "S03"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "counts", counts, map[string]int{"S01": 1, "S02": 1})
		met, err := s.MetBy(t.Context(), d.Read(), "S02", []string{"wm1", "wo2", "nobody"})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "since when", met, map[string]clock.Time{"wm1": at(2)})
	})
}
