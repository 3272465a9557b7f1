package kf_test

import (
	"context"
	"errors"
	"testing"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/kf"
	"zhiyin.dev/zhiyin/internal/outreach"
)

func TestATextOfAnAccountThatPromisesAPageNeedsOne(t *testing.T) {
	t.Parallel()
	s := kf.New(kf.Config{CheckLinks: func(_ context.Context, field, text string, most int) error {
		return outreach.CheckMark(field, text, most, func() (bool, error) { return false, nil })
	}})
	for field, set := range map[string]func(*kf.Setting, *string){
		"greeting":  func(s *kf.Setting, text *string) { s.Greeting = text },
		"unmatched": func(s *kf.Setting, text *string) { s.Unmatched = text },
		"handoff":   func(s *kf.Setting, text *string) { s.Handoff = text },
		"parting":   func(s *kf.Setting, text *string) { s.Parting = text },
	} {
		text := "往期朋友圈：" + outreach.PageMark
		var setting kf.Setting
		set(&setting, &text)
		var e *errs.Error
		if _, err := s.Configure(t.Context(), "kf1", setting); !errors.As(err, &e) || e.Code != "outreach.no_page" || e.Field != field {
			t.Errorf("%s: %v, want outreach.no_page at its field", field, err)
		}
	}
}
