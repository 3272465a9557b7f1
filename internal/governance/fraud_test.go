package governance

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

const phishing = "您的银行账户已被冻结，请点击链接输入密码解除。退订回 TD"

// words are what a campaign was to say, and what the rules say to them.
func wordsOf(t *testing.T, g *Governor, text string, freeze bool) Said {
	t.Helper()
	f := Field{Name: "text", Text: text}
	check, err := g.CheckFor(t.Context(), "c", Marketing, MassCustomer, f)
	if err != nil {
		t.Fatal(err)
	}
	return Said{Title: "会员日", Fields: []Field{f}, Check: check, Freeze: freeze}
}

func frauds(t *testing.T, g *Governor) []*FraudCase {
	t.Helper()
	rows, err := g.Frauds(t.Context(), "c", 50)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestFraudIsFrozenAndKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGovernor(t, d, clock.NewManual(tuesday))
		var halted []Halted
		g.OnHalt = append(g.OnHalt, func(_ context.Context, _ *db.Tx, e Halted) error { halted = append(halted, e); return nil })
		suspect := func(campaign string, s Said) {
			t.Helper()
			if err := g.Suspect(t.Context(), "c", "S01", campaign, s); err != nil {
				t.Fatal(err)
			}
		}
		waiting := reserve(t, g, marketing("b1/w", "w"))[0]
		suspect("b1", wordsOf(t, g, "转发此图到朋友圈截图给我，领取20元红包。退订回 TD", true)) // refused, and no fraud
		suspect("b1", wordsOf(t, g, "周末护理课开放预约。退订回 TD", true))
		if got := frauds(t, g); len(got) != 0 {
			t.Fatalf("%+v", got)
		}
		suspect("", wordsOf(t, g, phishing, false)) // kept nowhere: there is nothing to freeze
		if got := frauds(t, g); len(got) != 1 || got[0].StepID != 0 || len(halted) != 0 {
			t.Fatalf("%+v, %+v", got, halted)
		}
		for range 2 { // submitted again, it is the same case
			suspect("b1", wordsOf(t, g, phishing, true))
		}
		cases := frauds(t, g)
		if len(cases) != 2 || len(halted) != 1 || halted[0].CampaignID != "b1" {
			t.Fatalf("%d cases, %+v", len(cases), halted)
		}
		c := cases[0]
		spots := c.spots()
		if c.State != FraudOpen || c.Author != "S01" || c.words()[0].Text != phishing || len(spots) == 0 || spots[0].RuleID != "LNK-10" || !strings.Contains(phishing, spots[0].Text) || spots[0].End <= spots[0].Start {
			t.Fatalf("%+v with %+v", c, spots)
		}
		// Nothing more of it goes out, service included; others' do.
		if s := last(t, g, OnCampaign, "b1"); s.ID != c.StepID || s.Rung != Suspended || s.Author != "S01" {
			t.Fatalf("%+v", s)
		}
		if got := reserve(t, g, marketing("b1/x", "x"))[0]; got.State != Held || got.RuleID != ruleLadder {
			t.Fatalf("%+v", got)
		}
		if permits, refused := permit(t, g, waiting.TouchID); len(permits) != 0 || len(refused) != 1 {
			t.Fatalf("what was reserved got %d permits", len(permits))
		}
		other := marketing("b2/x", "x")
		other.CampaignID = "b2"
		if got := reserve(t, g, other)[0]; got.State != Reserved {
			t.Fatalf("%+v", got)
		}
		// The audit log knows the words by their hash; whoever changes them is seen.
		entries, err := audit.Found(t.Context(), d.Read(), "c", "fraud.found", audit.Of("fraud", strconv.FormatInt(c.ID, 10)))
		if err != nil || len(entries) != 1 || entries[0]["digest"] != c.Digest || strings.Contains(entries[0]["digest"].(string), "银行") {
			t.Fatalf("%+v %v", entries, err)
		}
		if ok, err := g.Intact(t.Context(), c); err != nil || !ok {
			t.Fatalf("as it was found: %v %v", ok, err)
		}
		inTx(t, d, func(ctx context.Context, tx *db.Tx) error {
			changed := *c
			changed.Words = strings.Replace(c.Words, "银行", "会员", 1)
			changed.Digest = changed.digest() // by somebody who knows how
			_, err := tx.NewUpdate().Model(&changed).WherePK().Column("words", "digest").Exec(ctx)
			return err
		})
		if ok, err := g.Intact(t.Context(), frauds(t, g)[0]); err != nil || ok {
			t.Fatalf("changed by hand: %v %v", ok, err)
		}
	})
}

func TestAnOwnerDecidesAboutFraud(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world := clock.NewManual(tuesday)
		g := newGovernor(t, d, world)
		find := func(campaign string) *FraudCase {
			t.Helper()
			if err := g.Suspect(t.Context(), "c", "S01", campaign, wordsOf(t, g, phishing, true)); err != nil {
				t.Fatal(err)
			}
			return frauds(t, g)[0]
		}
		goes := func(campaign, customer string) bool {
			t.Helper()
			r := marketing(campaign+"/"+customer, customer)
			r.CampaignID = campaign
			return reserve(t, g, r)[0].State == Reserved
		}
		c := find("b1")
		refusedAs(t, g.DecideFraud(t.Context(), "c", c.ID, "S01", false, "不是诈骗"), "governance.fraud_own")
		refusedAs(t, g.DecideFraud(t.Context(), "c", c.ID, "S02", false, " "), "governance.ladder_words")
		refusedAs(t, g.DecideFraud(t.Context(), "c", 7, "S02", false, "不是诈骗"), "not_found")
		if _, err := g.AppealStep(t.Context(), "c", c.StepID, "S01", concerns, "只是提醒防骗"); err != nil {
			t.Fatal(err)
		}
		_, err := g.DecideAppeal(t.Context(), "c", c.StepID, "S05", true, true, "看过了") // an appeal is no way round an owner
		refusedAs(t, err, "governance.fraud_open")
		if err := g.DecideFraud(t.Context(), "c", c.ID, "S02", false, "是提醒客户防骗的原文"); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, g.DecideFraud(t.Context(), "c", c.ID, "S03", true, "已报警"), "governance.fraud_decided")
		if !goes("b1", "x") {
			t.Fatal("what was no fraud stays frozen")
		}
		if again := find("b1"); again.ID != c.ID || !goes("b1", "y") { // decided once
			t.Fatalf("%+v", again)
		}

		c = find("b2")
		if err := g.DecideFraud(t.Context(), "c", c.ID, "S02", true, "已提醒 3 位客户，已向 96110 报告"); err != nil {
			t.Fatal(err)
		}
		c = frauds(t, g)[0]
		if s := last(t, g, OnCampaign, "b2"); c.State != FraudConfirmed || s.ID != c.StepID || s.Rung != Stopped || s.ConfirmedBy != "S02" {
			t.Fatalf("%+v with %+v", c, s)
		}
		world.Advance(90 * 24 * time.Hour)
		if goes("b2", "z") {
			t.Fatal("confirmed fraud went on by itself")
		}
		if ok, err := g.Intact(t.Context(), c); err != nil || !ok {
			t.Fatalf("the evidence after the decision: %v %v", ok, err)
		}

		// Two texts froze one campaign: both have to be mistakes.
		first := find("b3")
		other := wordsOf(t, g, "您的积分异常，请登录网站输入密码领取。退订回 TD", true)
		if err := g.Suspect(t.Context(), "c", "S01", "b3", other); err != nil {
			t.Fatal(err)
		}
		second := frauds(t, g)[0]
		if second.ID == first.ID || second.StepID != first.StepID {
			t.Fatalf("%+v and %+v", first, second)
		}
		for i, id := range []int64{first.ID, second.ID} {
			if goes("b3", []string{"p", "q"}[i]) {
				t.Fatal("one of two was open, and it went on")
			}
			if err := g.DecideFraud(t.Context(), "c", id, "S02", false, "不是诈骗"); err != nil {
				t.Fatal(err)
			}
		}
		if !goes("b3", "r") {
			t.Fatal("both were mistakes, and it stays frozen")
		}
	})
}
