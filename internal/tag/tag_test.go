package tag_test

import (
	"context"
	"testing"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/sync"
	"zhiyin.dev/zhiyin/internal/tag"
	"zhiyin.dev/zhiyin/sandbox"
)

// find answers a tag by name.
func find(t *testing.T, p *apptest.Platform, name string) (tag.Tag, bool) {
	t.Helper()
	groups, err := p.Tags.Groups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		for _, one := range g.Tags {
			if one.Name == name {
				return one, true
			}
		}
	}
	return tag.Tag{}, false
}

// WeCom tells no event about what the API writes, so each write stands in our tables at once; no callback comes here.
func TestWhatWeWriteStandsInOurTables(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		p.Box.SetFaults(sandbox.Faults{Callbacks: sandbox.CallbackFaults{Drop: 1}})
		group, err := p.Tags.Add(t.Context(), "", "肤质", []string{"偏干", "偏油"})
		if err != nil || len(group.Tags) != 2 {
			t.Fatalf("%+v, %v", group, err)
		}
		if _, err := p.Tags.Add(t.Context(), group.ID, "", []string{"敏感"}); err != nil {
			t.Fatal(err)
		}
		dry, ok := find(t, p, "偏干")
		if _, more := find(t, p, "敏感"); !ok || !more || dry.GroupID != group.ID {
			t.Fatalf("%+v", dry)
		}
		if err := p.Tags.Rename(t.Context(), dry.ID, "很干"); err != nil {
			t.Fatal(err)
		}
		if names, err := p.Tags.Names(t.Context(), []string{dry.ID, "nobody"}); err != nil || len(names) != 1 || names[dry.ID] != "很干" {
			t.Fatalf("%v, %v", names, err)
		}
		people, err := p.Customers.Audience(t.Context(), customer.AudienceQuery{})
		if err != nil || len(people) < 2 {
			t.Fatalf("%v, %v", people, err)
		}
		mark := func(m customer.Member, add, remove []string) {
			t.Helper()
			settle, err := p.Tags.Mark(t.Context(), m.CustomerID, m.StaffID, add, remove)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return settle(ctx, tx) }); err != nil {
				t.Fatal(err)
			}
		}
		count := func(want int) {
			t.Helper()
			if one, ok := find(t, p, "很干"); !ok || one.Customers != want {
				t.Fatalf("%d customers carry it, want %d", one.Customers, want)
			}
		}
		mark(people[0], []string{dry.ID}, nil)
		mark(people[0], []string{dry.ID}, nil)
		mark(people[1], []string{dry.ID}, nil)
		count(2)
		mark(people[1], nil, []string{dry.ID})
		count(1)
		if _, err := p.Tags.Mark(t.Context(), people[0].CustomerID, people[0].StaffID, []string{"made-up"}, nil); err == nil {
			t.Fatal("WeCom took a tag that is none")
		}
		if err := p.Tags.Delete(t.Context(), dry.ID); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Customers.Audience(t.Context(), customer.AudienceQuery{TagIDs: []string{dry.ID}}); err != nil || len(got) != 0 {
			t.Fatalf("somebody still carries it: %v, %v", got, err)
		}
		if _, ok := find(t, p, "很干"); ok {
			t.Fatal("it is still there")
		}
	})
}

func TestWhatWeComRefusesChangesNothing(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Small(), "", nil)
	groups, err := p.Tags.Groups(t.Context(), nil)
	if err != nil || len(groups) == 0 || len(groups[0].Tags) == 0 {
		t.Fatalf("%v, %v", groups, err)
	}
	theirs := groups[0].Tags[0] // made in WeCom's console: no app may change it
	if err := p.Tags.Rename(t.Context(), theirs.ID, "我的"); errs.KindOf(err) != errs.Conflict {
		t.Fatalf("renamed: %v", err)
	}
	if err := p.Tags.Delete(t.Context(), theirs.ID); errs.KindOf(err) != errs.Conflict {
		t.Fatalf("deleted: %v", err)
	}
	if _, err := p.Tags.Add(t.Context(), "", "空", nil); errs.KindOf(err) != errs.Invalid {
		t.Fatalf("made a group of nothing: %v", err)
	}
	if one, ok := find(t, p, theirs.Name); !ok || one.ID != theirs.ID {
		t.Fatalf("now it is %+v", one)
	}
}

func TestASyncReplacesWhatWeHeld(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		p.Box.SetFaults(sandbox.Faults{Callbacks: sandbox.CallbackFaults{Drop: 1}})
		groups, err := p.Tags.Groups(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		gone, renamed := groups[0].Tags[0], groups[0].Tags[1]
		p.Act("admin_deletes_tag", map[string]any{"tag": gone.ID})
		p.Act("admin_renames_tag", map[string]any{"tag": renamed.ID, "name": "新名字"})
		n, err := p.Tags.Sync(t.Context(), 0, func(sync.Count) {})
		if err != nil || n.Expected == 0 || n.Stored != n.Expected {
			t.Fatalf("%+v, %v", n, err)
		}
		if _, ok := find(t, p, gone.Name); ok {
			t.Error("what WeCom deleted is still here")
		}
		if one, ok := find(t, p, "新名字"); !ok || one.ID != renamed.ID {
			t.Errorf("renamed: %+v", one)
		}
	})
}
