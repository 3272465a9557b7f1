package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheClientIsOpenedByItsPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	staff, customer := r.someCustomer()
	if page, body := r.visit("/client", nil); page.StatusCode != http.StatusOK || !strings.Contains(body, `value="S03"`) ||
		page.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("start: status %d, %s", page.StatusCode, body)
	}
	if _, body := r.visit("/client", url.Values{"staff": {staff}, "customer": {customer}}); !strings.Contains(body, `name="customer" value="`+customer) {
		t.Errorf("start does not keep what it is given: %s", body)
	}
	q := url.Values{"open": {"1"}, "staff": {staff}, "customer": {customer}, "url": {"http://127.0.0.1:1/sidebar#x"}}
	resp, body := r.visit("/client", q)
	to, err := resp.Location()
	if err != nil {
		t.Fatalf("no redirect: status %d, %s", resp.StatusCode, body)
	}
	page, body := r.visit(to.Path, nil)
	address := "http://127.0.0.1:1/sidebar#sandbox-client=" + url.QueryEscape(r.URL+to.Path)
	if page.StatusCode != http.StatusOK || !strings.Contains(body, `data-url="`+address) || !strings.Contains(body, customer) {
		t.Errorf("window: status %d, want %s in %s", page.StatusCode, address, body)
	}
	login := r.authorize()
	back, _ := r.visit("/connect/oauth2/authorize", login, page.Cookies()...)
	if who := r.as(AreaApp).good("auth/getuserinfo", url.Values{"code": {r.codeOf(back)}}); who["userid"] != staff {
		t.Errorf("a login in the window: got %v", who)
	}
	q.Set("entry", "nowhere")
	if resp, _ := r.visit("/client", q); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a wrong entry: status %d", resp.StatusCode)
	}
	if resp, _ := r.visit("/client/nobody", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a window nobody opened: status %d", resp.StatusCode)
	}
}

func TestOnlyThoseWhoControlTheSandboxOpenAClient(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.ControlToken = "secret" })
	if resp, _ := r.visit("/client", url.Values{"open": {"1"}}); resp.StatusCode != http.StatusForbidden {
		t.Errorf("without the control token: status %d", resp.StatusCode)
	}
}

func TestTheWindowShowsTheConversation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	staff, customer := r.someCustomer()
	pair := func(text string) object { return object{"staff": staff, "customer": customer, "text": text} }
	r.act("customer_says", pair("在吗"))
	for _, other := range r.customersOf(staff) {
		if other != customer {
			r.act("staff_says", object{"text": "别人", "staff": staff, "customer": other})
			break
		}
	}
	r.act("staff_says", pair("在的"))
	path := fmt.Sprint(r.act("staff_opens_sidebar", object{"staff": staff, "customer": customer})["page"])
	_, out := r.do("GET", path+"/conversation", nil)
	var got []string
	for _, line := range list(out["items"]) {
		m, _ := line.(map[string]any)
		got = append(got, fmt.Sprint(m["from"], ":", m["text"]))
	}
	slices.Sort(got) // both were said at one instant
	if diff := cmp.Diff([]string{"customer:在吗", "member:在的"}, got); diff != "" {
		t.Errorf("conversation (-want +got):\n%s", diff)
	}
}

func TestTheScriptIsServedUnderItsRealNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []string{"/open/js/jweixin-1.2.0.js", "/wwopen/js/jwxwork-1.0.0.js", "/client/wx.js"} {
		resp, body := r.visit(path, nil)
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/javascript") || !strings.Contains(body, "agentConfig") {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
	b := r.sidebar(nil)
	if resp, _ := r.visit(b.path+"/call", url.Values{"n": {"alert(1)"}}); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a number that is none: status %d", resp.StatusCode)
	}
	b.path = "/client/nobody"
	b.fails("fail", "getContext", object{})
}
