package sandbox

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestSyncPagesByCursorAndForgetsAfterThreeDays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	customer := d.says(d.stranger(), "一")["customer"]
	d.good("kf/send_msg", d.text(customer, "平台的话不回传"))
	d.says(customer, "二")
	read := func(cursor string, limit int) object {
		return d.good("kf/sync_msg", object{"open_kfid": d.kf, "cursor": cursor, "limit": limit})
	}
	var texts []string
	pages, empty := 0, 0
	for cursor := d.cursor; ; pages++ {
		page := read(cursor, 1)
		for _, item := range list(page["msg_list"]) {
			texts = append(texts, fmt.Sprint(item.(map[string]any)["text"].(map[string]any)["content"]))
		}
		if len(list(page["msg_list"])) == 0 {
			empty++
		}
		if cursor = fmt.Sprint(page["next_cursor"]); page["has_more"] == 0.0 {
			break
		}
	}
	if !slices.Equal(texts, []string{"一", "二"}) || empty != 1 {
		t.Errorf("pages of one: got %v with %d empty pages, want 一 二 around an empty one", texts, empty)
	}
	if got := len(list(read("", 100000)["msg_list"])); got < 2 {
		t.Errorf("a limit above 1000 is taken as 1000: got %d items", got)
	}
	d.refused(40058, "kf/sync_msg", object{"open_kfid": d.kf, "cursor": "nonsense"})
	d.refused(95007, "kf/sync_msg", object{"open_kfid": d.kf, "token": "ENCnonsense"})
	d.refused(95000, "kf/sync_msg", object{})
	d.refused(95004, "kf/sync_msg", object{"open_kfid": "wknobody"})
	d.later(kfRetention + time.Second)
	if got := len(list(read("", 0)["msg_list"])); got != 0 {
		t.Errorf("items after 3 days: got %d, want none", got)
	}
}

func TestSyncTokensLiveTenMinutesAndCallsWithoutOneAreFew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.rig.mu.Lock()
	token := d.newKfToken()
	d.rig.mu.Unlock()
	d.advance((kfTokenLife - 1) * time.Second)
	d.good("kf/sync_msg", object{"open_kfid": d.kf, "token": token})
	d.advance(time.Second)
	d.refused(95007, "kf/sync_msg", object{"open_kfid": d.kf, "token": token})
	d.advance(time.Minute)
	for range kfUntokenedCall {
		d.good("kf/sync_msg", object{"open_kfid": d.kf})
	}
	d.refused(45009, "kf/sync_msg", object{"open_kfid": d.kf})
	d.advance(time.Minute)
	d.good("kf/sync_msg", object{"open_kfid": d.kf})
}

func TestEmptyPagesCanBeForced(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(o *Options) { o.Switches = map[string]string{"kf.empty_pages": "on"} })
	d.says(d.stranger(), "一")
	page := d.good("kf/sync_msg", object{"open_kfid": d.kf, "cursor": d.cursor})
	if page["has_more"] != 1.0 || len(list(page["msg_list"])) != 0 {
		t.Errorf("first page: got %v, want an empty one with more behind it", page)
	}
	if got := len(d.news()); got != 1 {
		t.Errorf("items: got %d, want 1", got)
	}
}
