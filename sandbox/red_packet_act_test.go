package sandbox

import (
	"net/http"
	"testing"
)

func TestAMemberGivesARedPacket(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	staff, customer := r.someCustomer()
	out := r.act("send_red_packet", object{"staff": staff, "customer": customer, "amount": 520, "wish": "生日快乐"})
	if out["staff"] != staff || out["customer"] != customer {
		t.Errorf("got %v, want the pair", out)
	}
	r.act("send_red_packet", object{"chat": r.chats()[0], "amount": 1000, "count": 5})
	got := r.Deliveries(0)
	if len(got) != 2 || got[0].Kind != "red_packet" || got[0].Customer != customer || got[0].Origin != "member" || got[0].Text != "生日快乐" ||
		got[1].Kind != "red_packet" || got[1].Chat != r.chats()[0] {
		t.Errorf("deliveries: %+v", got)
	}
	for _, bad := range []object{{"amount": 30_000}, {"count": 2, "customer": customer}, {"amount": -1}, {"customer": "wmNobody"}} {
		bad["act"] = "send_red_packet"
		if status, out := r.do(http.MethodPost, "/_sandbox/act", bad); status != http.StatusBadRequest || out["error"] == nil {
			t.Errorf("%v: got %d %v, want 400 with the reason", bad, status, out)
		}
	}
}

func TestAPathThatDoesNotExist(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for value, want := range map[string]int{"404": http.StatusNotFound, "200": http.StatusOK} {
		r.control("switches", object{"path.unknown": value})
		if status, out := r.do(http.MethodPost, "/cgi-bin/externalcontact/no_such_call", object{}); status != want || out["errcode"] != 404.0 {
			t.Errorf("path.unknown %s: HTTP %d %v", value, status, out)
		}
	}
}

func TestAnAddressThatIsNotTrustedGets60020(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("switches", object{"access.trusted_ip": "none"})
	r.refused(60020, "miniapppay/get_order", object{"mchid": r.mch(), "out_trade_no": "T0"})
	r.tokenOf(r.Ready.Secrets.App) // does not ask
	r.control("switches", object{"access.trusted_ip": "all"})
	r.refused(40058, "miniapppay/get_order", object{"mchid": r.mch(), "out_trade_no": "T0"})
}
