package auth_test

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

const (
	chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"
	phone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	office = "198.51.100.7"
	home   = "203.0.113.9"
)

// place is a browser somewhere, with its session.
type place struct {
	t     *testing.T
	s     *auth.Service
	token string
	addr  string
	agent string
}

func (p *place) use() {
	p.t.Helper()
	if _, err := p.s.Identify(p.t.Context(), web.Credentials{Token: p.token, Addr: netip.MustParseAddr(p.addr), Agent: p.agent}); err != nil {
		p.t.Fatal(err)
	}
}

func open(t *testing.T, s *auth.Service, addr, agent string) *place {
	t.Helper()
	token, err := s.ByStaff(t.Context(), "S01")
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t, s, token, addr, agent}
	p.use()
	return p
}

func cases(t *testing.T, s *auth.Service) []*auth.Shared {
	t.Helper()
	rows, err := s.SharedLogins(t.Context(), 50)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestAnAccountInTwoPlacesAtOnceIsNoticed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second [2]string // address and browser
		story         func(c *corp, a, b *place)
		want          int
	}{
		"both at once":             {[2]string{office, chrome}, [2]string{home, phone}, func(c *corp, a, _ *place) { c.advance(6 * time.Minute); a.use() }, 1},
		"one address":              {[2]string{office, chrome}, [2]string{office, phone}, func(c *corp, a, _ *place) { c.advance(6 * time.Minute); a.use() }, 0},
		"one browser":              {[2]string{office, chrome}, [2]string{home, chrome}, func(c *corp, a, _ *place) { c.advance(6 * time.Minute); a.use() }, 0},
		"one after the other":      {[2]string{office, chrome}, [2]string{home, phone}, func(c *corp, _, b *place) { c.advance(6 * time.Minute); b.use() }, 0},
		"long after the other":     {[2]string{office, chrome}, [2]string{home, phone}, func(c *corp, a, _ *place) { c.advance(11 * time.Minute); a.use() }, 0},
		"IPv6 that changes itself": {[2]string{"2001:db8:1:2::5", chrome}, [2]string{"2001:db8:1:2:9::1", phone}, func(c *corp, a, _ *place) { c.advance(6 * time.Minute); a.use() }, 0},
		"a copied cookie": {[2]string{office, chrome}, [2]string{office, chrome}, func(c *corp, a, _ *place) {
			c.advance(2 * time.Minute)
			(&place{a.t, a.s, a.token, home, phone}).use()
		}, 1},
		"a laptop that moves": {[2]string{office, chrome}, [2]string{office, chrome}, func(c *corp, a, b *place) {
			c.advance(2 * time.Minute)
			for _, p := range []*place{a, b} {
				p.addr = home
				p.use()
			}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				world, s, _ := setUp(t, d, password)
				a := open(t, s, c.first[0], c.first[1])
				world.advance(2 * time.Minute)
				b := open(t, s, c.second[0], c.second[1])
				if len(cases(t, s)) != 0 {
					t.Fatal("noticed before both were used after both had begun")
				}
				c.story(world, a, b)
				if got := cases(t, s); len(got) != c.want {
					t.Fatalf("%d noticed, want %d", len(got), c.want)
				}
				a.use() // nobody is locked out
				b.use()
			})
		})
	}
}

func TestAnOwnerSaysWhetherAnAccountIsShared(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, s, api := setUp(t, d, password)
		if _, err := s.EnsureAdmin(t.Context()); err != nil {
			t.Fatal(err)
		}
		a := open(t, s, office, chrome)
		b := open(t, s, home, phone)
		again := func() {
			for range 2 {
				world.advance(6 * time.Minute)
				a.use()
				b.use()
			}
		}
		again()
		got := cases(t, s)
		if len(got) != 1 || got[0].Times < 2 || got[0].Account != "S01" {
			t.Fatalf("%d cases, %+v", len(got), got)
		}
		_, owner, _ := login(t, api, password)
		token := func(role auth.Role) string {
			_, text, err := s.CreateToken(t.Context(), auth.NewToken{Name: string(role), Role: role, Scope: web.All, By: "test"})
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		decide := func(id int64) string { return "/shared-logins/" + strconv.FormatInt(id, 10) + "/decide" }
		webtest.Run(
			t, api,
			webtest.Scenario{Name: "an auditor reads the evidence", As: token(auth.Auditor), Path: "/shared-logins", Status: 200, Has: []string{office, home, "Chrome · Windows", "Safari · iPhone", "店长 01", `"state":"open"`}},
			webtest.Scenario{Name: "an operator does not", As: token(auth.Operator), Path: "/shared-logins", Status: 403},
			webtest.Scenario{Name: "a manager does not decide", As: token(auth.Manager), Method: "POST", Path: decide(got[0].ID), Body: `{"one_person":true,"note":"两台设备"}`, Status: 403},
			webtest.Scenario{Name: "an owner says why", As: owner, Method: "POST", Path: decide(got[0].ID), Body: `{"one_person":false,"note":"  "}`, Status: 422},
			webtest.Scenario{Name: "an owner decides", As: owner, Method: "POST", Path: decide(got[0].ID), Body: `{"one_person":false,"note":"借给了同事，已收回"}`, Status: 200, Has: []string{`"state":"shared"`, `"decided_by":"admin"`}},
			webtest.Scenario{Name: "once", As: owner, Method: "POST", Path: decide(got[0].ID), Body: `{"one_person":true,"note":"两台设备"}`, Status: 409},
			webtest.Scenario{Name: "what is not there", As: owner, Method: "POST", Path: decide(7), Body: `{"one_person":true,"note":"两台设备"}`, Status: 404},
		)
		again() // shared once more, it is asked once more
		if got = cases(t, s); len(got) != 2 || got[0].State != auth.SharedOpen {
			t.Fatalf("%+v", got)
		}
		if err := s.DecideShared(t.Context(), got[0].ID, "admin", true, "一个人，电脑和手机"); err != nil {
			t.Fatal(err)
		}
		again() // one person: these two browsers are not asked about again
		if got = cases(t, s); len(got) != 2 {
			t.Fatalf("%+v", got)
		}
		var acts []string
		err := d.Read().NewRaw("SELECT act FROM audit_entry WHERE act IN ('login.shared', 'login.judge') ORDER BY id").Scan(t.Context(), &acts)
		if err != nil || strings.Join(acts, " ") != "login.shared login.judge login.shared login.judge" {
			t.Fatalf("%v %v", acts, err)
		}
		var leaks int
		err = d.Read().NewRaw("SELECT COUNT(*) FROM audit_entry WHERE detail LIKE ? OR detail LIKE ?", "%"+office+"%", "%Mozilla%").Scan(context.WithoutCancel(t.Context()), &leaks)
		if err != nil || leaks != 0 {
			t.Fatalf("%d entries that can never be taken out hold where somebody was, %v", leaks, err)
		}
	})
}
