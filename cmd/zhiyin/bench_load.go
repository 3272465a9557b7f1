package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"zhiyin.dev/zhiyin/wecom/callback"
)

// load runs the generator in a process of its own and answers how long it sent.
func (c *benchCmd) load(ctx context.Context, target string) (time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", "--load", "--url", target, "--callbacks", strconv.Itoa(c.Callbacks),
		"--connections", strconv.Itoa(c.Connections))
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

// generate encrypts all callbacks first and then sends them as fast as they are answered, each connection one after the
// other. It shares the cores with what it measures, so it is lean: the requests are ready as bytes, and of an answer only
// what says that the callback is stored is read - all of it, and anything else ends the run.
func (c *benchCmd) generate(ctx context.Context) error {
	target, err := url.Parse(c.URL)
	if err != nil || !loopback(target.Hostname()) {
		return errors.New("the generator sends to loopback only")
	}
	requests, err := requests(target, c.Callbacks)
	if err != nil {
		return err
	}
	conns := make([]net.Conn, min(c.Connections, len(requests)))
	for i := range conns {
		if conns[i], err = new(net.Dialer).DialContext(ctx, "tcp", target.Host); err != nil {
			return err
		}
		defer func() { _ = conns[i].Close() }()
	}
	var next, ok atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for _, conn := range conns {
		wg.Go(func() {
			answers := bufio.NewReader(conn)
			for i := int(next.Add(1)) - 1; i < len(requests); i = int(next.Add(1)) - 1 {
				if _, err := conn.Write(requests[i]); err != nil {
					fmt.Fprintln(os.Stderr, "send a callback:", err)
					return
				}
				if err := stored(answers); err != nil {
					fmt.Fprintln(os.Stderr, "read an answer:", err)
					return
				}
				ok.Add(1)
			}
		})
	}
	wg.Wait()
	return json.NewEncoder(os.Stdout).Encode(map[string]int64{"OK": ok.Load(), "MS": time.Since(began).Milliseconds()})
}

// requests makes n whole HTTP requests, each the callback of another new customer.
func requests(target *url.URL, n int) ([][]byte, error) {
	out := make([][]byte, n)
	for i := range out {
		var err error
		if out[i], err = requestOf(target, i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// requestOf makes the callback of new customer i.
func requestOf(target *url.URL, i int) ([]byte, error) {
	crypto, err := callback.New(benchToken, benchKey, benchCorp)
	if err != nil {
		return nil, err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	plain := fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>%s</CreateTime>"+
		"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event><ChangeType><![CDATA[add_external_contact]]></ChangeType>"+
		"<UserID><![CDATA[S%02d]]></UserID><ExternalUserID><![CDATA[wmBench%08d]]></ExternalUserID><State><![CDATA[c1]]></State></xml>", benchCorp, now, i%40, i)
	body, err := crypto.Seal([]byte(plain), now, "n")
	if err != nil {
		return nil, err
	}
	e, err := callback.Parse(body) // the signature of the envelope goes into the address
	if err != nil {
		return nil, err
	}
	q := url.Values{"msg_signature": {e.Get("MsgSignature")}, "timestamp": {now}, "nonce": {"n"}}
	return fmt.Appendf(nil, "POST %s?%s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s",
		target.Path, q.Encode(), target.Host, len(body), body), nil
}

// stored reads one answer and makes sure that it is the one word that means stored.
func stored(r *bufio.Reader) error {
	const word = "success"
	status, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("status %q", status)
	}
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	if length != len(word) {
		return fmt.Errorf("an answer of %d bytes", length)
	}
	var body [len(word)]byte
	if _, err := io.ReadFull(r, body[:]); err != nil {
		return err
	}
	if string(body[:]) != word {
		return fmt.Errorf("answer %q", body[:])
	}
	return nil
}
