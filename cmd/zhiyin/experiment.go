package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"zhiyin.dev/zhiyin/internal/app/experiment"
	"zhiyin.dev/zhiyin/internal/log"
	"zhiyin.dev/zhiyin/sandbox"
)

type experimentCmd struct {
	World     string `help:"Name of a built-in world, or a world file." default:"huajian"`
	Days      int    `help:"Days the plan is followed." default:"14"`
	Customers int    `help:"Customers at the start; people are as busy as customers are many." default:"600"`
	Staff     int    `help:"Members of staff." default:"12"`
	Groups    int    `help:"Customer groups." default:"6"`
	Seed      uint64 `help:"Makes the world: equal seeds give equal people." default:"1"`
	Start     string `help:"First day, RFC 3339; default 2026-03-02, a Monday." default:"2026-03-02T09:00:00+08:00"`
	Lang      string `help:"Language of the table." enum:"zh,en" default:"zh"`
	JSON      bool   `name:"json" help:"Print one JSON object instead of the table."`
}

// Run plays the plan and prints what differs. Progress goes to stderr.
func (c *experimentCmd) Run(ctx context.Context) error {
	start, err := time.Parse(time.RFC3339, c.Start)
	if err != nil {
		return fmt.Errorf("--start: want RFC 3339, such as 2026-03-02T09:00:00+08:00")
	}
	r, err := experiment.Run(ctx, experiment.Options{
		World: c.World, Customers: c.Customers, Staff: c.Staff, Groups: c.Groups, Seed: c.Seed, Days: c.Days, Start: start.In(sandbox.Zone),
		Log:      log.New(os.Stderr, slog.LevelError),
		Progress: func(arm string, day int) { _, _ = fmt.Fprintf(os.Stderr, "%s: day %d of %d\n", arm, day+1, c.Days) },
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	return experimentTable(os.Stdout, r, c.Lang == "en")
}

// experimentTable writes the result for people, in one language.
func experimentTable(w io.Writer, r *experiment.Result, english bool) error {
	say := func(zh, en string) string {
		if english {
			return en
		}
		return zh
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(cells ...any) {
		texts := make([]string, len(cells))
		for i, c := range cells {
			texts[i] = fmt.Sprint(c)
		}
		_, _ = fmt.Fprintln(out, strings.Join(texts, "\t")) // an error stays with the writer until Flush
	}
	line(fmt.Sprintf(say("同一份计划，同一个世界 %s（种子 %d）：%d 天，%d 位客户，%d 名成员", "One plan in one world, %s (seed %d): %d days, %d customers, %d members"),
		r.World, r.Seed, r.Days, r.Customers, r.Staff))
	line(say("这是 docs/sandbox.md 里写明的模型的模拟，不是关于人的结论。", "This is a simulation of the model written down in docs/sandbox.en.md, not a finding about people."))
	line()
	line("", say("经平台", "through the platform"), say("照计划硬发", "sent blindly"), say("什么也不发", "nothing sent"))
	for _, row := range []struct {
		zh, en string
		of     func(experiment.Tally) any
	}{
		{"触达", "touches", func(t experiment.Tally) any { return t.Touches }},
		{"触达到的客户", "customers touched", func(t experiment.Tally) any { return t.Reached }},
		{"夜里的触达（21:00–9:00）", "touches at night (21:00-9:00)", func(t experiment.Tally) any { return t.AtNight }},
		{"有人被打扰的夜晚", "nights with touches", func(t experiment.Tally) any { return t.Nights }},
		{"一位客户 7 天里最多", "most to one customer in 7 days", func(t experiment.Tally) any { return t.MostIn7 }},
		{"回答", "replies", func(t experiment.Tally) any { return t.Replies }},
		{"删除成员", "deletions of staff", func(t experiment.Tally) any { return t.Deletions }},
		{"投诉（企业看不到）", "reports (the corp sees none)", func(t experiment.Tally) any { return t.Reports }},
		{"购买", "purchases", func(t experiment.Tally) any { return t.Purchases }},
		{"买了多少元", "paid, yuan", func(t experiment.Tally) any { return fmt.Sprintf("%.2f", float64(t.Fen)/100) }},
	} {
		line(say(row.zh, row.en), row.of(r.Product), row.of(r.Blind), row.of(r.Nobody))
	}
	line()
	line(say("经平台：群发由成员在当班时确认；硬发：到点就替每位成员按下发送，不看是否当班。", "Through the platform members confirm at work; the blind sender presses send for every member at the minute of the plan."))
	return out.Flush()
}
