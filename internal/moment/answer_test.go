package moment_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/moment"
)

// A comment asks the member once, in the console and by one message of the app; it ends by a press.
func TestACommentAsksTheMemberOnce(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := start(t, databaseURL, nil)
		post := fmt.Sprint(p.Act("publish_moment", map[string]any{"staff": "S03", "text": "新到的绣球，周末来看"})["moment"])
		p.Act("comment_moment", map[string]any{"moment": post})
		var rows []moment.Answer
		apptest.Eventually(t, "the comment to wait", func() bool {
			advance(t, p, 30*time.Minute)
			var err error
			if rows, _, err = p.Moments.Answers(t.Context(), nil, 0, 50); err != nil {
				t.Fatal(err)
			}
			return len(rows) > 0
		})
		if v, err := p.Governor.SilenceOf(t.Context(), p.CorpID, rows[0].Person); err != nil || v.Act != governance.Reacted || v.ActedAt != rows[0].At {
			t.Errorf("the comment is no act of the customer's own: %+v %v", v, err)
		}
		told := func() (n int) {
			resp, err := http.Get(p.Box.URL + "/_sandbox/journal")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			raw, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(raw)) {
				if strings.Contains(line, `"app_message"`) && strings.Contains(line, "新到的绣球") {
					n++
				}
			}
			return n
		}
		apptest.Eventually(t, "the member to be told", func() bool { return told() == 1 })
		for range 3 { // readings that see it again
			advance(t, p, 30*time.Minute)
		}
		if again, n, err := p.Moments.Answers(t.Context(), []string{"S03"}, 0, 50); err != nil || n != 1 || again[0].ID != rows[0].ID || told() != 1 {
			t.Errorf("%d wait, told %d times, %v", n, told(), err)
		}
		if _, n, _ := p.Moments.Answers(t.Context(), []string{"S04"}, 0, 50); n != 0 {
			t.Errorf("another member has %d", n)
		}
		if err := p.Moments.PutAside(t.Context(), rows[0].ID, []string{"S04"}, "S04"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another member puts it aside: %v", err)
		}
		if err := p.Moments.PutAside(t.Context(), rows[0].ID, []string{"S03"}, "S03"); err != nil {
			t.Fatal(err)
		}
		if err := p.Moments.PutAside(t.Context(), rows[0].ID, nil, "admin"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("twice: %v", err)
		}
		advance(t, p, time.Hour)
		if _, n, err := p.Moments.Answers(t.Context(), nil, 0, 50); err != nil || n != 0 {
			t.Errorf("put aside, %d wait again, %v", n, err)
		}
	})
}

// A stop of one member takes back their part of an open Moment: their customers see nothing, the others' do.
func TestAStopOfOneMemberTakesBackTheirPart(t *testing.T) {
	t.Parallel()
	p := start(t, "", nil)
	m := publish(t, p, words("护理课"))
	m = until(t, p, m.ID, moment.Open, time.Second)
	var staff []struct {
		StaffID string
		N       int
	}
	err := p.DB.Read().NewRaw("SELECT staff_id, COUNT(*) AS n FROM moment_receiver WHERE moment_id = ? AND state = 'tasked' GROUP BY staff_id ORDER BY staff_id", m.ID).Scan(t.Context(), &staff)
	if err != nil || len(staff) < 2 {
		t.Fatal(staff, err)
	}
	stopped := staff[0]
	err = p.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return p.Governor.HaltSending(ctx, tx, p.CorpID, stopped.StaffID, "admin", "离职交接")
	})
	if err != nil {
		t.Fatal(err)
	}
	back := func() (n int) {
		_ = p.DB.Read().NewRaw("SELECT COUNT(*) FROM moment_receiver AS r JOIN touch AS h ON h.id = r.touch_id WHERE r.moment_id = ? AND r.staff_id = ? AND r.state = 'cancelled' AND r.rule_id = 'OWN-14' AND h.state = 'released'",
			m.ID, stopped.StaffID).Scan(t.Context(), &n)
		return n
	}
	apptest.Eventually(t, "their part to be taken back", func() bool { return back() == stopped.N })
	for range 10 {
		if _, err := p.Box.Act([]byte(`{"act":"publish_moment","moment":"` + m.PostID + `"}`)); err != nil {
			break
		}
	}
	until(t, p, m.ID, moment.Done, 10*time.Minute)
	var theirs []string
	if err := p.DB.Read().NewRaw("SELECT customer_id FROM moment_receiver WHERE moment_id = ? AND staff_id = ?", m.ID, stopped.StaffID).Scan(t.Context(), &theirs); err != nil {
		t.Fatal(err)
	}
	seen := seenBy(p, m.PostID)
	for _, id := range theirs {
		if seen[id] != 0 {
			t.Errorf("%s of the stopped member saw it", id)
		}
	}
	if c, err := p.Moments.Counts(t.Context(), m.ID, nil); err != nil || c.Seen == 0 || c.Seen != len(seen) || c.Late != 0 || c.Cancelled != stopped.N {
		t.Errorf("counts %+v, %v; %d saw it", c, err, len(seen))
	}
}

// A personal link reads as its owner outside of WeChat, until it is too old, altered or revoked; inside WeChat it counts nothing.
func TestAPersonalLink(t *testing.T) {
	t.Parallel()
	apptest.EachEngine(t, func(t *testing.T, databaseURL string) {
		p := start(t, databaseURL, nil)
		if ok, err := p.Moments.HasPage(t.Context()); err != nil || ok {
			t.Fatal(ok, err)
		}
		if link, err := p.Moments.LinkTo(t.Context(), "wm1", "S03"); err != nil || link != "" {
			t.Fatalf("without a page the link is %q, %v", link, err)
		}
		if _, err := p.Moments.OpenPage(t.Context(), "", "花间集", "S01"); err != nil {
			t.Fatal(err)
		}
		brand, err := p.Moments.PageOf(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		people, err := p.Customers.Audience(t.Context(), audience())
		if err != nil {
			t.Fatal(err)
		}
		who := people[0].CustomerID
		link, err := p.Moments.LinkTo(t.Context(), who, "S03")
		if err != nil || !strings.HasPrefix(link, brand+"?k=") || len(link) > 200 {
			t.Fatalf("the link is %q, %v", link, err)
		}
		fresh := func() *http.Client {
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			return &http.Client{Jar: jar}
		}
		const own, void = "管理我收到的消息", "这个链接已经失效"
		c := fresh()
		resp, err := c.Get(p.URL + link)
		if err != nil || resp.Request.URL.RawQuery != "" {
			t.Fatalf("the address keeps the link: %v, %v", resp, err)
		}
		_ = resp.Body.Close()
		body := open(t, c, p.URL+brand)
		if !strings.Contains(body, own) || strings.Contains(body, void) || !strings.Contains(body, "要投诉") {
			t.Errorf("the owner reads %s", body)
		}
		altered := strings.Replace(link, "?k=", "?k=A", 1)
		if body := open(t, fresh(), p.URL+altered); strings.Contains(body, own) || !strings.Contains(body, void) {
			t.Error("an altered link counts")
		}
		in := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+link, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", "Mozilla/5.0 MicroMessenger/8.0")
		if resp, err = in.Do(req); err != nil || !strings.Contains(resp.Header.Get("Location"), "/p/who?to=") || strings.Contains(resp.Header.Get("Location"), "k%3D") || resp.Header.Get("Set-Cookie") != "" {
			t.Errorf("inside WeChat the link leads to %q, %v", resp.Header.Get("Location"), err)
		}
		_ = resp.Body.Close()
		resp, err = c.PostForm(p.URL+brand+"/forget", url.Values{})
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("forgetting: %v, %v", resp, err)
		}
		_ = resp.Body.Close()
		if body := open(t, c, p.URL+brand); strings.Contains(body, own) {
			t.Error("the browser still reads as the customer")
		}
		if body := open(t, fresh(), p.URL+link); strings.Contains(body, own) || !strings.Contains(body, void) {
			t.Error("a revoked link counts")
		}
		revoked := p.World.Now()
		advance(t, p, time.Minute)
		apptest.Eventually(t, "a minute to pass", func() bool { return p.World.Now() > revoked })
		later, err := p.Moments.LinkTo(t.Context(), who, "S03")
		if err != nil {
			t.Fatal(err)
		}
		if body := open(t, fresh(), p.URL+later); !strings.Contains(body, own) {
			t.Errorf("a link that was sent afterwards does not count: %s", body)
		}
		if err := p.Moments.RevokeLinks(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		if body := open(t, fresh(), p.URL+later); strings.Contains(body, own) {
			t.Error("everybody's links were revoked, and one counts")
		}
	})
}
