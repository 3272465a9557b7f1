package sandbox

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"
)

// Options says what a sandbox is made of. The zero value works: a new corp,
// the default world, seed 1, the system's time, speed 1, no life.
type Options struct {
	// World names a built-in world ("huajian", the default) or a YAML file of
	// the form of [WorldSpec].
	World string
	// Staff, Customers and Groups override the size of the world; 0 keeps the
	// world's own. Customers counts distinct people with a live relation.
	Staff, Customers, Groups int
	// Seed makes the world: equal seeds, starts and scripts give equal worlds.
	// 0 means 1.
	Seed uint64
	// Start is the world's first instant; zero means the system's time.
	Start time.Time
	// Speed is world seconds per wall second; 0 means 1. Use [Options.Paused]
	// for a clock that moves only when advanced.
	Speed float64
	// Paused starts the clock at speed 0.
	Paused bool
	// Corp is "new" (default; kf and customer-contact secrets repeat the app's)
	// or "old" (each area has its own secret).
	Corp string
	// Callback is where callbacks of every area go; empty sends none until
	// POST /_sandbox/callbacks names a target.
	Callback string
	// AllowCallback lists hosts beyond loopback that callbacks may go to.
	AllowCallback []string
	// DataDir is where private keys and certificates that other programs open
	// are written; empty means a temporary directory, removed by Close.
	DataDir string
	// Front is the loopback address of a proxy that stands for the official
	// hosts over TLS, for programs that know no other; empty means none.
	Front string
	// ControlToken, when set, is demanded as "Authorization: Bearer" on the
	// control plane and lets callers in that are not on loopback.
	ControlToken string
	// Life lets the population act by itself from the start.
	Life bool
	// Patience is how long, in wall time, the world waits for a platform at
	// least: for the answer of a callback, for the next report of a follower,
	// and at each step of an advance. 0 means 5 s, 2 s and 30 s. Tests on a
	// loaded machine set minutes: then a platform that stalls is waited for,
	// and does not look like one that has gone.
	Patience time.Duration
	// Switches sets named switches (see docs/sandbox.md) at start.
	Switches map[string]string
}

// Zone is the zone in which the sandbox cuts days and writes times.
var Zone = time.FixedZone("CST", 8*3600)

func (o Options) withDefaults() Options {
	if o.World == "" {
		o.World = defaultWorld
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	o.Start = o.Start.In(Zone).Truncate(time.Second)
	if o.Speed == 0 && !o.Paused {
		o.Speed = 1
	}
	if o.Paused {
		o.Speed = 0
	}
	if o.Corp == "" {
		o.Corp = "new"
	}
	return o
}

func (o Options) validate() error {
	if o.Corp != "new" && o.Corp != "old" {
		return fmt.Errorf("sandbox corp %q: must be new or old", o.Corp)
	}
	if o.Speed < 0 {
		return fmt.Errorf("sandbox speed %v: must not be negative", o.Speed)
	}
	if o.Patience < 0 {
		return fmt.Errorf("sandbox patience %s: must not be negative", o.Patience)
	}
	if o.Staff < 0 || o.Customers < 0 || o.Groups < 0 {
		return fmt.Errorf("sandbox size: staff, customers and groups must not be negative")
	}
	if o.Callback != "" {
		if err := o.checkCallback(o.Callback); err != nil {
			return err
		}
	}
	return nil
}

// checkCallback refuses targets beyond loopback that nobody allowed: a test
// server must never push made-up events at a real system.
func (o Options) checkCallback(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return fmt.Errorf("callback url %q: %w", raw, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("callback url %q: must be http or https", raw)
	}
	host := u.Hostname()
	if isLoopbackHost(host) {
		return nil
	}
	if slices.Contains(o.AllowCallback, host) {
		return nil
	}
	return fmt.Errorf("callback url %q: only loopback is allowed; allow the host %q first", raw, host)
}

func isLoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
