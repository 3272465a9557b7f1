package joinway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/joinway"
	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
)

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	good := func() joinway.Way { return joinway.Way{Name: "护肤群", Rooms: []joinway.Room{{ChatID: "wr1"}}} }
	tests := []struct {
		name string
		make func(w *joinway.Way)
		bad  bool
	}{
		{"a good code", func(*joinway.Way) {}, false},
		{"no name", func(w *joinway.Way) { w.Name = " " }, true},
		{"no room", func(w *joinway.Way) { w.Rooms = nil }, true},
		{"six rooms", func(w *joinway.Way) { w.Rooms = rooms("1", "2", "3", "4", "5", "6") }, true},
		{"a sixth room that WeCom made", func(w *joinway.Way) {
			w.Rooms = append(rooms("1", "2", "3", "4", "5"), joinway.Room{ChatID: "6", Made: true})
		}, false},
		{"a room twice", func(w *joinway.Way) { w.Rooms = rooms("1", "1") }, true},
		{"new rooms without a name", func(w *joinway.Way) { w.AutoCreateRoom = true }, true},
		{"a remark WeCom would cut", func(w *joinway.Way) { w.Remark = strings.Repeat("长", 31) }, true},
	}
	for _, tt := range tests {
		w := good()
		tt.make(&w)
		if err := w.Check(); (err != nil) != tt.bad {
			t.Errorf("%s: %v, want refused=%v", tt.name, err, tt.bad)
		}
	}
}

func rooms(ids ...string) (out []joinway.Room) {
	for _, id := range ids {
		out = append(out, joinway.Room{ChatID: id})
	}
	return out
}

func TestWhoScansComesIntoTheFirstRoomThatIsNotFull(t *testing.T) {
	t.Parallel()
	w := joinway.Way{Rooms: []joinway.Room{{ChatID: "a", Full: true}, {ChatID: "b", Left: 3}, {ChatID: "c", Left: 200}}}
	if r, ok := w.Next(); !ok || r.ChatID != "b" || w.RoomLeft() != 203 || !w.Open() {
		t.Fatalf("next %+v, %v; room left %d", r, ok, w.RoomLeft())
	}
	w.Rooms = w.Rooms[:1]
	if _, ok := w.Next(); ok || w.Open() {
		t.Fatal("all rooms are full and none will be made: still open")
	}
	if w.AutoCreateRoom = true; !w.Open() {
		t.Fatal("WeCom makes new rooms: closed")
	}
}

// town is a sandbox with the rooms of groups and group codes, without a bus: groups are read by sync.
type town struct {
	t     *testing.T
	box   *sandbox.Server
	world *clock.Manual
	chats *groupchat.Service
	ways  *joinway.Service
	mux   *http.ServeMux
}

func newTown(t *testing.T, d *db.DB) *town {
	t.Helper()
	start := time.Date(2026, 11, 24, 10, 0, 0, 0, sandbox.Zone)
	box, err := sandbox.Start(t.Context(), sandbox.Options{Staff: 6, Customers: 60, Groups: 3, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	s := box.Ready.Secrets
	client, err := wecom.New(wecom.Config{
		BaseURL: box.URL, CorpID: box.Ready.CorpID, AgentID: box.Ready.AgentID, Secrets: wecom.Secrets{External: s.External, App: s.App},
		Clock: func() time.Time { return box.Now() },
	})
	if err != nil {
		t.Fatal(err)
	}
	v := &town{t: t, box: box, world: clock.NewManual(start), mux: http.NewServeMux()}
	v.chats = groupchat.New(groupchat.Config{DB: d, World: v.world, Zone: sandbox.Zone, WeCom: client, CorpID: box.Ready.CorpID})
	v.ways = joinway.New(joinway.Config{
		DB: d, World: v.world, WeCom: client, CorpID: box.Ready.CorpID, URL: func(p string) string { return "https://crm.example.com" + p },
	})
	v.chats.OnJoined = append(v.chats.OnJoined, v.ways.Joined)
	v.ways.RegisterPages(v.mux)
	v.sync()
	return v
}

func (v *town) sync() groupchat.Progress {
	v.t.Helper()
	if err := v.box.Advance(v.t.Context(), 3*time.Second); err != nil { // until then WeCom shows groups as they were
		v.t.Fatal(err)
	}
	v.world.Set(clock.At(v.box.Now()))
	nobody := func(context.Context) ([]string, error) { return nil, nil }
	p, err := v.chats.Sync(v.t.Context(), v.world.Now(), nobody, func(groupchat.Progress) {})
	if err != nil {
		v.t.Fatal(err)
	}
	return p
}

func (v *town) scan(config string) map[string]any {
	v.t.Helper()
	raw, err := json.Marshal(map[string]any{"act": "scan_join_way", "config_id": config})
	if err != nil {
		v.t.Fatal(err)
	}
	ans, err := v.box.Act(raw)
	if err != nil {
		v.t.Fatalf("scan %s: %v", config, err)
	}
	if raw, err = json.Marshal(ans); err != nil {
		v.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		v.t.Fatal(err)
	}
	return out
}

func (v *town) page(path string) (int, string) {
	w := httptest.NewRecorder()
	v.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestAFullGroupRollsOverToTheNextAndThenToANewOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := newTown(t, d)
		var ids []string
		if err := d.Read().NewRaw("SELECT id FROM groupchat ORDER BY id").Scan(t.Context(), &ids); err != nil || len(ids) < 2 {
			t.Fatalf("groups %v, %v", ids, err)
		}
		w, err := v.ways.Create(t.Context(), joinway.Way{
			Name: "护肤交流群", Rooms: rooms(ids[0], ids[1]), AutoCreateRoom: true, RoomBaseName: "护肤交流", RoomBaseID: 3,
		})
		if err != nil {
			t.Fatal(err)
		}
		total := w.RoomLeft()
		path := "/p/groups/" + w.Page
		if code, body := v.page(path); code != http.StatusOK || !strings.Contains(body, w.Rooms[0].Name) {
			t.Fatalf("page %d:\n%s", code, body)
		}
		for range w.Rooms[0].Left {
			v.scan(w.ConfigID)
		}
		v.sync()
		if w, err = v.ways.Get(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		if next, ok := w.Next(); !ok || next.ChatID != ids[1] || !w.Rooms[0].Full {
			t.Fatalf("after the first room filled: next %+v of %+v", next, w.Rooms)
		}
		for range w.Rooms[1].Left {
			v.scan(w.ConfigID)
		}
		v.sync()
		if code, body := v.page(path); code != http.StatusOK || !strings.Contains(body, "扫码会进入一个新群") {
			t.Fatalf("all full: page %d:\n%s", code, body)
		}
		made := v.scan(w.ConfigID)["chat"].(string)
		v.sync()
		if w, err = v.ways.Get(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		if len(w.Rooms) != 3 || w.Rooms[2].ChatID != made || !w.Rooms[2].Made {
			t.Fatalf("rooms %+v, want the new one %s", w.Rooms, made)
		}
		if want := int64(total + 1); w.Joined != want {
			t.Fatalf("%d joins by the code, want %d", w.Joined, want)
		}
	})
}

func TestACodeThatEndedKeepsItsSourceAndShowsNoPage(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	v := newTown(t, d)
	var id string
	if err := d.Read().NewRaw("SELECT id FROM groupchat ORDER BY id LIMIT 1").Scan(t.Context(), &id); err != nil {
		t.Fatal(err)
	}
	if _, err := v.ways.Create(t.Context(), joinway.Way{Name: "x", Rooms: rooms("wrNoSuchGroup")}); errs.KindOf(err) != errs.Invalid {
		t.Fatalf("a group that is not ours: %v", err)
	}
	w, err := v.ways.Create(t.Context(), joinway.Way{Name: "老群", Rooms: rooms(id)})
	if err != nil {
		t.Fatal(err)
	}
	w.Name, w.Remark = "老客群", "收银台"
	if w, err = v.ways.Update(t.Context(), w); err != nil || w.Name != "老客群" {
		t.Fatalf("changed %+v, %v", w, err)
	}
	v.scan(w.ConfigID)
	if err := v.ways.Delete(t.Context(), w.ID); err != nil {
		t.Fatal(err)
	}
	v.sync()
	sources, err := v.ways.Sources(t.Context(), []string{w.State})
	if err != nil || sources[w.State].Name != "老客群" {
		t.Fatalf("sources %+v, %v", sources, err)
	}
	if code, _ := v.page("/p/groups/" + w.Page); code != http.StatusNotFound {
		t.Fatalf("page of an ended code: %d", code)
	}
	if code, _ := v.page("/p/groups/nonsense"); code != http.StatusNotFound {
		t.Fatalf("page of no code: %d", code)
	}
	if ok, err := v.ways.Exists(t.Context(), w.ID); ok || err != nil {
		t.Fatalf("exists: %v, %v", ok, err)
	}
}
