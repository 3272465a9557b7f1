package sandbox

import (
	"testing"
	"time"
)

func TestAFollowerWithoutAnEpochReportsTwiceAfterNews(t *testing.T) {
	t.Parallel()
	r := newRig(t)
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
	r := newRig(t)
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
	r := newRig(t)
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
