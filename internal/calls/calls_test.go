package calls_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/wecom"
)

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		kind errs.Kind
		code string
	}{
		{"WeCom said no", &wecom.Error{Code: 40058, Msg: "invalid"}, errs.Conflict, "wecom.40058"},
		{"the limit is used up", &wecom.LimitError{Until: time.Unix(1, 0)}, errs.Limited, "wecom.limit"},
		{"WeCom says that the limit is used up", &wecom.LimitError{Until: time.Unix(1, 0), Cause: &wecom.Error{Code: 45009}}, errs.Limited, "wecom.limit"},
		{"nobody answered", errors.New("dial tcp: refused by canary-host"), errs.Unavailable, "wecom.unreachable"},
	} {
		err := calls.Refused(fmt.Errorf("call: %w", tt.err), "make a code")
		e, ok := errors.AsType[*errs.Error](err)
		if !ok || e.Kind != tt.kind || e.Code != tt.code || e.Text.ZH == "" || e.Text.EN == "" {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if !errors.Is(err, tt.err) || !strings.Contains(err.Error(), "make a code") {
			t.Errorf("%s: the log does not tell the cause: %v", tt.name, err)
		}
		if strings.Contains(e.Text.ZH+e.Text.EN, "canary") {
			t.Errorf("%s: the cause is shown to the user", tt.name)
		}
	}
}
