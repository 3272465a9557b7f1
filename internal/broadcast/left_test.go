package broadcast_test

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/sandbox"
)

// A member who left between plan and morning reaches nobody: their customers are told as such and given back, the others
// get theirs, and nothing is left for a person to mend.
func TestCustomersOfAMemberWhoLeftAreGivenBack(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday.Add(12*time.Hour)), dbtest.SQLite(t), "n1") // 22:00
	b := n.submit("会员日")
	n.eventually("the receivers to be reserved", func() bool { return n.counts(b.ID).Waiting == 60 })
	_, err := n.box.Act([]byte(`{"act":"staff_resigns","staff":"S02"}`))
	n.must(err)
	n.until(time.Date(2026, 11, 25, 9, 0, 5, 0, sandbox.Zone))
	n.eventually("the member's task to end", func() bool {
		tasks, err := n.sends.Tasks(t.Context(), b.ID)
		n.must(err)
		for _, task := range tasks {
			if task.StaffID == "S02" {
				return task.State == broadcast.TaskCancelled
			}
		}
		return false
	})
	n.allOpen(b.ID)
	c := n.counts(b.ID)
	if c.NotFriend == 0 || c.NotFriend+c.Waiting != 60 {
		t.Fatalf("counts %+v", c)
	}
	if dead, _, err := n.bus.DeadLetters(t.Context(), testCorp, 0, 5); err != nil || len(dead) != 0 {
		t.Fatalf("dead letters %+v, %v", dead, err)
	}
	n.confirmAll()
	n.until(time.Date(2026, 11, 25, 21, 1, 0, 0, sandbox.Zone))
	n.eventually("the end", func() bool { return n.state(b.ID) == broadcast.Done })
	if got := n.counts(b.ID); got.Sent != 60-c.NotFriend {
		t.Fatalf("counts at the end %+v", got)
	}
	n.agrees()
}
