package governance

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func answers(yes ...string) map[string]bool {
	out := NoneOfIt()
	for _, id := range yes {
		out[id] = true
	}
	return out
}

func TestMarketingWaitsForTheAdmission(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		say := func(a map[string]bool, standards ...string) {
			t.Helper()
			world.Advance(time.Minute)
			if _, err := g.Answer(t.Context(), "c", "S01", a, standards, false); err != nil {
				t.Fatal(err)
			}
		}
		wants := func(code string, texts ...string) {
			t.Helper()
			err := g.Admitted(t.Context(), "c", texts...)
			if got := codeOf(err); got != code {
				t.Errorf("says %q (%v), want %q", got, err, code)
			}
		}
		const link = "看看新款 https://item.taobao.com/x?id=1"
		wants("admission.unanswered", "周末护理课")
		// What answers the customer's own act never waits for it.
		r := marketing("k", "青柠 01")
		r.Class, r.Channel = Service, KF
		if got := reserve(t, g, r)[0]; got.State != Reserved {
			t.Errorf("a service answer before the admission: %+v", got)
		}
		say(answers("gambling"))
		wants("admission.refused", "周末护理课")
		say(answers())
		wants("", "周末护理课", link)
		say(answers(), "no_taobao")
		wants("", "周末护理课", "https://nottaobao.com/", "taobao 是个词")
		wants("admission.standard", "周末护理课", link)
		wants("admission.standard", "复制这个 m.tb.cn/h.abc")
		a, err := g.AdmissionOf(t.Context(), d.Read(), "c")
		if err != nil || a.Version != 3 || a.Demo || a.ByWhom != "S01" {
			t.Errorf("the newest version: %+v %v", a, err)
		}
		for name, bad := range map[string]map[string]bool{
			"a question left out": {"gambling": false}, "an unknown one": func() map[string]bool { a := answers(); a["x"] = true; return a }(),
		} {
			if _, err := g.Answer(t.Context(), "c", "S01", bad, nil, false); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := g.Answer(t.Context(), "c", "S01", answers(), []string{"nothing"}, false); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an unknown standard: %v", err)
		}
		var n int
		if err := d.Read().NewRaw("SELECT COUNT(*) FROM audit_entry WHERE act = 'admission.answer'").Scan(t.Context(), &n); err != nil || n != 3 {
			t.Errorf("%d answers in the audit log, want 3 (%v)", n, err)
		}
	})
}
