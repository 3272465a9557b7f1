// Package calls turns the client's errors into what the bus should do with the work: wait for a limit, try again, or
// give up and show a dead letter. Performers of all rooms use it, so that one refusal means one thing everywhere.
package calls

import (
	"errors"
	"fmt"
	"strconv"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom"
)

// Failed wraps the error of a WeCom call for the bus. doing says what was attempted: "read customer wm1".
func Failed(err error, doing string) error {
	if err == nil {
		return nil
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	if limit, ok := errors.AsType[*wecom.LimitError](err); ok {
		return bus.Later(clock.At(limit.Until), wrapped)
	}
	switch wecom.ClassOf(err) {
	case wecom.ClassBadRequest, wecom.ClassGone, wecom.ClassRefused:
		return bus.Permanent(wrapped)
	default: // retryable; a permission or a secret that a person may mend before the tries are used up
		return wrapped
	}
}

// Refused turns the error of a call that a person waits for into words, with WeCom's own code in them. The writes it is
// used for change nothing at WeCom when they are refused.
func Refused(err error, doing string) error {
	cause := fmt.Errorf("%s: %w", doing, err)
	if _, ok := errors.AsType[*wecom.LimitError](err); ok { // first: it may wrap WeCom's own answer
		return errs.New(errs.Limited, "wecom.limit", errs.T("企业微信的调用额度暂时用完，请稍后再试。",
			"WeCom's limit of calls is used up for now. Try again later.")).Because(cause)
	}
	if e, ok := errors.AsType[*wecom.Error](err); ok {
		return errs.New(errs.Conflict, "wecom."+strconv.Itoa(e.Code), errs.Tf("企业微信返回 %d（%s），什么都没有改变。",
			"WeCom answered %d (%s); nothing was changed.", e.Code, e.Msg)).Because(cause)
	}
	return errs.New(errs.Unavailable, "wecom.unreachable", errs.T("企业微信没有回应，请稍后再试。",
		"WeCom did not answer. Try again later.")).Because(cause)
}
