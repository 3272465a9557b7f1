package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// card is a message with two buttons to S01 and S02.
func (r *rig) card(task string) object {
	return object{
		"touser": "S01|S02", "agentid": r.Ready.AgentID, "msgtype": "template_card", "template_card": object{
			"card_type": "button_interaction", "main_title": object{"title": "审批"}, "task_id": task,
			"button_list": []object{{"text": "同意", "style": 1, "key": "yes"}, {"text": "详情", "type": 1, "url": "http://127.0.0.1/"}},
		},
	}
}

func TestEveryKindOfAppMessageIsCheckedAndArrives(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	picture := r.upload("image", "a.png", tinyPNG)["media_id"]
	voice := r.upload("voice", "a.amr", "#!AMR and more")["media_id"]
	film := r.upload("video", "a.mp4", "0000ftyp and more")["media_id"]
	paper := r.upload("file", "a.txt", "some text")["media_id"]
	options := []object{{"id": "a", "text": "一", "is_checked": true}, {"id": "b", "text": "二", "is_checked": false}}
	submit := object{"text": "提交", "key": "go"}
	type bad struct {
		field string
		value any
		code  int
	}
	for name, kind := range map[string]struct {
		body object
		bad  []bad
	}{
		"text":     {object{"content": "你好"}, []bad{{"content", "", 44004}}},
		"markdown": {object{"content": "**你好**"}, []bad{{"content", "", 44004}, {"content", strings.Repeat("a", 2049), 40058}}},
		"image":    {object{"media_id": picture}, []bad{{"media_id", paper, 40007}}},
		"voice":    {object{"media_id": voice}, []bad{{"media_id", "x", 40007}}},
		"file":     {object{"media_id": paper}, []bad{{"media_id", "x", 40007}}},
		"video":    {object{"media_id": film, "title": "标题", "description": "描述"}, []bad{{"media_id", "x", 40007}}},
		"textcard": {object{"title": "标题", "description": "描述", "url": "http://127.0.0.1/", "btntxt": "更多"}, []bad{
			{"title", "", 41016}, {"description", "", 41033}, {"url", "", 41010}, {"url", "127.0.0.1", 45034},
		}},
		"news": {object{"articles": []object{{"title": "标题", "url": "http://127.0.0.1/"}}}, []bad{
			{"articles", []object{}, 45008},
			{"articles", []object{{"url": "http://127.0.0.1/"}}, 41016},
			{"articles", []object{{"title": "a"}}, 41010},
			{"articles", []object{{"title": "a", "appid": "x"}}, 90207},
		}},
		"mpnews": {object{"articles": []object{{"title": "标题", "thumb_media_id": picture, "content": "<p>正文</p>"}}}, []bad{
			{"articles", []object{{"title": "标题", "thumb_media_id": "x", "content": "a"}}, 40007},
			{"articles", []object{{"title": "标题", "thumb_media_id": picture, "content": "a", "author": strings.Repeat("a", 65)}}, 45032},
			{"articles", []object{{"title": "标题", "thumb_media_id": picture, "content": strings.Repeat("a", mpContentLimit+1)}}, 45002},
		}},
		"miniprogram_notice": {object{"appid": "wx0123456789abcdef", "title": "会议通知", "content_item": []object{{"key": "地点", "value": "春溪店"}}}, []bad{
			{"appid", "x", 90207},
			{"title", "短", 40058},
			{"content_item", []object{{"key": "", "value": "a"}}, 90202},
			{"content_item", []object{{"key": "a", "value": ""}}, 90203},
			{"page", strings.Repeat("a", 1025), 90204},
		}},
		"taskcard": {object{"title": "审批", "description": "请假", "task_id": "task", "btn": []object{{"key": "yes", "name": "同意"}}}, []bad{
			{"title", "", 41016}, {"task_id", "a b", 42014}, {"btn", []object{{"name": "同意"}}, 42039},
		}},
		"template_card": {object{"card_type": "text_notice", "sub_title_text": "内容", "card_action": object{"type": 1, "url": "http://127.0.0.1/"}}, []bad{
			{"card_type", "x", 42031},
			{"sub_title_text", "", 42033},
			{"card_action", nil, 42045},
			{"horizontal_content_list", []object{{"value": "a"}}, 42027},
			{"horizontal_content_list", []object{{"keyname": "a", "type": 1}}, 42028},
			{"horizontal_content_list", []object{{"keyname": "a", "type": 2}}, 42029},
			{"horizontal_content_list", []object{{"keyname": "a", "type": 3, "userid": "x"}}, 42050},
			{"jump_list", []object{{"title": "a", "type": 2}}, 42030},
			{"jump_list", []object{{}, {}, {}, {}}, 42042},
			{"action_menu", object{"action_list": []object{{"text": "a", "key": "k"}}}, 42014},
		}},
		"template_card news_notice": {object{"card_type": "news_notice", "main_title": object{"title": "标题"}, "card_image": object{"url": "http://127.0.0.1/a.png"}, "card_action": object{"type": 1, "url": "http://127.0.0.1/"}}, []bad{
			{"main_title", nil, 42033}, {"card_image", nil, 42044}, {"vertical_content_list", []object{{}, {}, {}, {}, {}}, 42036},
		}},
		"template_card vote_interaction": {object{"card_type": "vote_interaction", "main_title": object{"title": "标题"}, "task_id": "vote", "checkbox": object{"question_key": "q", "option_list": options}, "submit_button": submit}, []bad{
			{"checkbox", object{"option_list": options}, 42043},
			{"checkbox", object{"question_key": "q"}, 42037},
			{"checkbox", object{"question_key": "q", "option_list": []object{{"text": "a"}}}, 42040},
			{"submit_button", nil, 42046},
		}},
		"template_card multiple_interaction": {object{"card_type": "multiple_interaction", "main_title": object{"title": "标题"}, "task_id": "form", "select_list": []object{{"question_key": "q", "option_list": []object{{"id": "a", "text": "一"}}}}, "submit_button": submit}, []bad{
			{"select_list", []object{}, 42047}, {"submit_button", object{"text": "", "key": "k"}, 42049},
		}},
	} {
		msgtype, _, _ := strings.Cut(name, " ")
		send := func(body object) object {
			return object{"touser": "S03", "agentid": r.Ready.AgentID, "msgtype": msgtype, msgtype: body}
		}
		for _, b := range kind.bad {
			body := clone(kind.body)
			put(body, b.field, b.value)
			if out := r.call("message/send", send(body)); out["errcode"] != float64(b.code) {
				t.Errorf("%s with %s = %.80v: got %v, want %d", name, b.field, b.value, out["errcode"], b.code)
			}
		}
		r.good("message/send", send(kind.body))
	}
	if got := len(r.appMessages("S03")); got != 15 {
		t.Errorf("S03 got %d messages, want one of each kind", got)
	}
	got := list(r.good("message/get_statistics", object{})["statistics"])
	if len(got) != 1 || got[0].(map[string]any)["count"] != 15.0 {
		t.Errorf("statistics: %v", got)
	}
	r.advance(24 * time.Hour)
	r.as(AreaApp)
	if got := list(r.good("message/get_statistics", object{"time_type": 1})["statistics"]); len(got) != 1 {
		t.Errorf("statistics of yesterday: %v", got)
	}
}

func TestACardIsClickedAndChangedOncePerCode(t *testing.T) {
	t.Parallel()
	r := appRig(t)
	in := listenTo(r, nil)
	code := r.good("message/send", r.card("t1"))["response_code"]
	r.refused(42014, "message/send", r.card("t1"))
	click := r.act("staff_clicks_card", object{"staff": "S01", "key": "yes"})
	r.settle()
	want := fmt.Sprintf("<EventKey><![CDATA[yes]]></EventKey><TaskId><![CDATA[t1]]></TaskId><CardType><![CDATA[button_interaction]]></CardType><ResponseCode><![CDATA[%v]]></ResponseCode>", click["response_code"])
	if all := strings.Join(in.documents(), ""); !strings.Contains(all, want) {
		t.Errorf("no callback has %s: %s", want, all)
	}
	change := func(code any, to ...string) object {
		return object{"userids": to, "agentid": r.Ready.AgentID, "response_code": code, "button": object{"replace_name": "已办"}}
	}
	r.refused(82102, "message/update_template_card", change(code, "S05"))
	if got := r.good("message/update_template_card", change(code, "S01", "S05")); fmt.Sprint(got["invaliduser"]) != "[S05]" {
		t.Errorf("invaliduser: %v", got)
	}
	r.refused(60140, "message/update_template_card", change(code, "S01"))
	if status, _ := r.do("POST", "/_sandbox/act", object{"act": "staff_clicks_card", "staff": "S01"}); status != 400 {
		t.Error("the buttons of S01 are grey, but can be pressed")
	}
	r.act("staff_clicks_card", object{"staff": "S02"})
	r.advance(73 * time.Hour)
	r.as(AreaApp)
	r.refused(60140, "message/update_template_card", change(click["response_code"], "S02"))
}
