package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// A sensitive tag that was made in WeCom is shown as one; nobody is given it from here, and no channel code gives it, before an owner
// recorded a consent.
func TestASensitiveTagIsGivenToNobodyWithoutConsent(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	h := a.API.Handler()
	owner, manager := token(t, a, auth.NewToken{Role: auth.Owner}), token(t, a, auth.NewToken{Role: auth.Manager, Scope: web.All})
	err := a.DB.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewRaw("INSERT INTO tag (corp_id, id, group_id, name) VALUES ('ww1', '8', 'tg', '高血压')").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	call := func(as, method, path, body string, want int, has string) {
		t.Helper()
		status, answer := webtest.Do(t, h, webtest.Scenario{As: as, Method: method, Path: path, Body: body})
		if status != want || !strings.Contains(answer, has) {
			t.Fatalf("%s %s answers %d, want %d with %s: %s", method, path, status, want, has, answer)
		}
	}
	call(manager, "GET", "/tag-groups", "", http.StatusOK, `"sensitive":"health"`)
	call(manager, "GET", "/sensitive-tags", "", http.StatusOK, `"total":1`)
	call(manager, "POST", "/customers/tags", `{"ids":["wm1"],"add":["8"],"remove":[]}`, http.StatusUnprocessableEntity, "tag.no_consent")
	call(manager, "POST", "/contactways", `{"name":"门店","staff":["S01"],"tags":["8"]}`, http.StatusUnprocessableEntity, "tag.no_consent")
	call(manager, "POST", "/tag-groups", `{"name":"资料","tags":["乙肝"]}`, http.StatusUnprocessableEntity, "tag.sensitive")
	call(manager, "PUT", "/tags/8/consent", `{"reason":"到店签署的同意书"}`, http.StatusForbidden, "")
	call(owner, "PUT", "/tags/7/consent", `{"reason":"到店签署的同意书"}`, http.StatusNotFound, "")
	call(owner, "PUT", "/tags/8/consent", `{"reason":"到店签署的同意书"}`, http.StatusOK, "同意书")
	call(manager, "GET", "/sensitive-tags", "", http.StatusOK, `"consent":{"reason":"到店签署的同意书","by":"token:owner"`)
	call(owner, "GET", "/audit/entries?act=tag_consent.record", "", http.StatusOK, `"act":"tag_consent.record"`)
	call(manager, "POST", "/customers/tags", `{"ids":["wm1"],"add":["8"],"remove":[]}`, http.StatusOK, `"changed":0`) // no WeCom here
	call(owner, "DELETE", "/tags/8/consent", "", http.StatusNoContent, "")
	call(owner, "DELETE", "/tags/8/consent", "", http.StatusNotFound, "")
}
