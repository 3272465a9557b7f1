package broadcast_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/wecom"
)

// rooms are the groups of the sandbox, as a query wants them.
func (n *node) rooms(ctx context.Context, q groupchat.RoomQuery) ([]groupchat.Room, error) {
	refs, _, err := n.wecom.GroupChats(ctx, wecom.GroupFilter{}, "", 1000)
	if err != nil {
		return nil, err
	}
	var out []groupchat.Room
	for _, ref := range refs {
		g, err := n.wecom.GroupChat(ctx, ref.ID, true)
		if err != nil {
			return nil, err
		}
		owner, id := string(g.Owner), string(ref.ID)
		if q.Owners != nil && !slices.Contains(q.Owners, owner) || len(q.Chats) > 0 && !slices.Contains(q.Chats, id) || slices.Contains(q.Exclude, id) ||
			!strings.Contains(g.Name, q.Name) {
			continue
		}
		out = append(out, groupchat.Room{ID: id, OwnerID: owner})
	}
	slices.SortFunc(out, func(a, b groupchat.Room) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func groupWords(name string) broadcast.Words {
	return broadcast.Words{Kind: broadcast.ToGroups, Name: name, Text: "【花间】" + name + "：周末护理课开放预约。", Benefit: "可以预约护理课"}
}

// submitGroups drafts and submits a mass message to groups.
func (n *node) submitGroups(w broadcast.Words) *broadcast.Broadcast {
	n.t.Helper()
	b, err := n.sends.Create(n.t.Context(), "S01", w)
	n.must(err)
	p, err := n.sends.Plan(n.t.Context(), b.ID, "S01", w, nil)
	n.must(err)
	b, err = n.sends.Submit(n.t.Context(), b.ID, "S01", nil, p.Reachable)
	n.must(err)
	return b
}

// later moves the world, and waits until the platform knows.
func (n *node) later(at time.Time) {
	n.t.Helper()
	n.until(at)
	n.eventually("the platform's clock", func() bool { return n.world.Now() >= clock.At(at) })
}

// roomDeliveries are the mass messages each group got.
func (n *node) roomDeliveries() map[string]int {
	got := map[string]int{}
	for _, d := range n.box.Deliveries(0) {
		if d.Kind == "mass_group" {
			got[d.Chat]++
		}
	}
	return got
}

func TestAMessageToGroupsReachesEachOnceAndTheNextIsHeldBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		all, err := n.rooms(t.Context(), groupchat.RoomQuery{})
		n.must(err)
		b := n.submitGroups(groupWords("会员日"))
		n.allOpen(b.ID)
		n.confirmAll()
		n.eventually("the results", func() bool { return n.counts(b.ID).Sent == len(all) && n.state(b.ID) == broadcast.Done })
		got := n.roomDeliveries()
		for _, r := range all {
			if got[r.ID] != 1 {
				t.Errorf("group %s got it %d times", r.ID, got[r.ID])
			}
		}
		if len(n.massDeliveries()) != 0 {
			t.Error("a customer got it alone")
		}
		n.agrees()

		p, err := n.sends.Plan(t.Context(), 0, "S01", groupWords("再来一次"), nil)
		n.must(err)
		if p.Reachable != 0 || p.Held != len(all) || p.Reasons[0].RuleID != "FTG-20" || p.Reasons[0].Next == 0 {
			t.Fatalf("the next one: reachable %d, held %d, %+v", p.Reachable, p.Held, p.Reasons)
		}
		n.later(tuesday.Add(25 * time.Hour)) // a group has room again
		p, err = n.sends.Plan(t.Context(), 0, "S01", groupWords("再来一次"), nil)
		n.must(err)
		if p.Held != 0 || p.Reachable != len(all) || p.UsedMost != 1 {
			t.Fatalf("a day later: reachable %d, held %d, had %d", p.Reachable, p.Held, p.UsedMost)
		}
		// A person's own budget has nothing to do with it.
		c, err := n.sends.Plan(t.Context(), 0, "S01", broadcast.Words{Name: "一对一", Text: "周末护理课开放预约。"}, nil)
		n.must(err)
		if c.Reachable != 60 {
			t.Fatalf("one to customers reaches %d", c.Reachable)
		}
	})
}

func TestALostAnswerNeverDoublesAGroup(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := newBox(t, tuesday)
		lost := 0
		box.lose = func(path string) bool {
			if path != "/cgi-bin/externalcontact/add_msg_template" || lost >= 2 {
				return false
			}
			lost++
			return true
		}
		n := newNode(t, box, d, "n1")
		b := n.submitGroups(groupWords("会员日"))
		n.eventually("a task to be wanted", func() bool { box.mu.Lock(); defer box.mu.Unlock(); return lost > 0 })
		n.stop()
		n = newNode(t, box, d, "n2")
		n.allOpen(b.ID)
		made, _, err := n.wecom.GroupMsgs(t.Context(), wecom.GroupMsgFilter{
			Kind: wecom.MassGroups, By: wecom.MassByCorp, Start: tuesday.Unix(), End: tuesday.Add(24 * time.Hour).Unix(), Limit: 100,
		})
		n.must(err)
		if tasks, err := n.sends.Tasks(t.Context(), b.ID); err != nil || len(made) != len(tasks) {
			t.Fatalf("%d mass messages at WeCom for %d owners, %v", len(made), len(tasks), err)
		}
		n.confirmAll()
		n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
		for id, times := range n.roomDeliveries() {
			if times != 1 {
				t.Errorf("group %s got it %d times", id, times)
			}
		}
		n.agrees()
	})
}

func TestWhatAnOwnerLeavesOutOrAddsIsBookedAsItHappened(t *testing.T) {
	t.Parallel()
	box := newBoxWith(t, tuesday, 60, 6)
	// An old client of WeCom does not keep to the list: it offers the owner all of their groups.
	box.change = func(r *http.Request) {
		if r.URL.Path != "/cgi-bin/externalcontact/add_msg_template" {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if i := bytes.Index(body, []byte(`"chat_id_list":[`)); i >= 0 {
			end := i + bytes.IndexByte(body[i:], ']') + 2
			body = slices.Delete(body, i, end)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	n := newNode(t, box, dbtest.SQLite(t), "n1")
	all, err := n.rooms(t.Context(), groupchat.RoomQuery{})
	n.must(err)
	i := slices.IndexFunc(all, func(r groupchat.Room) bool {
		return slices.ContainsFunc(all, func(o groupchat.Room) bool { return o.ID != r.ID && o.OwnerID == r.OwnerID })
	})
	if i < 0 {
		t.Fatal("no owner of this world has two groups")
	}
	wanted := all[i]
	other := all[slices.IndexFunc(all, func(o groupchat.Room) bool { return o.ID != wanted.ID && o.OwnerID == wanted.OwnerID })]
	w := groupWords("会员日")
	w.Audience.Chats = []string{wanted.ID}
	b := n.submitGroups(w)
	n.allOpen(b.ID)
	n.quiet()
	n.must(n.box.Advance(t.Context(), 3*time.Second))
	_, err = n.box.Act([]byte(`{"act":"staff_confirms","chats":["` + other.ID + `"]}`))
	n.must(err)
	n.until(tuesday.Add(2 * time.Hour))
	n.eventually("the end", func() bool { return n.state(b.ID) == broadcast.Done })
	if c := n.counts(b.ID); c.Sent != 1 || c.Unconfirmed != 1 || c.Matched != 2 {
		t.Fatalf("counts %+v", c)
	}
	n.agrees()
}

func TestCancellingOneToGroupsReachesNobody(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	b := n.submitGroups(groupWords("会员日"))
	n.allOpen(b.ID)
	if _, err := n.sends.Remind(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	_, err := n.sends.Cancel(t.Context(), b.ID)
	n.must(err)
	n.eventually("the end", func() bool { g, err := n.sends.Get(t.Context(), b.ID); n.must(err); return g.EndedAt != 0 })
	if n.confirmAll() != 0 || len(n.roomDeliveries()) != 0 {
		t.Fatal("a cancelled task was confirmed")
	}
	if c := n.counts(b.ID); c.Cancelled != c.Matched || c.Matched == 0 {
		t.Fatalf("counts %+v", c)
	}
	n.agrees()
}

func TestAnAudienceThatDoesNotFitItsKindIsRefused(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	for name, w := range map[string]broadcast.Words{
		"tags do not choose groups": {Kind: broadcast.ToGroups, Audience: broadcast.Audience{Tags: []string{"t1"}}},
		"groups do not choose":      {Audience: broadcast.Audience{Chats: []string{"wr1"}}},
		"no such kind":              {Kind: "everybody"},
	} {
		w.Name, w.Text = "名", "周末护理课开放预约。"
		if _, err := n.sends.Create(t.Context(), "S01", w); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
