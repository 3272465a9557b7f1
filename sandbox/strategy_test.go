package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func node(kind int, id any) object {
	if kind == 1 {
		return object{"type": 1, "userid": id}
	}
	return object{"type": 2, "partyid": id}
}

func (r *rig) strategy(path string, parent any, nodes ...object) float64 {
	r.t.Helper()
	return r.good(path+"create", object{
		"parent_id": parent, "strategy_name": "华东", "admin_list": []string{"S01"}, "range": nodes,
	})["strategy_id"].(float64)
}

func TestRuleGroups(t *testing.T) {
	t.Parallel()
	for kind, right := range map[string]string{"customer_strategy": "share_customer", "moment_strategy": "send_moment"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			path := "externalcontact/" + kind + "/"
			id := r.good(path+"create", object{
				"strategy_name": "华东", "admin_list": []string{"S01", "S02"}, "privilege": object{right: false},
				"range": []object{node(1, "S03"), node(2, 2)},
			})["strategy_id"]
			get := func(id any) map[string]any {
				return r.good(path+"get", object{"strategy_id": id})["strategy"].(map[string]any)
			}
			got := get(id)
			if got["parent_id"] != 0.0 || got["strategy_name"] != "华东" || fmt.Sprint(got["admin_list"]) != "[S01 S02]" ||
				got["create_time"] != float64(testStart.Unix()) || got["privilege"].(map[string]any)[right] != false {
				t.Errorf("rule group: got %v", got)
			}
			on := 0
			for _, v := range got["privilege"].(map[string]any) {
				if v == true {
					on++
				}
			}
			if want := map[string]int{"customer_strategy": 20, "moment_strategy": 2}[kind]; on != want {
				t.Errorf("rights that are on: got %d, want %d", on, want)
			}
			child := r.strategy(path, id, node(2, 2))
			if get(child)["privilege"].(map[string]any)[right] != false || get(child)["parent_id"] != id {
				t.Errorf("a child inherits the rights: got %v", get(child))
			}
			r.good(path+"edit", object{
				"strategy_id": id, "strategy_name": "华南", "admin_list": []string{"S04"}, "privilege": object{},
				"range_add": []object{node(1, "S05")}, "range_del": []object{node(1, "S03")},
			})
			if got := get(id); got["strategy_name"] != "华南" || fmt.Sprint(got["admin_list"]) != "[S04]" || got["privilege"].(map[string]any)[right] != true {
				t.Errorf("after the edit: got %v", got)
			}
			page := r.good(path+"get_range", object{"strategy_id": id, "limit": 1})
			rest := r.good(path+"get_range", object{"strategy_id": id, "limit": 1, "cursor": page["next_cursor"]})
			if fmt.Sprint(page["range"], rest["range"]) != "[map[partyid:2 type:2]] [map[type:1 userid:S05]]" || rest["next_cursor"] != nil {
				t.Errorf("range: got %v and %v", page, rest)
			}
			first := r.good(path+"list", object{"limit": 1})
			second := r.good(path+"list", object{"limit": 1, "cursor": first["next_cursor"]})
			if fmt.Sprint(first["strategy"], second["strategy"]) != fmt.Sprintf("[map[strategy_id:%v]] [map[strategy_id:%v]]", id, child) || second["next_cursor"] != nil {
				t.Errorf("list: got %v and %v", first, second)
			}
			r.good(path+"del", object{"strategy_id": id})
			if left := list(r.good(path+"list", object{})["strategy"]); len(left) != 0 {
				t.Errorf("a deleted rule group and its child: got %v", left)
			}
			r.refused(40058, path+"get", object{"strategy_id": id})
		})
	}
}

func TestRuleGroupsRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const path = "externalcontact/customer_strategy/"
	base := func(change object) object {
		out := object{"strategy_name": "华东", "admin_list": []string{"S01"}, "range": []object{node(2, 2)}}
		maps.Copy(out, change)
		return out
	}
	for _, bad := range []struct {
		code int
		body object
	}{
		{40058, base(object{"strategy_name": ""})},
		{40058, base(object{"admin_list": []string{}})},
		{40058, base(object{"admin_list": slices.Repeat([]string{"S01"}, 21)})},
		{60030, base(object{"admin_list": []string{"nobody"}})},
		{40058, base(object{"range": []object{}})},
		{40058, base(object{"range": slices.Repeat([]object{node(2, 2)}, 101)})},
		{40058, base(object{"range": []object{{"type": 3}}})},
		{60030, base(object{"range": []object{node(1, "nobody")}})},
		{60030, base(object{"range": []object{node(2, 999)}})},
		{40058, base(object{"parent_id": 999})},
		{40058, base(object{"privilege": object{"fly": true}})},
		{40058, base(object{"privilege": object{"share_customer": "yes"}})},
	} {
		r.refused(bad.code, path+"create", bad.body)
	}
	r.good(path+"create", base(object{"admin_list": slices.Repeat([]string{"S01"}, 20), "range": slices.Repeat([]object{node(2, 2)}, 100)}))
	id := r.strategy(path, 0, node(2, 2))
	r.refused(40058, path+"create", base(object{"parent_id": id, "range": []object{node(2, 3)}}))
	for level := 2; level <= strategyDepth; level++ {
		id = r.strategy(path, id, node(2, 2))
	}
	r.refused(40058, path+"create", base(object{"parent_id": id}))
	r.refused(40058, path+"edit", object{"strategy_id": id, "range_del": []object{node(2, 2)}})
	r.refused(40058, path+"edit", object{"strategy_id": id, "range_add": []object{node(2, 3)}})
}

func TestRuleGroupTags(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const tags = "externalcontact/get_strategy_tag_list"
	id := r.strategy("externalcontact/customer_strategy/", 0, node(1, "S03"))
	added := r.good("externalcontact/add_strategy_tag", object{
		"strategy_id": id, "group_name": "意向", "order": 5, "tag": []object{{"name": "高", "order": 2}, {"name": "低"}},
	})["tag_group"].(map[string]any)
	high := list(added["tag"])[0].(map[string]any)["id"]
	if !strings.HasPrefix(fmt.Sprint(added["group_id"]), "st") || added["strategy_id"] != nil {
		t.Errorf("made: got %v", added)
	}
	groups := list(r.good(tags, object{"strategy_id": id})["tag_group"])
	if len(groups) != 1 || groups[0].(map[string]any)["strategy_id"] != id || len(list(groups[0].(map[string]any)["tag"])) != 2 {
		t.Errorf("tags of the rule group: got %v", groups)
	}
	corp := r.good("externalcontact/get_corp_tag_list", object{})
	if strings.Contains(fmt.Sprint(corp), fmt.Sprint(high)) {
		t.Error("a tag of a rule group is among the corp tags")
	}
	r.refused(40068, "externalcontact/edit_corp_tag", object{"id": high, "name": "x"})
	r.refused(40068, "externalcontact/del_corp_tag", object{"tag_id": []any{high}})
	customer, other := r.only("S03", "S04"), r.only("S04", "S03")
	r.good("externalcontact/mark_tag", object{"userid": "S03", "external_userid": customer, "add_tag": []any{high}})
	r.refused(60011, "externalcontact/mark_tag", object{"userid": "S04", "external_userid": other, "add_tag": []any{high}})
	r.good("externalcontact/edit_strategy_tag", object{"id": high, "name": "很高", "order": 9})
	r.refused(40071, "externalcontact/edit_strategy_tag", object{"id": high, "name": "低"})
	one := list(r.good(tags, object{"tag_id": []any{high}})["tag_group"])[0].(map[string]any)
	if v := list(one["tag"])[0].(map[string]any); len(list(one["tag"])) != 1 || v["name"] != "很高" || v["order"] != 9.0 {
		t.Errorf("after the edit: got %v", one)
	}
	r.refused(40071, "externalcontact/add_strategy_tag", object{"strategy_id": id, "group_name": "意向", "tag": []object{{"name": "低"}}})
	r.refused(41018, "externalcontact/add_strategy_tag", object{"strategy_id": id, "group_name": "意向"})
	r.refused(40072, "externalcontact/add_strategy_tag", object{"strategy_id": id, "group_name": strings.Repeat("长", 31), "tag": []object{{"name": "a"}}})
	r.refused(40068, "externalcontact/add_strategy_tag", object{"strategy_id": id, "group_id": "stNone", "tag": []object{{"name": "a"}}})
	r.refused(40068, "externalcontact/edit_strategy_tag", object{"id": "stNone", "name": "a"})
	r.refused(40068, "externalcontact/del_strategy_tag", object{})
	r.good("externalcontact/del_strategy_tag", object{"group_id": []any{added["group_id"]}})
	if left := list(r.good(tags, object{"strategy_id": id})["tag_group"]); len(left) != 0 {
		t.Errorf("after deleting: got %v", left)
	}
}
