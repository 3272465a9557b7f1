package staff_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/staff"
)

// late stands between the platform and WeCom, and can hold what WeCom answered about members.
type late struct {
	url  string
	held atomic.Pointer[answer]
}

type answer struct{ given, goOn chan struct{} }

func newLate(t *testing.T, target string) *late {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	l := &late{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(r *http.Response) error {
		if path := r.Request.URL.Path; path == "/cgi-bin/user/list" || path == "/cgi-bin/user/get" {
			if a := l.held.Swap(nil); a != nil {
				close(a.given)
				<-a.goOn
			}
		}
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	l.url = server.URL
	return l
}

// during asks WeCom, does then after WeCom answered and before the answer arrives, and comes back when asking did.
func (l *late) during(ask, then func()) {
	a := &answer{make(chan struct{}), make(chan struct{})}
	l.held.Store(a)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		ask()
	}()
	<-a.given
	then()
	close(a.goOn)
	<-asked
}

func TestAnOldAnswerChangesNobodysPlaceInTheCorp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := eight(t)
		wecom := newLate(t, box.URL)
		s, b := connectedTo(t, d, box, wecom.url)
		tell := func(kind, id string) {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := b.Put(ctx, tx, bus.Item{CorpID: s.CorpID, Lane: bus.Inbox, Kind: "change_contact." + kind, Key: "in/" + kind + id, OrderKey: "staff", Payload: map[string]string{"UserID": id}})
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
		left := func(id string) bool {
			m, err := s.Get(t.Context(), id)
			return err == nil && !m.GoneAt.IsZero() && !m.Active
		}
		list := func() {
			if _, err := s.ReadStaff(t.Context()); err != nil {
				t.Error(err)
			}
		}
		done := func() bool {
			var n int
			err := d.Read().NewRaw("SELECT COUNT(*) FROM work WHERE state <> 'done'").Scan(t.Context(), &n)
			return err == nil && n == 0
		}

		// The platform hears that S01 left before it has stored who S01 is.
		wecom.during(list, func() {
			tell("delete_user", "S01")
			eventually(t, func() bool { return left("S01") })
		})
		if !left("S01") {
			t.Error("a list from before S01 left brought S01 back")
		}

		wecom.during(func() { tell("update_user", "S02") }, func() {
			if err := s.MarkGone(t.Context(), "S02"); err != nil {
				t.Error(err)
			}
		})
		eventually(t, done)
		if !left("S02") {
			t.Error("an answer from before S02 left brought S02 back")
		}

		wecom.during(list, func() {
			if err := s.Upsert(t.Context(), staff.Member{ID: "newcomer", Name: "新人 01", Active: true}); err != nil {
				t.Error(err)
			}
		})
		if left("newcomer") {
			t.Error("a list from before a newcomer came took the newcomer for gone")
		}

		if err := s.Upsert(t.Context(), staff.Member{ID: "S01", Name: "又来 01", Active: true}); err != nil {
			t.Fatal(err)
		}
		if left("S01") {
			t.Error("who comes back stays away")
		}
	})
}
