package broadcast_test

import (
	"errors"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/sandbox"
)

// refusedBy checks the code and field of a refusal.
func refusedBy(t *testing.T, err error, code, field string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Code != code || e.Field != field {
		t.Fatalf("want %s at %q, got %v", code, field, err)
	}
}

func TestASecondPersonApprovesWhatReachesMany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBoxOf(t, tuesday, 230), d, "n1")
		b := n.submit("会员日")
		if b.State != broadcast.Review || b.Approval != broadcast.BySize {
			t.Fatalf("%s %s", b.State, b.Approval)
		}
		_, err := n.sends.Approve(t.Context(), b.ID, "S01", 230)
		refusedBy(t, err, "broadcast.own_approval", "")
		_, err = n.sends.Return(t.Context(), b.ID, "S01", "不合适")
		refusedBy(t, err, "broadcast.own_approval", "")
		_, err = n.sends.Return(t.Context(), b.ID, "S02", " ")
		refusedBy(t, err, "broadcast.note", "note")
		_, err = n.sends.Approve(t.Context(), b.ID, "S02", 100)
		refusedBy(t, err, "broadcast.reach_changed", "")

		back, err := n.sends.Return(t.Context(), b.ID, "S02", "请写上门店地址")
		n.must(err)
		if back.State != broadcast.Draft || back.ReviewNote != "请写上门店地址" || n.counts(b.ID).Matched != 0 {
			t.Fatalf("given back: %+v", back)
		}
		_, err = n.sends.Approve(t.Context(), b.ID, "S02", 230)
		refusedBy(t, err, "broadcast.not_in_review", "")
		if b, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, 230); err != nil || b.State != broadcast.Review {
			t.Fatalf("again: %+v %v", b, err)
		}
		if len(n.massDeliveries()) != 0 || n.confirmAll() != 0 {
			t.Fatal("something went out before it was approved")
		}
		b, err = n.sends.Approve(t.Context(), b.ID, "S02", 230)
		n.must(err)
		if b.State != broadcast.Planned || b.ReviewedBy != "S02" {
			t.Fatalf("approved: %+v", b)
		}
		n.allOpen(b.ID)
		n.confirmAll()
		n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
		if got := n.massDeliveries(); len(got) != 230 {
			t.Fatalf("%d of 230 got it", len(got))
		}
		n.agrees()
	})
}

func TestDoubtfulWordsGoToASecondPerson(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	b, err := n.sends.Create(t.Context(), "S01", broadcast.Words{Name: "夸", Text: "你好，这是全国第一的护理课。", Benefit: "知道新课"})
	n.must(err)
	b, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, 60)
	if err != nil || b.State != broadcast.Review || b.Approval != broadcast.ByWords {
		t.Fatalf("%+v %v", b, err)
	}
	b, err = n.sends.Cancel(t.Context(), b.ID) // its author takes it back
	if err != nil || b.State != broadcast.Cancelled || n.confirmAll() != 0 {
		t.Fatalf("%+v %v", b, err)
	}
	_, err = n.sends.Approve(t.Context(), b.ID, "S02", 60)
	refusedBy(t, err, "broadcast.not_in_review", "")
}

func TestWhatIsSubmittedSaysItsUseAndItsTime(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	w := broadcast.Words{Name: "课", Text: "【花间】周末护理课开放预约。"}
	b, err := n.sends.Create(t.Context(), "S01", w)
	n.must(err)
	_, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, 60)
	refusedBy(t, err, "broadcast.no_benefit", "benefit")

	w.Benefit = "可以预约护理课"
	for code, at := range map[string]time.Time{
		"broadcast.past":    tuesday.Add(-time.Hour),
		"broadcast.quiet":   tuesday.Add(12 * time.Hour),
		"broadcast.too_far": tuesday.AddDate(0, 0, 100),
	} {
		w.SendAt = clock.At(at)
		_, err := n.sends.Update(t.Context(), b.ID, w)
		refusedBy(t, err, code, "send_at")
	}
	wanted := time.Date(2026, 11, 26, 15, 30, 0, 0, sandbox.Zone)
	w.SendAt = clock.At(wanted)
	_, err = n.sends.Update(t.Context(), b.ID, w)
	n.must(err)
	b, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, 60)
	n.must(err)
	if got := b.OpensAt.In(sandbox.Zone); !got.Equal(wanted) {
		t.Fatalf("opens %v", got)
	}
	n.eventually("the receivers to be reserved", func() bool { return n.counts(b.ID).Waiting == 60 })
	n.until(wanted.Add(-time.Minute))
	if tasks, err := n.sends.Tasks(t.Context(), b.ID); err != nil || len(tasks) != 0 {
		t.Fatalf("tasks before the time: %v %v", tasks, err)
	}
	n.until(wanted.Add(5 * time.Second))
	n.allOpen(b.ID)
	n.confirmAll()
	n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
	if got := n.massDeliveries(); len(got) != 60 {
		t.Fatalf("%d of 60 got it", len(got))
	}
	n.agrees()
}

func TestASendToNearlyAllCountsDouble(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	n.all = 60
	b := n.submit("会员日")
	n.allOpen(b.ID)
	var cost int
	n.must(n.d.Read().NewRaw("SELECT SUM(cost) FROM touch WHERE state = 'tasked'").Scan(t.Context(), &cost))
	if b.Cost != 2 || cost != 120 {
		t.Fatalf("cost %d, together %d", b.Cost, cost)
	}
}
