// Package calls turns the client's errors into what the bus should do with the work: wait for a limit, try again, or
// give up and show a dead letter. Performers of all rooms use it, so that one refusal means one thing everywhere.
package calls

import (
	"errors"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/wecom"
)

// Failed wraps the error of a WeCom call for the bus. doing says what was attempted: "read customer wm1".
func Failed(err error, doing string) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	var limit *wecom.LimitError
	if errors.As(err, &limit) {
		return bus.Later(clock.At(limit.Until), wrapped)
	}
	switch wecom.ClassOf(err) {
	case wecom.ClassBadRequest, wecom.ClassGone, wecom.ClassRefused:
		return bus.Permanent(wrapped)
	default: // retryable; a permission or a secret that a person may mend before the tries are used up
		return wrapped
	}
}
