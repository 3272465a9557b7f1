package sandbox

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// bills reads all bills of the last days, page by page.
func (r *rig) bills(payee string) []map[string]any {
	r.t.Helper()
	var out []map[string]any
	q := object{"begin_time": r.Now().AddDate(0, 0, -20).Unix(), "end_time": r.Now().Unix(), "limit": 3}
	if payee != "" {
		q["payee_userid"] = payee
	}
	for {
		got := r.good("externalpay/get_bill_list", q)
		for _, b := range list(got["bill_list"]) {
			out = append(out, b.(map[string]any))
		}
		if got["next_cursor"] == nil {
			return out
		}
		q["cursor"] = got["next_cursor"]
	}
}

func (r *rig) billOf(trade any) map[string]any {
	r.t.Helper()
	for _, b := range r.bills("") {
		if b["out_trade_no"] == trade && b["bill_type"] == 0.0 {
			return b
		}
	}
	r.t.Fatalf("no receipt %v", trade)
	return nil
}

func TestWhatACustomerPaysIsABillAndGoesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t).as(AreaApp)
	before := r.bills("")
	if len(before) < 4 {
		t.Fatalf("history has %d bills", len(before))
	}
	customer := r.customersOf("S03")[0]
	paid := r.act("customer_pays", object{
		"staff": "S03", "customer": customer, "amount": 5000, "way": "transfer", "description": "面膜", "quantity": 2,
		"remark": "定金", "contact": object{"name": "收件人", "address": "春溪店"},
	})
	b := r.billOf(paid["out_trade_no"])
	if b["external_userid"] != customer || b["total_fee"] != 5000.0 || b["payee_userid"] != "S03" || b["payment_type"] != 14.0 ||
		b["trade_state"] != 1.0 || b["mch_id"] != r.mch() || b["remark"] != "定金" || b["total_refund_fee"] != 0.0 ||
		fmt.Sprint(b["commodity_list"]) != "[map[amount:2 description:面膜]]" || fmt.Sprint(b["refund_list"]) != "[]" ||
		fmt.Sprint(b["contact_info"]) != "map[address:春溪店 name:收件人 phone:]" {
		t.Errorf("receipt: %v", b)
	}
	part := r.act("staff_refunds", object{"out_trade_no": paid["out_trade_no"], "amount": 2000, "comment": "少一件"})
	if got := r.billOf(paid["out_trade_no"]); fmt.Sprint(ids(got["refund_list"], "refund_status")) != "[1]" || got["trade_state"] != 1.0 {
		t.Errorf("a refund under way: %v", got)
	}
	r.advance(time.Minute)
	if got := r.billOf(paid["out_trade_no"]); fmt.Sprint(ids(got["refund_list"], "refund_status")) != "[2]" ||
		got["trade_state"] != 3.0 || got["total_refund_fee"] != 2000.0 {
		t.Errorf("after the refund: %v", got)
	}
	all := r.bills("S03")
	last := all[len(all)-1]
	if last["bill_type"] != 1.0 || last["out_refund_no"] != part["out_refund_no"] || last["total_fee"] != 2000.0 ||
		last["trade_state"] != nil || last["refund_list"] != nil || last["commodity_list"] != nil || last["contact_info"] != nil {
		t.Errorf("bill of the refund: %v", last)
	}
	if status, out := r.do("POST", "/_sandbox/act", object{"act": "staff_refunds", "out_trade_no": paid["out_trade_no"], "amount": 3001}); status != 400 {
		t.Errorf("more than was paid went back: %v", out)
	}
}

func TestARefundWaitsForApprovalAndMayFail(t *testing.T) {
	t.Parallel()
	r := newRig(t).as(AreaApp)
	paid := r.act("customer_pays", object{"amount": 5000})
	status := func() string { return fmt.Sprint(ids(r.billOf(paid["out_trade_no"])["refund_list"], "refund_status")) }
	ask := func(more object) any {
		more["out_trade_no"] = paid["out_trade_no"]
		return r.act("staff_refunds", more)["out_refund_no"]
	}
	first := ask(object{"approval": true})
	if got := status(); got != "[5]" {
		t.Errorf("asked: status %s", got)
	}
	r.act("admin_decides_refund", object{"out_refund_no": first, "decision": "deny"})
	r.act("admin_decides_refund", object{"out_refund_no": ask(object{"approval": true}), "decision": "cancel"})
	ask(object{"outcome": "closed"})
	r.advance(time.Minute)
	r.act("admin_decides_refund", object{"out_refund_no": ask(object{"approval": true}), "decision": "approve"})
	r.advance(time.Minute)
	if got := status(); got != "[6 7 3 2]" {
		t.Errorf("statuses %s, want denied, cancelled, closed, done", got)
	}
}

func TestFundFlowAddsUpAndComesTheNextDay(t *testing.T) {
	t.Parallel()
	r := newRig(t).as(AreaApp)
	q := object{"begin_time": testStart.AddDate(0, 0, -29).Unix(), "end_time": testStart.AddDate(0, 0, 2).Unix(), "limit": 2}
	flows := func() (out []map[string]any) {
		delete(q, "cursor")
		for {
			got := r.good("externalpay/get_fund_flow", q)
			for _, f := range list(got["fund_flow_list"]) {
				out = append(out, f.(map[string]any))
			}
			if got["next_cursor"] == nil {
				return out
			}
			q["cursor"] = got["next_cursor"]
		}
	}
	before := len(flows())
	paid := r.act("customer_pays", object{"staff": "S03", "amount": 10000})
	r.act("staff_refunds", object{"out_trade_no": paid["out_trade_no"], "amount": 1000, "staff": "S01"})
	r.advance(time.Minute)
	r.act("admin_withdraws", object{"amount": 500, "staff": "S02"})
	r.act("admin_binds_merchant", object{"mch_id": "1900000109"})
	r.act("customer_pays", object{"staff": "S03", "amount": 777, "mch_id": "1900000109"})
	r.advance(24 * time.Hour)
	r.as(AreaApp)
	if got := len(flows()); got < before || got > before+30 {
		t.Errorf("before 11:00 of the next day: %d movements, %d before", got, before)
	}
	for _, f := range flows() {
		if f["out_trade_no"] == paid["out_trade_no"] {
			t.Errorf("shown before its day is ready: %v", f)
		}
	}
	r.advance(2 * time.Hour)
	r.as(AreaApp)
	all := flows()
	var today []string
	for i, f := range all {
		if i > 0 {
			sum := all[i-1]["account_balance"].(float64) - f["transaction_amount"].(float64)
			if f["fund_flow_type"] == 1.0 {
				sum += 2 * f["transaction_amount"].(float64)
			}
			if f["account_balance"] != sum {
				t.Errorf("balance after %v: want %v", f, sum)
			}
		}
		if f["timestamp"].(float64) >= float64(testStart.Unix()) {
			today = append(today, fmt.Sprintf("%v/%v/%v/%v", f["transaction_type"], f["fund_flow_type"], f["transaction_amount"], f["operator_userid"]))
		}
	}
	if want := []string{"3/1/10000/S03", "2/2/60/S03", "1/2/1000/S01", "4/2/500/S02"}; !slices.Equal(today, want) {
		t.Errorf("movements of the day: got %v, want %v; those of a number bound from outside are not told", today, want)
	}
}

func TestWhoMayCollectWithAMerchantNumber(t *testing.T) {
	t.Parallel()
	r := newRig(t).as(AreaApp)
	id := r.mch()
	tag := int(r.good("tag/create", object{"tagname": "收款"})["tagid"].(float64))
	r.good("tag/addtagusers", object{"tagid": tag, "userlist": []string{"S04"}})
	r.good("externalpay/set_mch_use_scope", object{"mch_id": id, "allow_use_scope": object{"user": []string{"S03"}, "tagid": []int{tag}}})
	got := r.good("externalpay/getmerchant", object{"mch_id": id})
	if want := fmt.Sprintf("map[partyid:[] tagid:[%d] user:[S03]]", tag); fmt.Sprint(got["allow_use_scope"]) != want || got["bind_status"] != 2.0 {
		t.Errorf("merchant: %v, want scope %s", got, want)
	}
	r.act("customer_pays", object{"staff": "S03"})
	r.act("customer_pays", object{"staff": "S04"})
	if status, out := r.do("POST", "/_sandbox/act", object{"act": "customer_pays", "staff": "S05"}); status != 400 {
		t.Errorf("a member outside the scope collected: %v", out)
	}
	item := r.act("staff_raises_payment", object{"staff": "S03", "amount": 100})["payment_id"]
	var want []string
	for _, c := range r.customersOf("S03")[:2] {
		want = append(want, fmt.Sprint(r.act("customer_pays", object{"payment_id": item, "customer": c})["out_trade_no"]))
	}
	if got := ids(r.good("externalpay/get_payment_info", object{"payment_id": item})["bill_list"], "out_trade_no"); !slices.Equal(got, want) {
		t.Errorf("payments of the item: got %v, want %v", got, want)
	}
}

func TestPaymentCallsRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t).as(AreaApp)
	id, now := r.mch(), testStart.Unix()
	day := int64(24 * 3600)
	const scope, bills, flows = "externalpay/set_mch_use_scope", "externalpay/get_bill_list", "externalpay/get_fund_flow"
	r.refused(660003, scope, object{"mch_id": id, "allow_use_scope": object{"user": []string{"nobody"}}})
	r.refused(660004, scope, object{"mch_id": id, "allow_use_scope": object{"partyid": []int{999}}})
	r.refused(660005, scope, object{"mch_id": id, "allow_use_scope": object{"tagid": []int{999}}})
	r.refused(660006, scope, object{"mch_id": "1", "allow_use_scope": object{}})
	r.refused(660001, "externalpay/getmerchant", object{"mch_id": "x"})
	r.refused(660006, "externalpay/getmerchant", object{"mch_id": "1"})
	r.act("admin_binds_merchant", object{"mch_id": "1900000109", "status": "unbound"})
	r.refused(660011, "externalpay/getmerchant", object{"mch_id": "1900000109"})
	r.refused(660012, "externalpay/get_payment_info", object{"payment_id": "none"})
	r.refused(660002, bills, object{"begin_time": now - day, "end_time": now, "payee_userid": "nobody"})
	r.refused(40058, bills, object{"begin_time": now - 32*day, "end_time": now})
	r.refused(40058, bills, object{"begin_time": now, "end_time": now - day})
	r.refused(660001, flows, object{"begin_time": now - day, "end_time": now, "mch_id": "1900000109"})
	r.refused(40058, flows, object{"begin_time": now - 32*day, "end_time": now})
	r.refused(40058, flows, object{"begin_time": testStart.AddDate(-3, 0, -1).Unix(), "end_time": testStart.AddDate(-3, 0, 0).Unix()})
	r.control("switches", object{"pay.open": "off"})
	r.refused(660013, bills, object{"begin_time": now - day, "end_time": now})
}

func TestTheAppReadsPaymentsOfItsVisibleRangeOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t).as(AreaApp)
	before, mine := r.bills(""), len(r.bills("S03"))
	if mine == 0 || mine == len(before) {
		t.Fatalf("%d of %d bills are of S03", mine, len(before))
	}
	r.act("admin_sets_visible_range", object{"staff": []string{"S03"}, "departments": []int{3}})
	span := object{"begin_time": testStart.AddDate(0, 0, -20).Unix(), "end_time": testStart.Unix(), "limit": 3}
	rows, pages, short := 0, 0, 0
	for {
		got := r.good("externalpay/get_bill_list", span)
		n := len(list(got["bill_list"]))
		rows, pages = rows+n, pages+1
		for _, who := range ids(got["bill_list"], "payee_userid") {
			if r.user(who)["department"] == nil || who != "S03" && fmt.Sprint(r.user(who)["department"]) != "[3]" {
				t.Errorf("a bill of %s, whom the app does not see", who)
			}
		}
		if got["next_cursor"] == nil {
			break
		}
		if n < 3 {
			short++
		}
		span["cursor"] = got["next_cursor"]
	}
	if rows < mine || rows >= len(before) || pages != (len(before)+2)/3 || short == 0 {
		t.Errorf("%d rows on %d pages, %d of them short; unseen were %d rows", rows, pages, short, len(before))
	}
	id := r.mch()
	const scope = "externalpay/set_mch_use_scope"
	r.refused(660003, scope, object{"mch_id": id, "allow_use_scope": object{"user": []string{"S01"}}})
	r.refused(660004, scope, object{"mch_id": id, "allow_use_scope": object{"partyid": []int{1}}})
	r.good(scope, object{"mch_id": id, "allow_use_scope": object{"user": []string{"S03"}, "partyid": []int{3}}})
	r.refused(60011, "externalpay/get_bill_list", object{"begin_time": 1, "end_time": 2, "payee_userid": "S01"})
}

func TestTheFundFlowNamesTheRuleGroupsOfItsMember(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.act("admin_sets_payment_group", object{"name": "总部", "user": []string{"S01"}})
	r.act("admin_sets_payment_group", object{"name": "全体", "partyid": []int{1}})
	r.act("customer_pays", object{"staff": "S01"})
	r.act("customer_pays", object{"staff": "S03"})
	r.advance(26 * time.Hour)
	r.as(AreaApp)
	groups := map[any]string{}
	for _, v := range list(r.good("externalpay/get_fund_flow", object{"begin_time": testStart.Unix(), "end_time": testStart.Unix()})["fund_flow_list"]) {
		row := v.(map[string]any)
		groups[row["operator_userid"]] = fmt.Sprint(row["group_list"])
	}
	if groups["S01"] != "[map[group_name:总部] map[group_name:全体]]" || groups["S03"] != "[map[group_name:全体]]" {
		t.Errorf("groups: got %v", groups)
	}
	for _, bad := range []object{{}, {"name": "x", "user": []string{"nobody"}}, {"name": "x", "partyid": []int{999}}} {
		bad["act"] = "admin_sets_payment_group"
		if status, _ := r.do("POST", "/_sandbox/act", bad); status != 400 {
			t.Errorf("%v was taken", bad)
		}
	}
	if got := r.act("admin_sets_payment_group", object{"name": "总部"})["groups"]; got != 1.0 {
		t.Errorf("%v groups are left, want 1", got)
	}
}
