package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// ErrPrivateAddress is answered for a URL that leads into the platform's own network.
var ErrPrivateAddress = errors.New("the address is private; calls from here may only go to public addresses")

// shared is 100.64.0.0/10, the carriers' private range, which the standard library does not count as private.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// NewClient makes the one client for outgoing calls other than WeCom's: webhooks, images by URL, archive, payment. It
// goes to public addresses only, checked on the address that is dialled and not on the name, so that a name that changes its
// answer gains nothing; allow lists networks that are ours and wanted. Redirects are followed three times, each checked.
func NewClient(timeout time.Duration, allow ...netip.Prefix) *http.Client {
	dialer := &net.Dialer{
		Timeout: 5 * time.Second,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			if network != "tcp4" && network != "tcp6" {
				return fmt.Errorf("%w: %s", ErrPrivateAddress, network)
			}
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("read the address %s: %w", address, err)
			}
			return mayDial(ap.Addr().Unmap(), allow)
		},
	}
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: timeout,
			MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > 3 {
				return errors.New("more than three redirects")
			}
			if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
				return errors.New("a redirect from https to http")
			}
			return nil
		},
	}
}

func mayDial(addr netip.Addr, allow []netip.Prefix) error {
	for _, p := range allow {
		if p.Contains(addr) {
			return nil
		}
	}
	if !addr.IsGlobalUnicast() || addr.IsPrivate() || shared.Contains(addr) {
		return fmt.Errorf("%w: %s", ErrPrivateAddress, addr)
	}
	return nil
}
