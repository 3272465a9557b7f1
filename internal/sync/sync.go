// Package sync reads from WeCom what callbacks did not tell: all of it at first, the difference later.
//
// A run is one intent of the bus, so it is taken up again after a crash, and goes on where it stopped: members already
// listed are not listed again, pages already stored are not read again. It ends with expected / read / stored / failed for
// each part, persons and relations apart, and with the drift between what we held and what WeCom says. "Expected" are the
// relations that externalcontact/list names, because WeCom tells no total.
//
// It reads only. It sends no late welcome: a relation that a run finds has no welcome code any more.
package sync

import "zhiyin.dev/zhiyin/internal/clock"

// Reason says why a run began.
type Reason string

// The reasons.
const (
	First Reason = "first" // a new data directory
	Start Reason = "start" // the platform was down
	Gap   Reason = "gap"   // callbacks could not be stored for a while
	Clock Reason = "clock" // the corp's clock jumped
	Daily Reason = "daily"
	Asked Reason = "asked" // by a person or a program
)

// State of a run.
type State string

// The states.
const (
	Idle    State = "idle" // there never was a run
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Count is how far one part has come.
type Count struct {
	Expected int `json:"expected"`
	Read     int `json:"read"`
	Stored   int `json:"stored"`
	Failed   int `json:"failed"`
	Erased   int `json:"erased,omitempty"` // named by WeCom and not stored, because these persons were erased
}

// Drift is what a run found different from what we held.
type Drift struct {
	Added int `json:"added"` // relations that no callback had told of
	Lost  int `json:"lost"`  // relations that ended without a callback
}

// Trouble is something a run could not read or store.
type Trouble struct {
	What string `json:"what"`
	Text string `json:"text"`
}

// Report is the result of a run, kept while it runs.
type Report struct {
	Parts  map[string]Count `json:"parts"` // departments, staff, tags, customers (persons), relations, groups
	Drift  Drift            `json:"drift"`
	Errors []Trouble        `json:"errors"`
	// Finished names the parts beside customers that need not be read again when the run is taken up.
	Finished []string `json:"finished,omitempty"`
}

// Run is one run.
type Run struct {
	ID         int64
	Reason     Reason
	State      State
	StartedAt  clock.Time
	FinishedAt clock.Time
	Report     Report
}
