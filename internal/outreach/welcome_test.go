package outreach

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/wecom"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// post is a sender whose WeCom answers every welcome with errcode, or not at all when it is negative.
type post struct {
	*Service
	world *clock.Manual
	sent  []string // bodies of the calls that would show something to a customer
	told  []Result
}

func open(t *testing.T, d *db.DB, errcode int) *post {
	t.Helper()
	p := &post{world: clock.NewManual(noon)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cgi-bin/gettoken":
			_, _ = w.Write([]byte(`{"errcode":0,"access_token":"t","expires_in":7200}`))
		case "/cgi-bin/externalcontact/get":
			_, _ = w.Write([]byte(`{"errcode":0,"external_contact":{"external_userid":"wm1","name":"青柠 07","type":1},"follow_user":[{"userid":"S01"}]}`))
		default:
			body, _ := io.ReadAll(r.Body)
			p.sent = append(p.sent, string(body))
			if errcode < 0 { // the answer is lost on the way
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			_, _ = fmt.Fprintf(w, `{"errcode":%d,"errmsg":"test"}`, errcode)
		}
	}))
	t.Cleanup(srv.Close)
	client, err := wecom.New(wecom.Config{
		BaseURL: srv.URL, CorpID: "ww1", AgentID: 1, Secrets: wecom.Secrets{App: "s"}, Clock: func() time.Time { return p.world.Now().In(time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	nc, stop, err := bus.Connect("", t.TempDir(), "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{DB: d, World: p.world, Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n"})
	if err != nil {
		t.Fatal(err)
	}
	gov, err := governance.New(governance.Config{DB: d, Bus: b, World: p.world, Zone: time.UTC, Key: []byte("0123456789abcdef"), Log: log.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	p.Service = New(Config{DB: d, Bus: b, World: p.world, Zone: time.UTC, Governor: gov, WeCom: client, CorpID: "ww1"})
	p.OnSettled = append(p.OnSettled, func(_ context.Context, _ *db.Tx, r Result) error {
		p.told = append(p.told, r)
		return nil
	})
	return p
}

// reserve books a welcome and answers its intent.
func (p *post) reserve(t *testing.T, m Welcome) bus.Work {
	t.Helper()
	var work bus.Work
	err := p.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		if _, err := p.Welcome(ctx, tx, m); err != nil {
			return err
		}
		return tx.NewSelect().Model(&work).Where("kind = ?", welcomeKind).Scan(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return work
}

// state reads the ledger.
func (p *post) state(t *testing.T) (state string) {
	t.Helper()
	if err := p.DB.Read().NewRaw("SELECT state FROM touch").Scan(t.Context(), &state); err != nil {
		t.Fatal(err)
	}
	return state
}

func TestWhatBecomesOfAWelcome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		errcode  int
		attempts int
		age      time.Duration
		want     string // delivered, a code, or again
		calls    int
	}{
		{"taken", 0, 0, time.Second, "delivered", 1},
		{"used by another app", 41051, 0, time.Second, CodeWelcomeUsed, 1},
		{"used by our own earlier call, whose answer was lost", 41051, 1, time.Second, "delivered", 1},
		{"expired at WeCom", 41050, 0, 19 * time.Second, CodeWelcomeExpired, 1},
		{"expired before its turn", 0, 0, 21 * time.Second, CodeWelcomeExpired, 0},
		{"another app is sending", 41096, 0, time.Second, "again", 1},
		{"another app is sending until the end", 41096, 0, 19500 * time.Millisecond, CodeWelcomeExpired, 1},
		{"the answer is lost", -1, 0, time.Second, "again", 1},
		{"the answer is lost at the end", -1, 0, 19500 * time.Millisecond, CodeWelcomeExpired, 1},
		{"refused", 40058, 0, time.Second, CodeRefused, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, dbtest.SQLite(t), tt.errcode)
			work := p.reserve(t, Welcome{CustomerID: "wm1", StaffID: "S01", Code: "c1", At: p.world.Now(), RuleID: 1, Text: "{客户}你好"})
			work.Attempts = tt.attempts
			p.world.Advance(tt.age)
			settle, err := p.sendWelcome(t.Context(), work)
			got := "again"
			if err == nil {
				if err := p.DB.Tx(t.Context(), settle); err != nil {
					t.Fatal(err)
				}
				if got = p.told[0].Code; p.told[0].Delivered {
					got = "delivered"
				}
			}
			if got != tt.want || len(p.sent) != tt.calls {
				t.Fatalf("became %s (%v) with %d calls, want %s with %d", got, err, len(p.sent), tt.want, tt.calls)
			}
			for _, body := range p.sent {
				if !strings.Contains(body, "青柠 07你好") {
					t.Errorf("the customer would read %s", body)
				}
			}
			if state := p.state(t); (state == "delivered" || state == "committed") != (tt.want == "delivered") {
				t.Errorf("the ledger says %s", state)
			}
		})
	}
}

func TestTheSameCodeIsReservedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := open(t, d, 0)
		m := Welcome{CustomerID: "wm1", StaffID: "S01", Code: "c1", At: p.world.Now(), RuleID: 1, Text: "你好"}
		p.reserve(t, m)
		p.reserve(t, m)
		var touches, works int
		if err := d.Read().NewRaw("SELECT (SELECT COUNT(*) FROM touch), (SELECT COUNT(*) FROM work WHERE kind = ?)", welcomeKind).
			Scan(t.Context(), &touches, &works); err != nil || touches != 1 || works != 1 {
			t.Fatalf("%d entries and %d intents, %v", touches, works, err)
		}
	})
}

// A permit is minted by governance only; its zero value opens nothing.
func TestNothingIsSentWithoutAPermit(t *testing.T) {
	t.Parallel()
	p := open(t, dbtest.SQLite(t), 0)
	defer func() {
		if recover() == nil || len(p.sent) != 0 {
			t.Fatal("the wire opened without a permit")
		}
	}()
	p.with(governance.Permit{})
}

// Somebody who says stop between the reservation and the call is not called.
func TestAReleasedEntryIsNotSent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := open(t, d, 0)
		work := p.reserve(t, Welcome{CustomerID: "wm1", StaffID: "S01", Code: "c1", At: p.world.Now(), RuleID: 1, Text: "你好"})
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var id int64
			if err := tx.NewRaw("SELECT id FROM touch").Scan(ctx, &id); err != nil {
				return err
			}
			return p.Governor.Release(ctx, tx, id, "test", Result{}.Reason)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.sendWelcome(t.Context(), work); len(p.sent) != 0 {
			t.Fatalf("sent %v (%v)", p.sent, err)
		}
	})
}

// A code that the corp noted stops the member whose welcome it was; the same code means nothing while nobody noted it.
func TestANotedCodeOfAWelcomeStopsTheMember(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const code = 99001 // no page of WeCom knows it
		p := open(t, d, code)
		send := func(customerID string) Result {
			t.Helper()
			m := Welcome{CustomerID: customerID, StaffID: "S01", Code: "c-" + customerID, At: p.world.Now(), RuleID: 1, Text: "你好"}
			var work bus.Work
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				if _, err := p.Welcome(ctx, tx, m); err != nil {
					return err
				}
				return tx.NewSelect().Model(&work).Where("key = ?", "welcome/"+m.Code).Scan(ctx)
			})
			if err != nil {
				t.Fatal(err)
			}
			settle, err := p.sendWelcome(t.Context(), work)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Tx(t.Context(), settle); err != nil {
				t.Fatal(err)
			}
			return p.told[len(p.told)-1]
		}
		limited := func() int {
			t.Helper()
			rows, err := p.Governor.LimitedMembers(t.Context(), d.Read(), "ww1")
			if err != nil {
				t.Fatal(err)
			}
			return len(rows)
		}
		if r := send("wm1"); r.Code != CodeRefused || limited() != 0 {
			t.Fatalf("nobody noted it: %+v, %d stopped", r, limited())
		}
		if _, err := p.Governor.AddLimitedCode(t.Context(), governance.LimitedCode{CorpID: "ww1", Code: code, Note: "欢迎语时返回", MadeBy: "S02"}); err != nil {
			t.Fatal(err)
		}
		if r := send("wm2"); r.Code != CodeLimited || r.Delivered || limited() != 1 {
			t.Fatalf("noted: %+v, %d stopped", r, limited())
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			got, err := p.Welcome(ctx, tx, Welcome{CustomerID: "wm3", StaffID: "S01", Code: "c-wm3", At: p.world.Now(), RuleID: 1, Text: "你好"})
			if got.State != governance.Held || got.RuleID != CodeLimited {
				t.Errorf("the next one: %+v", got)
			}
			return err
		})
		if err != nil || len(p.sent) != 2 {
			t.Fatalf("%d calls, %v", len(p.sent), err)
		}
	})
}
