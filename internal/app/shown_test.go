package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/web/webtest"
)

// Whatever route names a customer, the log names them too, with the account that got the answer: after a leak nobody is missing.
func TestWhoeverIsShownIsOnRecord(t *testing.T) {
	t.Parallel()
	a := alone(t)
	foreign(t, a)
	h := a.API.Handler()
	shown := 0
	for n, r := range a.API.Routes() {
		if r.Method != http.MethodGet || r.Path == "/live" || r.Path == "/audit/entries" || r.Path == "/audit/entries/{id}" {
			continue
		}
		for i, id := range []string{"wm2", "wr2", "7", "8"} {
			name := fmt.Sprint("r", n, "-", i)
			_, text, err := a.Auth.CreateToken(t.Context(), auth.NewToken{Name: name, Role: auth.Owner, By: "test"})
			if err != nil {
				t.Fatal(err)
			}
			path := strings.ReplaceAll(r.Path, "{id}", id)
			status, answer := webtest.Do(t, h, webtest.Scenario{As: text, Path: path})
			_, body, _ := strings.Cut(answer, "\r\n\n")
			looks, _, err := a.Audit.Looked(t.Context(), "token:"+name, 0, clock.At(morning)+1)
			if err != nil {
				t.Fatal(err)
			}
			for _, customer := range []string{"wm1", "wm2", "wm9"} {
				if _, ok := looks[customer]; status == http.StatusOK && strings.Contains(body, `"`+customer+`"`) && !ok {
					t.Errorf("%s shows %s, and the log does not say so: %v", path, customer, looks)
				} else if ok {
					shown++
				}
			}
			if path == r.Path {
				break
			}
		}
	}
	if shown < 15 {
		t.Errorf("customers were shown %d times only: this test proves little", shown)
	}
}
