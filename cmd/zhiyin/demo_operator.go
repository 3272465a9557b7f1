package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"zhiyin.dev/zhiyin/internal/app/experiment"
	"zhiyin.dev/zhiyin/internal/clock"
)

// operator plays the operator of the demonstration through the public API, as a program or a person would. He is not a
// careful one: he plans sends every day, also at night and to the same people again, so that the governor has work.
type operator struct {
	api   string
	token string
	world clock.World
	zone  *time.Location
	log   *slog.Logger
	// approve is the shop's manager, who looks at what needs a second person.
	approve func(ctx context.Context, id string, reachable int) error
}

// run sets the shop up and plans sends until ctx ends. What fails is logged and tried again with the next plan.
func (o *operator) run(ctx context.Context) {
	if err := o.setUp(ctx); err != nil {
		if ctx.Err() == nil {
			o.log.Error("demo: set the shop up", "error", err)
		}
		return
	}
	at, p := o.world.Now().Add(90*time.Second), plans()[0] // the first soon after the start, whatever the hour
	for {
		if err := o.world.Wait(ctx, at); err != nil {
			return
		}
		if err := o.send(ctx, p); err != nil && ctx.Err() == nil {
			o.log.Warn("demo: plan a send", "plan", p.name, "error", err)
		}
		at, p = o.next()
	}
}

// plan is one send of the operator's day. The tags overlap on purpose: who has two of them is planned for twice.
type plan struct {
	at, name, text, benefit string
	tags                    []int // which tags of the corp it goes to
}

func plans() []plan {
	return []plan{
		{"10:20", "会员护理提醒", "会员日护理提醒：预约门店免费补水一次。不想再收到，回复“退订”我来关掉。", "提醒会员日的免费补水", []int{0}},
		{"12:40", "午间到店礼", "午间到店领取小样一份，数量有限。不想再收到，回复“退订”我来关掉。", "可以领一份小样", []int{0, 1}},
		{"16:00", "换季护肤小课", "换季护肤小课今晚开讲，点门店二维码预约。不想再收到，回复“退订”我来关掉。", "知道今晚的小课", []int{1, 2}},
		{"19:30", "晚间补货通知", "你常用的面霜今天补货。不想再收到，回复“退订”我来关掉。", "常用的面霜又有货了", []int{0, 3}},
		{"23:10", "深夜特惠", "深夜下单享门店专属加赠。不想再收到，回复“退订”我来关掉。", "知道门店的加赠", []int{2, 4}},
	}
}

// next is the plan whose hour comes next.
func (o *operator) next() (clock.Time, plan) {
	now := o.world.Now().In(o.zone)
	for days := range 2 {
		for _, p := range plans() {
			at, err := time.ParseInLocation("2006-01-02 15:04", now.AddDate(0, 0, days).Format("2006-01-02 ")+p.at, o.zone)
			if err == nil && at.After(now) {
				return clock.At(at), p
			}
		}
	}
	return clock.At(now.Add(time.Hour)), plans()[0]
}

type listed struct {
	Items []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Tags []struct {
			ID        string `json:"id"`
			Customers int    `json:"customers"`
		} `json:"tags"`
		Members int  `json:"members"`
		Contact bool `json:"contact"`
	} `json:"items"`
	Total int `json:"total"`
}

// setUp makes what a shop has: welcomes, channel codes, a group code, keyword rules. A shop that has them is left alone.
func (o *operator) setUp(ctx context.Context) error {
	if err := o.waitForSync(ctx); err != nil {
		return err
	}
	var have listed
	if err := o.call(ctx, http.MethodGet, "/welcomes", nil, &have); err != nil {
		return err
	}
	if len(have.Items) > 0 {
		return nil
	}
	type m = map[string]any
	var made struct {
		ID string `json:"id"`
	}
	steps := []struct {
		path string
		body m
	}{
		{"/welcomes", m{
			"name": "默认欢迎语", "scope": m{"kind": "default"}, "enabled": true,
			"text": "{客户}你好，我是花间集的护肤顾问{员工}。肤质、用法、门店地址都可以直接问我。",
		}},
		{"/welcomes", m{
			"name": "夜间欢迎语", "scope": m{"kind": "default"}, "enabled": true, "hours": []m{{"from": "21:00", "to": "09:00"}},
			"text": "{客户}你好，我是花间集的{员工}。现在是休息时间，明早 9 点后我会回复你。",
		}},
	}
	for _, s := range steps {
		if err := o.call(ctx, http.MethodPost, s.path, s.body, &made); err != nil {
			return err
		}
	}
	var staff listed
	if err := o.call(ctx, http.MethodGet, "/staff?limit=200", nil, &staff); err != nil {
		return err
	}
	var members []string
	for _, s := range staff.Items {
		if s.Contact {
			members = append(members, s.ID)
		}
	}
	for i, name := range []string{"桐花里店收银台", "月河店海报", "望江店试用装"} {
		if len(members) > 2*i+1 {
			body := m{"name": name, "staff": members[2*i : 2*i+2], "skip_verify": true, "remark": name}
			if err := o.call(ctx, http.MethodPost, "/contactways", body, &made); err != nil {
				return err
			}
		}
	}
	return o.setUpGroups(ctx)
}

// setUpGroups makes a group code over the corp's groups and the keyword rules that lead to it.
func (o *operator) setUpGroups(ctx context.Context) error {
	type m = map[string]any
	var groups listed
	if err := o.call(ctx, http.MethodGet, "/groupchats?limit=50", nil, &groups); err != nil {
		return err
	}
	var rooms []string
	for _, g := range groups.Items {
		if g.Members < 190 && len(rooms) < 3 {
			rooms = append(rooms, g.ID)
		}
	}
	var way struct {
		ID string `json:"id"`
	}
	if len(rooms) > 0 {
		body := m{"name": "护肤交流群", "remark": "护肤交流群", "chat_ids": rooms, "auto_create_room": true, "room_base_name": "花间集护肤交流群", "room_base_id": 1}
		if err := o.call(ctx, http.MethodPost, "/joinways", body, &way); err != nil {
			return err
		}
	}
	rules := []m{
		{
			"name": "门店地址", "enabled": true, "priority": 10, "patterns": []m{{"kind": "contains", "value": "地址"}, {"kind": "contains", "value": "门店"}},
			"answer": m{"kind": "text", "text": "六家门店都在 10:00 到 21:30 营业，回复店名就发你位置。"},
		},
		{
			"name": "营业时间", "enabled": true, "priority": 9, "patterns": []m{{"kind": "contains", "value": "几点"}, {"kind": "contains", "value": "营业"}},
			"answer": m{"kind": "text", "text": "门店每天 10:00 到 21:30 营业。"},
		},
	}
	if way.ID != "" {
		rules = append(rules, m{
			"name": "进群", "enabled": true, "priority": 20, "patterns": []m{{"kind": "contains", "value": "群"}, {"kind": "pinyin", "value": "jinqun"}},
			"answer": m{"kind": "joinway", "joinway_id": way.ID, "as": "page", "text": "点这里选一个还有位置的群："},
		})
	}
	for _, r := range rules {
		if err := o.call(ctx, http.MethodPost, "/autoreplies", r, &way); err != nil {
			return err
		}
	}
	return nil
}

func (o *operator) waitForSync(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		var run struct {
			State string `json:"state"`
		}
		if err := o.call(ctx, http.MethodGet, "/sync", nil, &run); err != nil {
			return err
		}
		if run.State == "done" || run.State == "failed" {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send plans one mass message and submits it as soon as the preview is there.
func (o *operator) send(ctx context.Context, p plan) error {
	type m = map[string]any
	var tags listed
	if err := o.call(ctx, http.MethodGet, "/tag-groups", nil, &tags); err != nil {
		return err
	}
	var ids []string
	for _, g := range tags.Items {
		for _, t := range g.Tags {
			if t.Customers > 0 {
				ids = append(ids, t.ID)
			}
		}
	}
	if len(ids) == 0 {
		return errors.New("no customer has a tag")
	}
	var chosen []string
	for _, n := range p.tags {
		chosen = append(chosen, ids[n%len(ids)])
	}
	now := o.world.Now().In(o.zone)
	words := experiment.Words(p.text, now.YearDay(), slices.IndexFunc(plans(), func(q plan) bool { return q.at == p.at }))
	body := m{"name": p.name + now.Format(" 01-02"), "text": words, "benefit": p.benefit, "audience": m{"tags": chosen, "tag_mode": "any"}}
	var b struct {
		ID string `json:"id"`
	}
	if err := o.call(ctx, http.MethodPost, "/broadcasts", body, &b); err != nil {
		return err
	}
	var plan struct {
		Reachable int `json:"reachable"`
	}
	if err := o.call(ctx, http.MethodGet, "/broadcasts/"+b.ID+"/plan", nil, &plan); err != nil {
		return err
	}
	var submitted struct {
		State string `json:"state"`
	}
	if err := o.call(ctx, http.MethodPost, "/broadcasts/"+b.ID+"/submit", m{"expect_reachable": plan.Reachable}, &submitted); err != nil {
		return err
	}
	if submitted.State != "review" {
		return nil
	}
	if err := o.world.Wait(ctx, o.world.Now().Add(10*time.Minute)); err != nil { // a manager takes a moment
		return err
	}
	return o.approve(ctx, b.ID, plan.Reachable)
}

// call asks the platform's API.
func (o *operator) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, o.api+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Timeout: 30 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, raw)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}
