package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"zhiyin.dev/zhiyin/internal/autoreply/automaton"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/inbound"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// The ceilings are what the parts alone reached on 2 cores: HTTP with decryption, group commit of two statements an
// event, and the automaton on random text. docs/benchmarks.md says how they were measured.
const (
	ceilingCallbacks = 20_000 // a second
	ceilingEvents    = 38_500 // a second
	benchToken       = "bench"
	benchCorp        = "wwbench"
)

var benchKey = strings.Repeat("k", 43) //nolint:gochecknoglobals // a constant

type benchCmd struct {
	Callbacks int    `help:"Callbacks to send." default:"30000"`
	Large     bool   `help:"Ten times as many."`
	Load      bool   `help:"Be the generator." hidden:""`
	URL       string `help:"Where the generator sends to." hidden:""`
}

// Run measures this machine: loopback only, bounded, and everything in a temporary directory.
func (c *benchCmd) Run(ctx context.Context) error {
	if c.Large {
		c.Callbacks *= 10
	}
	if c.Load {
		return c.generate(ctx)
	}
	fmt.Printf("zhiyin bench, %d cores, %s/%s, SQLite synchronous=FULL\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if err := c.ingest(ctx); err != nil {
		return err
	}
	matching()
	return nil
}

func figure(what string, n float64, unit string, ceiling float64) {
	fmt.Printf("%-52s %10.0f %-12s %3.0f %% of %.0f\n", what, n, unit, 100*n/ceiling, ceiling)
}

// ingest measures callbacks from HTTP to commit with the generator in a process of its own, then the handling of them.
func (c *benchCmd) ingest(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "zhiyin-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	d, err := db.Open(ctx, "", dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	nc, stop, err := bus.Connect("", filepath.Join(dir, "nats"), "bench")
	if err != nil {
		return err
	}
	defer stop()
	b, err := bus.New(bus.Config{DB: d, World: clock.System{}, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "bench"})
	if err != nil {
		return err
	}
	crypto, err := callback.New(benchToken, benchKey, benchCorp)
	if err != nil {
		return err
	}
	in := inbound.New(inbound.Config{
		DB: d, Bus: b, World: clock.System{}, Log: log.Discard(), CorpID: benchCorp,
		Crypto: func(string) (*callback.Crypto, error) { return crypto, nil },
	})
	in.Start(ctx)
	defer in.Stop()
	mux := http.NewServeMux()
	in.Register(mux)
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()

	took, err := c.load(ctx, "http://"+l.Addr().String()+"/callback/wecom")
	if err != nil {
		return err
	}
	var rows int
	if err := d.Read().NewRaw("SELECT COUNT(*) FROM work WHERE lane = 'inbox'").Scan(ctx, &rows); err != nil {
		return err
	}
	if rows != c.Callbacks {
		return fmt.Errorf("%d of %d acknowledged callbacks are in the inbox", rows, c.Callbacks)
	}
	figure("durable callbacks, HTTP to committed", float64(rows)/took.Seconds(), "a second", ceilingCallbacks)
	return handle(ctx, d, b, rows)
}

// handle measures how fast the inbox becomes customers, relations, timelines and the intents to read details.
func handle(ctx context.Context, d *db.DB, b *bus.Bus, rows int) error {
	customers := customer.New(customer.Config{DB: d, Bus: b, World: clock.System{}, Zone: time.UTC, CorpID: benchCorp})
	customers.Register(b)
	b.Perform("customer.refresh", func(ctx context.Context, _ bus.Work) (bus.Settle, error) {
		<-ctx.Done() // reading details from WeCom is not measured here
		return nil, ctx.Err()
	})
	began := time.Now()
	if err := b.Start(ctx); err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var open int
		if err := d.Read().NewRaw("SELECT COUNT(*) FROM work WHERE lane = 'inbox' AND state <> 'done'").Scan(ctx, &open); err != nil {
			return err
		}
		if open == 0 {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	figure("events handled (customer, relation, timeline, intent)", float64(rows)/time.Since(began).Seconds(), "a second", ceilingEvents)
	return b.Stop(ctx)
}

// load runs the generator in a process of its own and answers how long it sent.
func (c *benchCmd) load(ctx context.Context, target string) (time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", "--load", "--url", target, "--callbacks", strconv.Itoa(c.Callbacks))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	var sent struct {
		OK int
		MS int64
	}
	decodeErr := json.NewDecoder(bufio.NewReader(out)).Decode(&sent)
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("the generator: %w", err)
	}
	if decodeErr != nil {
		return 0, decodeErr
	}
	if sent.OK != c.Callbacks {
		return 0, fmt.Errorf("%d of %d callbacks were acknowledged", sent.OK, c.Callbacks)
	}
	return time.Duration(sent.MS) * time.Millisecond, nil
}

// generate encrypts all bodies first and then sends them as fast as they are taken.
func (c *benchCmd) generate(ctx context.Context) error {
	target, err := url.Parse(c.URL)
	if err != nil || !loopback(target.Hostname()) {
		return errors.New("the generator sends to loopback only")
	}
	crypto, err := callback.New(benchToken, benchKey, benchCorp)
	if err != nil {
		return err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	urls, bodies := make([]string, c.Callbacks), make([][]byte, c.Callbacks)
	for i := range bodies {
		plain := fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>%s</CreateTime>"+
			"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType>"+
			"<UserID><![CDATA[S%02d]]></UserID><ExternalUserID><![CDATA[wmBench%08d]]></ExternalUserID><State><![CDATA[c1]]></State></xml>", benchCorp, now, i%40, i)
		if bodies[i], err = crypto.Seal([]byte(plain), now, "n"); err != nil {
			return err
		}
		e, err := callback.Parse(bodies[i]) // the signature of the envelope goes into the address
		if err != nil {
			return err
		}
		urls[i] = c.URL + "?" + url.Values{"msg_signature": {e.Get("MsgSignature")}, "timestamp": {now}, "nonce": {"n"}}.Encode()
	}
	const conns = 64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns}, Timeout: 30 * time.Second}
	var next, ok atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range conns {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(bodies) || ctx.Err() != nil {
					return
				}
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, urls[i], bytes.NewReader(bodies[i]))
				if err != nil {
					continue
				}
				resp, err := client.Do(req)
				if err != nil {
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					ok.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return json.NewEncoder(os.Stdout).Encode(map[string]int64{"OK": ok.Load(), "MS": time.Since(began).Milliseconds()})
}

// matching measures the automaton of keyword rules on random Chinese text of 100 characters.
func matching() {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // equal text on every machine
	letters := func(n int) string {
		out := make([]rune, n)
		for i := range out {
			out[i] = rune(0x4e00 + int(r.ExpFloat64()*300)%3000)
		}
		return string(out)
	}
	for _, size := range []struct {
		n       int
		ceiling float64
	}{{1_000, 2_000}, {10_000, 3_700}, {100_000, 9_600}} {
		patterns := make([]string, size.n)
		for i := range patterns {
			patterns[i] = letters(2 + r.IntN(4))
		}
		a := automaton.New(patterns)
		texts := make([][]rune, 200)
		for i := range texts {
			texts[i] = []rune(letters(100))
		}
		var hits []automaton.Hit
		const rounds = 50
		began := time.Now()
		for range rounds {
			for _, t := range texts {
				hits = a.Find(t, hits[:0])
			}
		}
		ns := float64(time.Since(began).Nanoseconds()) / float64(rounds*len(texts))
		fmt.Printf("%-52s %10.0f %-12s %3.0f %% of the speed at %.0f ns\n", fmt.Sprintf("keyword matching, %d patterns", size.n), ns, "ns a message", 100*size.ceiling/ns, size.ceiling)
	}
}
