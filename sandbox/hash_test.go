package sandbox

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lived plays one script in a world of its own and answers the state's hash after each round, and every answer.
func lived(t *testing.T, seed uint64) (hashes, answers []string) {
	t.Helper()
	r := newRig(t, func(o *Options) { o.Seed = seed })
	note := func(v any) {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, strings.ReplaceAll(string(raw), r.URL, "")) // each has a port of its own
	}
	r.control("life", object{"running": true, "arrivals_per_hour": 20, "kf_per_hour": 10})
	for i := range 8 {
		r.advance(3 * time.Hour)
		r.fresh()
		scan := r.act("scan_contact_way", nil)
		note(scan)
		note(r.good("externalcontact/get", url.Values{"external_userid": {scan["customer"].(string)}}))
		note(r.good("externalcontact/remark", object{"userid": scan["staff"], "external_userid": scan["customer"], "remark": fmt.Sprint("客户 ", i)}))
		note(r.good("externalcontact/add_msg_template", object{"sender": scan["staff"], "external_userid": []any{scan["customer"]}, "text": object{"content": fmt.Sprint("第 ", i, " 封")}}))
		note(r.call("externalcontact/list", url.Values{"userid": {"nobody"}})) // refusals carry a request id
		note(r.act("open_kf", nil))
		note(r.act("customer_says", nil))
		note(r.good("externalcontact/batch/get_by_user", object{"userid_list": []string{"S01", "S02", "S03"}, "limit": 100}))
		note(r.good("externalcontact/groupchat/list", object{"limit": 100}))
		hashes = append(hashes, r.Hash())
	}
	note(r.Deliveries(0))
	return hashes, answers
}

func TestOneSeedAndOneScriptGiveOneWorld(t *testing.T) {
	t.Parallel()
	hashes, answers := lived(t, 7)
	again, answersAgain := lived(t, 7)
	for i := range answers {
		if answers[i] != answersAgain[i] {
			t.Fatalf("answer %d differs:\n%s", i, cmp.Diff(answers[i], answersAgain[i]))
		}
	}
	for i := range hashes {
		if hashes[i] != again[i] {
			t.Fatalf("the state differs after step %d of %d", i, len(hashes))
		}
	}
	if other, _ := lived(t, 8); other[0] == hashes[0] {
		t.Error("another seed gives the same state")
	}
}

// A hash that misses what a call wrote would call two worlds the same.
func TestTheHashSeesEveryWrite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	staff, customer := r.someCustomer()
	before := r.Hash()
	unchanged := func(what string, same bool) {
		t.Helper()
		now := r.Hash()
		if (now == before) != same {
			t.Errorf("%s: hash unchanged: %v", what, now == before)
		}
		before = now
	}
	r.good("externalcontact/get", url.Values{"external_userid": {customer}})
	unchanged("a reading", true)
	r.good("externalcontact/remark", object{"userid": staff, "external_userid": customer, "remark": "老客户"})
	unchanged("a remark", false)
	r.good("externalcontact/add_corp_tag", object{"group_name": "新标签", "tag": []object{{"name": "甲"}}})
	unchanged("a tag", false)
	r.good("externalcontact/add_msg_template", object{"sender": staff, "external_userid": []string{customer}, "text": object{"content": "你好"}})
	unchanged("a mass message", false)
	r.act("open_kf", nil)
	unchanged("a chat", false)
	r.advance(time.Second)
	unchanged("a second", false)
	if _, v := r.do("GET", "/_sandbox/state?hash=1", nil); v["hash"] != before {
		t.Errorf("the control plane says %v, not %s", v["hash"], before)
	}
	if _, v := r.do("GET", "/_sandbox/state", nil); v["hash"] != nil {
		t.Error("the hash, which takes long in a large world, comes without being asked for")
	}
}
