package staff_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/internal/staff"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
)

// connected is a service whose WeCom is a sandbox with 8 members, and a bus that runs.
func connected(t *testing.T, d *db.DB) (*staff.Service, *bus.Bus) {
	t.Helper()
	box := eight(t)
	return connectedTo(t, d, box, box.URL)
}

func eight(t *testing.T) *sandbox.Server {
	t.Helper()
	box, err := sandbox.Start(t.Context(), sandbox.Options{Staff: 8, Customers: 10, Start: time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
}

// connectedTo is a service that reaches the sandbox at another address.
func connectedTo(t *testing.T, d *db.DB, box *sandbox.Server, address string) (*staff.Service, *bus.Bus) {
	t.Helper()
	client, err := wecom.New(wecom.Config{BaseURL: address, CorpID: box.Ready.CorpID, AgentID: box.Ready.AgentID, Secrets: wecom.Secrets{App: box.Ready.Secrets.App, Contact: box.Ready.Secrets.Contact}})
	if err != nil {
		t.Fatal(err)
	}
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	world := clock.NewManual(time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone))
	b, err := bus.New(bus.Config{DB: d, World: world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	s := staff.New(staff.Config{DB: d, Bus: b, World: world, Zone: sandbox.Zone, WeCom: client, CorpID: box.Ready.CorpID})
	s.Register(b)
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Stop(context.WithoutCancel(t.Context())) })
	return s, b
}

func all(t *testing.T, s *staff.Service, f staff.Filter) []staff.Member {
	t.Helper()
	list, _, _, err := s.List(web.WithCaller(t.Context(), web.Who{Scope: web.All}), f, web.List{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestReadingFromWeCom(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := connected(t, d)
		if err := s.Upsert(t.Context(), staff.Member{ID: "formerly", Name: "离职 01", Active: true}); err != nil {
			t.Fatal(err)
		}
		departments, err := s.ReadDepartments(t.Context())
		if err != nil || departments.Stored == 0 || departments.Stored != departments.Expected {
			t.Fatalf("departments %+v, %v", departments, err)
		}
		for range 2 { // the second time changes nothing
			got, err := s.ReadStaff(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(staff.Count{Expected: 8, Read: 8, Stored: 8}, got); diff != "" {
				t.Error(diff)
			}
		}
		contact := 0
		for _, m := range all(t, s, staff.Filter{}) {
			if m.Contact {
				contact++
			}
			if m.Name == "" || len(m.Departments) == 0 || m.ID == "formerly" {
				t.Errorf("%+v", m)
			}
		}
		if contact == 0 {
			t.Error("nobody has customer contact")
		}
		if m, err := s.Get(t.Context(), "formerly"); err != nil || m.GoneAt.IsZero() || m.Active {
			t.Errorf("who is no longer there: %+v, %v", m, err)
		}
	})
}

func TestContactEvents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, b := connected(t, d)
		if _, err := s.ReadStaff(t.Context()); err != nil {
			t.Fatal(err)
		}
		list := all(t, s, staff.Filter{})
		leaving, renamed, changed := list[0].ID, list[1].ID, list[2]
		owner := web.WithCaller(t.Context(), web.Who{Role: "owner", Scope: web.All})
		if _, err := s.SetAccess(owner, renamed, auth.Auditor, web.All); err != nil {
			t.Fatal(err)
		}
		if err := s.Upsert(t.Context(), staff.Member{ID: changed.ID, Name: "old name", Active: true}); err != nil {
			t.Fatal(err)
		}
		tell := func(kind string, payload map[string]string) {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := b.Put(ctx, tx, bus.Item{CorpID: s.CorpID, Lane: bus.Inbox, Kind: "change_contact." + kind, Key: "in/" + kind, OrderKey: "staff", Payload: payload})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		tell("delete_user", map[string]string{"UserID": leaving})
		tell("update_user", map[string]string{"UserID": changed.ID})
		tell("create_user", map[string]string{"UserID": renamed, "NewUserID": "renamed"})
		tell("create_party", map[string]string{"Id": "7", "ParentId": "1"})
		get := func(id string) staff.Member {
			m, err := s.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		eventually(t, func() bool { return !get(leaving).GoneAt.IsZero() })
		eventually(t, func() bool { return get(changed.ID).Name == changed.Name })
		eventually(t, func() bool { return !get(renamed).GoneAt.IsZero() })
		if m := get("renamed"); m.Role != "auditor" || m.Scope != "all" {
			t.Errorf("a new id lost role and scope: %+v", m)
		}
		ctx := web.WithCaller(t.Context(), web.Who{Scope: web.All})
		if ids, err := s.ScopeStaffIDs(ctx, web.Caller(ctx)); err != nil || ids != nil {
			t.Errorf("scope all: %v, %v", ids, err)
		}
	})
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick, limit := time.NewTicker(10*time.Millisecond), time.After(clocktest.Patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("waited in vain")
		}
	}
}
