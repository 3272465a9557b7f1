package sandbox

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/spec"
)

var elementName = regexp.MustCompile(`<([A-Za-z_0-9]+)>`)

// elements are the names of a document's elements, in order.
func elements(doc string) string {
	var out []string
	for _, m := range elementName.FindAllStringSubmatch(doc, -1) {
		out = append(out, m[1])
	}
	return strings.Join(out, " ")
}

// Whatever a member writes to the app or presses in its menu comes in the shape
// of the facts' sample.
func TestTheAppHearsOfEverythingAMemberCanDo(t *testing.T) {
	t.Parallel()
	facts, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	samples := map[string]string{}
	for _, e := range facts.Events {
		samples[e.ID] = elements(e.Sample)
		if e.ID == "menu.location_select" { // its fields name one more
			samples[e.ID] = strings.Replace(samples[e.ID], "AgentID", "AppType AgentID", 1)
		}
	}
	r := appRig(t)
	in := listenTo(r, nil)
	got := 0
	heard := func(id string) string {
		t.Helper()
		doc := in.wait(1)[got]
		got++
		if elements(doc) != samples[id] {
			t.Errorf("%s:\n got %s\nwant %s", id, elements(doc), samples[id])
		}
		return doc
	}
	for kind, id := range appKinds {
		r.act("staff_writes_app", object{"staff": "S03", "msgtype": kind, "text": "看这个"})
		doc := heard(id)
		if media := elementText(doc, "MediaId"); kind == "image" || kind == "voice" || kind == "video" {
			if status, _ := r.download(media, ""); status != 200 {
				t.Errorf("%s: media/get of %q answers HTTP %d", kind, media, status)
			}
		}
	}
	for kind, press := range menuPresses {
		button := object{"name": "按", "type": kind, "key": "K"}
		switch kind {
		case "view":
			button = object{"name": "按", "type": kind, "url": "https://example.com/"}
		case "view_miniprogram":
			button = object{"name": "按", "type": kind, "appid": "wx8bd80126147df384", "pagepath": "pages/index"}
		}
		_, made := r.do("POST", fmt.Sprintf("/cgi-bin/menu/create?agentid=%d&access_token=%s", r.Ready.AgentID, r.token), object{"button": []object{button}})
		if made["errcode"] != 0.0 {
			t.Fatalf("%s: %v", kind, made)
		}
		r.act("staff_clicks_menu", object{"staff": "S03"})
		heard(press.kind)
	}
}

func TestAnAdministratorShufflesTags(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	group := r.world.tagGroups[0].id
	before := r.good("externalcontact/get_corp_tag_list", object{})
	r.act("admin_shuffles_tags", object{"group": group})
	if doc := in.wait(1)[0]; elementText(doc, "ChangeType") != "shuffle" || elementText(doc, "Id") != group {
		t.Errorf("got %s", doc)
	}
	if fmt.Sprint(r.good("externalcontact/get_corp_tag_list", object{})) == fmt.Sprint(before) {
		t.Error("the list of tags is as before")
	}
	r.act("admin_shuffles_tags", nil)
	if doc := in.wait(1)[1]; elementText(doc, "Id") != "" {
		t.Errorf("all groups: got %s", doc)
	}
}
