package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// cost is what this process has used so far: on a machine with other work the seconds of the processor say more than those of the clock.
type cost struct {
	at      time.Time
	cpu     time.Duration // user and system
	written int64         // bytes handed to the kernel, to files and connections; 0 where the system does not say
}

func costNow() cost {
	c := cost{at: time.Now()}
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) == nil {
		c.cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	if io, err := os.ReadFile("/proc/self/io"); err == nil {
		for line := range bytes.Lines(io) {
			if n, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("wchar: ")); ok {
				c.written, _ = strconv.ParseInt(string(n), 10, 64)
			}
		}
	}
	return c
}

// since is what was used from an earlier moment on.
func (c cost) since() cost {
	now := costNow()
	return cost{at: c.at, cpu: now.cpu - c.cpu, written: now.written - c.written}
}

// each prints what one of n things cost.
func (c cost) each(n int) {
	fmt.Printf("%-52s %10.1f s of processor, %.1f µs each, %.2f kB written each\n", "  user and system", c.cpu.Seconds(),
		float64(c.cpu.Microseconds())/float64(n), float64(c.written)/float64(n)/1000)
}

// load is the load average, as uptime shows it.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return string(bytes.Join(bytes.Fields(b)[:3], []byte(" ")))
}
