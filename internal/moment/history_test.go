package moment_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/app/apptest"
	"zhiyin.dev/zhiyin/internal/moment"
	"zhiyin.dev/zhiyin/sandbox"
)

var (
	shownText = regexp.MustCompile(`第 (\d+) 天，`)
	older     = regexp.MustCompile(`class="more" href="([^"]+)"`)
)

// open reads a page as a phone does and answers its body.
func open(t *testing.T, c *http.Client, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", address, resp.StatusCode, err)
	}
	if took := time.Since(began); took > time.Second { // ten times the bound: the machine is shared
		t.Errorf("%s took %s", address, took)
	}
	if len(body) > 50_000 {
		t.Errorf("%s has %d bytes", address, len(body))
	}
	if strings.Contains(string(body), "<script") {
		t.Errorf("%s has a script", address)
	}
	return string(body)
}

// walk follows the links to earlier posts and answers the days that are told, in the order of the page.
func walk(t *testing.T, c *http.Client, address string) (days []string) {
	t.Helper()
	for range 20 {
		body := open(t, c, address)
		for _, m := range shownText.FindAllStringSubmatch(body, -1) {
			days = append(days, m[1])
		}
		next := older.FindStringSubmatch(body)
		if next == nil {
			return days
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if u, err = u.Parse(html.UnescapeString(next[1])); err != nil {
			t.Fatal(err)
		}
		address = u.String()
	}
	t.Fatal("the history does not end")
	return nil
}

// Sixty days, a post a day: all are on the page in order, the newest first; what is deleted is gone within a day.
func TestSixtyDaysOfHistory(t *testing.T) {
	t.Parallel()
	const days = 60
	var want []string
	ids := map[string]string{}
	o := apptest.Small()
	o.Switches = map[string]string{"moment.cap": "off"}
	// The world runs alone: a platform that comes later walks back month by month.
	p := apptest.Start(t, o, "", func(box *sandbox.Server) {
		for day := 1; day <= days; day++ {
			raw, err := json.Marshal(map[string]any{
				"act": "publish_moment", "staff": []string{"S03", "S04"}[day%2],
				"text": fmt.Sprintf("第 %d 天，%s", day, strings.Repeat("今天也在店里等您。", 1+day%40)),
			})
			if err != nil {
				t.Fatal(err)
			}
			ans, err := box.Act(raw)
			if err != nil {
				t.Fatal(err)
			}
			ids[fmt.Sprint(day)] = fmt.Sprint(ans.(map[string]any)["moment"])
			want = append([]string{fmt.Sprint(day)}, want...)
			if err := box.Advance(t.Context(), 24*time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	})
	if _, err := p.Moments.OpenPage(t.Context(), "", "花间集", "S01"); err != nil {
		t.Fatal(err)
	}
	brand, err := p.Moments.PageOf(t.Context(), "S04")
	if err != nil || brand == "" {
		t.Fatalf("the brand's page is %q, %v", brand, err)
	}
	c := http.DefaultClient
	stored := func(n int) func() bool {
		return func() bool {
			var got int
			err := p.DB.Read().NewRaw("SELECT COUNT(*) FROM moment_post WHERE hidden_at = 0 AND text LIKE '第 %'").Scan(t.Context(), &got)
			if got != n {
				advance(t, p, 30*time.Minute)
			}
			return err == nil && got == n
		}
	}
	apptest.Eventually(t, "the last post to be read", stored(days))
	if got := walk(t, c, p.URL+brand); !slices.Equal(got, want) {
		t.Errorf("the page shows %v", got)
	}
	p.Act("delete_moment", map[string]any{"moment": ids["17"]})
	p.Act("delete_moment", map[string]any{"moment": ids["60"]})
	advance(t, p, 24*time.Hour)
	apptest.Eventually(t, "the readings of the day to end", stored(days-2))
	want = slices.DeleteFunc(want, func(d string) bool { return d == "17" || d == "60" })
	if got := walk(t, c, p.URL+brand); !slices.Equal(got, want) {
		t.Errorf("after two were deleted the page shows %v", got)
	}
	if _, err := p.Moments.OpenPage(t.Context(), "S04", "小桃", "S01"); err != nil {
		t.Fatal(err)
	}
	own, err := p.Moments.PageOf(t.Context(), "S04")
	if err != nil || own == brand {
		t.Fatalf("the member's page is %q, %v", own, err)
	}
	for _, d := range walk(t, c, p.URL+own) {
		if d == "2" || d == "58" { // S03's
			t.Errorf("day %s is another member's", d)
		}
	}
	if got := walk(t, c, p.URL+brand+"?q="+url.QueryEscape("第 33 天")); !slices.Equal(got, []string{"33"}) {
		t.Errorf("the search found %v", got)
	}
	if err := p.Moments.ClosePage(t.Context(), strings.TrimPrefix(own, "/p/moments/")); err != nil {
		t.Fatal(err)
	}
	if resp, err := c.Get(p.URL + own); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("a closed page answers %v, %v", resp.StatusCode, err)
	} else {
		_ = resp.Body.Close()
	}
}

// What was aimed at some is shown to them alone; WeCom says who reads, without a question.
func TestAPostForSomeIsShownToThemAlone(t *testing.T) {
	t.Parallel()
	p := start(t, "", nil)
	if _, err := p.Moments.OpenPage(t.Context(), "", "花间集", "S01"); err != nil {
		t.Fatal(err)
	}
	brand, err := p.Moments.PageOf(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	w := tagged(p, t)
	w.Text = "给会员的话，#会员日# 第 1 天"
	w.Parts = []moment.Part{picture(t, p)}
	m := publish(t, p, w)
	m = until(t, p, m.ID, moment.Open, time.Second)
	for range 10 {
		if _, err := p.Box.Act([]byte(`{"act":"publish_moment","moment":"` + m.PostID + `"}`)); err != nil {
			break
		}
	}
	var aimed, other string
	apptest.Eventually(t, "the post to be read", func() bool {
		advance(t, p, 30*time.Minute)
		_ = p.DB.Read().NewRaw("SELECT customer_id FROM moment_aim WHERE post_id = ? LIMIT 1", m.PostID).Scan(t.Context(), &aimed)
		return aimed != ""
	})
	people, err := p.Customers.Audience(t.Context(), audience())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range people {
		n := 0
		_ = p.DB.Read().NewRaw("SELECT COUNT(*) FROM moment_aim WHERE customer_id = ?", c.CustomerID).Scan(t.Context(), &n)
		if n == 0 {
			other = c.CustomerID
		}
	}
	as := func(customer string) string {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &http.Client{Jar: jar}
		c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.Path, "/connect/oauth2/") && customer != "" {
				q := r.URL.Query()
				q.Set("as", customer)
				r.URL.RawQuery = q.Encode()
			}
			return nil
		}
		if customer == "" {
			return open(t, c, p.URL+brand)
		}
		return open(t, c, p.URL+"/p/who?to="+url.QueryEscape(brand))
	}
	if body := as(aimed); !strings.Contains(body, "给会员的话") || !strings.Contains(body, "只发给部分客户") || !strings.Contains(body, "/p/preferences/") || !strings.Contains(body, "<img loading=\"lazy\"") {
		t.Errorf("who is meant reads %s", body)
	}
	for _, who := range []string{other, ""} {
		if body := as(who); strings.Contains(body, "给会员的话") || strings.Contains(body, "会员日") {
			t.Errorf("%q reads what is not for them", who)
		}
	}
	if body := as(""); !strings.Contains(body, "在微信里用自己的号打开") {
		t.Error("a stranger is told nothing")
	}
	for _, bad := range []string{"/p/who?to=https://evil.example", "/p/who?to=/api/v1", "/p/who/back?to=" + brand + "&code=x&state=1xabc"} {
		resp, err := http.Get(p.URL + bad)
		if err != nil || resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %v, %v", bad, resp, err)
		}
		_ = resp.Body.Close()
	}
}
