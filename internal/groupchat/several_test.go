package groupchat

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

func TestWhoSitsInSeveralGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(time.Unix(1_800_000_000, 0))
		s := New(Config{DB: d, World: world, Zone: time.UTC, CorpID: "ww1"})
		members := func(ids ...string) []Member {
			out := []Member{{ID: "S01", Kind: Staff, JoinedAt: world.Now()}}
			for _, id := range ids {
				out = append(out, Member{ID: id, Kind: Customer, Name: "青柠 " + id, JoinedAt: world.Now()})
			}
			return out
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for _, c := range []Chat{
				{ID: "wr1", Name: "一群", OwnerID: "S01", Members: members("wm1", "wm2", "wm3")},
				{ID: "wr2", Name: "二群", OwnerID: "S01", Members: members("wm1", "wm2")},
				{ID: "wr3", Name: "三群", OwnerID: "S02", Members: members("wm1", "wm3")},
				{ID: "wr4", Name: "散了的群", OwnerID: "S02", Members: members("wm4", "wm1")},
				{ID: "wr5", Name: "五群", OwnerID: "S02", Members: members("wm4")},
			} {
				if err := s.Upsert(ctx, tx, c, 0); err != nil {
					return err
				}
			}
			_, err := markDismissed(ctx, tx, "ww1", []string{"wr4"}, world.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		self := func(context.Context, []string) (map[string]string, error) { return map[string]string{}, nil }
		api := webtest.New(t, map[string]web.Who{"admin": webtest.Admin(), "own": webtest.Who(web.Own, "S01", "groupchat.read")})
		s.RegisterAPI(api, Neighbours{
			Scope: func(ctx context.Context) ([]string, error) {
				if who := web.Caller(ctx); who.Scope == web.Own {
					return []string{who.StaffID}, nil
				}
				return nil, nil
			},
			Staff:   self,
			Sources: func(context.Context, []string) (map[string]Source, error) { return map[string]Source{}, nil },
			Customers: func(context.Context, []string) (map[string]string, error) {
				return map[string]string{"wm1": "青柠 07"}, nil
			},
		})
		const path = "/groupchats/several"
		webtest.Run(
			t, api,
			webtest.Scenario{
				Name: "those in the most groups first; staff and ended groups do not count", As: "admin", Path: path, Status: 200,
				Has: []string{`"total":3,`, `"items":[{"customer":{"id":"wm1","name":"青柠 07"},"known":true,"count":3`, `"wm2"`, `"wm3"`, `"known":false,"count":2`},
				Not: []string{"wm4", `"id":"S01","name":"青柠`, "散了的群"},
			},
			webtest.Scenario{Name: "a page", As: "admin", Path: path + "?limit=1", Status: 200, Has: []string{`"total":3,`, `"next":"3_wm1"`}, Not: []string{"wm2"}},
			webtest.Scenario{Name: "the next page", As: "admin", Path: path + "?limit=1&after=3_wm1", Status: 200, Has: []string{"wm2", `"next":"2_wm2"`}, Not: []string{"wm1", "wm3"}},
			webtest.Scenario{Name: "the last page", As: "admin", Path: path + "?limit=1&after=2_wm2", Status: 200, Has: []string{"wm3", `"next":""`}},
			webtest.Scenario{Name: "by name, with all their groups", As: "admin", Path: path + "?q=wm1", Status: 200, Has: []string{`"total":1,`, `"count":3`}},
			webtest.Scenario{Name: "a percent sign is one", As: "admin", Path: path + "?q=%25", Status: 200, Has: []string{`"total":0,`}},
			webtest.Scenario{Name: "who is in one group too", As: "admin", Path: path + "?chat=wr3", Status: 200, Has: []string{`"total":2,`, "wm1", "wm3"}, Not: []string{"wm2"}},
			webtest.Scenario{Name: "groups of one owner", As: "admin", Path: path + "?owner=S01", Status: 200, Has: []string{`"total":2,`, `"count":2`}, Not: []string{"三群"}},
			webtest.Scenario{Name: "a member counts their own groups only", As: "own", Path: path, Status: 200, Has: []string{`"total":2,`, "wm1", "wm2"}, Not: []string{"三群", "wm3", `"count":3`}},
			webtest.Scenario{Name: "another's groups stay closed", As: "own", Path: path + "?owner=S02", Status: 200, Has: []string{`"total":0,`}},
			webtest.Scenario{
				Name: "in a group too, only customers have a page of their own", As: "admin", Path: "/groupchats/wr3", Status: 200,
				Has: []string{`"id":"wm1","kind":"customer","name":"青柠 wm1","known":true`, `"id":"wm3","kind":"customer","name":"青柠 wm3","known":false`},
			},
			webtest.Scenario{Name: "a page mark that is none", As: "admin", Path: path + "?after=x", Status: 422},
		)
	})
}
