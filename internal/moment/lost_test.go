package moment_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/moment"
	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
)

// behind starts a platform whose calls pass a door: lose says of a path whether its answer never comes, and do whether the
// call is carried out at all.
func behind(t *testing.T, lose func(path string) (lost, do bool)) *apptest.Platform {
	t.Helper()
	return apptest.Start(t, apptest.Small(), "", func(box *sandbox.Server) {
		target, err := url.Parse(box.URL)
		if err != nil {
			t.Fatal(err)
		}
		inner := httputil.NewSingleHostReverseProxy(target)
		inner.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
		door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			lost, do := lose(r.URL.Path)
			switch {
			case !lost:
				inner.ServeHTTP(w, r)
			case do:
				inner.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			default:
				panic(http.ErrAbortHandler)
			}
		}))
		t.Cleanup(door.Close)
		box.URL = door.URL
	})
}

// made counts the Moments that WeCom has of ours.
func made(t *testing.T, p *apptest.Platform) int {
	t.Helper()
	now := p.World.Now().Unix()
	page, _, err := p.WeCom.Moments(t.Context(), wecom.MomentFilter{Start: now - 86400, End: now + 1, By: wecom.MomentByCorp})
	if err != nil {
		t.Fatal(err)
	}
	return len(page)
}

// Whatever call fails, and whether or not it was carried out, members are asked once.
func TestALostAnswerDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"add_moment_task", "get_moment_task_result", "media/upload_attachment", "mark_tag", "add_corp_tag", "get_moment_task", "get_moment_send_result",
	} {
		t.Run(strings.ReplaceAll(path, "/", "_"), func(t *testing.T) {
			t.Parallel()
			var hit atomic.Int32
			p := behind(t, func(called string) (bool, bool) {
				return strings.HasSuffix(called, "/"+path) && hit.Add(1) <= 2 && hit.Load() <= 1, true
			})
			w := words("护理课")
			w.Parts = []moment.Part{picture(t, p)}
			m := publish(t, p, w)
			m = until(t, p, m.ID, moment.Open, 2*time.Second)
			if n := made(t, p); n != 1 {
				t.Fatalf("%d Moments were made", n)
			}
			for range 10 {
				if _, err := p.Box.Act([]byte(`{"act":"publish_moment","moment":"` + m.PostID + `"}`)); err != nil {
					break
				}
			}
			until(t, p, m.ID, moment.Done, 10*time.Minute)
			for id, n := range seenBy(p, m.PostID) {
				if n != 1 {
					t.Errorf("%s saw it %d times", id, n)
				}
			}
			c, err := p.Moments.Counts(t.Context(), m.ID, nil)
			if err != nil || c.Seen != len(seenBy(p, m.PostID)) || c.Waiting != 0 {
				t.Errorf("counts %+v, %v", c, err)
			}
			if hit.Load() == 0 {
				t.Errorf("nobody called %s", path)
			}
		})
	}
}

// When nobody answers and nothing appears, it is not tried again by itself: the customers are given back.
func TestWhatWasNeverMadeFails(t *testing.T) {
	t.Parallel()
	var hit atomic.Int32
	p := behind(t, func(called string) (bool, bool) {
		return strings.HasSuffix(called, "/add_moment_task") && hit.Add(1) == 1, false
	})
	m := publish(t, p, words("护理课"))
	m = until(t, p, m.ID, moment.Failed, 30*time.Second)
	c, err := p.Moments.Counts(t.Context(), m.ID, nil)
	if err != nil || c.Failed != c.Reachable || c.Waiting != 0 || made(t, p) != 0 || m.Error == "" {
		t.Errorf("counts %+v, %d made, %q, %v", c, made(t, p), m.Error, err)
	}
	plan, err := p.Moments.Plan(t.Context(), 0, "S01", words("再来一次"), nil)
	if err != nil || plan.Reachable != c.Reachable {
		t.Errorf("afterwards %d of %d can be reached, %v", plan.Reachable, c.Reachable, err)
	}
}
