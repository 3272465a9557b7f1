package wecom

import (
	"context"
	"sync"
	"time"
)

// token is what gettoken gave for one secret.
type token struct {
	value string
	stale time.Time // of the corp's clock: renewed from here on
}

// tokens keeps the access token of one secret. Renewal is early, and single
// flight: whoever comes while it runs waits for it. The old token stays good
// at WeCom; it is never revoked here.
type tokens struct {
	secret string
	clock  Clock
	fetch  func(ctx context.Context, secret string) (value string, life time.Duration, err error)

	mu      sync.Mutex
	now     token
	refused int           // errcode that made the secret bad
	running chan struct{} // closed when the renewal under way ends
}

// get returns a token that is good for now.
func (t *tokens) get(ctx context.Context, area Area) (string, error) {
	for {
		t.mu.Lock()
		switch {
		case t.refused != 0:
			defer t.mu.Unlock()
			return "", &SecretError{Area: area, Code: t.refused}
		case t.now.value != "" && t.clock().Before(t.now.stale):
			defer t.mu.Unlock()
			return t.now.value, nil
		case t.running == nil:
			t.running = make(chan struct{})
			t.mu.Unlock()
			return t.renew(ctx, area)
		}
		running := t.running
		t.mu.Unlock()
		select {
		case <-running: // whatever came of it, look again
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (t *tokens) renew(ctx context.Context, area Area) (string, error) {
	value, life, err := t.fetch(ctx, t.secret)
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.running)
	t.running = nil
	if err != nil {
		if code := codeOf(err); code == codeBadSecret || code == codeBadCorp || code == codeOtherSecret {
			t.refused = code
			return "", &SecretError{Area: area, Code: code}
		}
		return "", err
	}
	// WeCom answers the same token as long as it lives, so asking early costs
	// little: a tenth of its life, five minutes at most.
	t.now = token{value: value, stale: t.clock().Add(life - min(life/10, 5*time.Minute))}
	return value, nil
}

// drop makes the next call renew, unless another one has done so already.
func (t *tokens) drop(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now.value == value {
		t.now = token{}
	}
}

// value is the token at hand, to cut it out of texts.
func (t *tokens) value() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now.value
}
