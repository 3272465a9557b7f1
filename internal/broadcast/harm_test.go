package broadcast_test

import (
	"context"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
)

// A member whom one in three hundred leaves rests, long before the campaign does; a complaint counts as leaving.
func TestAMemberWhomPeopleLeaveAfterMassMessagesRests(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := newNode(t, newBoxOf(t, tuesday, 1100), d, "n1")
		took := make(chan governance.LadderStep, 10)
		n.gov.OnLadder = append(n.gov.OnLadder, func(_ context.Context, _ *db.Tx, s governance.LadderStep) error { took <- s; return nil })
		b := n.submit("会员日")
		_, err := n.sends.Approve(t.Context(), b.ID, "S02", n.counts(b.ID).Matched)
		n.must(err)
		n.allOpen(b.ID)
		n.confirmAll()
		n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
		reached := n.massDeliveries()
		members, err := n.audience(t.Context(), customer.AudienceQuery{})
		n.must(err)
		of := map[string][]string{}
		for _, m := range members {
			if reached[m.CustomerID] > 0 {
				of[m.StaffID] = append(of[m.StaffID], m.CustomerID)
			}
		}
		var whose string
		for id, list := range of {
			if len(list) > len(of[whose]) {
				whose = id
			}
		}
		if len(of[whose]) < 200 || len(reached) < 1001 {
			t.Fatalf("%d of %d are the customers of %s", len(of[whose]), len(reached), whose)
		}
		who := of[whose][0]
		// The platform's clock follows the sandbox's and may be a few seconds of the world behind on a busy machine: what is told has to
		// come after what arrived.
		at := clock.At(n.box.Now()).Add(time.Second)
		n.eventually("our clock to come so far", func() bool { return n.world.Now() >= at })
		n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return n.sends.Lost(ctx, tx, customer.Lost{CorpID: testCorp, CustomerID: who, StaffID: whose, By: customer.ByCustomer, At: at})
		}))
		n.eventually("the member's step", func() bool { return len(took) > 0 })
		s := <-took
		if s.Subject != governance.OnStaff || s.SubjectID != whose || s.Rung != governance.Paused {
			t.Fatalf("one of %d: %+v", len(of[whose]), s)
		}
		n.eventually("the deletion to be counted", func() bool {
			b, err := n.sends.Get(t.Context(), b.ID)
			n.must(err)
			return b.Deletions == 1
		})
		if len(took) != 0 {
			t.Fatalf("the ladder took %d more steps", len(took))
		}
		// Another one complains: of the member it is the second, of the campaign too, which is less than one in five hundred.
		n.must(d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := n.gov.Complain(ctx, tx, testCorp, of[whose][1], "发得太多")
			return err
		}))
		n.eventually("the campaign's step", func() bool { return len(took) > 0 })
		if s := <-took; s.Subject != governance.OnCampaign || s.Rung != governance.Cooled {
			t.Fatalf("two of %d: %+v", len(reached), s)
		}
	})
}
