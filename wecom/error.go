package wecom

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"
)

// Error is WeCom's refusal of a call.
type Error struct {
	Op   string // path below /cgi-bin/
	Code int    // errcode
	Msg  string // errmsg without the request id; for people, never to decide on
	Hint string // WeCom's request id
}

func (e *Error) Error() string {
	s := fmt.Sprintf("wecom: %s: %d %s", e.Op, e.Code, e.Msg)
	if e.Hint != "" {
		s += " (request " + e.Hint + ")"
	}
	return s
}

// Is compares by code, so that errors.Is works with the sentinels.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Class sorts the refusal by what a caller can do.
func (e *Error) Class() Class { return classOf(e.Code) }

var (
	fromIP = regexp.MustCompile(`from ip: ([0-9a-fA-F.:]+)`)
	hintID = regexp.MustCompile(`hint: \[?([0-9A-Za-z_]+)\]?`)
)

// IP is the address WeCom saw, when the refusal names it (60020 does): the one
// to enter as trusted.
func (e *Error) IP() string {
	if m := fromIP.FindStringSubmatch(e.Msg); m != nil {
		return strings.TrimRight(m[1], ".:")
	}
	return ""
}

// newError takes errmsg apart.
func newError(op string, code int, errmsg string) *Error {
	e := &Error{Op: op, Code: code, Msg: errmsg}
	if m := hintID.FindStringSubmatch(errmsg); m != nil {
		e.Hint = m[1]
	}
	e.Msg, _, _ = strings.Cut(e.Msg, ", more info at ")
	if head, tail, ok := strings.Cut(e.Msg, ", hint: "); ok {
		e.Msg = head
		if _, ip, ok := strings.Cut(tail, ", "); ok {
			e.Msg += ", " + ip
		}
	}
	return e
}

// LimitError says that a limit is used up and until when. It is returned
// without asking WeCom when the client knows already.
type LimitError struct {
	Op    string
	Until time.Time // of the corp's clock
	Cause error     // WeCom's answer; nil when the client counted by itself
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("wecom: %s: limit used up until %s", e.Op, e.Until.Format(time.RFC3339))
}

func (e *LimitError) Unwrap() error { return e.Cause }

// Is makes every LimitError an ErrRateLimit.
func (e *LimitError) Is(target error) bool { return target == ErrRateLimit }

// SecretError says that an area has no usable secret. No call was made.
type SecretError struct {
	Area Area
	Code int // what WeCom said to the secret; 0 when none is set
}

func (e *SecretError) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("wecom: no secret is set for %s", e.Area)
	}
	return fmt.Sprintf("wecom: the secret for %s was refused (%d) and is not tried again until it is changed", e.Area, e.Code)
}

// Is compares with ErrBadSecret and ErrNoSecret.
func (e *SecretError) Is(target error) bool {
	return target == ErrNoSecret && e.Code == 0 || target == ErrBadSecret && e.Code != 0
}

// HTTPError is an answer that is not WeCom's JSON.
type HTTPError struct {
	Op     string
	Status int
}

func (e *HTTPError) Error() string {
	return fmt.Sprintf("wecom: %s: HTTP status %d without a readable answer", e.Op, e.Status)
}

// ClassOf sorts any error of this package; errors of other origin are
// ClassOther.
func ClassOf(err error) Class {
	var (
		limit  *LimitError
		refuse *Error
		secret *SecretError
		status *HTTPError
		netErr net.Error
		reach  *unreachable
	)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return ClassOther
	case errors.As(err, &limit):
		return ClassRateLimit
	case errors.As(err, &refuse):
		return refuse.Class()
	case errors.As(err, &secret):
		return ClassAuth
	case errors.As(err, &status), errors.As(err, &reach), errors.As(err, &netErr), errors.Is(err, context.DeadlineExceeded):
		return ClassRetryable
	default:
		return ClassOther
	}
}

// unreachable marks a call whose answer never came; its text holds no URL.
type unreachable struct {
	op  string
	err error
}

func (e *unreachable) Error() string { return fmt.Sprintf("wecom: %s: no answer: %v", e.op, e.err) }
func (e *unreachable) Unwrap() error { return e.err }
