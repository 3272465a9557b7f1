package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const rulePath = "externalcontact/%s_intercept_rule"

func TestARuleStopsAndAnotherWarns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	add, get, update, del := fmt.Sprintf(rulePath, "add"), fmt.Sprintf(rulePath, "get"), fmt.Sprintf(rulePath, "update"), fmt.Sprintf(rulePath, "del")
	stop := r.good(add, object{
		"rule_name": "私下收款", "word_list": []string{"转我微信"}, "semantics_list": []int{1}, "intercept_type": 1,
		"applicable_range": object{"user_list": []string{"S03"}},
	})["rule_id"]
	warn := r.good(add, object{
		"rule_name": "邮箱", "word_list": []string{"返现"}, "semantics_list": []int{2, 3}, "intercept_type": 2,
		"applicable_range": object{"department_list": []int{1}},
	})["rule_id"]
	says := func(staff, text string) any {
		return r.act("staff_says", object{"staff": staff, "text": text})["intercepted"]
	}
	for _, c := range []struct {
		staff, text string
		rule        any
	}{
		{"S03", "钱转我微信吧", stop}, {"S04", "钱转我微信吧", nil}, {"S03", "打 13800000000", stop}, {"S03", "单号 213800000000", nil}, {"S03", "写 a@example.com", nil},
	} {
		if got := says(c.staff, c.text); got != c.rule {
			t.Errorf("%s says %q: intercepted by %v, want %v", c.staff, c.text, got, c.rule)
		}
	}
	if rows := r.Deliveries(0); len(rows) != 3 {
		t.Errorf("messages that arrived: got %+v", rows)
	}
	warned := 0
	for _, e := range r.journalAfter(0) {
		if e.Kind == "message_warned" && e.ID == warn {
			warned++
		}
	}
	if warned != 1 {
		t.Errorf("warnings: got %d, want 1", warned)
	}
	rule := r.good(get, object{"rule_id": stop})["rule"].(map[string]any)
	if rule["rule_id"] != stop || fmt.Sprint(rule["word_list"], rule["semantics_list"], rule["extra_rule"], rule["applicable_range"]) !=
		"[转我微信] [1] map[semantics_list:[1]] map[department_list:[] user_list:[S03]]" || rule["intercept_type"] != 1.0 {
		t.Errorf("rule: got %v", rule)
	}
	r.good(update, object{
		"rule_id": stop, "rule_name": "收款", "extra_rule": object{"semantics_list": []int{}}, "intercept_type": 1,
		"add_applicable_range": object{"user_list": []string{"S04"}}, "remove_applicable_range": object{"user_list": []string{"S03"}},
	})
	if says("S03", "钱转我微信吧") != nil || says("S04", "钱转我微信吧") != stop || says("S04", "打 13800000000") != nil {
		t.Error("the changed rule must hold for S04, and no longer for S03 or phone numbers")
	}
	rows := list(r.good("externalcontact/get_intercept_rule_list", url.Values{})["rule_list"])
	if len(rows) != 2 || rows[0].(map[string]any)["rule_name"] != "收款" {
		t.Errorf("list: got %v", rows)
	}
	r.good(del, object{"rule_id": stop})
	if says("S04", "钱转我微信吧") != nil {
		t.Error("a deleted rule stops a message")
	}
	for _, path := range []string{get, update, del} {
		r.refused(41071, path, object{"rule_id": stop})
		r.refused(41070, path, object{"rule_id": "none"})
		r.refused(41070, path, object{})
	}
	chat := r.chats()[0]
	r.good(add, object{"rule_name": "群", "word_list": []string{"返现"}, "intercept_type": 1, "applicable_range": object{"department_list": []int{1}}})
	before := len(r.Deliveries(0))
	if got := r.act("staff_says", object{"chat": chat, "text": "返现啦"}); got["intercepted"] == nil || len(r.Deliveries(0)) != before {
		t.Errorf("in a group: got %v", got)
	}
}

func TestInterceptRulesRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	add := fmt.Sprintf(rulePath, "add")
	base := func(name string, v any) object {
		out := object{"rule_name": "规则", "word_list": []string{"词"}, "intercept_type": 1, "applicable_range": object{"user_list": []string{"S03"}}}
		if v == nil {
			delete(out, name)
		} else {
			out[name] = v
		}
		return out
	}
	for _, bad := range []struct {
		code int
		name string
		v    any
	}{
		{40058, "rule_name", nil},
		{40058, "rule_name", strings.Repeat("长", 21)},
		{40058, "word_list", nil},
		{41068, "word_list", slices.Repeat([]string{"词"}, 301)},
		{41083, "word_list", []string{""}},
		{41083, "word_list", []string{strings.Repeat("长", 33)}},
		{41084, "semantics_list", []int{4}},
		{40058, "intercept_type", nil},
		{40058, "intercept_type", 3},
		{40058, "applicable_range", nil},
		{40058, "applicable_range", object{}},
		{60011, "applicable_range", object{"user_list": []string{"nobody"}}},
		{41076, "applicable_range", object{"user_list": slices.Repeat([]string{"S03"}, 1001)}},
	} {
		r.refused(bad.code, add, base(bad.name, bad.v))
	}
	r.good(add, base("word_list", slices.Repeat([]string{"词"}, 300)))
	r.refused(41077, add, base("word_list", []string{"词"}))
	for i := range interceptRulesLimit - 1 {
		r.good(add, base("rule_name", fmt.Sprint("规则", i)))
	}
	r.refused(41069, add, base("rule_name", "还有"))
}
