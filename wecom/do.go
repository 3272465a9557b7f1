package wecom

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"time"

	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

type interactive struct{}

// Interactive marks calls under ctx as waited for by somebody: they use the
// slots that bulk work may not take.
func Interactive(ctx context.Context) context.Context {
	return context.WithValue(ctx, interactive{}, true)
}

// Do makes one call, with its repeats. Only packages below wecom can: they
// alone can name the type of call. in is the JSON body, nil for GET; out takes
// the answer.
func (c *Client) Do(ctx context.Context, call wire.Call, in any, out Reply) error {
	if ctx.Value(interactive{}) != nil {
		call.Fast = true
	}
	if call.Fast {
		call.Family += " fast"
	}
	area := Area(call.Area)
	renewed := false
	for try := 0; ; try++ {
		tokens, err := c.source(area)
		if err != nil {
			return err
		}
		access, err := tokens.get(ctx, area)
		if err != nil {
			return fmt.Errorf("wecom: %s: get a token: %w", call.Op, err)
		}
		err = c.guarded(ctx, call, access, in, out)
		code := codeOf(err)
		switch {
		case err == nil:
			return nil
		case code == codeBadToken || code == codeExpired:
			tokens.drop(access)
			if renewed {
				return err
			}
			renewed = true
			c.log.InfoContext(ctx, "renew the access token", "op", call.Op, "code", code)
			continue
		case code == codeBadSecret:
			tokens.drop(access)
			return err
		case code == codeFrequency || code == codeAbnormal:
			until := c.rates.refused(call.Op, call.Fast)
			c.log.WarnContext(ctx, "limit used up", "op", call.Op, "code", code, "until", until)
			return &LimitError{Op: call.Op, Until: until, Cause: err}
		case !again(err, code, call.Once, try):
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// again tells whether a refused or unanswered call is made once more.
func again(err error, code int, once bool, try int) bool {
	switch {
	case code == codeConcurrency:
		return try < 6 // it was not carried out; the slots have shrunk meanwhile
	case once || try >= 3:
		return false
	case code == codeBusy:
		return true
	default:
		var reach *unreachable
		var status *HTTPError
		return try < 2 && (errors.As(err, &reach) || errors.As(err, &status) && status.Status >= 500)
	}
}

// pause waits between two tries: 50 ms doubled each time, half of it by chance.
func pause(ctx context.Context, try int) error {
	d := 50 * time.Millisecond << try
	t := time.NewTimer(d/2 + rand.N(d/2)) //nolint:gosec // spreads load, guards nothing
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// guarded makes one request within the limits.
func (c *Client) guarded(ctx context.Context, call wire.Call, access string, in any, out Reply) error {
	if err := c.rates.take(ctx, call.Op); err != nil {
		return err
	}
	if err := c.slots.acquire(ctx, call.Family, call.Fast); err != nil {
		return fmt.Errorf("wecom: %s: wait for a slot: %w", call.Op, err)
	}
	query := url.Values{"access_token": {access}}
	maps.Copy(query, call.Query)
	call.Query = query
	begun := time.Now() //nolint:forbidigo // wall time, compared with wall time
	crowded := false
	defer func() { c.slots.release(call.Family, crowded, begun) }()
	err := c.once(ctx, call, in, out)
	crowded = codeOf(err) == codeConcurrency
	if err == nil {
		c.rates.worked(call.Op)
	}
	return err
}

func codeOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return 0
}
