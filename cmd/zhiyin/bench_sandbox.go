package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"zhiyin.dev/zhiyin/sandbox"
)

// What the sandbox is to reach on 2 cores.
const (
	wantSmallCalls = 8_000   // a second
	wantRows       = 150_000 // a second
)

// box measures the sandbox: how fast it answers over loopback, the client in this process, and how fast it makes worlds.
// --large makes the world of a million customers, which takes gigabytes.
func (c *benchCmd) box(ctx context.Context) error {
	if err := boxCalls(ctx); err != nil {
		return err
	}
	if err := boxReset(ctx); err != nil {
		return err
	}
	if !c.Large {
		return nil
	}
	began := time.Now()
	box, err := sandbox.New(sandbox.Options{Seed: 1, Staff: 2_000, Customers: 1_000_000, Groups: 2_000, Paused: true})
	if err != nil {
		return err
	}
	took := time.Since(began)
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("%-52s %10.1f s, %d MB in use\n", "world of 1,000,000 customers and 2,000 staff", took.Seconds(), m.HeapInuse>>20)
	return box.Close()
}

func boxReset(ctx context.Context) error {
	box, err := sandbox.Start(ctx, sandbox.Options{Seed: 1, Staff: 200, Customers: 100_000, Groups: 200, Paused: true})
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	began := time.Now()
	if err := box.Reset(2); err != nil {
		return err
	}
	fmt.Printf("%-52s %10.2f s\n", "reset of 100,000 customers", time.Since(began).Seconds())
	return nil
}

// boxCalls sends small calls and pages of customers for a few seconds each. Quotas are off, as for any load.
func boxCalls(ctx context.Context) error {
	box, err := sandbox.Start(ctx, sandbox.Options{
		Seed: 1, Staff: 40, Customers: 20_000, Groups: 5, Paused: true, Switches: map[string]string{"quota.base": "off", "quota.call": "off"},
	})
	if err != nil {
		return err
	}
	defer func() { _ = box.Close() }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
	r := box.Ready
	var token struct {
		AccessToken string `json:"access_token"`
	}
	gettoken := fmt.Sprintf("%s/cgi-bin/gettoken?corpid=%s&corpsecret=%s", box.URL, r.CorpID, r.Secrets.App)
	answer, err := boxCall(ctx, client, http.MethodGet, gettoken, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, &token); err != nil {
		return err
	}
	scan, err := box.Act([]byte(`{"act":"scan_contact_way"}`))
	if err != nil {
		return err
	}
	raw, err := json.Marshal(scan)
	if err != nil {
		return err
	}
	var met struct{ Customer, Staff string }
	if err := json.Unmarshal(raw, &met); err != nil {
		return err
	}
	with := "?access_token=" + token.AccessToken
	remark := fmt.Appendf(nil, `{"userid":%q,"external_userid":%q,"remark":"老客户"}`, met.Staff, met.Customer)
	page := []byte(`{"userid_list":["S01","S02","S03","S04","S05"],"limit":100}`)
	for _, m := range []struct {
		what, method, url string
		body              []byte
		rows              int
		want              float64
	}{
		{"sandbox, gettoken", http.MethodGet, gettoken, nil, 1, wantSmallCalls},
		{"sandbox, remark", http.MethodPost, box.URL + "/cgi-bin/externalcontact/remark" + with, remark, 1, wantSmallCalls},
		{"sandbox, rows of batch/get_by_user", http.MethodPost, box.URL + "/cgi-bin/externalcontact/batch/get_by_user" + with, page, 100, wantRows},
	} {
		n, took, err := boxLoad(ctx, client, m.method, m.url, m.body)
		if err != nil {
			return fmt.Errorf("%s: %w", m.what, err)
		}
		figure(m.what, float64(n*m.rows)/took.Seconds(), m.want)
	}
	return nil
}

// boxLoad calls over 32 connections for three seconds. The first answer that is not good ends it.
func boxLoad(ctx context.Context, client *http.Client, method, url string, body []byte) (int, time.Duration, error) {
	const connections, span = 32, 3 * time.Second
	var n atomic.Int64
	began := time.Now()
	var g errgroup.Group
	for range connections {
		g.Go(func() error {
			for time.Since(began) < span {
				if _, err := boxCall(ctx, client, method, url, body); err != nil {
					return err
				}
				n.Add(1)
			}
			return nil
		})
	}
	err := g.Wait()
	return int(n.Load()), time.Since(began), err
}

func boxCall(ctx context.Context, client *http.Client, method, url string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(answer, []byte(`{"errcode":0,`)) {
		return nil, fmt.Errorf("%.200s", answer)
	}
	return answer, nil
}
