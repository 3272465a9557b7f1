package classify

import (
	"fmt"
	"slices"
	"strings"

	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// Report is what was measured of the model, as it is, for people and the documents.
func (m *Model) Report(lang string, x Measured) string {
	say := func(zh, en string) string {
		if lang == "zh" {
			return zh
		}
		return en
	}
	if len(x.Classes) > 0 {
		measured := *m
		measured.Bands = slices.Clone(m.Bands)
		measured.limit(x)
		m = &measured
	}
	var b strings.Builder
	row := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	head := func(cells ...string) {
		row(cells...)
		row(strings.Split(strings.Repeat("---,", len(cells)-1)+"---", ",")...)
	}
	head(say("类别", "class"), say("最多能", "may at most"), say("留出的文本", "texts kept apart"), say("查准", "precision"), say("查全", "recall"), say("到拦下线的查全", "recall at block"), "AUC",
		say("误报（服务、营销、私聊、豁免）", "false alarms (service, marketing, private, exempt)"), say("所标处去掉后不再命中", "falls below without the span shown"))
	for c, x := range m.Metrics {
		alarms := make([]string, len(x.Lawful))
		for i, l := range x.Lawful {
			alarms[i] = fmt.Sprintf("%d/%d", l.Review, l.Texts)
		}
		row(x.Class, action(m.Bands[c].Ceiling, say), fmt.Sprint(x.Found.Texts), percent(x.Precision), percent(x.Recall), percent(share(x.Found.Block, x.Found.Texts)),
			fmt.Sprintf("%.3f", x.AUC), strings.Join(alarms, ", "), percent(x.Faithful))
	}
	b.WriteString("\n")
	head(say("躲避方式", "attack"), say("自有留出文本的查全", "recall, own texts kept apart"), say("外部文本的查全", "recall, foreign texts"))
	for i, a := range m.Attacks {
		foreign := "–"
		if i < len(x.Attacked) {
			foreign = percent(share(x.Attacked[i].Found, x.Attacked[i].Texts))
		}
		row(a.Attack, percent(share(a.Found, a.Texts)), foreign)
	}
	if len(x.Classes) == 0 {
		return b.String()
	}
	b.WriteString("\n")
	cells := []string{say("外部的合法文本：误报（复核线 / 拦下线）", "foreign lawful texts: false alarms (review / block)")}
	for _, c := range x.Classes {
		cells = append(cells, c.Class)
	}
	head(cells...)
	for i, set := range x.Classes[0].Lawful {
		cells := []string{fmt.Sprintf("%s (%d)", set.Set, set.Texts)}
		for _, c := range x.Classes {
			s := c.Lawful[i]
			cells = append(cells, percent(share(s.Review, s.Texts))+" / "+percent(share(s.Block, s.Texts)))
		}
		row(cells...)
	}
	b.WriteString("\n")
	head(say("外部的违规文本", "foreign unlawful texts"), say("类别", "class"), say("查全（复核线）", "recall (review)"), say("查全（拦下线）", "recall (block)"))
	for _, c := range x.Classes {
		for _, s := range c.Own {
			row(fmt.Sprintf("%s (%d)", s.Set, s.Texts), c.Class, percent(share(s.Review, s.Texts)), percent(share(s.Block, s.Texts)))
		}
	}
	return b.String()
}

func action(a policy.Action, say func(zh, en string) string) string {
	switch a {
	case policy.Block:
		return say("拦下", "block")
	case policy.Review:
		return say("复核", "review")
	case policy.Warn:
		return say("提示", "warn")
	case policy.Allow, policy.Suspend:
	}
	return string(a)
}

func percent(x float64) string { return fmt.Sprintf("%.1f %%", 100*x) }
