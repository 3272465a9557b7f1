package sandbox

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

func (r *rig) program(path, token string, body object) object {
	r.t.Helper()
	_, out := r.do(http.MethodPost, "/wxa/"+path+"?"+url.Values{"access_token": {token}}.Encode(), body)
	return out
}

func TestALinkLeadsIntoTheMiniProgramUntilItEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.act("program_gets_token", nil)["access_token"].(string)
	scheme := r.program("generatescheme", token, object{"jump_wxa": object{"path": "pages/kf", "query": "from=sms"}, "expire_type": 1, "expire_interval": 2})
	short := r.program("genwxashortlink", token, object{"page_url": "pages/shop", "is_permanent": true})
	link := r.program("generate_urllink", token, object{"path": "pages/shop"})
	opened := r.act("customer_opens_program_link", object{"link": scheme["openlink"]})
	if opened["path"] != "pages/kf" || opened["query"] != "from=sms" {
		t.Errorf("the scheme leads to %v", opened)
	}
	ended := func(l any) bool {
		status, _ := r.do(http.MethodPost, "/_sandbox/act", object{"act": "customer_opens_program_link", "link": l})
		return status != http.StatusOK
	}
	r.advance(48 * time.Hour)
	if !ended(scheme["openlink"]) || ended(link["url_link"]) || ended(short["link"]) {
		t.Error("after two days only the scheme has ended")
	}
	r.advance(29 * 24 * time.Hour)
	if !ended(link["url_link"]) || ended(short["link"]) {
		t.Error("a link that says nothing ends by the switch, a permanent one never")
	}
}

func TestOnlyAMiniProgramMakesLinks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.act("program_gets_token", nil)["access_token"].(string)
	want := func(what, token string, body object, code float64) {
		t.Helper()
		if out := r.program("generatescheme", token, body); out["errcode"] != code {
			t.Errorf("%s: got %v, want %v", what, out, code)
		}
	}
	page := object{"jump_wxa": object{"path": "a"}}
	want("no token", "", page, 41001)
	want("the app's token", r.tokenOf(r.Ready.Secrets.App), page, 40001)
	want("a life of nothing", token, object{"is_expire": true}, 40058)
	want("a time that is over", token, object{"expire_type": 0, "expire_time": r.Now().Unix() - 1}, 40058)
	r.control("switches", object{"program.released": "off"})
	want("not released", token, page, 85079)
	r.control("switches", object{"program.released": "on"})
	r.advance(2 * time.Hour)
	want("an old token", token, page, 40001)
}
