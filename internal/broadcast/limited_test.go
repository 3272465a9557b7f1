package broadcast_test

import (
	"context"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/sandbox"
)

// no page of WeCom knows this code: it is made up, as the corp's owner would note one that they saw.
const limitedCode = 99001

const makeTask = "/cgi-bin/externalcontact/add_msg_template"

// A code that the corp noted stops the member whom the call was for, and nobody else: nothing of theirs is tried again.
func TestANotedCodeStopsThatMemberAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := newBox(t, tuesday)
		box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: makeTask, Staff: "S02", ErrCode: limitedCode}}})
		n := newNode(t, box, d, "n1")
		_, err := n.gov.AddLimitedCode(t.Context(), governance.LimitedCode{CorpID: testCorp, Code: limitedCode, Note: "欢迎语时返回", MadeBy: "S01"})
		n.must(err)
		b := n.submit("会员日")
		n.eventually("the member to be stopped", func() bool {
			_, stopped, err := n.gov.StoppedBy(t.Context(), d.Read(), testCorp, "S02")
			n.must(err)
			return stopped
		})
		limited, err := n.gov.LimitedMembers(t.Context(), d.Read(), testCorp)
		n.must(err)
		if len(limited) != 1 || limited[0].Code != limitedCode || !strings.Contains(limited[0].Reason, "add_msg_template") {
			t.Fatalf("stopped %+v", limited)
		}
		theirs := 0
		n.eventually("the others' tasks to be open", func() bool {
			tasks, err := n.sends.Tasks(t.Context(), b.ID)
			n.must(err)
			for _, task := range tasks {
				switch {
				case task.StaffID == "S02":
					theirs = task.Customers
					if task.State != broadcast.TaskFailed || task.Error == "" {
						return false
					}
				case task.State != broadcast.TaskOpen:
					return false
				}
			}
			return len(tasks) == 4
		})
		if c := n.counts(b.ID); theirs == 0 || c.Cancelled != theirs || c.Waiting != 60-theirs {
			t.Fatalf("%d of the limited member, counts %+v", theirs, c)
		}
		var others int
		n.must(d.Read().NewRaw("SELECT COUNT(*) FROM broadcast_receiver WHERE broadcast_id = ? AND state = ? AND NOT (staff_id = 'S02' AND rule_id = ?)",
			b.ID, broadcast.TakenBack, outreach.CodeLimited).Scan(t.Context(), &others))
		if others != 0 {
			t.Fatalf("%d are taken back for another reason", others)
		}
		n.quiet()
		box.mu.Lock()
		tries := box.calls[makeTask]
		box.mu.Unlock()
		if tries != 4 {
			t.Fatalf("%d tries for 4 members", tries)
		}
		if dead, _, err := n.bus.DeadLetters(t.Context(), testCorp, 0, 5); err != nil || len(dead) != 0 {
			t.Fatalf("dead letters %+v, %v", dead, err)
		}
		n.confirmAll()
		n.eventually("the end", func() bool { return n.state(b.ID) == broadcast.Done })
		if got := len(n.massDeliveries()); got != 60-theirs {
			t.Fatalf("%d got it", got)
		}
		n.agrees()

		// Their part of the next one waits for a person's word.
		box.SetFaults(sandbox.Faults{})
		n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return n.gov.LiftHalt(ctx, tx, testCorp, limited[0].ID, "S01")
		}))
		p, err := n.sends.Plan(t.Context(), 0, "S01", broadcast.Words{Text: "下周的茶会，欢迎报名。"}, nil)
		n.must(err)
		if p.PerStaff["S02"] == 0 {
			t.Fatalf("lifted, they send again: %+v", p.PerStaff)
		}
	})
}

// A code that nobody noted is a failed try of the task, as ever, and stops nobody.
func TestAnUnknownCodeStopsNobody(t *testing.T) {
	t.Parallel()
	box := newBox(t, tuesday)
	box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: makeTask, Staff: "S02", ErrCode: limitedCode, Times: 1}}})
	n := newNode(t, box, dbtest.SQLite(t), "n1")
	_, err := n.gov.AddLimitedCode(t.Context(), governance.LimitedCode{CorpID: testCorp, Code: limitedCode + 1, Note: "另一个码", MadeBy: "S01"})
	n.must(err)
	b := n.submit("会员日")
	n.allOpen(b.ID)
	limited, err := n.gov.LimitedMembers(t.Context(), n.d.Read(), testCorp)
	n.must(err)
	if len(limited) != 0 || n.counts(b.ID).Waiting != 60 {
		t.Fatalf("stopped %+v, counts %+v", limited, n.counts(b.ID))
	}
}
