package sandbox

import (
	"net/url"
	"testing"
	"time"
)

func TestAMemberLogsInToAMiniProgram(t *testing.T) {
	t.Parallel()
	r := newRig(t).as(AreaApp)
	const path = "miniprogram/jscode2session"
	session := func(code any) url.Values {
		return url.Values{"js_code": {code.(string)}, "grant_type": {"authorization_code"}}
	}
	code := r.act("staff_opens_miniprogram", object{"staff": "S03"})["js_code"]
	got := r.good(path, session(code))
	if got["userid"] != "S03" || got["corpid"] != r.Ready.CorpID || len(got["session_key"].(string)) != 24 {
		t.Errorf("session: %v", got)
	}
	r.refused(40029, path, session(code))
	// Codes of pages and of mini-programs do not stand for each other.
	r.refused(40029, path, session(r.staffCode(false)))
	r.refused(40029, "auth/getuserinfo", url.Values{"code": {r.act("staff_opens_miniprogram", nil)["js_code"].(string)}})
	late := r.act("staff_opens_miniprogram", nil)["js_code"]
	r.advance(5 * time.Minute)
	r.refused(42003, path, session(late))
}
