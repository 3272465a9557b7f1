package experiment

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// blind is the scripted sender: at the minute of the plan it makes the mass message through WeCom's interface and presses
// send on the phone of every member who got a task, at work or not.
type blind struct{ st *stage }

func beginBlind(_ context.Context, st *stage) (sender, error) { return blind{st}, nil }

func (b blind) send(ctx context.Context, day int, s Send, tags []string) error {
	var made struct {
		MsgID string `json:"msgid"`
	}
	if err := b.st.wecom(ctx, "externalcontact/add_msg_template", map[string]any{
		"chat_type": "single", "text": map[string]any{"content": s.On(day)},
		"tag_filter": map[string]any{"group_list": []any{map[string]any{"tag_list": tags}}},
	}, &made); err != nil {
		return err
	}
	if err := b.st.box.Advance(ctx, time.Minute); err != nil { // WeCom hands out the tasks
		return err
	}
	var tasks struct {
		List []struct {
			UserID string `json:"userid"`
			Status int    `json:"status"` // 0 = not sent
		} `json:"task_list"`
	}
	if err := b.st.wecom(ctx, "externalcontact/get_groupmsg_task", map[string]any{"msgid": made.MsgID, "limit": 1000}, &tasks); err != nil {
		return err
	}
	for _, t := range tasks.List {
		if t.Status != 0 {
			continue
		}
		if _, err := b.st.box.Act(fmt.Appendf(nil, `{"act":"staff_confirms","staff":%q,"msgid":%q}`, t.UserID, made.MsgID)); err != nil {
			return err
		}
	}
	return nil
}

func (blind) end(context.Context) error { return nil }

// tags are the corp's tags, in the order in which WeCom lists them.
func (st *stage) tags(ctx context.Context) ([]string, error) {
	var have struct {
		Groups []struct {
			Tags []struct {
				ID string `json:"id"`
			} `json:"tag"`
		} `json:"tag_group"`
	}
	if err := st.wecom(ctx, "externalcontact/get_corp_tag_list", map[string]any{}, &have); err != nil {
		return nil, err
	}
	var out []string
	for _, g := range have.Groups {
		for _, t := range g.Tags {
			out = append(out, t.ID)
		}
	}
	if len(out) < 2 {
		return nil, fmt.Errorf("the world has %d tags: the plan sends by tags and needs at least 2 (field tags of the world file)", len(out))
	}
	return out, nil
}

// wecom makes one call of WeCom's interface, with a token of its own.
func (st *stage) wecom(ctx context.Context, path string, in, out any) error {
	r := st.box.Ready
	var token struct {
		AccessToken string `json:"access_token"`
	}
	query := url.Values{"corpid": {r.CorpID}, "corpsecret": {r.Secrets.External}}
	if err := call(ctx, http.MethodGet, st.box.URL+"/cgi-bin/gettoken?"+query.Encode(), "", nil, &token); err != nil {
		return err
	}
	var answer struct {
		ErrCode int    `json:"errcode"`
		ErrMsg  string `json:"errmsg"`
	}
	address := st.box.URL + "/cgi-bin/" + path + "?access_token=" + url.QueryEscape(token.AccessToken)
	if err := call(ctx, http.MethodPost, address, "", in, &answer, out); err != nil {
		return err
	}
	if answer.ErrCode != 0 {
		return fmt.Errorf("%s: errcode %d: %s", path, answer.ErrCode, answer.ErrMsg)
	}
	return nil
}

// control asks the sandbox's control plane.
func (st *stage) control(ctx context.Context, path string, in, out any) error {
	return call(ctx, http.MethodPost, st.box.URL+"/_sandbox/"+path, "", in, out)
}
