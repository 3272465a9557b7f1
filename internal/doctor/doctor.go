// Package doctor looks whether everything that the platform needs works, and says for whatever does not what to do: at
// GET /api/v1/doctor, and by the command zhiyin doctor.
//
// It changes nothing and sends nothing to anybody. Checks that need WeCom make one cheap reading call each.
package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// State of a check.
type State string

// The states.
const (
	OK      State = "ok"
	Warn    State = "warn"    // works, but look at it
	Bad     State = "error"   // does not work
	Skipped State = "skipped" // nothing to look at: not set up, or nothing happened yet
)

// Result is what a check found.
type Result struct {
	State  State
	Detail errs.Text
	WayOut errs.Text // what to do; empty when nothing is to be done
}

// check is one thing to look at.
type check struct {
	id    string
	title errs.Text
	run   func(ctx context.Context) Result
}

// Finding is a check with its result.
type Finding struct {
	ID    string
	Title errs.Text
	Result
	Took time.Duration // wall time
}

// Report is the result of all checks.
type Report struct {
	Findings []Finding
	At       clock.Time
}

// Worst is the worst state of all findings.
func (r Report) Worst() State {
	worst := OK
	for _, f := range r.Findings {
		switch {
		case f.State == Bad:
			return Bad
		case f.State == Warn:
			worst = Warn
		}
	}
	return worst
}

const (
	checkWithin = 10 * time.Second
	atOnce      = 4
)

// Examine runs all checks.
func (d *Doctor) Examine(ctx context.Context) Report {
	list := d.checks()
	report := Report{Findings: make([]Finding, len(list)), At: d.World.Now()}
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, c := range list {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, checkWithin)
			defer cancel()
			began := d.Wall.Now()
			f := Finding{ID: c.id, Title: c.title, Result: c.run(ctx)}
			f.Took = d.Wall.Now().Sub(began)
			report.Findings[i] = f
		})
	}
	wg.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = &report
	return report
}

// Last answers the last report, or makes one.
func (d *Doctor) Last(ctx context.Context) Report {
	d.mu.Lock()
	last := d.last
	d.mu.Unlock()
	if last != nil {
		return *last
	}
	return d.Examine(ctx)
}

var marks = map[State]string{OK: "✓", Warn: "!", Bad: "✗", Skipped: "-"}

// Print writes a report for a terminal.
func Print(w io.Writer, r Report, lang string) error {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s", marks[f.State], f.Title.In(lang))
		if d := f.Detail.In(lang); d != "" {
			b.WriteString(": " + d)
		}
		b.WriteString("\n")
		if out := f.WayOut.In(lang); out != "" {
			b.WriteString("    → " + out + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func good(detail errs.Text) Result { return Result{State: OK, Detail: detail} }

func skip(detail errs.Text) Result { return Result{State: Skipped, Detail: detail} }

func failed(state State, detail, wayOut errs.Text) Result {
	return Result{State: state, Detail: detail, WayOut: wayOut}
}
