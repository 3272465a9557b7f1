package policy

import (
	"fmt"
	"strings"
)

// standingWords are how a standing is called in the table.
var standingWords = map[Standing]Words{
	Enforced: {"已执行", "enforced"},
	InPart:   {"部分", "in part"},
	NotYet:   {"还没有", "not yet"},
}

// Markdown is the table of rules for the documents, in Chinese or English.
func (p *Policy) Markdown(lang string) string {
	say := func(w Words) string { return strings.ReplaceAll(w.Text().In(lang), "|", "\\|") }
	zh := lang != "en"
	count := map[Standing]int{}
	for i := range p.Rules {
		count[p.Rules[i].Standing()]++
	}
	var b strings.Builder
	if zh {
		fmt.Fprintf(&b, "# 规则表\n\n[English](governance-rules.en.md) · 由 `make generate` 从 `internal/governance/policy/data/` 生成，不要手改。\n\n"+
			"共 %d 条，版本 %s：已执行 %d，部分 %d，还没有 %d。来源后的字母：S 见于公开资料，S? 只见于一处，M 凭记忆；S? 和 M 引用前须由人核实。\n\n"+
			"| 规则 | 种类 | 处置 | 说什么 | 执行情况 | 靠什么 | 还缺什么 | 来源 |\n|---|---|---|---|---|---|---|---|\n",
			len(p.Rules), p.Version, count[Enforced], count[InPart], count[NotYet])
	} else {
		fmt.Fprintf(&b, "# Table of rules\n\n[中文](governance-rules.md) · made by `make generate` from `internal/governance/policy/data/`; do not edit.\n\n"+
			"%d rules, version %s: %d enforced, %d in part, %d not yet. The letter after a source: S found in public sources, S? in one place only, M from memory; "+
			"S? and M have to be verified by a person before they are cited.\n\n"+
			"| rule | kind | action | says | standing | by | missing | sources |\n|---|---|---|---|---|---|---|---|\n",
			len(p.Rules), p.Version, count[Enforced], count[InPart], count[NotYet])
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		missing := ""
		if r.Missing != nil {
			missing = say(*r.Missing)
		}
		fmt.Fprintf(&b, "| %s %s | %s | %s | %s | %s | %s | %s | %s |\n", r.ID, say(r.Title), r.Kind, r.Does(), say(r.Reason), say(standingWords[r.Standing()]),
			by(r), missing, p.provenance(r))
	}
	if zh {
		b.WriteString("\n## 来源\n\n| 键 | 名称 | 如何得知 | 说明 |\n|---|---|---|---|\n")
	} else {
		b.WriteString("\n## Sources\n\n| key | name | how known | note |\n|---|---|---|---|\n")
	}
	for _, s := range p.Sources {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.ID, say(s.Name), s.Provenance, say(s.Note))
	}
	return b.String()
}

// by lists what makes a rule true.
func by(r *Rule) string {
	var out []string
	if r.Check != nil {
		out = append(out, r.Check.parts()...)
	}
	for _, e := range r.EnforcedBy {
		file, name, _ := strings.Cut(e, "#")
		out = append(out, fmt.Sprintf("`%s` %s", file, name))
	}
	return strings.Join(out, "<br>")
}

// parts names the layers of the guard that a check uses.
func (c *Check) parts() []string {
	var out []string
	if len(c.AnyOf)+len(c.AllOf)+len(c.Doubt) > 0 {
		out = append(out, "pattern")
	}
	if c.Lexicon != "" {
		out = append(out, "lexicon: "+c.Lexicon)
	}
	if len(c.Links) > 0 {
		out = append(out, "links: "+strings.Join(c.Links, ", "))
	}
	for _, s := range c.Sites {
		out = append(out, "sites: "+string(s.Kind))
	}
	if c.OwnLinks {
		out = append(out, "but for own sites")
	}
	if c.Model != "" {
		out = append(out, "classifier: "+c.Model)
	}
	if c.Code != "" {
		out = append(out, "code: "+c.Code)
	}
	for _, l := range c.Licensed {
		out = append(out, "licence: "+strings.Join(l.Kinds, ", "))
	}
	return out
}

// By lists, for people, the layers and the code that make the rule true.
func (r *Rule) By() []string {
	var out []string
	if r.Check != nil {
		out = r.Check.parts()
	}
	return append(out, r.EnforcedBy...)
}

func (p *Policy) provenance(r *Rule) string {
	out := make([]string, len(r.Sources))
	for i, id := range r.Sources {
		out[i] = id
		for _, s := range p.Sources {
			if s.ID == id {
				out[i] = id + " (" + s.Provenance + ")"
			}
		}
	}
	return strings.Join(out, ", ")
}
