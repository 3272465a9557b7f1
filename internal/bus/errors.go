package bus

import (
	"errors"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
)

type permanentError struct{ err error }

func (e permanentError) Error() string { return e.err.Error() }
func (e permanentError) Unwrap() error { return e.err }

// Permanent marks an error that no repetition can mend: the work becomes a dead letter at once.
func Permanent(err error) error { return permanentError{err} }

type laterError struct {
	err   error
	until clock.Time
}

func (e laterError) Error() string { return e.err.Error() }
func (e laterError) Unwrap() error { return e.err }

// Later marks an error that says itself when to try again, for example a rate limit. It does not count as an attempt.
func Later(until clock.Time, err error) error { return laterError{err, until} }

// maxAttempts is how often work is tried before it becomes a dead letter. With the back-off below that is about 17 minutes of
// world time.
const maxAttempts = 10

// backoff is the wait after the n-th failed attempt, n from 1: 1 s, 2 s, 4 s ... at most 5 minutes.
func backoff(n int) time.Duration {
	return min(time.Second<<min(n-1, 20), 5*time.Minute)
}

// verdict decides what becomes of work that failed with err after w.Attempts earlier tries.
func verdict(w Work, now clock.Time, err error) (state State, attempts int, due clock.Time) {
	if later, ok := errors.AsType[laterError](err); ok {
		return Pending, w.Attempts, max(later.until, now.Add(10*time.Millisecond))
	}
	var permanent permanentError
	attempts = w.Attempts + 1
	if errors.As(err, &permanent) || attempts >= maxAttempts {
		return Dead, attempts, w.DueAt
	}
	return Pending, attempts, now.Add(backoff(attempts))
}
