package broadcast_test

import (
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

const phishing = "您的银行账户已被冻结，请点击链接输入密码解除。"

// Whoever wants a running mass message to say fraud stops it: nobody gets any more of it, and what was said is kept.
func TestFraudInARunningMessageTakesItBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBox(t, tuesday), d, "n1")
		b := n.submit("会员日")
		n.allOpen(b.ID)
		n.must(n.box.Advance(t.Context(), 3*time.Second)) // WeCom deals the tasks out
		if _, _, err := n.sends.Revise(t.Context(), b.ID, "S01", phishing, nil); errs.KindOf(err) != errs.Invalid {
			t.Fatalf("the words were taken: %v", err)
		}
		n.eventually("the tasks to be taken back", func() bool { return n.state(b.ID) == broadcast.Cancelled && n.counts(b.ID).Cancelled == 60 })
		if n.confirmAll(); len(n.massDeliveries()) != 0 {
			t.Errorf("%d got it", len(n.massDeliveries()))
		}
		cases, err := n.gov.Frauds(t.Context(), testCorp, 50)
		n.must(err)
		if len(cases) != 1 || cases[0].Title != "会员日" || cases[0].Author != "S01" || cases[0].StepID == 0 {
			t.Fatalf("%+v", cases)
		}
		n.agrees()

		// A draft with such words does not leave, and stays frozen with other words until an owner has looked.
		draft, err := n.sends.Create(t.Context(), "S01", broadcast.Words{Name: "提醒", Text: phishing, Topic: "提醒", Benefit: "知道账户状态"})
		n.must(err)
		if _, err := n.sends.Submit(t.Context(), draft.ID, "S01", nil, 100); errs.KindOf(err) != errs.Invalid {
			t.Fatalf("submitted: %v", err)
		}
		if cases, err = n.gov.Frauds(t.Context(), testCorp, 50); err != nil || len(cases) != 2 || cases[0].StepID == 0 {
			t.Fatalf("%+v %v", cases, err)
		}
	})
}
