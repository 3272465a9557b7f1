// Package clocktest waits in tests that run a platform beside a sandbox: for conditions, never for a while. It is for tests
// only.
package clocktest

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/sandbox"
)

// Patience is for hangs only. It is so long that two loaded cores under the race detector never need it: a test that must
// notice slowness has to measure it.
const Patience = 10 * time.Minute

// Eventually waits until ok answers true. The lines of why, when not nil, end the failure's message.
func Eventually(t testing.TB, what string, ok func() bool, why func() string) {
	t.Helper()
	limit, tick := time.After(Patience), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			if why != nil {
				what += "; " + why()
			}
			t.Fatalf("waited %s for: %s", Patience, what)
		}
	}
}

// Quiet waits until nothing is under way between a sandbox and its one platform: no callback, and no work that is due or
// will be within a second (between two reports a follower may run that much ahead).
//
// The sandbox is asked before and after the platform. Work that ends in between may have caused a callback, which would
// then be under way, or counted as sent, in the second answer.
func Quiet(t testing.TB, box *sandbox.Sandbox, world clock.World, load clock.Load) {
	t.Helper()
	Eventually(t, "nothing to be under way", func() bool {
		before := box.State()
		if before.CallbacksPending > 0 {
			return false
		}
		now := world.Now()
		busy, next := load(t.Context(), now)
		if busy || (next != 0 && next < now.Add(time.Second)) {
			return false
		}
		after := box.State()
		return after.CallbacksPending == 0 && after.CallbacksSent == before.CallbacksSent && after.CallbacksFailed == before.CallbacksFailed
	}, nil)
}
