// Package outreach holds the calls that make a customer see something: the
// welcome message, mass messages and the words of WeChat customer service.
//
// It decides nothing. In this project only internal/outreach may import it,
// and that performs nothing without a permit; a dependency test guards this.
//
// None of the calls is repeated when its outcome is unknown, so that nobody
// gets anything twice: such an error is for the caller to sort out by reading.
package outreach

import (
	"context"

	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

// Client sends through a wecom.Client, within the same limits.
type Client struct{ c *wecom.Client }

// New makes a sender.
func New(c *wecom.Client) *Client { return &Client{c} }

func (o *Client) send(ctx context.Context, area wecom.Area, family, op string, fast bool, in any, out wecom.Reply) error {
	return o.c.Do(ctx, wire.Call{Op: op, Area: string(area), Family: family, Fast: fast, Once: true}, in, out)
}

// Text is the words of a message.
type Text struct {
	Content string `json:"content"`
}

// text is nil for no words: WeCom refuses an empty object.
func text(s string) *Text {
	if s == "" {
		return nil
	}
	return &Text{Content: s}
}
