package groupchat

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	m := func(id string, at clock.Time) Member { return Member{ID: id, Kind: Customer, JoinedAt: at} }
	tests := []struct {
		name         string
		stored, read []Member
		want         change
	}{
		{"nobody moved", []Member{m("a", 1)}, []Member{m("a", 1)}, change{}},
		{"somebody joined", nil, []Member{m("a", 1)}, change{joined: []Member{m("a", 1)}}},
		{"somebody left", []Member{m("a", 1)}, nil, change{left: []Member{m("a", 1)}}},
		{"left and came back between two readings", []Member{m("a", 1)}, []Member{m("a", 5)}, change{joined: []Member{m("a", 5)}, left: []Member{m("a", 1)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, diff(tt.stored, tt.read), cmp.AllowUnexported(change{})); d != "" {
				t.Fatalf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestUpsertTellsEachJoinAndLeaveOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(time.Unix(1_800_000_000, 0))
		s := New(Config{DB: d, World: world, Zone: time.UTC, CorpID: "ww1"})
		var told []string
		s.OnJoined = append(s.OnJoined, func(_ context.Context, _ *db.Tx, e Joined) error {
			told = append(told, "+"+e.MemberID+" "+e.State)
			return nil
		})
		s.OnLeft = append(s.OnLeft, func(_ context.Context, _ *db.Tx, e Left) error {
			told = append(told, "-"+e.MemberID)
			return nil
		})
		upsert := func(c Chat, since clock.Time, want ...string) {
			t.Helper()
			told = nil
			if err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return s.Upsert(ctx, tx, c, since) }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, told); diff != "" {
				t.Fatalf("told (-want +got):\n%s", diff)
			}
		}
		now := world.Now()
		owner := Member{ID: "S01", Kind: Staff, JoinedAt: now.Add(-time.Hour)}
		plum := Member{ID: "wm1", Kind: Customer, JoinedAt: now.Add(-time.Second), JoinScene: SceneScan, State: "g1"}
		lime := Member{ID: "wm2", Kind: Customer, JoinedAt: now, JoinScene: SceneInvited, InvitorID: "S01"}

		first := Chat{ID: "wr1", Name: "群", OwnerID: "S01", Version: "v1", Members: []Member{owner, plum}}
		upsert(first, now.Add(-time.Minute), "+wm1 g1") // the owner was there before the event
		upsert(first, now.Add(-time.Minute))
		second := first
		second.Version, second.Members = "v2", []Member{owner, lime}
		upsert(second, 0, "-wm1", "+wm2 ")
		renamed := second
		renamed.Name = "新群名"
		upsert(renamed, 0)

		row, ok, err := getChat(t.Context(), d.Read(), "ww1", "wr1")
		if err != nil || !ok || row.Name != "新群名" || row.Members != 2 || row.Customers != 1 || row.State != Live {
			t.Fatalf("stored %+v, %v, %v", row, ok, err)
		}
		members, err := listMembers(t.Context(), d.Read(), "ww1", "wr1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Member{lime, owner}, members); diff != "" {
			t.Fatalf("members (-want +got):\n%s", diff)
		}
	})
}
