package welcome_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/contactway"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
	"zhiyin.dev/zhiyin/internal/welcome"
	"zhiyin.dev/zhiyin/sandbox"
)

// greeter is a platform with a default welcome that asks for the customer's name.
func greeter(t *testing.T, databaseURL string, switches map[string]string) *apptest.Platform {
	t.Helper()
	opts := apptest.Small()
	opts.Switches = switches
	p := apptest.Start(t, opts, databaseURL, nil)
	if _, err := p.Welcomes.Save(t.Context(), welcome.Welcome{Name: "默认", Text: "{客户}你好，护肤问题随时问我。", Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return p
}

// became waits until nothing is waiting and answers the traces of a customer, oldest first: an outcome, or the code.
func became(t *testing.T, p *apptest.Platform, customer any, n int) []string {
	t.Helper()
	var out []string
	apptest.Eventually(t, "the welcome to be settled", func() bool {
		var rows []welcome.Trace
		if err := p.DB.Read().NewSelect().Model(&rows).Where("customer_id = ?", customer).OrderExpr("id").Scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		out = nil
		for _, r := range rows {
			word := string(r.Outcome)
			if r.Outcome == welcome.NotSent {
				word = r.Code
			}
			out = append(out, word)
		}
		return len(out) >= n && !slices.Contains(out, string(welcome.Waiting))
	})
	return out
}

// greetings answers what welcomes reached a customer.
func greetings(p *apptest.Platform, customer any) (texts []string) {
	for _, d := range p.Box.Deliveries(0) {
		if d.Kind == "welcome" && d.Customer == customer {
			texts = append(texts, d.Text)
		}
	}
	return texts
}

func expect(t *testing.T, p *apptest.Platform, customer any, want ...string) {
	t.Helper()
	if got := became(t, p, customer, len(want)); !slices.Equal(got, want) {
		t.Fatalf("%v became %v, want %v", customer, got, want)
	}
	sent := 0
	for _, w := range want {
		if w == string(welcome.Sent) {
			sent++
		}
	}
	if got := greetings(p, customer); len(got) != sent {
		t.Fatalf("%v got %d welcomes %v, want %d", customer, len(got), got, sent)
	}
}

func advance(t *testing.T, p *apptest.Platform, d time.Duration) {
	t.Helper()
	if err := p.Box.Advance(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func TestTheCustomersNameIsFilledIn(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := greeter(t, databaseURL, nil)
		customer := p.Act("scan_contact_way", nil)["customer"]
		expect(t, p, customer, "sent")
		text := greetings(p, customer)[0]
		if strings.Contains(text, "{") || strings.HasPrefix(text, "你好") || !strings.Contains(text, "你好，护肤问题") {
			t.Fatalf("the customer reads %q", text)
		}
	})
}

func TestHalfAnAddingIsWelcomedOnce(t *testing.T) {
	t.Parallel()
	p := greeter(t, "", nil)
	scan := p.Act("scan_contact_way", map[string]any{"pending": true})
	expect(t, p, scan["customer"], "sent")
	if text := greetings(p, scan["customer"])[0]; strings.Contains(text, "{") {
		t.Fatalf("the customer reads %q", text)
	}
	advance(t, p, time.Minute)
	p.Act("staff_accepts", map[string]any{"staff": scan["staff"], "customer": scan["customer"]})
	expect(t, p, scan["customer"], "sent", welcome.WhyHalfAnswered)
}

func TestWithoutAWelcomeCode(t *testing.T) {
	t.Parallel()
	p := greeter(t, "", map[string]string{"welcome.console": "on"})
	way, err := p.Contactway.Create(t.Context(), contactway.Contactway{Name: "收银台", StaffIDs: []string{"S01"}})
	if err != nil {
		t.Fatal(err)
	}
	code := map[string]any{"config_id": way.ConfigID}
	var last any
	for range 4 { // the first might be a chat that had begun; the fourth is no chance any more
		last = p.Act("scan_contact_way", code)["customer"]
		became(t, p, last, 1)
	}
	expect(t, p, last, welcome.WhyConsoleWelcome)
	if err := p.Box.SetSwitch("welcome.console", "off"); err != nil {
		t.Fatal(err)
	}
	expect(t, p, p.Act("scan_contact_way", code)["customer"], "sent")
	if err := p.Box.SetSwitch("welcome.console", "on"); err != nil {
		t.Fatal(err)
	}
	expect(t, p, p.Act("scan_contact_way", code)["customer"], welcome.WhyChatBegun)
}

func TestAnotherAppIsFaster(t *testing.T) {
	t.Parallel()
	p := greeter(t, "", nil)
	p.Box.SetFaults(sandbox.Faults{Callbacks: sandbox.CallbackFaults{DelayMS: 1000}})
	customer := p.Act("scan_contact_way", nil)["customer"]
	p.Act("other_app_welcomes", map[string]any{"customer": customer, "seconds": 5})
	advance(t, p, 15*time.Second) // 41096 for four seconds, then 41051
	expect(t, p, customer, outreach.CodeWelcomeUsed)
}

func TestWeComDoesNotAnswerWithinTwentySeconds(t *testing.T) {
	t.Parallel()
	p := greeter(t, "", nil)
	p.Box.SetFaults(sandbox.Faults{Calls: []sandbox.CallFault{{Match: "/cgi-bin/externalcontact/send_welcome_msg", ErrCode: -1}}})
	customer := p.Act("scan_contact_way", nil)["customer"]
	advance(t, p, 40*time.Second)
	expect(t, p, customer, outreach.CodeWelcomeExpired)
}

func TestACustomerFoundLate(t *testing.T) {
	t.Parallel()
	p := greeter(t, "", nil)
	p.Box.SetFaults(sandbox.Faults{Callbacks: sandbox.CallbackFaults{Drop: 1}})
	customer := p.Act("scan_contact_way", nil)["customer"]
	advance(t, p, time.Minute)
	if _, err := p.Sync.Begin(t.Context(), "asked"); err != nil {
		t.Fatal(err)
	}
	p.Synced()
	expect(t, p, customer, welcome.WhyFoundLate)
}

func TestNoWelcomeIsSet(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Small(), "", nil)
	customer := p.Act("scan_contact_way", nil)["customer"]
	expect(t, p, customer, welcome.WhyNone)
	owner := p.Token(auth.NewToken{Role: auth.Owner, Scope: web.All})
	status, answer := webtest.Do(t, p.API.Handler(), webtest.Scenario{As: owner, Path: "/welcomes/traces"})
	if status != 200 || !strings.Contains(answer, `"code":"none"`) || !strings.Contains(answer, `"way_out":"`) || !strings.Contains(answer, `"total":1,`) {
		t.Fatalf("%d %s", status, answer)
	}
}

func TestContentIsRefusedAtSave(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Small(), "", nil)
	w := welcome.Welcome{Name: "坏", Text: "转发此图到朋友圈截图给我，领取20元红包", Enabled: true}
	if _, err := p.Welcomes.Save(t.Context(), w); errs.KindOf(err) != errs.Invalid {
		t.Fatalf("saved with %v", err)
	}
	if all, err := p.Welcomes.List(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("%v, %v", all, err)
	}
	if err := p.Welcomes.Delete(t.Context(), 7); errs.KindOf(err) != errs.NotFound {
		t.Fatalf("deleted what never was: %v", err)
	}
}
