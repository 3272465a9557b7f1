package sandbox

import (
	"testing"
	"time"
)

// patient makes the world wait for followers however slow the machine is.
func patient(o *Options) { o.Patience = forHangs }

func TestAFollowerThatLeavesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t, patient)
	r.control("clock/follow", object{"id": "p1", "busy": true})
	arrived := make(chan error, 1)
	go func() { arrived <- r.Advance(t.Context(), time.Minute) }()
	wait(t.Context(), 2*silence) // the time after which an impatient world would go on
	select {
	case err := <-arrived:
		t.Fatalf("the world went on while its follower was busy: %v", err)
	default:
	}
	r.control("clock/follow", object{"id": "p1", "leave": true})
	if err := <-arrived; err != nil {
		t.Fatal(err)
	}
	if got := r.State().Followers; len(got) != 0 {
		t.Errorf("followers: got %v, want none", got)
	}
}

func TestAFollowerWithoutAnEpochReportsTwiceAfterNews(t *testing.T) {
	t.Parallel()
	r := newRig(t, patient)
	listenTo(r, nil)
	idle := object{"id": "p1", "busy": false, "next": testStart.Add(time.Hour).Format(time.RFC3339)}
	r.control("clock/follow", idle)
	r.control("clock", object{"speed": 3600})
	r.act("scan_contact_way", nil)
	r.settle()
	if v := r.control("clock/follow", idle); v["running"] != false {
		t.Error("the first report may have been on its way: the world must wait for another")
	}
	if v := r.control("clock/follow", idle); v["running"] != true {
		t.Error("after the second report the world goes on")
	}
}

func TestAnEchoedEpochSettlesAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, patient)
	listenTo(r, nil)
	r.control("clock/follow", object{"id": "p1", "busy": false, "wait_ms": 1})
	r.control("clock", object{"speed": 3600})
	r.act("scan_contact_way", nil)
	r.settle()
	told := r.control("clock/follow", object{"id": "p1", "busy": false, "epoch": 0, "wait_ms": 1})
	if told["running"] != false {
		t.Error("the world went on before the follower looked")
	}
	if v := r.control("clock/follow", object{"id": "p1", "busy": false, "epoch": told["epoch"], "wait_ms": 1}); v["running"] != true {
		t.Errorf("the follower has looked, but the world stands still: %v", v)
	}
}

func TestAnIdleFollowerPastItsDueTimeIsBelieved(t *testing.T) {
	t.Parallel()
	r := newRig(t, patient)
	past := testStart.Add(-time.Minute).Format(time.RFC3339)
	seen := testStart.Format(time.RFC3339)
	r.control("clock", object{"speed": 1})
	for range 2 {
		r.control("clock/follow", object{"id": "p1", "busy": false, "next": past, "seen": seen})
	}
	if !r.State().Running {
		t.Error("a due time that the follower knows to be past stops the world")
	}
}
