package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// callbackLimit is how long WeCom waits for the answer of a callback, in wall
// time: it is a limit of machines, not of the world. Options.Patience may make
// it longer.
const callbackLimit = 5 * time.Second

// sender is the one HTTP client of callbacks.
type sender struct {
	client *http.Client
	limit  time.Duration
	ctx    context.Context //nolint:containedctx // ends what is under way when the sandbox closes
	cancel context.CancelFunc
}

func newSender(patience time.Duration) *sender {
	ctx, cancel := context.WithCancel(context.Background())
	return &sender{limit: max(callbackLimit, patience), ctx: ctx, cancel: cancel, client: &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: callbackLimit}).DialContext,
			MaxIdleConns:        senders,
			MaxIdleConnsPerHost: senders,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// deliver makes one try and reports whether WeCom would be content with it.
func (s *Sandbox) deliver(d *delivery) bool {
	target, body := d.request()
	status, answer, err := s.sender.do(http.MethodPost, target, body)
	if err != nil {
		s.recent.tried(d, TrySeen{Error: err.Error()}, false)
		return false
	}
	if status == http.StatusOK {
		s.passiveReply(d, answer)
	}
	ok := status == http.StatusOK || s.repeatOnlyUnanswered()
	s.recent.tried(d, TrySeen{Status: status, Body: clip(answer)}, ok)
	return ok
}

func (s *Sandbox) repeatOnlyUnanswered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches["callback.repeat"] == "no_answer"
}

const maxAnswer = 64 << 10

// do makes one request within the limit and reads the answer.
func (c *sender) do(method, target string, body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("send callback: %w", err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "text/xml")
		// A repeat is ours to make and to count: the transport must not send
		// the callback again by itself.
		req.GetBody = nil
	}
	req.Header.Set("User-Agent", "Mozilla/4.0")
	resp, err := c.client.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("send callback: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("read callback answer: %w", err)
	}
	return resp.StatusCode, answer, nil
}
