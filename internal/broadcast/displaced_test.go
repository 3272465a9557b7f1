package broadcast_test

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
)

func TestAReceiverGivesWayToWhatMattersMore(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday.Add(13*time.Hour)), dbtest.SQLite(t), "one") // at night: it is reserved and waits
	b := n.submit("会员日")
	n.eventually("everybody to be reserved", func() bool { return n.counts(b.ID).Waiting == 60 })
	n.quiet()
	members, err := n.audience(t.Context(), customer.AudienceQuery{})
	n.must(err)
	var got []governance.Decision
	n.must(n.d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		got, err = n.gov.Reserve(ctx, tx, governance.Request{
			CorpID: testCorp, Key: "care/1", CustomerID: members[0].CustomerID, StaffID: members[0].StaffID, Channel: governance.MassCustomer,
			Class: governance.Lifecycle, CampaignName: "术后关怀", Texts: []string{"今天恢复得怎么样？"}, By: "S01", Reason: "care",
		})
		return err
	}))
	if got[0].State != governance.Reserved {
		t.Fatalf("lifecycle before marketing: %+v", got[0])
	}
	n.eventually("the receiver to be held back", func() bool { return n.counts(b.ID).Waiting == 59 })
	row := new(broadcast.Receiver)
	n.must(n.d.Read().NewSelect().Model(row).Where("broadcast_id = ? AND customer_id = ?", b.ID, members[0].CustomerID).Scan(t.Context()))
	if row.State != broadcast.Held || row.RuleID != "FTG-03" || row.ReasonZh == "" {
		t.Fatalf("it is %s by %s: %s", row.State, row.RuleID, row.ReasonZh)
	}
}
