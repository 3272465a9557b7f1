package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tile is what a member sees on the workbench.
func (r *rig) tile(staff string) any {
	r.t.Helper()
	return r.good("agent/get_workbench_data", object{"agentid": r.Ready.AgentID, "userid": staff})["data"]
}

func (r *rig) ofAgent(fields object) object {
	fields["agentid"] = r.Ready.AgentID
	return fields
}

func TestTheWorkbenchShowsTheTemplateUntilAMemberHasDataOfHisOwn(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	normal := map[string]any{"type": "normal"}
	data := func(value string) map[string]any {
		return map[string]any{"type": "keydata", "keydata": map[string]any{"items": []any{
			map[string]any{"key": "待办", "data": value, "jump_url": "https://example.com", "pagepath": "a"},
		}}}
	}
	check := func(what, staff string, want map[string]any) {
		t.Helper()
		if diff := cmp.Diff(any(want), r.tile(staff)); diff != "" {
			t.Errorf("%s: %s sees (-want +got):\n%s", what, staff, diff)
		}
	}
	check("at start", "S01", normal)
	give := r.ofAgent(object{"userid": "S01", "type": "keydata", "keydata": keyData("7")})
	r.refused(94008, "agent/set_workbench_data", give)
	r.newTemplate()
	got := r.good("agent/get_workbench_template", r.ofAgent(object{}))
	if got["type"] != "keydata" || got["replace_user_data"] != false || got["image"] != nil || !cmp.Equal(got["keydata"], data("3")["keydata"]) {
		t.Errorf("template: got %v", got)
	}
	check("with a template", "S01", data("3"))
	r.good("agent/set_workbench_data", give)
	r.good("agent/batch_set_workbench_data", r.ofAgent(object{"userid_list": []string{"S02", "S03"}, "data": object{"type": "keydata", "keydata": keyData("8")}}))
	check("with data", "S01", data("7"))
	check("with data", "S02", data("8"))
	check("with data", "S04", data("3"))
	r.good("agent/set_workbench_template", r.ofAgent(object{"type": "keydata", "keydata": keyData("4")}))
	check("a new template", "S01", data("7"))
	check("a new template", "S04", data("4"))
	r.good("agent/set_workbench_template", r.ofAgent(object{"type": "keydata", "keydata": keyData("5"), "replace_user_data": true}))
	check("a template that replaces", "S01", data("5"))
	r.good("agent/set_workbench_template", r.ofAgent(object{"type": "normal"}))
	check("normal", "S01", normal)
}

func TestWorkbenchTilesAreJudged(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	items := func(list ...object) object { return object{"items": list} }
	datum := object{"data": "1"}
	for _, bad := range []struct {
		code int
		tile object
	}{
		{94001, object{"type": "dance"}},
		{94001, object{}},
		{94002, object{"type": "keydata"}},
		{94012, object{"type": "keydata", "keydata": items(object{"key": "a"})}},
		{94003, object{"type": "keydata", "keydata": items(datum, datum, datum, datum, datum)}},
		{94003, object{"type": "keydata", "keydata": items(object{"data": strings.Repeat("长", 65)})}},
		{40058, object{"type": "keydata", "keydata": items(object{"data": "1", "jump_url": "example.com"})}},
		{94013, object{"type": "image", "image": object{"url": "a.png"}}},
		{94005, object{"type": "list"}},
		{94006, object{"type": "list", "list": items(object{"title": "a"}, object{"title": "a"}, object{"title": "a"}, object{"title": "a"})}},
		{94010, object{"type": "list", "list": items(object{})}},
		{94014, object{"type": "list", "list": items(object{"title": strings.Repeat("a", 129)})}},
		{94007, object{"type": "webview"}},
		{94015, object{"type": "webview", "webview": object{"url": "example.com"}}},
		{94011, object{"type": "webview", "webview": object{"url": "https://example.com", "height": "tall"}}},
	} {
		r.refused(bad.code, "agent/set_workbench_template", r.ofAgent(bad.tile))
	}
	web := func(height string) object {
		return object{"type": "webview", "webview": object{"url": "https://example.com", "height": height}}
	}
	r.good("agent/set_workbench_template", r.ofAgent(web("double_row")))
	for code, tile := range map[int]object{94016: web("single_row"), 94001: {"type": "keydata", "keydata": keyData("1")}} {
		tile["userid"] = "S01"
		r.refused(code, "agent/set_workbench_data", r.ofAgent(tile))
	}
	own := r.ofAgent(web(""))
	for _, who := range []string{"", "nobody"} {
		own["userid"] = who
		r.refused(60011, "agent/set_workbench_data", own)
	}
	r.refused(60011, "agent/batch_set_workbench_data", r.ofAgent(object{"userid_list": []string{"S01", "nobody"}, "data": web("")}))
	many := object{"userid_list": slices.Repeat([]string{"S01"}, workbenchBatch+1), "data": web("")}
	r.refused(40058, "agent/batch_set_workbench_data", r.ofAgent(many))
	own["userid"] = "S01"
	r.act("admin_sets_visible_range", object{"staff": []string{"S02"}})
	r.refused(60011, "agent/set_workbench_data", own)
	r.act("admin_sets_visible_range", nil)
	for range workbenchAMinute {
		r.good("agent/set_workbench_data", own)
	}
	r.refused(45009, "agent/set_workbench_data", own)
	own["userid"] = "S02"
	r.good("agent/set_workbench_data", own)
	r.advance(time.Minute)
	own["userid"] = "S01"
	r.good("agent/set_workbench_data", own)
}

func TestAnAdministratorSwitchesTheCustomWorkbench(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	in := listenTo(r, nil)
	r.act("admin_switches_workbench", object{"off": true})
	if doc := in.wait(1)[0]; elementText(doc, "Event") != "switch_workbench_mode" || elementText(doc, "Mode") != "0" ||
		elementText(doc, "AgentID") != fmt.Sprint(r.Ready.AgentID) {
		t.Errorf("event: got %s", doc)
	}
	r.refused(94000, "agent/set_workbench_template", r.ofAgent(object{"type": "normal"}))
	r.act("admin_switches_workbench", nil)
	r.good("agent/set_workbench_template", r.ofAgent(object{"type": "normal"}))
}

func TestTheAppChangesItself(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	image := r.upload("image", "a.png", tinyPNG)["media_id"]
	r.good("agent/set", r.ofAgent(object{
		"name": "顾问", "description": "顾问的助手", "home_url": "https://example.com", "redirect_domain": "127.0.0.1:1", "logo_mediaid": image,
		"report_location_flag": 1, "isreportenter": 0,
	}))
	got := r.good("agent/get", url.Values{"agentid": {fmt.Sprint(r.Ready.AgentID)}})
	for name, want := range map[string]any{
		"name": "顾问", "description": "顾问的助手", "home_url": "https://example.com", "redirect_domain": "127.0.0.1:1",
		"report_location_flag": 1.0, "isreportenter": 0.0,
	} {
		if got[name] != want {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
		}
	}
	if logo := string(r.fetch(fmt.Sprint(got["square_logo_url"]))); logo != tinyPNG {
		t.Errorf("logo: got %q", logo)
	}
	in := listenTo(r, nil)
	r.act("staff_opens_app", object{"staff": "S03"})
	if doc := in.wait(1)[0]; elementText(doc, "Event") != "LOCATION" || elementText(doc, "FromUserName") != "S03" {
		t.Errorf("entering: got %s", doc)
	}
	q := r.authorize()
	q.Set("as", "S03")
	if resp, _ := r.visit("/connect/oauth2/authorize", q); resp.StatusCode != http.StatusFound {
		t.Errorf("the trusted domain: status %d", resp.StatusCode)
	}
	q.Set("redirect_uri", "http://127.0.0.1:2/back")
	if resp, body := r.visit("/connect/oauth2/authorize", q); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "50001") {
		t.Errorf("another port: status %d, %s", resp.StatusCode, body)
	}
	r.good("agent/set", r.ofAgent(object{"isreportenter": 1}))
	if got := r.good("agent/list", url.Values{}); ids(got["agentlist"], "name")[0] != "顾问" {
		t.Errorf("what the query has not stays: got %v", got)
	}
}

func TestTheAppCannotChangeItselfAnyhow(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	for _, bad := range []struct {
		code   int
		fields object
	}{
		{45022, object{"name": ""}},
		{45022, object{"name": strings.Repeat("长", 33)}},
		{45004, object{"description": "三个字"}},
		{45004, object{"description": strings.Repeat("长", 121)}},
		{40058, object{"isreportenter": 2}},
		{40058, object{"home_url": "example.com"}},
		{40007, object{"logo_mediaid": "none"}},
		{80001, object{"redirect_domain": "https://example.com"}},
	} {
		r.refused(bad.code, "agent/set", r.ofAgent(bad.fields))
	}
	r.refused(301002, "agent/set", object{"agentid": 7})
	for i := range domainsAMonth {
		r.good("agent/set", r.ofAgent(object{"redirect_domain": fmt.Sprintf("a%d.example.com", i)}))
	}
	r.refused(85004, "agent/set", r.ofAgent(object{"redirect_domain": "b.example.com"}))
	r.advance(31 * 24 * time.Hour)
	r.token = r.tokenOf(r.Ready.Secrets.App)
	r.control("switches", object{"agent.domain_proven": "off"})
	r.refused(85005, "agent/set", r.ofAgent(object{"redirect_domain": "b.example.com"}))
	r.control("switches", object{"agent.domain_proven": "on"})
	r.good("agent/set", r.ofAgent(object{"redirect_domain": "b.example.com"}))
}
