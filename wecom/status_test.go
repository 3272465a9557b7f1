package wecom_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/wecom"
)

func TestStatusTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	now := time.Unix(1700000000, 0)
	s := serve(t, always(`{"errcode":45009,"errmsg":"api freq out of limit"}`))
	c := newClient(t, s, func(cfg *wecom.Config) {
		cfg.Clock = func() time.Time { return now }
		cfg.Secrets.Kf = "a wrong one"
	})
	_, _ = c.Departments(t.Context())
	_ = c.Check(t.Context(), wecom.AreaKf)
	want := wecom.Status{
		Slots: 16,
		Areas: []wecom.AreaStatus{
			{Area: wecom.AreaContact, Until: now.Add(6900 * time.Second)},
			{Area: wecom.AreaExternal, Until: now.Add(6900 * time.Second)},
			{Area: wecom.AreaApp, Until: now.Add(6900 * time.Second)},
			{Area: wecom.AreaKf, Refused: 40001},
			{Area: wecom.AreaArchive, Missing: true},
		},
		Limits: []wecom.LimitedOp{{Op: "department/list", Until: now.Add(time.Minute)}},
	}
	if diff := cmp.Diff(want, c.Status()); diff != "" {
		t.Error(diff)
	}
}
