package broadcast_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

// heard are the texts each customer got.
func (n *node) heard() map[string][]string {
	got := map[string][]string{}
	for _, d := range n.box.Deliveries(0) {
		if d.Kind == "mass_customer" {
			got[d.Customer] = append(got[d.Customer], d.Text)
		}
	}
	return got
}

const secondText = "【花间】改期：护理课改到周日开放预约。"

func TestNewWordsReachOnlyThoseWhoHaveNotHeardTheOldOnes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		b := n.submit("会员日")
		n.allOpen(b.ID)
		n.quiet()
		n.must(n.box.Advance(t.Context(), 3*time.Second))
		_, err := n.box.Act([]byte(`{"act":"staff_confirms"}`)) // one member is faster than the change
		n.must(err)
		n.eventually("the first results", func() bool {
			tasks, err := n.sends.Tasks(t.Context(), b.ID)
			n.must(err)
			return slices.ContainsFunc(tasks, func(t broadcast.Task) bool { return t.State == broadcast.TaskConfirmed })
		})
		first := len(n.heard())
		_, done, err := n.sends.Revise(t.Context(), b.ID, "S01", secondText, nil)
		n.must(err)
		if done.Again == 0 || done.Ended != 0 || done.Sent != 1 {
			t.Fatalf("%+v", done)
		}
		n.eventually("the tasks to be made again", func() bool { return n.openRounds(b.ID, 2) == done.Again })
		var before, after int
		n.must(d.Read().NewRaw("SELECT COUNT(*) FROM touch").Scan(t.Context(), &before))
		n.confirmAll()
		n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
		n.must(d.Read().NewRaw("SELECT COUNT(*) FROM touch").Scan(t.Context(), &after))
		if before != after || after != 60 {
			t.Errorf("the ledger had %d entries and has %d", before, after)
		}
		old, changed := 0, 0
		for id, texts := range n.heard() {
			if len(texts) != 1 {
				t.Errorf("%s got it %d times", id, len(texts))
			}
			if strings.HasPrefix(texts[0], secondText) {
				changed++
			} else {
				old++
			}
		}
		if old != first || changed == 0 {
			t.Errorf("%d got the old words, %d had; %d got the new ones", old, first, changed)
		}
		var booked int // each entry says what its customer got
		n.must(d.Read().NewRaw(`SELECT COUNT(*) FROM touch AS t LEFT JOIN touch_words AS w ON w.corp_id = t.corp_id AND t.texts = '@' || w.hash
			WHERE t.state = 'committed' AND COALESCE(w.words, t.texts) LIKE ?`, "%改期%").Scan(t.Context(), &booked))
		if booked != changed {
			t.Errorf("%d entries have the new words, %d customers got them", booked, changed)
		}
		n.agrees()
	})
}

// openRounds counts the open tasks of a round.
func (n *node) openRounds(id int64, round int) int {
	n.t.Helper()
	tasks, err := n.sends.Tasks(n.t.Context(), id)
	n.must(err)
	open := 0
	for _, t := range tasks {
		if t.Round == round && t.State == broadcast.TaskOpen {
			open++
		}
	}
	return open
}

func TestAMemberIsAskedAtMostTwiceADay(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	b := n.submit("会员日")
	n.allOpen(b.ID)
	_, done, err := n.sends.Revise(t.Context(), b.ID, "S01", secondText, nil)
	n.must(err)
	n.eventually("the second tasks", func() bool { return n.openRounds(b.ID, 2) == done.Again })
	_, again, err := n.sends.Revise(t.Context(), b.ID, "S01", secondText+"欢迎。", nil)
	n.must(err)
	if again.Again != 0 || again.Ended != done.Again {
		t.Fatalf("%+v after %+v", again, done)
	}
	n.eventually("the end", func() bool { return n.state(b.ID) == broadcast.Done })
	if n.openRounds(b.ID, 3) != 0 || n.confirmAll() != 0 || len(n.heard()) != 0 {
		t.Error("a member was asked a third time")
	}
	if c := n.counts(b.ID); c.Unconfirmed != 60 {
		t.Errorf("counts %+v", c)
	}
	n.agrees()
}

func TestWordsAreChangedBeforeTasksAreMadeAndNotAfterTheEnd(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday.Add(12*time.Hour)), dbtest.SQLite(t), "n1") // 22:00
	b := n.submit("会员日")
	n.eventually("the receivers to be reserved", func() bool { return n.counts(b.ID).Waiting == 60 })
	for name, words := range map[string]string{"forbidden": "你好，转发到朋友圈领红包", "nothing": "", "the same": b.Text} {
		if _, _, err := n.sends.Revise(t.Context(), b.ID, "S01", words, nil); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	_, done, err := n.sends.Revise(t.Context(), b.ID, "S01", secondText, nil)
	n.must(err)
	if done != (broadcast.Revised{}) {
		t.Errorf("%+v", done)
	}
	n.until(time.Date(2026, 11, 25, 9, 1, 0, 0, tuesday.Location()))
	n.allOpen(b.ID)
	n.confirmAll()
	n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
	for id, texts := range n.heard() {
		if len(texts) != 1 || !strings.HasPrefix(texts[0], secondText) {
			t.Errorf("%s got %q", id, texts)
		}
	}
	n.agrees()
	if _, _, err := n.sends.Revise(t.Context(), b.ID, "S01", secondText+"。", nil); errs.KindOf(err) != errs.Conflict {
		t.Errorf("after the end: %v", err)
	}
}
