package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	png1x1  = "\x89PNG\r\n\x1a\n and more"
	addPost = "externalcontact/add_moment_task"
)

// attach uploads for Moments (1) or albums (2) and demands success.
func (r *rig) attach(kind string, purpose int, name, content string) string {
	r.t.Helper()
	out := r.form(fmt.Sprintf("media/upload_attachment?media_type=%s&attachment_type=%d", kind, purpose), "media", name, content)
	if out["errcode"] != 0.0 {
		r.t.Fatalf("upload_attachment of %s: %v", name, out)
	}
	return fmt.Sprint(out["media_id"])
}

func text(s string) object { return object{"content": s} }

// moment makes a corp moment, waits for its job and answers the result.
func (r *rig) moment(body object) map[string]any {
	r.t.Helper()
	job := r.good(addPost, body)["jobid"]
	r.advance(settleTime)
	got := r.good("externalcontact/get_moment_task_result", url.Values{"jobid": {fmt.Sprint(job)}})
	if got["status"] != 3.0 || got["type"] != "add_moment_task" {
		r.t.Fatalf("job after %s: %v", settleTime, got)
	}
	return got["result"].(map[string]any)
}

func (r *rig) moments() []any {
	r.t.Helper()
	now := r.Now().Unix()
	got := r.good("externalcontact/get_moment_list", object{"start_time": now - 86400, "end_time": now + 1})
	return list(got["moment_list"])
}

func TestAMomentFromJobToComments(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const task, sent, comments = "externalcontact/get_moment_task", "externalcontact/get_moment_send_result", "externalcontact/get_moment_comments"
	job := fmt.Sprint(r.good(addPost, object{
		"text":          text("春日护理"),
		"visible_range": object{"sender_list": object{"user_list": []string{"S03", "S04", "nobody"}, "department_list": []int{999}}},
	})["jobid"])
	result := func() object { return r.good("externalcontact/get_moment_task_result", url.Values{"jobid": {job}}) }
	if got := result(); got["status"] != 1.0 || got["result"] != nil || len(r.moments()) != 0 {
		t.Errorf("a job at its start: got %v", got)
	}
	r.advance(settleTime / 2)
	if got := result(); got["status"] != 2.0 || len(r.moments()) != 1 {
		t.Errorf("a job half done: got %v", got)
	}
	id := r.moments()[0].(map[string]any)["moment_id"]
	r.refused(41079, task, object{"moment_id": id})
	r.advance(settleTime / 2)
	got := result()["result"].(map[string]any)
	if got["errcode"] != 0.0 || got["moment_id"] != id ||
		fmt.Sprint(got["invalid_sender_list"]) != "map[department_list:[999] user_list:[nobody]]" || got["invalid_external_contact_list"] != nil {
		t.Errorf("result: got %v", got)
	}
	status := func() string { return fmt.Sprint(r.good(task, object{"moment_id": id})["task_list"]) }
	if got := status(); got != "[map[publish_status:0 userid:S03] map[publish_status:0 userid:S04]]" {
		t.Errorf("before publishing: got %s", got)
	}
	r.refused(41062, sent, object{"moment_id": id, "userid": "S03"})
	r.refused(41061, sent, object{"moment_id": id, "userid": "S05"})
	pub := r.act("staff_confirms", object{"moment": id, "staff": "S03"})
	if got := status(); got != "[map[publish_status:1 userid:S03] map[publish_status:0 userid:S04]]" {
		t.Errorf("after publishing: got %s", got)
	}
	seen := ids(r.good(sent, object{"moment_id": id, "userid": "S03"})["customer_list"], "external_userid")
	if len(seen) == 0 || float64(len(seen)) != pub["seen"] {
		t.Errorf("send result: got %d customers, the act said %v", len(seen), pub)
	}
	var rows []string
	for _, d := range r.Deliveries(0) {
		if d.Kind != "moment" || d.Channel != "moment" || d.Staff != "S03" || d.Task != id || d.Origin != "api" || d.Text != "春日护理" {
			t.Errorf("delivery: got %+v", d)
		}
		rows = append(rows, d.Customer)
	}
	if !slices.Equal(rows, seen) {
		t.Error("the oracle must have one row a person who sees it")
	}
	r.act("like_moment", object{"moment": id, "customer": seen[0]})
	r.act("comment_moment", object{"moment": id, "customer": seen[1], "text": "想去"})
	r.act("comment_moment", object{"moment": id, "by_staff": true})
	echoes := r.good(comments, object{"moment_id": id, "userid": "S03"})
	if fmt.Sprint(echoes["like_list"]) != fmt.Sprint([]any{map[string]any{"create_time": float64(r.Now().Unix()), "external_userid": seen[0]}}) ||
		!slices.Equal(ids(echoes["comment_list"], "external_userid"), []string{seen[1], "<nil>"}) ||
		!slices.Equal(ids(echoes["comment_list"], "userid"), []string{"<nil>", "S03"}) {
		t.Errorf("comments: got %v", echoes)
	}
	r.good("externalcontact/cancel_moment_task", object{"moment_id": id})
	status4, out := r.do("POST", "/_sandbox/act", object{"act": "staff_confirms", "moment": id, "staff": "S04"})
	if status4 != 400 {
		t.Errorf("a cancelled moment was published: %v", out)
	}
	r.advance(momentJobLife + time.Second)
	r.token = r.tokenOf(r.Ready.Secrets.External)
	r.refused(40088, "externalcontact/get_moment_task_result", url.Values{"jobid": {job}})
}

func TestAMomentForTaggedCustomersIsPartlyVisible(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	groups := list(r.good("externalcontact/get_corp_tag_list", object{})["tag_group"])
	tag := list(groups[0].(map[string]any)["tag"])[0].(map[string]any)["id"]
	got := r.moment(object{
		"text":          text("给您"),
		"visible_range": object{"external_contact_list": object{"tag_list": []any{tag, "etNone"}}},
	})
	if fmt.Sprint(got["invalid_external_contact_list"]) != "map[tag_list:[etNone]]" {
		t.Errorf("result: got %v", got)
	}
	if v := r.moments()[0].(map[string]any); v["visible_type"] != 0.0 || v["create_type"] != 0.0 || v["creator"] != nil {
		t.Errorf("the moment: got %v", v)
	}
	pub := r.act("publish_moment", object{"moment": got["moment_id"]})
	for _, id := range ids(r.good("externalcontact/get_moment_customer_list", object{"moment_id": got["moment_id"], "userid": pub["staff"]})["customer_list"], "external_userid") {
		one := r.good("externalcontact/get", url.Values{"external_userid": {id}})
		if !strings.Contains(fmt.Sprint(one["follow_user"]), fmt.Sprint(tag)) {
			t.Errorf("%s has not the tag, but may see the moment", id)
		}
	}
	none := r.moment(object{"text": text("谁也看不到"), "visible_range": object{"sender_list": object{"user_list": []string{"nobody"}}}})
	if none["errcode"] != 84074.0 || none["moment_id"] != nil || len(r.moments()) != 1 {
		t.Errorf("a job without anybody: got %v", none)
	}
}

func TestAMomentShowsItsPicturesFilmsAndLinks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	image := r.attach("image", forMoments, "a.png", png1x1)
	film := r.attach("video", forMoments, "a.mp4", "....ftypmp42....")
	r.moment(object{"attachments": []object{
		{"msgtype": "image", "image": object{"media_id": image}}, {"msgtype": "image", "image": object{"media_id": image}},
	}})
	r.moment(object{"attachments": []object{{"msgtype": "video", "video": object{"media_id": film}}}})
	r.moment(object{"attachments": []object{{"msgtype": "link", "link": object{"title": "会员日", "url": "https://example.com/a", "media_id": image}}}})
	got := r.moments()
	if len(got) != 3 {
		t.Fatalf("moments: got %v", got)
	}
	pictures := list(got[0].(map[string]any)["image"])
	shown, _ := pictures[0].(map[string]any)["media_id"].(string)
	if len(pictures) != 2 || !strings.HasPrefix(shown, "WWCISP_") || got[0].(map[string]any)["text"] != nil {
		t.Errorf("pictures: got %v", got[0])
	}
	r.advance(mediaLife)
	r.token = r.tokenOf(r.Ready.Secrets.External)
	if code, body := r.download(shown, ""); code != 200 || body != png1x1 {
		t.Errorf("a picture of a moment after 3 days: status %d %q", code, body)
	}
	r.refused(40007, addPost, object{"attachments": []object{{"msgtype": "image", "image": object{"media_id": shown}}}})
	if v := got[1].(map[string]any)["video"].(map[string]any); v["media_id"] == "" || v["thumb_media_id"] == "" {
		t.Errorf("film: got %v", v)
	}
	if v := got[2].(map[string]any)["link"]; fmt.Sprint(v) != "map[title:会员日 url:https://example.com/a]" {
		t.Errorf("link: got %v", v)
	}
}

func TestMomentsRefuse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	image, album := r.attach("image", forMoments, "a.png", png1x1), r.attach("image", forAlbum, "a.png", png1x1)
	plain := fmt.Sprint(r.upload("image", "a.png", png1x1)["media_id"])
	pic := func(id any) object { return object{"msgtype": "image", "image": object{"media_id": id}} }
	link := func(title string) object {
		return object{"msgtype": "link", "link": object{"title": title, "url": "https://example.com", "media_id": image}}
	}
	for _, bad := range []struct {
		code int
		body object
	}{
		{41089, object{}},
		{41089, object{"text": text("")}},
		{40058, object{"text": text(strings.Repeat("a", 2001))}},
		{40058, object{"text": text(strings.Repeat("长", 1334))}},
		{41065, object{"attachments": []object{{"msgtype": "file"}}}},
		{41065, object{"attachments": []object{{"msgtype": "image"}}}},
		{41065, object{"attachments": []object{pic(image), link("a")}}},
		{41064, object{"attachments": []object{link("a"), link("b")}}},
		{40007, object{"attachments": []object{pic("none")}}},
		{40007, object{"attachments": []object{pic(plain)}}},
		{41072, object{"attachments": []object{pic(album)}}},
		{41072, object{"attachments": []object{{"msgtype": "video", "video": object{"media_id": image}}}}},
		{40058, object{"attachments": []object{link(strings.Repeat("长", 65))}}},
		{40058, object{"attachments": []object{{"msgtype": "link", "link": object{"media_id": image}}}}},
		{40058, object{"visible_range": object{"sender_list": object{"user_list": "S03"}}}},
	} {
		r.refused(bad.code, addPost, bad.body)
	}
	ten := make([]object, 10)
	for i := range ten {
		ten[i] = pic(image)
	}
	r.refused(41064, addPost, object{"attachments": ten})
	r.good(addPost, object{"attachments": ten[:9]})
	r.good(addPost, object{"text": text(strings.Repeat("a", 2000))})
	const results, listed = "externalcontact/get_moment_send_result", "externalcontact/get_moment_list"
	for _, path := range []string{"cancel_moment_task", "get_moment_task", "get_moment_customer_list", "get_moment_send_result", "get_moment_comments"} {
		r.refused(41059, "externalcontact/"+path, object{})
		r.refused(41060, "externalcontact/"+path, object{"moment_id": "momNone"})
	}
	own := r.act("publish_moment", object{"staff": "S03", "text": "店里来了新货", "location": object{"latitude": "30.1", "longitude": "120.2", "name": "春溪店"}})
	r.refused(41067, "externalcontact/cancel_moment_task", object{"moment_id": own["moment"]})
	r.refused(41067, "externalcontact/get_moment_task", object{"moment_id": own["moment"]})
	r.refused(41061, results, object{"moment_id": own["moment"], "userid": "S04"})
	r.refused(41009, results, object{"moment_id": own["moment"]})
	r.refused(40003, results, object{"moment_id": own["moment"], "userid": "nobody"})
	r.good(results, object{"moment_id": own["moment"], "userid": "S03"})
	now := r.Now().Unix()
	r.refused(40058, listed, object{"start_time": now})
	r.refused(40058, listed, object{"start_time": now - 30*86400 - 1, "end_time": now})
	r.refused(40058, listed, object{"start_time": now - 10, "end_time": now, "filter_type": 3})
	r.good(listed, object{"start_time": now - 30*86400, "end_time": now})
	mine := list(r.good(listed, object{"start_time": now - 10, "end_time": now + 10, "filter_type": 1, "creator": "S03"})["moment_list"])
	if len(mine) != 1 || mine[0].(map[string]any)["creator"] != "S03" || mine[0].(map[string]any)["create_type"] != 1.0 ||
		fmt.Sprint(mine[0].(map[string]any)["location"]) != "map[latitude:30.1 longitude:120.2 name:春溪店]" {
		t.Errorf("moments of S03's own: got %v", mine)
	}
	if open := list(r.good(listed, object{"start_time": now, "end_time": now + 10, "filter_type": 1})["moment_list"]); len(open) != 0 {
		t.Errorf("the window is open at both ends: got %v", open)
	}
	r.control("switches", object{"moment.open": "off"})
	r.refused(41211, addPost, object{"text": text("a")})
	r.refused(41211, listed, object{"start_time": now - 10, "end_time": now})
}

func TestMomentsAreLimitedByMinuteAtOnceAndByViewer(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"moment.jobs": "1"} })
	one := object{"text": text("一"), "visible_range": object{"sender_list": object{"user_list": []string{"S03"}}}}
	r.good(addPost, one)
	r.refused(41078, addPost, one)
	r.control("switches", object{"moment.jobs": "100", "moment.job_ms": "0"})
	for range momentJobsAMinute - 1 {
		r.good(addPost, one)
	}
	r.refused(45009, addPost, one)
	r.advance(time.Minute)
	r.good(addPost, one)
	var seen []any
	for _, m := range r.moments()[:corpMomentsAMonth+1] {
		seen = append(seen, r.act("publish_moment", object{"moment": m.(map[string]any)["moment_id"]})["seen"])
	}
	if seen[corpMomentsAMonth-1] == 0.0 || seen[corpMomentsAMonth] != 0.0 {
		t.Errorf("customers who saw the 4th and the 5th corp moment of the month: %v", seen)
	}
	seen = seen[:0]
	for range ownMomentsADay + 1 {
		seen = append(seen, r.act("publish_moment", object{"staff": "S03"})["seen"])
	}
	if seen[ownMomentsADay-1] == 0.0 || seen[ownMomentsADay] != 0.0 {
		t.Errorf("customers who saw the 3rd and the 4th own moment of the day: %v", seen)
	}
}

func TestADeletedMomentIsShownByNoCall(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	kept, gone := r.act("publish_moment", object{"staff": "S03"}), r.act("publish_moment", object{"staff": "S03"})
	waiting := r.moment(object{"text": text("还没有人发表")})["moment_id"]
	if got := r.act("delete_moment", object{"moment": gone["moment"]}); got["moment"] != gone["moment"] {
		t.Errorf("deleted %v, want %v", got, gone)
	}
	r.act("delete_moment", object{"moment": waiting})
	if got := ids(any(r.moments()), "moment_id"); !slices.Equal(got, []string{fmt.Sprint(kept["moment"])}) {
		t.Errorf("listed: %v", got)
	}
	r.refused(41060, "externalcontact/get_moment_comments", object{"moment_id": gone["moment"], "userid": "S03"})
	for _, act := range []object{
		{"act": "delete_moment", "moment": gone["moment"]},
		{"act": "delete_moment", "moment": "momNone"},
		{"act": "like_moment", "moment": gone["moment"]},
		{"act": "publish_moment", "moment": waiting},
	} {
		if status, out := r.do("POST", "/_sandbox/act", act); status != 400 {
			t.Errorf("%v: %v", act, out)
		}
	}
	if got := r.act("delete_moment", object{}); got["moment"] != kept["moment"] {
		t.Errorf("without a name the newest goes: %v", got)
	}
}

func TestMomentListsPage(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Switches = map[string]string{"moment.cap": "off"} })
	for range 21 {
		r.act("publish_moment", object{"staff": "S03"})
	}
	now := r.Now().Unix()
	window := object{"start_time": now - 10, "end_time": now + 10, "limit": 21}
	first := r.good("externalcontact/get_moment_list", window)
	if got := len(list(first["moment_list"])); got != 20 || first["next_cursor"] == "" {
		t.Errorf("a limit above 20 falls back to 20: got %d", got)
	}
	window["cursor"] = first["next_cursor"]
	rest := r.good("externalcontact/get_moment_list", window)
	if got := len(list(rest["moment_list"])); got != 1 || rest["next_cursor"] != "" {
		t.Errorf("the second page: got %d, cursor %v", got, rest["next_cursor"])
	}
	window["creator"] = "S04"
	r.refused(60268, "externalcontact/get_moment_list", window)
	id := r.moments()[0].(map[string]any)["moment_id"]
	page := object{"moment_id": id, "userid": "S03", "limit": 3}
	var all []string
	for cursor := any(""); ; {
		page["cursor"] = cursor
		got := r.good("externalcontact/get_moment_customer_list", page)
		all = append(all, ids(got["customer_list"], "external_userid")...)
		if cursor = got["next_cursor"]; cursor == "" {
			break
		}
	}
	whole := ids(r.good("externalcontact/get_moment_customer_list", object{"moment_id": id, "userid": "S03"})["customer_list"], "external_userid")
	if !slices.Equal(all, whole) || len(whole) < 4 {
		t.Errorf("pages of 3: got %d customers, whole list %d", len(all), len(whole))
	}
}

func TestALivingPopulationPublishesAndReacts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.control("life", object{"arrivals_per_hour": 0, "joins_per_hour": 0, "leaves_per_hour": 0, "chats_per_hour": 0, "deletes_per_hour": 0, "kf_per_hour": 0})
	id := r.moment(object{"text": text("春日护理")})["moment_id"]
	r.advance(48 * time.Hour)
	r.token = r.tokenOf(r.Ready.Secrets.External)
	published, likes := 0, 0
	for _, v := range list(r.good("externalcontact/get_moment_task", object{"moment_id": id})["task_list"]) {
		task := v.(map[string]any)
		if task["publish_status"] != 1.0 {
			continue
		}
		published++
		likes += len(list(r.good("externalcontact/get_moment_comments", object{"moment_id": id, "userid": task["userid"]})["like_list"]))
	}
	if published == 0 || published > 10 || likes == 0 {
		t.Errorf("after two days: %d of 10 published, %d likes", published, likes)
	}
}

func TestAttachmentsAreMeasured(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, bad := range []struct {
		code          float64
		query         string
		name, content string
	}{
		{40004, "media_type=voice&attachment_type=1", "a.amr", "#!AMR....."},
		{40058, "media_type=image", "a.png", png1x1},
		{40058, "media_type=image&attachment_type=3", "a.png", png1x1},
		{41072, "media_type=file&attachment_type=1", "a.txt", "some text"},
		{41072, "media_type=video&attachment_type=2", "a.mp4", "....ftypmp42...."},
		{41090, "media_type=video&attachment_type=1", "a.avi", "RIFF........"},
		{40006, "media_type=image&attachment_type=1", "a.png", "\x89PNG"},
		{41082, "media_type=video&attachment_type=1", "a.mp4", "....ftypmp42....mvhd\x00\x00\x00\x00........\x00\x00\x00\x01\x00\x00\x00\x1f"},
	} {
		if got := r.form("media/upload_attachment?"+bad.query, "media", bad.name, bad.content); got["errcode"] != bad.code {
			t.Errorf("%s %s: got %v, want %v", bad.query, bad.name, got, bad.code)
		}
	}
	r.attach("video", forMoments, "a.mp4", "....ftypmp42....mvhd\x00\x00\x00\x00........\x00\x00\x00\x01\x00\x00\x00\x1e")
	id := r.attach("image", forMoments, "a.png", png1x1)
	_, customer := r.someCustomer()
	r.refused(40007, "externalcontact/add_msg_template", object{
		"external_userid": []string{customer}, "attachments": []object{{"msgtype": "image", "image": object{"media_id": id}}},
	})
}
