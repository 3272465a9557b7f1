// Package errs gives errors a kind, a message for the user in their language, and a cause for the log.
//
// The cause never reaches the user. Everything else wraps with %w; KindOf and As work through wrapping, and a foreign
// error is Internal.
package errs

import (
	"errors"
	"fmt"
)

// Kind is what went wrong, as far as the caller can act on it.
type Kind string

// The kinds, and the HTTP status each becomes (internal/web maps them).
const (
	Invalid     Kind = "invalid"     // 422: the input is wrong; the message names the field and the way out
	NotFound    Kind = "not_found"   // 404
	Conflict    Kind = "conflict"    // 409: somebody was faster, or the state does not allow it
	Forbidden   Kind = "forbidden"   // 403: names who can
	Unauthed    Kind = "unauthed"    // 401
	Limited     Kind = "limited"     // 429: too often
	Unavailable Kind = "unavailable" // 503: something we lean on is away; nothing was lost
	Internal    Kind = "internal"    // 500
)

// Text is one sentence in both languages. Both are written, neither is translated by machine.
type Text struct{ ZH, EN string }

// In returns the sentence in the wanted language ("en" or anything else for Chinese).
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// T makes a Text.
func T(zh, en string) Text { return Text{ZH: zh, EN: en} }

// Tf makes a Text by formatting both sentences with the same arguments.
func Tf(zh, en string, args ...any) Text {
	return Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// Count says a number of things in English, where one is not many: Count(1, "touch", "touches") is "1 touch".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// Error is an error that a user may see.
type Error struct {
	Kind  Kind
	Code  string // stable machine code, e.g. "broadcast.reach_changed"
	Text  Text
	Field string // JSON path of the offending field, when there is one
	Err   error  // cause, for the log only
}

func (e *Error) Error() string {
	s := e.Code + ": " + e.Text.EN
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error for the user.
func New(kind Kind, code string, text Text) *Error { return &Error{Kind: kind, Code: code, Text: text} }

// Bad is an Invalid error about one field.
func Bad(field, code string, text Text) *Error {
	return &Error{Kind: Invalid, Code: code, Text: text, Field: field}
}

// Missing is the NotFound error of a noun.
func Missing(zh, en string) *Error {
	return New(NotFound, "not_found", Text{ZH: "没有找到这个" + zh + "。", EN: "This " + en + " does not exist."})
}

// KindOf says of what kind err is; foreign errors are Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Because gives the cause, for the log.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}
