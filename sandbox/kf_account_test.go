package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKfAccountsAndServicers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	avatar := d.upload("image", "a.png", string(drawnImage()))["media_id"]
	d.refused(95006, "kf/account/add", object{"name": strings.Repeat("客", 17), "media_id": avatar})
	d.refused(40007, "kf/account/add", object{"name": "新客服", "media_id": "nobody"})
	id := d.good("kf/account/add", object{"name": "新客服", "media_id": avatar})["open_kfid"]
	d.good("kf/account/update", object{"open_kfid": id, "name": "改名"})
	accounts := d.good("kf/account/list", object{"offset": 2, "limit": 1})["account_list"]
	if got := ids(accounts, "name"); !slices.Equal(got, []string{"改名"}) {
		t.Errorf("third account: got %v", got)
	}
	d.refused(40058, "kf/account/list", object{"limit": 101})

	results := d.good("kf/servicer/add", object{"open_kfid": id, "userid_list": []string{"S01", "S01", "S99"}, "department_id_list": []int{3, 99}})["result_list"]
	if got := ids(results, "errcode"); !slices.Equal(got, []string{"0", "0", "95014", "0", "60011"}) {
		t.Errorf("result codes: got %v", got)
	}
	if got := ids(results, "errmsg"); got[0] != "success" || got[1] != "ignored" {
		t.Errorf("result texts: got %v", got)
	}
	d.refused(40058, "kf/servicer/add", object{"open_kfid": id})
	servicers := list(d.good("kf/servicer/list", url.Values{"open_kfid": {fmt.Sprint(id)}})["servicer_list"])
	want := []any{map[string]any{"userid": "S01", "status": 0.0}, map[string]any{"department_id": 3.0}}
	if diff := cmp.Diff(want, servicers); diff != "" {
		t.Errorf("servicers (-want +got):\n%s", diff)
	}
	d.good("kf/servicer/del", object{"open_kfid": id, "userid_list": []string{"S01"}})
	for _, gone := range []any{id, ids(d.good("kf/account/list", object{})["account_list"], "open_kfid")[1]} {
		d.good("kf/account/del", object{"open_kfid": gone})
		d.refused(95004, "kf/account/del", object{"open_kfid": gone})
	}
	d.refused(95005, "kf/account/del", object{"open_kfid": d.kf})
	d.refused(40058, "kf/add_contact_way", object{"open_kfid": d.kf, "scene": "空格"})
}

func TestKfProfilesAreShownWhileTheCustomerIsActive(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	quiet, active := d.stranger(), d.stranger()
	d.act("open_kf", object{"kf": d.kf, "customer": active, "scene": "door"})
	got := d.good("kf/customer/batchget", object{"external_userid_list": []any{quiet, active}, "need_enter_session_context": 1})
	customer := list(got["customer_list"])[0].(map[string]any)
	if customer["external_userid"] != active || customer["enter_session_context"].(map[string]any)["scene"] != "door" {
		t.Errorf("active customer: got %v", customer)
	}
	if diff := cmp.Diff([]any{quiet}, got["invalid_external_userid"]); diff != "" {
		t.Errorf("invalid ids (-want +got):\n%s", diff)
	}
	d.refused(40058, "kf/customer/batchget", object{"external_userid_list": []any{}})
}

func TestKfIsClosedToTheContactsSecret(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.token = d.tokenOf(d.Ready.Secrets.Contact)
	for _, path := range []string{"kf/account/list", "kf/sync_msg", "kf/send_msg", "kf/service_state/get"} {
		d.refused(48002, path, object{})
	}
}

func TestAccountsCanBeListedTheOldWay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if got := len(list(d.good("kf/account/list", url.Values{"offset": {"0"}, "limit": {"100"}})["account_list"])); got != 2 {
		t.Errorf("accounts by GET: got %d, want 2", got)
	}
}
