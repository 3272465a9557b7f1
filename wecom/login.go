package wecom

import (
	"context"
	"crypto/sha1" // the protocol prescribes it
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

// Visitor is who came back from WeCom's login page: a member has Staff, anybody
// else OpenID, and Customer when they are one.
type Visitor struct {
	Staff    StaffID        `json:"userid"`
	OpenID   string         `json:"openid"`
	Customer ExternalUserID `json:"external_userid"`
	Ticket   string         `json:"user_ticket"` // only with the private scope, 1800 s
}

// UserByCode exchanges the code of a login page, which works once within 5
// minutes; else ErrLoginCode.
// https://developer.work.weixin.qq.com/document/path/91023
func (c *Client) UserByCode(ctx context.Context, code string) (Visitor, error) {
	var r struct {
		head
		Visitor
	}
	call := wire.Call{Op: "auth/getuserinfo", Area: string(AreaApp), Family: familyApp, Fast: true, Once: true, Query: url.Values{"code": {code}}}
	err := c.Do(ctx, call, nil, &r)
	return r.Visitor, err
}

// Ticket signs pages for WeCom's script interface. WeCom gives out 400 an hour
// for a corp: keep it while it lives.
type Ticket struct {
	Value string
	Until time.Time // of the corp's clock
}

// JSAPITicket gets the ticket for wx.config.
// https://developer.work.weixin.qq.com/document/path/90506
func (c *Client) JSAPITicket(ctx context.Context) (Ticket, error) {
	return c.ticket(ctx, "get_jsapi_ticket", nil)
}

// AgentTicket gets the ticket for wx.agentConfig. The same page as JSAPITicket.
func (c *Client) AgentTicket(ctx context.Context) (Ticket, error) {
	return c.ticket(ctx, "ticket/get", url.Values{"type": {"agent_config"}})
}

func (c *Client) ticket(ctx context.Context, op string, q url.Values) (Ticket, error) {
	var r struct {
		head
		Ticket    string `json:"ticket"`
		ExpiresIn int64  `json:"expires_in"`
	}
	if err := c.get(ctx, AreaApp, familyApp, op, q, &r); err != nil {
		return Ticket{}, err
	}
	return Ticket{Value: r.Ticket, Until: c.clock().Add(time.Duration(r.ExpiresIn) * time.Second)}, nil
}

// JSSignature signs a page: pageURL is its address as the browser shows it;
// what follows # does not count. timestamp is in unix seconds.
// https://developer.work.weixin.qq.com/document/path/90506
func JSSignature(ticket, nonce string, timestamp int64, pageURL string) string {
	page, _, _ := strings.Cut(pageURL, "#")
	sum := sha1.Sum(fmt.Appendf(nil, "jsapi_ticket=%s&noncestr=%s&timestamp=%d&url=%s", ticket, nonce, timestamp, page))
	return hex.EncodeToString(sum[:])
}
