package sandbox

import (
	"fmt"
	"time"
)

// payCalls are the good calls of payments.
func payCalls() map[string]func(r *rig) goodCall {
	since := testStart.AddDate(0, 0, -20).Unix()
	return map[string]func(r *rig) goodCall{
		"externalpay.get_bill_list": func(r *rig) goodCall {
			paid := r.act("customer_pays", object{"staff": "S03", "contact": object{"name": "收件人"}})
			r.act("staff_refunds", object{"out_trade_no": paid["out_trade_no"]})
			r.advance(time.Minute)
			return goodCall{body: object{
				"begin_time": since, "end_time": testStart.AddDate(0, 0, 1).Unix(), "payee_userid": "S03", "cursor": "", "limit": 10,
			}}
		},
		"externalpay.get_payment_info": func(r *rig) goodCall {
			item := r.act("staff_raises_payment", nil)
			r.act("customer_pays", object{"payment_id": item["payment_id"]})
			return goodCall{body: object{"payment_id": item["payment_id"]}}
		},
		"externalpay.get_fund_flow": func(r *rig) goodCall {
			return goodCall{body: object{"begin_time": since, "end_time": testStart.Unix(), "mch_id": r.mch(), "cursor": "", "limit": 10}}
		},
		"externalpay.getmerchant": func(r *rig) goodCall { return goodCall{body: object{"mch_id": r.mch()}} },
		"externalpay.set_mch_use_scope": func(r *rig) goodCall {
			return goodCall{body: object{"mch_id": r.mch(), "allow_use_scope": object{
				"user": []string{"S03"}, "partyid": []int{2}, "tagid": []int{r.newStaffTag()},
			}}}
		},
	}
}

// mch is the merchant number the corp begins with.
func (r *rig) mch() string {
	r.Sandbox.mu.Lock()
	defer r.Sandbox.mu.Unlock()
	return fmt.Sprint(r.world.pay.merchants[0].id)
}
