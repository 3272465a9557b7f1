package outreach_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/welcome"
	"zhiyin.dev/zhiyin/sandbox"
)

// settled lets a minute pass, in which every code is used or expires.
func settled(t *testing.T, p *apptest.Platform) {
	t.Helper()
	if err := p.Box.Advance(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "all welcomes to be settled", func() bool {
		var open int
		if err := p.DB.Read().NewRaw("SELECT COUNT(*) FROM welcome_trace WHERE outcome = 'waiting'").Scan(t.Context(), &open); err != nil {
			t.Fatal(err)
		}
		return open == 0
	})
}

// What the sandbox says reached customers through the API, and what the ledger says was delivered, are the same: over a
// random morning of scans, half addings, lost answers and other apps.
func TestNoOrphansOnEitherSide(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := apptest.Start(t, apptest.Small(), databaseURL, nil)
		if _, err := p.Welcomes.Save(t.Context(), welcome.Welcome{Name: "默认", Text: "{客户}你好", Enabled: true}); err != nil {
			t.Fatal(err)
		}
		p.Box.SetFaults(sandbox.Faults{
			Calls:     []sandbox.CallFault{{Match: "/cgi-bin/externalcontact/send_welcome_msg", HTTPStatus: 502, Probability: 0.2}},
			Callbacks: sandbox.CallbackFaults{Duplicate: 0.3, Reorder: 0.2},
		})
		dice := rand.New(rand.NewPCG(1, 2))
		for i := range 40 {
			// A used code after a lost answer counts as our own welcome: whose it was cannot be known. So first answers are
			// lost, and then other apps are faster, never both.
			calm := i >= 20
			if i == 20 {
				settled(t, p)
				p.Box.SetFaults(sandbox.Faults{Callbacks: sandbox.CallbackFaults{Duplicate: 0.3, Reorder: 0.2}})
			}
			switch n := dice.IntN(10); {
			case n < 6:
				scan := p.Act("scan_contact_way", nil)
				if calm && dice.IntN(3) == 0 {
					p.Act("other_app_welcomes", map[string]any{"customer": scan["customer"], "seconds": 2})
				}
			case n < 8:
				p.Act("scan_contact_way", map[string]any{"pending": true})
			default:
				p.Act("staff_says", nil)
			}
			if err := p.Box.Advance(t.Context(), time.Duration(dice.IntN(5))*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		settled(t, p)
		var arrivals []governance.Arrival
		for _, d := range p.Box.Deliveries(0) {
			if d.Origin != "api" {
				continue
			}
			at, err := time.Parse(time.RFC3339, d.Time)
			if err != nil {
				t.Fatal(err)
			}
			arrivals = append(arrivals, governance.Arrival{Channel: governance.Welcome, CustomerID: d.Customer, StaffID: d.Staff, At: clock.At(at)})
		}
		unbooked, unsent, err := p.Governor.Orphans(t.Context(), p.CorpID, arrivals)
		if err != nil || len(unbooked) > 0 || len(unsent) > 0 || len(arrivals) < 10 {
			t.Fatalf("%d arrivals; without an entry %v; without an arrival %v; %v", len(arrivals), unbooked, unsent, err)
		}
	})
}
