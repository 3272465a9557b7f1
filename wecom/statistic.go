package wecom

import (
	"context"
	"time"
)

// Activity is what members did with customers on one day, summed over all that were asked for.
type Activity struct {
	Day      int64 `json:"stat_time"`             // its midnight in Beijing, Unix seconds
	Requests int   `json:"new_apply_cnt"`         // requests to become contacts that members sent
	Added    int   `json:"new_contact_cnt"`       // customers added, whoever began it
	Negative int   `json:"negative_feedback_cnt"` // customers who deleted or blocked a member
}

// Activities tells what members, at most 100, did on each day of a range: at most 30 days long, at most 180 days back. WeCom
// takes the day of each end whole, in Beijing.
// https://developer.work.weixin.qq.com/document/path/92132
func (c *Client) Activities(ctx context.Context, of []StaffID, from, to time.Time) ([]Activity, error) {
	in := struct {
		Staff []StaffID `json:"userid"`
		From  int64     `json:"start_time"`
		To    int64     `json:"end_time"`
	}{of, from.Unix(), to.Unix()}
	var r struct {
		head
		Days []Activity `json:"behavior_data"`
	}
	err := c.read(ctx, AreaExternal, familyStaff, "externalcontact/get_user_behavior_data", in, &r)
	return r.Days, err
}
