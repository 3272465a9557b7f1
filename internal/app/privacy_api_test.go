package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/privacy"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// What the API refuses about persons' data names the field and the way out, and a request leads to a copy, an answer or an erasure.
func TestPersonsDataByTheAPI(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	h := a.API.Handler()
	owner, manager, staff := token(t, a, auth.NewToken{Role: auth.Owner}), token(t, a, auth.NewToken{Role: auth.Manager}), token(t, a, auth.NewToken{Role: auth.Staff, Scope: web.All})
	call := func(as, method, path, body string, want int, has string) string {
		t.Helper()
		status, answer := webtest.Do(t, h, webtest.Scenario{As: as, Method: method, Path: path, Body: body})
		if status != want || !strings.Contains(answer, has) {
			t.Fatalf("%s %s answers %d, want %d with %s: %s", method, path, status, want, has, answer)
		}
		return answer[max(strings.IndexByte(answer, '{'), 0):] // without the headers
	}
	call(owner, "GET", "/privacy/register", "", http.StatusOK, `"table":"customer"`)
	call(manager, "PUT", "/privacy/periods", `{"contact":30,"words":30,"record":400,"evidence":1095,"version":0}`, http.StatusForbidden, "")
	call(owner, "PUT", "/privacy/periods", `{"contact":30,"words":30,"record":30,"evidence":1095,"version":0}`, http.StatusUnprocessableEntity, "record")
	call(owner, "PUT", "/privacy/periods", `{"contact":30,"words":30,"record":400,"evidence":1095,"version":0}`, http.StatusNoContent, "")
	call(owner, "PUT", "/privacy/periods", `{"contact":31,"words":30,"record":400,"evidence":1095,"version":0}`, http.StatusConflict, "privacy.changed")
	call(owner, "GET", "/privacy/register", "", http.StatusOK, `"contact":30`)

	call(staff, "GET", "/customers/wm1/copy", "", http.StatusForbidden, "")
	call(manager, "GET", "/customers/wmNOBODY/copy", "", http.StatusNotFound, "privacy.nobody")
	var c privacy.Copy
	if err := json.Unmarshal([]byte(call(manager, "GET", "/customers/wm1/copy", "", http.StatusOK, `"format":"zhiyin.person/1"`)), &c); err != nil || c.CustomerID != "wm1" || len(c.Tables) == 0 {
		t.Fatalf("the copy cannot be read back: %v", err)
	}
	call(owner, "GET", "/audit/entries?act=copy-customer", "", http.StatusOK, `"copy-customer"`)

	call(staff, "POST", "/customers/wm1/requests", `{"kind":"correct"}`, http.StatusUnprocessableEntity, "words")
	call(staff, "POST", "/customers/wm1/requests", `{"kind":"erase"}`, http.StatusCreated, `"state":"open"`)
	listed := call(manager, "GET", "/privacy/requests?state=open", "", http.StatusOK, `"kind":"erase"`)
	var page struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(listed), &page); err != nil || len(page.Items) != 1 {
		t.Fatalf("%v: %s", err, listed)
	}
	end := "/privacy/requests/" + page.Items[0].ID + "/end"
	call(staff, "POST", end, `{"granted":true,"note":"核对过本人"}`, http.StatusForbidden, "")
	call(manager, "POST", end, `{"granted":true,"note":""}`, http.StatusUnprocessableEntity, "note")
	call(manager, "POST", end, `{"granted":true,"note":"核对过本人"}`, http.StatusNoContent, "")
	call(manager, "POST", end, `{"granted":true,"note":"核对过本人"}`, http.StatusConflict, "privacy.request_ended")
	call(manager, "GET", "/privacy/erasures?state=waiting", "", http.StatusOK, `"customer":"wm1"`)
	call(manager, "POST", "/customers/wm2/erase", `{"reason":" "}`, http.StatusUnprocessableEntity, "reason")
	call(manager, "POST", "/customers/wmNOBODY/erase", `{"reason":"asked"}`, http.StatusNotFound, "privacy.nobody")
}

// The customers' own page asks for everything and gives the data only to whom WeCom knows; a forwarded address shows nothing personal.
func TestTheCustomersPageAboutTheirData(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	h := a.API.Handler()
	path := strings.Replace(a.Governor.PreferencePath(a.CorpID, "wm1"), "/preferences/", "/data/", 1)
	ask := func(method, path, act string) (int, string) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(url.Values{"act": {act}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	names, err := a.Customers.Names(t.Context(), a.DB.Read(), []string{"wm1"})
	if err != nil || names["wm1"] == "" {
		t.Fatalf("no name: %v", err)
	}
	status, page := ask("GET", path, "")
	if status != http.StatusOK || strings.Contains(page, names["wm1"]) || strings.Contains(page, "wm1") {
		t.Errorf("the page answers %d and may show whose it is: %.300s", status, page)
	}
	if status, _ := ask("GET", path[:len(path)-2]+"zz", ""); status != http.StatusNotFound {
		t.Errorf("an altered address answers %d", status)
	}
	if status, page := ask("POST", path, "download"); status != http.StatusForbidden || strings.Contains(page, names["wm1"]) {
		t.Errorf("somebody unknown downloads: %d", status)
	}
	if status, page := ask("POST", path, "erase"); status != http.StatusOK || !strings.Contains(page, "已记下您的要求") {
		t.Errorf("asking for an erasure answers %d: %.300s", status, page)
	}
	if n := (&node{App: a}).rows(t, "SELECT COUNT(*) FROM data_request WHERE customer_id = 'wm1' AND kind = 'erase' AND via = 'page' AND state = 'open'"); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	if n := (&node{App: a}).rows(t, "SELECT COUNT(*) FROM erasure"); n != 0 {
		t.Error("a press on the page erased: anybody who has the address could")
	}
}
