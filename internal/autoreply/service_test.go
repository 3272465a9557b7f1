package autoreply_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func service(d *db.DB) *autoreply.Service {
	return autoreply.New(autoreply.Config{
		DB: d, World: clock.NewManual(time.Unix(1_800_000_000, 0)), Zone: time.UTC, CorpID: "ww1",
	})
}

func match(t *testing.T, d *db.DB, s *autoreply.Service, text string) (name string) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		m, ok, err := s.Match(ctx, tx, text, "wk1", s.World.Now())
		if ok {
			name = m.Rule.Name
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAChangedRuleAnswersFromTheNextMessageOnOnEveryNode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here, there := service(d), service(d) // two nodes of one database
		if got := match(t, d, there, "我要进群"); got != "" {
			t.Fatalf("no rule yet, answered by %q", got)
		}
		r, err := here.Create(t.Context(), autoreply.Rule{
			Name: "进群", Enabled: true, Patterns: []autoreply.Pattern{{Kind: autoreply.Contains, Value: "进群"}},
			Answer: autoreply.Answer{Kind: autoreply.Text, Text: "好的"}, Hours: []autoreply.Hours{{From: "00:00", To: "24:00"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*autoreply.Service{here, there} {
			if got := match(t, d, s, "我要进群"); got != "进群" {
				t.Fatalf("answered by %q, want 进群", got)
			}
		}
		stored, err := there.Get(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		r.Matched = 2
		if diff := cmp.Diff(r, stored); diff != "" {
			t.Fatalf("stored rule (-want +got):\n%s", diff)
		}
		r.Enabled = false
		if _, err := here.Update(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if got := match(t, d, there, "我要进群"); got != "" {
			t.Fatalf("switched off, answered by %q", got)
		}
		if why, err := there.Try(t.Context(), "进群", "wk1"); err != nil || len(why) != 1 || why[0].Matched {
			t.Fatalf("try: %+v, %v", why, err)
		}
		if err := here.Delete(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		if err := here.Delete(t.Context(), r.ID); errs.KindOf(err) != errs.NotFound {
			t.Fatalf("deleting again: %v, want not found", err)
		}
	})
}
