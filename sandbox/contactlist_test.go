package sandbox

import (
	"fmt"
	"maps"
	"net/url"
	"testing"
	"time"
)

func (r *rig) tempWay(more object) object {
	r.t.Helper()
	way := object{"type": 1, "scene": 2, "is_temp": true, "user": []string{"S03"}, "conclusions": object{"text": text("再见")}}
	maps.Copy(way, more)
	id := r.good("externalcontact/add_contact_way", way)["config_id"]
	scan := r.act("scan_contact_way", object{"config_id": id})
	scan["config_id"] = id
	return scan
}

func TestATempChatEndsByCallOrByItself(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	const path = "externalcontact/close_temp_chat"
	scan := r.tempWay(nil)
	if status, _ := r.do("POST", "/_sandbox/act", object{"act": "scan_contact_way", "config_id": scan["config_id"]}); status != 400 {
		t.Error("the code of a temp way must die with the adding")
	}
	in.wait(1)
	r.settle()
	pair := object{"userid": "S03", "external_userid": scan["customer"]}
	r.good(path, pair)
	r.refused(84061, path, pair)
	r.refused(84061, "externalcontact/get", url.Values{"external_userid": {fmt.Sprint(scan["customer"])}})
	rows := r.Deliveries(0)
	if len(rows) != 1 || rows[0].Kind != "conclusions" || rows[0].Text != "再见" || rows[0].Customer != scan["customer"] {
		t.Errorf("closing words: got %+v", rows)
	}
	scan = r.tempWay(object{"chat_expires_in": 60})
	r.advance(time.Minute)
	if rows := r.Deliveries(1); len(rows) != 1 || rows[0].Customer != scan["customer"] {
		t.Errorf("a chat that expires: got %+v", rows)
	}
	r.settle()
	if n := len(in.documents()); n != 2 {
		t.Errorf("events: got %d, want the two of adding", n)
	}
	staff, customer := r.someCustomer()
	r.refused(84061, path, object{"userid": staff, "external_userid": customer})
	r.refused(41009, path, object{"external_userid": customer})
	r.refused(41035, path, object{"userid": staff})
	r.refused(40096, path, object{"userid": staff, "external_userid": "wmNone"})
}

func TestAllContactsAreWalkedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Corp = "old" })
	const path = "externalcontact/contact_list"
	r.refused(48002, path, object{})
	asApp(r)
	r.act("create_plain_group", object{"staff": "S04", "name": "邻居", "guests": 2})
	seen, customers, guests, neighbours := map[string]bool{}, 0, 0, 0
	cursor := any("")
	for {
		got := r.good(path, object{"cursor": cursor, "limit": 70})
		for _, v := range list(got["info_list"]) {
			row := v.(map[string]any)
			seen[fmt.Sprint(row["tmp_openid"])] = true
			if row["is_customer"] == true {
				customers++
				if row["external_userid"] == nil || row["name"] != nil || row["follow_userid"] == "" {
					t.Fatalf("customer: got %v", row)
				}
				continue
			}
			guests++
			if row["chat_name"] == "邻居" && row["follow_userid"] == "S04" {
				neighbours++
			}
			if row["external_userid"] != nil || row["name"] == nil || (row["chat_id"] == nil) == (row["chat_name"] == nil) {
				t.Fatalf("guest: got %v", row)
			}
		}
		if cursor = got["next_cursor"]; cursor == "" {
			break
		}
	}
	if customers != 200 || guests == 0 || neighbours != 2 || len(seen) != customers+guests {
		t.Errorf("walked %d customers and %d others, %d ids", customers, guests, len(seen))
	}
	again := r.good(path, object{"limit": 1})
	if seen[fmt.Sprint(list(again["info_list"])[0].(map[string]any)["tmp_openid"])] {
		t.Error("a new walk must have new temporary ids")
	}
	r.advance(contactListLife + time.Second)
	asApp(r)
	r.refused(60268, path, object{"cursor": again["next_cursor"]})
	r.refused(60268, path, object{"cursor": "made up"})
}

func TestSmallConversions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := r.good("externalcontact/check_follow_user", object{"userid": []string{"S03", "nobody"}, "partyid": []int{2, 999}})
	if fmt.Sprint(got["authorized"], got["unauthorized"]) != "map[partyid:[2] userid:[S03]] map[partyid:[999] userid:[nobody]]" {
		t.Errorf("check_follow_user: got %v", got)
	}
	r.refused(40058, "externalcontact/check_follow_user", object{})
	open := r.act("customer_opens_miniprogram", object{"chat": r.chats()[1]})
	if got := r.good("externalcontact/opengid_to_chatid", object{"opengid": open["opengid"]}); got["chat_id"] != open["chat"] {
		t.Errorf("opengid_to_chatid: got %v", got)
	}
	r.refused(90511, "externalcontact/opengid_to_chatid", object{})
	const path = "externalcontact/convert_to_openid"
	_, customer := r.someCustomer()
	one, again := r.good(path, object{"external_userid": customer}), r.good(path, object{"external_userid": customer})
	if one["openid"] == "" || one["openid"] != again["openid"] {
		t.Errorf("openid: got %v and %v", one, again)
	}
	r.refused(41035, path, object{})
	r.refused(40096, path, object{"external_userid": "wmNone"})
	r.refused(41056, path, object{"external_userid": r.world.customerID(96)})
	r.refused(84061, path, object{"external_userid": r.world.customerID(r.nobody())})
}

// nobody is a person whom no member has as a customer.
func (r *rig) nobody() int32 {
	r.t.Helper()
	for i := range r.world.customers {
		if c := &r.world.customers[i]; c.live == 0 && !c.wecom {
			return int32(i)
		}
	}
	r.t.Fatal("everybody is a customer")
	return 0
}
