package broadcast_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// call is a call that is not the platform's.
func (b *wecomBox) call(t *testing.T, path, body string) map[string]any {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	if body == "" {
		r.Method = http.MethodGet
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	out := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out["errcode"] != 0.0 {
		t.Fatalf("%s: %s", path, w.Body)
	}
	return out
}

func TestWhatMembersSendOnTheirOwnCountsAgainstTheCaps(t *testing.T) {
	t.Parallel()
	box := newBox(t, tuesday)
	// Somebody else's message that was confirmed stands for a member's own: the list below shows it as one.
	box.change = func(r *http.Request) {
		if r.URL.Path != "/cgi-bin/externalcontact/get_groupmsg_list_v2" {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = bytes.Replace(body, []byte(`"filter_type":1`), []byte(`"filter_type":0`), 1)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	n := newNode(t, box, dbtest.SQLite(t), "n1")
	members, err := n.audience(t.Context(), customer.AudienceQuery{})
	n.must(err)
	ready := box.Ready(box.url)
	token := box.call(t, "/cgi-bin/gettoken?corpid="+ready.CorpID+"&corpsecret="+ready.Secrets.External, "")["access_token"].(string)
	box.call(t, "/cgi-bin/externalcontact/add_msg_template?access_token="+token,
		`{"external_userid":["`+members[0].CustomerID+`"],"sender":"`+members[0].StaffID+`","text":{"content":"自己发的"}}`)
	if n.confirmAll() != 1 {
		t.Fatal("the message was not confirmed")
	}
	n.must(n.sends.Start(t.Context()))
	n.must(n.sends.Start(t.Context()))
	n.eventually("the member's message to be booked", func() bool {
		b, err := n.gov.Budget(t.Context(), testCorp, members[0].CustomerID)
		n.must(err)
		return b[members[0].CustomerID].Full
	})
	n.agrees()
	n.must(n.box.Advance(t.Context(), 2*time.Hour)) // read again, booked once
	p, err := n.sends.Plan(t.Context(), 0, "S01", broadcast.Words{Text: "周末护理课开放预约。"}, nil)
	n.must(err)
	if p.Held != 1 || p.Reachable != 59 {
		t.Fatalf("reachable %d, held %d", p.Reachable, p.Held)
	}
	n.agrees()
}
