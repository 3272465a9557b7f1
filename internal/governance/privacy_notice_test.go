package governance

import (
	"context"
	"slices"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

// saidOf is a notice that names these purposes beside service.
func saidOf(purposes ...Purpose) NoticeBody {
	text := func(s string) NoticeText { return NoticeText{ZH: s, EN: "In English."} }
	b := NoticeBody{Who: text("花间花艺，电话 021-0000000"), How: text("您添加员工时的昵称和聊天"), Keep: text("关系结束后一年删除"), Rights: text("查询、更正、删除，联系门店")}
	for _, p := range append([]Purpose{ForService}, purposes...) {
		b.Purposes = append(b.Purposes, NoticePurpose{p, text("用来服务您：" + string(p))})
	}
	return b
}

// publishes puts a notice in force.
func publishes(t testing.TB, g *Governor, b NoticeBody, again bool) *PrivacyNotice {
	t.Helper()
	n, err := g.PublishNotice(t.Context(), "c", "S01", b, again, "测试用的一版")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A corp without a notice sends as before; once it has one, it does what that names and nothing else.
func TestNothingIsDoneThatTheNoticeDoesNotName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		before := reserve(t, g, marketing("b1", "甲"))[0]
		if before.State != Reserved {
			t.Fatalf("without a notice: %+v", before)
		}
		world.Advance(time.Minute)
		publishes(t, g, saidOf(), false)
		same(t, g, before.TouchID)
		if _, refused := permit(t, g, before.TouchID); len(refused) != 1 || refused[0].RuleID != ruleNotice {
			t.Fatalf("what is open: %+v", refused)
		}
		room := Request{CorpID: "c", Key: "room1", ChatID: "wr1", StaffID: "S03", Channel: MassGroup, Class: Marketing, Texts: []string{saying("room1")}, By: "S01", Reason: "会员日"}
		for _, got := range reserve(t, g, marketing("b2", "甲"), lifecycle("care", "乙"), room) {
			if got.State != Held || got.RuleID != ruleNotice {
				t.Fatalf("%+v", got)
			}
			same(t, g, got.TouchID)
		}
		answer := marketing("answer", "甲")
		answer.Class, answer.Channel = Service, KF
		if got := reserve(t, g, answer)[0]; got.State != Reserved {
			t.Fatalf("an answer: %+v", got)
		}
		if got := foretold(t, g, marketing("p", ""), "甲", "乙"); got[ruleNotice] != 2 {
			t.Fatalf("%v", got)
		}
		second := publishes(t, g, saidOf(ForMarketing, ForLifecycle), false)
		plain, chosen := reserve(t, g, marketing("b3", "甲"))[0], reserve(t, g, chosenBy("b4", "乙"))[0]
		if plain.State != Reserved || chosen.RuleID != ruleNotice {
			t.Fatalf("%+v %+v", plain, chosen)
		}
		same(t, g, plain.TouchID)
		same(t, g, chosen.TouchID)
		third := publishes(t, g, saidOf(ForMarketing, ForLifecycle, ForTraits), false)
		if got := reserve(t, g, chosenBy("b5", "丙"))[0]; got.State != Reserved {
			t.Fatalf("%+v", got)
		} else {
			same(t, g, got.TouchID)
		}
		same(t, g, chosen.TouchID) // by the notice of then
		all, err := g.Notices(t.Context(), "c")
		if err != nil || len(all) != 3 || all[0].SHA256 != third.SHA256 || all[1].SHA256 != second.SHA256 || second.SHA256 == third.SHA256 || !all[2].Intact() {
			t.Fatalf("%+v %v", all, err)
		}
		if body, err := all[1].Reads(); err != nil || len(body.Purposes) != 3 || body.Who.EN != "In English." {
			t.Fatalf("%+v %v", body, err)
		}
	})
}

// A consent says what was read; a notice that asks again ends its worth until it is given again.
func TestANewPurposeNeedsANewConsent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		g.censusFrom = 1
		asksConsent(t, g, true)
		first := publishes(t, g, saidOf(ForMarketing), false)
		says(t, g, "甲")
		rows, err := g.Consents(t.Context(), "c", "甲")
		if err != nil || len(rows) != 1 || rows[0].Purpose != ForMarketing || !rows[0].Own || rows[0].Notice != 1 || rows[0].NoticeSHA256 != first.SHA256 || rows[0].WordsSHA256 != digest(rows[0].Words) {
			t.Fatalf("%+v %v", rows, err)
		}
		if got := foretold(t, g, marketing("p1", ""), "甲"); got[""] != 1 {
			t.Fatalf("%v", got)
		}
		ok := reserve(t, g, marketing("b1", "甲"))[0]
		same(t, g, ok.TouchID)
		world.Advance(time.Hour)
		ahead, err := g.Foresee(t.Context(), []Request{marketing("b2", "甲")})
		if err != nil {
			t.Fatal(err)
		}
		publishes(t, g, saidOf(ForMarketing), true)
		if got := foretold(t, g, marketing("p2", ""), "甲"); got[ruleConsent] != 1 {
			t.Fatalf("the census read anew: %v", got)
		}
		var out []Decision
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			out, err = g.ReserveForeseen(ctx, tx, ahead)
			return err
		})
		if out[0].RuleID != ruleConsent {
			t.Fatalf("what was decided ahead: %+v", out)
		}
		same(t, g, out[0].TouchID)
		same(t, g, ok.TouchID)
		if _, refused := permit(t, g, ok.TouchID); len(refused) != 1 || refused[0].RuleID != ruleConsent {
			t.Fatalf("what is open: %+v", refused)
		}
		if b, err := g.Budget(t.Context(), "c", "甲"); err != nil || b["甲"].ConsentedAt != 0 || !b["甲"].NoConsent {
			t.Fatalf("%+v %v", b, err)
		}
		world.Advance(48 * time.Hour)
		says(t, g, "甲")
		if got := reserve(t, g, marketing("b3", "甲"))[0]; got.State != Reserved {
			t.Fatalf("given again: %+v", got)
		} else {
			same(t, g, got.TouchID)
		}
	})
}

func TestANoticeSaysEverythingThatPeopleHaveToKnow(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	publishes(t, g, saidOf(ForMarketing), false)
	for name, f := range map[string]struct {
		change func(b *NoticeBody)
		code   string
	}{
		"without who":            {func(b *NoticeBody) { b.Who.ZH = " " }, "notice.text"},
		"without how long":       {func(b *NoticeBody) { b.Keep.ZH = "" }, "notice.text"},
		"a purpose without text": {func(b *NoticeBody) { b.Purposes[0].Text.ZH = "" }, "notice.text"},
		"no service":             {func(b *NoticeBody) { b.Purposes = b.Purposes[1:] }, "notice.service"},
		"a purpose twice":        {func(b *NoticeBody) { b.Purposes = append(b.Purposes, b.Purposes[0]) }, "notice.purpose"},
		"a purpose unknown":      {func(b *NoticeBody) { b.Purposes = append(b.Purposes, NoticePurpose{ID: "sale"}) }, "notice.purpose"},
		"the same words again":   {func(b *NoticeBody) { slices.Reverse(b.Purposes) }, "notice.same"},
	} {
		b := saidOf(ForMarketing)
		f.change(&b)
		_, err := g.PublishNotice(t.Context(), "c", "S01", b, false, "测试用的一版")
		if e, ok := err.(*errs.Error); !ok || e.Code != f.code { //nolint:errorlint // as the room answers it
			t.Errorf("%s: %v, want %s", name, err, f.code)
		}
	}
}
