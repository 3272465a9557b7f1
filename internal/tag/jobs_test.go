package tag_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/tag"
	"zhiyin.dev/zhiyin/wecom"
)

// emit has the sandbox send one callback that no act of its own causes.
func emit(t *testing.T, p *apptest.Platform, kind string, fields map[string]string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"kind": kind, "fields": fields})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(p.Box.URL+"/_sandbox/emit", "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var ans struct{ OK bool }
	if err := json.NewDecoder(resp.Body).Decode(&ans); err != nil || !ans.OK {
		t.Fatalf("emit %s: %+v, %v", kind, ans, err)
	}
}

func groupOf(t *testing.T, p *apptest.Platform, id string) (tag.Group, bool) {
	t.Helper()
	groups, err := p.Tags.Groups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		if g.ID == id {
			return g, true
		}
	}
	return tag.Group{}, false
}

// What the administrator does in WeCom's own console is told by callbacks. No sync runs here.
func TestWhatTheAdministratorDoesInWeComArrives(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		has := func(name string) func() bool {
			return func() bool { _, ok := find(t, p, name); return ok }
		}
		hasNot := func(name string) func() bool { return func() bool { return !has(name)() } }

		made := p.Act("admin_adds_tag", map[string]any{"group": "兴趣", "name": "防晒"})
		apptest.Eventually(t, "the new tag in its new group", has("防晒"))
		second := p.Act("admin_adds_tag", map[string]any{"group": made["group"], "name": "修护"})
		apptest.Eventually(t, "the second tag", has("修护"))
		p.Act("admin_renames_tag", map[string]any{"tag": made["tag"], "name": "防晒与隔离"})
		apptest.Eventually(t, "the new name", has("防晒与隔离"))

		people, err := p.Customers.Audience(t.Context(), customer.AudienceQuery{})
		if err != nil || len(people) == 0 {
			t.Fatalf("%v, %v", people, err)
		}
		for _, id := range []any{made["tag"], second["tag"]} {
			settle, err := p.Tags.Mark(t.Context(), people[0].CustomerID, people[0].StaffID, []string{id.(string)}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return settle(ctx, tx) }); err != nil {
				t.Fatal(err)
			}
		}
		carriers := func(id any) int {
			got, err := p.Customers.Audience(t.Context(), customer.AudienceQuery{TagIDs: []string{id.(string)}})
			if err != nil {
				t.Fatal(err)
			}
			return len(got)
		}
		if carriers(made["tag"]) != 1 || carriers(second["tag"]) != 1 {
			t.Fatal("the customer does not carry both")
		}
		p.Act("admin_deletes_tag", map[string]any{"tag": made["tag"]})
		apptest.Eventually(t, "the tag to be gone", hasNot("防晒与隔离"))
		if g, ok := groupOf(t, p, made["group"].(string)); !ok || len(g.Tags) != 1 || carriers(made["tag"]) != 0 {
			t.Fatalf("its group is %+v, %d customers carry it", g, carriers(made["tag"]))
		}
		p.Act("admin_deletes_tag", map[string]any{"group": made["group"]})
		apptest.Eventually(t, "the group to be gone", func() bool { _, ok := groupOf(t, p, made["group"].(string)); return !ok })
		if has("修护")() || carriers(second["tag"]) != 0 {
			t.Fatal("a tag of the group outlived it")
		}
	})
}

func TestAShuffleBringsTheNewOrder(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Small(), "", nil)
	ours, err := p.Tags.Add(t.Context(), "", "发质", []string{"偏干", "偏油"})
	if err != nil {
		t.Fatal(err)
	}
	// What the API writes is told by no callback, so our tables do not know this order until the shuffle is told.
	if err := p.WeCom.EditCorpTag(t.Context(), wecom.TagEdit{ID: ours.Tags[1].ID, Order: new(uint32(7))}); err != nil {
		t.Fatal(err)
	}
	emit(t, p, "change_external_tag.shuffle", map[string]string{"Id": ours.ID})
	apptest.Eventually(t, "the order within the group", func() bool {
		g, ok := groupOf(t, p, ours.ID)
		return ok && g.Tags[0].ID == ours.Tags[1].ID && g.Tags[0].Rank == 7
	})
	if err := p.WeCom.EditCorpTag(t.Context(), wecom.TagEdit{ID: ours.ID, Order: new(uint32(9))}); err != nil {
		t.Fatal(err)
	}
	emit(t, p, "change_external_tag.shuffle", map[string]string{"Id": ""})
	apptest.Eventually(t, "the order of the groups", func() bool {
		groups, err := p.Tags.Groups(t.Context(), nil)
		return err == nil && groups[0].ID == ours.ID
	})
}

// A rule group's tags are told with the same events, but are no corp tags: WeCom does not know their ids there.
func TestATagThatIsNotTheCorpsIsNoDeadLetter(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Small(), "", nil)
	emit(t, p, "change_external_tag.create", map[string]string{"Id": "etOfARuleGroup", "StrategyId": "3"})
	apptest.Eventually(t, "the event to be read", func() bool {
		var n int
		err := p.DB.Read().NewRaw("SELECT COUNT(*) FROM work WHERE kind = 'tag.read' AND state = 'done'").Scan(t.Context(), &n)
		return err == nil && n == 1
	})
}
