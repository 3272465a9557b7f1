package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"time"
)

// answered says how quickly callbacks were answered, in milliseconds.
type answered struct {
	OK              int
	P50, P99, Worst float64
	err             error
}

// listen has a process of its own send callbacks at a steady rate until ctx ends, and answers how they were answered.
func (c *benchCmd) listen(ctx context.Context, target string, rate int) answered {
	self, err := os.Executable()
	if err != nil {
		return answered{err: err}
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), self, "bench", "--load", "--url", target, "--rate", strconv.Itoa(rate))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return answered{err: err}
	}
	go func() {
		<-ctx.Done()
		_ = in.Close() // tells it to end
	}()
	raw, err := cmd.Output()
	if err != nil {
		return answered{err: fmt.Errorf("the generator: %w", err)}
	}
	var a answered
	if err := json.Unmarshal(raw, &a); err != nil {
		return answered{err: fmt.Errorf("the generator: %w", err)}
	}
	return a
}

// trickle sends one callback every 1/rate seconds, whether those before it are answered or not, until its input ends: a slow
// answer delays no other, and each is counted from the moment it was due.
func (c *benchCmd) trickle(ctx context.Context) error {
	target, err := url.Parse(c.URL)
	if err != nil || !loopback(target.Hostname()) {
		return errors.New("the generator sends to loopback only")
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	const lanes = 64
	due := make(chan time.Time, 100_000)
	var mu sync.Mutex
	var took []time.Duration
	var wg sync.WaitGroup
	failed := make(chan error, lanes)
	for lane := range lanes {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", target.Host)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		wg.Go(func() {
			answers := bufio.NewReader(conn)
			n := lane * 1_000_000
			for at := range due {
				n++
				request, err := requestOf(target, n)
				if err == nil {
					_, err = conn.Write(request)
				}
				if err == nil {
					err = stored(answers)
				}
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				took = append(took, time.Since(at))
				mu.Unlock()
			}
		})
	}
	tick := time.NewTicker(time.Second / time.Duration(c.Rate))
	defer tick.Stop()
	for going := true; going; {
		select {
		case at := <-tick.C:
			due <- at
		case err := <-failed:
			return err
		case <-ctx.Done():
			going = false
		}
	}
	close(due)
	wg.Wait()
	if len(took) == 0 {
		return errors.New("no callback was sent")
	}
	slices.Sort(took)
	ms := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	return json.NewEncoder(os.Stdout).Encode(answered{OK: len(took), P50: ms(0.5), P99: ms(0.99), Worst: ms(1)})
}
