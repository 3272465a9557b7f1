package sync_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/sandbox"
)

func TestPersonsAndRelationsAreCountedApart(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		run := p.Synced()
		people, pairs := run.Report.Parts["customers"], run.Report.Parts["relations"]
		if run.Reason != sync.First || run.State != sync.Done || len(run.Report.Errors) > 0 || run.Report.Drift != (sync.Drift{}) {
			t.Fatalf("%+v", run)
		}
		if people.Stored != 40 || pairs.Stored <= people.Stored || people.Stored != people.Expected || pairs.Stored != pairs.Expected {
			t.Fatalf("persons %+v, relations %+v", people, pairs)
		}
		var stored struct{ Relations, Persons int }
		err := p.DB.Read().NewRaw("SELECT COUNT(*), COUNT(DISTINCT customer_id) FROM relation WHERE live").Scan(t.Context(), &stored.Relations, &stored.Persons)
		if err != nil || stored.Relations != pairs.Stored || stored.Persons != people.Stored {
			t.Fatalf("the tables hold %+v, %v", stored, err)
		}
		for _, part := range []string{"departments", "staff", "tags", "groups"} {
			if c := run.Report.Parts[part]; c.Expected == 0 || c.Stored != c.Expected || c.Failed != 0 {
				t.Errorf("%s: %+v", part, c)
			}
		}
	})
}

// Without a permission a run ends as failed and says which part, and all the others are read.
func TestARefusedPartIsNamedAndTheOthersAreRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ part, path string }{
		{"tags", "/cgi-bin/externalcontact/get_corp_tag_list"},
		{"customers", "/cgi-bin/externalcontact/list"},
		{"groups", "/cgi-bin/externalcontact/groupchat/list"},
	} {
		t.Run(tt.part, func(t *testing.T) {
			t.Parallel()
			p := apptest.Start(t, apptest.Small(), "", func(box *sandbox.Server) {
				box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: tt.path, ErrCode: 48002}}})
			})
			run := p.Synced()
			if run.State != sync.Failed || !slices.ContainsFunc(run.Report.Errors, func(e sync.Trouble) bool { return e.What == tt.part && strings.Contains(e.Text, "48002") }) {
				t.Fatalf("%s with %+v", run.State, run.Report.Errors)
			}
			for _, part := range []string{"staff", "tags", "customers", "groups"} {
				if c := run.Report.Parts[part]; (c.Stored == 0) != (part == tt.part) {
					t.Errorf("%s: %+v", part, c)
				}
			}
		})
	}
}

// idle is a service whose work nobody performs.
func idle(t *testing.T, d *db.DB) (*sync.Service, *clock.Manual) {
	t.Helper()
	world := clock.NewManual(apptest.Morning)
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	return sync.New(sync.Config{DB: d, Bus: b, World: world, Log: log.Discard(), CorpID: "ww1"}), world
}

func TestBeginTwiceAnswersTheRunningOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := idle(t, d)
		if run, err := s.Last(t.Context()); err != nil || run.State != sync.Idle {
			t.Fatalf("before the first: %+v, %v", run, err)
		}
		first, err := s.Begin(t.Context(), sync.Asked)
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.Begin(t.Context(), sync.Gap)
		if err != nil || second.ID != first.ID || second.Reason != sync.Asked {
			t.Fatalf("second %+v after %+v, %v", second, first, err)
		}
	})
}

func TestWhyACatchUpBegins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, world := idle(t, d)
		for _, tt := range []struct {
			name, end, report string
			want              sync.Reason
		}{
			{"a new data directory", "failed", `{"parts":{}}`, sync.First},
			{"the first could read nothing", "failed", `{"parts":{"relations":{"stored":40}}}`, sync.First},
			{"a part was refused", "done", `{"parts":{}}`, sync.Start},
			{"all was read", "done", `{"parts":{}}`, sync.Start},
		} {
			if err := s.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			run, err := s.Last(t.Context())
			if err != nil || run.Reason != tt.want || run.State != sync.Running {
				t.Fatalf("%s: %+v, %v", tt.name, run, err)
			}
			err = d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.NewRaw("UPDATE sync_run SET state = ?, report = ? WHERE id = ?", tt.end, tt.report, run.ID).Exec(ctx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var due []clock.Time
		if err := d.Read().NewRaw("SELECT due_at FROM work WHERE kind = 'sync.daily'").Scan(t.Context(), &due); err != nil {
			t.Fatal(err)
		}
		want := time.Date(2026, 11, 25, 4, 0, 0, 0, sandbox.Zone)
		if len(due) != 1 || due[0] != clock.At(want) {
			t.Fatalf("daily runs are due at %v at %s, want one at %s", due, world.Now().In(sandbox.Zone), want)
		}
	})
}
