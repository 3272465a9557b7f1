package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// visit opens a page without following redirects.
func (r *rig) visit(path string, q url.Values, cookies ...*http.Cookie) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.URL+path+"?"+q.Encode(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(body)
}

func (r *rig) authorize() url.Values {
	return url.Values{
		"appid": {r.Ready.CorpID}, "redirect_uri": {"http://127.0.0.1:1/back?a=b"}, "response_type": {"code"},
		"scope": {"snsapi_base"}, "state": {"st"}, "agentid": {fmt.Sprint(r.Ready.AgentID)},
	}
}

// codeOf is the code of a redirect, which must keep query and state.
func (r *rig) codeOf(resp *http.Response) string {
	r.t.Helper()
	to, err := resp.Location()
	if err != nil {
		r.t.Fatalf("no redirect: status %d", resp.StatusCode)
	}
	if q := to.Query(); q.Get("a") != "b" || q.Get("state") != "st" || to.Port() != "1" {
		r.t.Errorf("redirect goes to %s", to)
	}
	return to.Query().Get("code")
}

func TestAMemberLogsInThroughThePage(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	page, body := r.visit("/connect/oauth2/authorize", r.authorize())
	if page.StatusCode != http.StatusOK || !strings.Contains(body, `value="S03"`) || !strings.Contains(body, "redirect_uri") {
		t.Errorf("who are you: status %d, %s", page.StatusCode, body)
	}
	q := r.authorize()
	q.Set("as", "S03")
	q.Set("stay", "1")
	q.Set("scope", "snsapi_privateinfo")
	resp, _ := r.visit("/connect/oauth2/authorize", q)
	code := r.codeOf(resp)
	who := r.good("auth/getuserinfo", url.Values{"code": {code}})
	if who["userid"] != "S03" || who["user_ticket"] == nil {
		t.Errorf("identity: got %v", who)
	}
	r.refused(40029, "auth/getuserinfo", url.Values{"code": {code}})
	if got := r.good("auth/getuserdetail", object{"user_ticket": who["user_ticket"]}); got["userid"] != "S03" {
		t.Errorf("detail: got %v", got)
	}
	r.refused(40058, "auth/getuserdetail", object{"user_ticket": "nobody"})

	silent, _ := r.visit("/connect/oauth2/authorize", r.authorize(), resp.Cookies()...)
	old := r.good("user/getuserinfo", url.Values{"code": {r.codeOf(silent)}})
	if old["UserId"] != "S03" || old["userid"] != nil || old["user_ticket"] != nil {
		t.Errorf("identity under the old path: got %v", old)
	}
}

func TestACustomerIsKnownByOpenIDAndByRelation(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	customer := r.act("scan_contact_way", nil)
	q := r.authorize()
	q.Set("as", fmt.Sprint(customer["customer"]))
	resp, _ := r.visit("/connect/oauth2/authorize", q)
	who := r.good("auth/getuserinfo", url.Values{"code": {r.codeOf(resp)}})
	if who["userid"] != nil || who["external_userid"] != customer["customer"] || who["openid"] == nil {
		t.Errorf("customer: got %v", who)
	}
	r.act("staff_deletes_customer", object{"customer": customer["customer"], "staff": customer["staff"]})
	code := r.control("oauth/code", object{"external_userid": customer["customer"]})["code"]
	stranger := r.good("user/getuserinfo", url.Values{"code": {fmt.Sprint(code)}})
	if stranger["external_userid"] != nil || stranger["OpenId"] != who["openid"] {
		t.Errorf("nobody's customer any more: got %v", stranger)
	}
}

func TestLoginCodesAndPagesRefuse(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	r.refused(41008, "auth/getuserinfo", url.Values{})
	r.refused(40029, "auth/getuserinfo", url.Values{"code": {"nosuchcode"}})
	code := fmt.Sprint(r.control("oauth/code", object{})["code"])
	r.advance(codeLife)
	r.refused(40029, "auth/getuserinfo", url.Values{"code": {code}})
	for name, value := range map[string]string{
		"appid": "wwother", "redirect_uri": "/relative", "response_type": "token", "scope": "everything",
	} {
		q := r.authorize()
		q.Set(name, value)
		if resp, _ := r.visit("/connect/oauth2/authorize", q); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s=%s: status %d", name, value, resp.StatusCode)
		}
	}
	r.token = r.tokenOf(r.Ready.Secrets.Contact)
	r.refused(48002, "auth/getuserinfo", url.Values{"code": {"nosuchcode"}})
}

func TestTheQRPageLetsMembersInOnly(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	q := url.Values{
		"login_type": {"CorpApp"}, "appid": {r.Ready.CorpID}, "agentid": {fmt.Sprint(r.Ready.AgentID)},
		"redirect_uri": {"http://127.0.0.1:1/back?a=b"}, "state": {"st"}, "as": {"S05"},
	}
	resp, _ := r.visit("/wwlogin/sso/login", q)
	if got := r.good("auth/getuserinfo", url.Values{"code": {r.codeOf(resp)}})["userid"]; got != "S05" {
		t.Errorf("member: got %v", got)
	}
	q.Set("as", fmt.Sprint(r.act("scan_contact_way", nil)["customer"]))
	if resp, body := r.visit("/wwlogin/sso/login", q); resp.StatusCode != http.StatusOK || strings.Contains(body, "Customers") {
		t.Errorf("a customer at the QR page: status %d", resp.StatusCode)
	}
}

func TestTicketsLastTwoHoursAndAreCounted(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	corp := r.good("get_jsapi_ticket", url.Values{})
	agent := r.good("ticket/get", url.Values{"type": {"agent_config"}})
	again := r.good("get_jsapi_ticket", url.Values{})
	if corp["ticket"] == agent["ticket"] || corp["ticket"] != again["ticket"] || corp["expires_in"] != 7200.0 {
		t.Errorf("tickets: got %v, %v, %v", corp, agent, again)
	}
	r.refused(91040, "ticket/get", url.Values{"type": {"other"}})
	for range ticketsAnHourApp - 3 {
		r.good("get_jsapi_ticket", url.Values{})
	}
	r.refused(45009, "get_jsapi_ticket", url.Values{})
	r.advance(ticketLife)
	r.token = r.tokenOf(r.Ready.Secrets.App)
	if got := r.good("get_jsapi_ticket", url.Values{})["ticket"]; got == corp["ticket"] {
		t.Error("the ticket outlived its 7200 s")
	}
}

func TestTheAppIsDescribed(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	got := r.good("agent/get", url.Values{"agentid": {fmt.Sprint(r.Ready.AgentID)}})
	if got["agentid"] != float64(r.Ready.AgentID) || got["close"] != 0.0 {
		t.Errorf("agent/get: got %v", got)
	}
	if got := ids(r.good("agent/list", url.Values{})["agentlist"], "agentid"); len(got) != 1 {
		t.Errorf("agent/list: got %v", got)
	}
	r.refused(41011, "agent/get", url.Values{})
	r.refused(301002, "agent/get", url.Values{"agentid": {"7"}})
	r.refused(40056, "agent/get", url.Values{"agentid": {"x"}})
}
