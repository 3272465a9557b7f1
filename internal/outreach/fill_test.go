package outreach

import (
	"context"
	"errors"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/errs"
)

func TestALinkIsFilledInForOnePerson(t *testing.T) {
	t.Parallel()
	page := ""
	s := &Service{Config: Config{Page: func(_ context.Context, customerID, staffID string) (string, error) {
		if page == "" {
			return "", nil
		}
		return page + customerID + "/" + staffID, nil
	}}}
	for _, c := range []struct{ page, text, want string }{
		{"https://a/", "看 {历史页}，再看 {历史页}", "看 https://a/wm1/S1，再看 https://a/wm1/S1"},
		{"", "您好。\n以前的内容：{历史页}\n常来。", "您好。\n常来。"}, // closed since: the line that offers it is left out
		{"", "以前的内容：{历史页}", "以前的内容："},
		{"", "没有链接", "没有链接"},
	} {
		page = c.page
		if got, err := s.fill(t.Context(), c.text, "wm1", "S1"); err != nil || got != c.want {
			t.Errorf("%q became %q, %v", c.text, got, err)
		}
	}
}

func TestTheMembersNameIsFilledIn(t *testing.T) {
	t.Parallel()
	s := &Service{Config: Config{StaffNames: func(_ context.Context, ids []string) (map[string]string, error) {
		return map[string]string{"S1": "林青", "S2": "S2"}, nil
	}}}
	for staff, want := range map[string]string{"S1": "我是林青。", "S2": "我是您的顾问。", "S3": "我是您的顾问。"} { // WeCom does not tell every name
		if got, err := s.fill(t.Context(), "我是"+StaffMark+"。", "wm1", staff); err != nil || got != want {
			t.Errorf("%s: %q, %v", staff, got, err)
		}
	}
	if n := Sized(StaffMark); n != nameBytes {
		t.Errorf("a name counts as %d bytes", n)
	}
}

func TestAMarkNeedsAnOpenPageAndRoom(t *testing.T) {
	t.Parallel()
	open := func(ok bool) func() (bool, error) { return func() (bool, error) { return ok, nil } }
	for _, c := range []struct {
		text string
		most int
		open bool
		code string
	}{
		{"没有链接", 4000, false, ""},
		{"看 {历史页}", 4000, true, ""},
		{"看 {历史页}", 4000, false, "outreach.no_page"},
		{"看 {历史页}", 200, true, "outreach.page_long"},
		{strings.Repeat("看", 590) + "{历史页}", 2048, true, "outreach.page_long"},
	} {
		err := CheckMark("text", c.text, c.most, open(c.open))
		var e *errs.Error
		if (err == nil) != (c.code == "") || err != nil && (!errors.As(err, &e) || e.Code != c.code || e.Field != "text") {
			t.Errorf("%.20q within %d: %v", c.text, c.most, err)
		}
	}
}
