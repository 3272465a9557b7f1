package governance

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/policy"
	"zhiyin.dev/zhiyin/internal/web"
)

// registerPolicy puts the rules and the try-out on the API.
func (h *API) registerPolicy(a *web.API) {
	web.Get(a, "/governance/rules", web.Op{
		ID: "list-rules", Permission: "governance.read", Scope: web.Shared,
		Summary: "The rules of the policy, and how far each is enforced",
	}, h.listRules)
	web.Post(a, "/governance/try", web.Op{
		ID: "try-text", Permission: "governance.read", Scope: web.Shared,
		Summary: "Read a text by the content rules, and tell how",
	}, h.try)
}

type rulesIn struct {
	web.List
	Query    string          `query:"q" maxLength:"100" doc:"in id, title and words of the rule"`
	Kind     policy.Kind     `query:"kind" enum:"content,frequency,conduct,privacy,identity"`
	Action   policy.Action   `query:"action" enum:"allow,warn,review,block,suspend"`
	Standing policy.Standing `query:"standing" enum:"enforced,in_part,not_yet"`
}

type licensedText struct {
	Text string `json:"text"`
	Kind string `json:"kind" doc:"the paper, in words"`
}

type sourceOut struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Provenance string `json:"provenance" enum:"S,S?,M" doc:"S found in public sources, S? in one place only, M from memory"`
	Note       string `json:"note"`
}

// PolicyRuleOut is a rule as the API answers it.
type PolicyRuleOut struct {
	ID        string          `json:"id"`
	Version   int             `json:"version"`
	Kind      policy.Kind     `json:"kind" enum:"content,frequency,conduct,privacy,identity"`
	Action    policy.Action   `json:"action" enum:"allow,warn,review,block,suspend" doc:"what it does; a check that sees only part of it may be milder than the rule"`
	Title     string          `json:"title"`
	Reason    string          `json:"reason"`
	WayOut    string          `json:"way_out"`
	Appeal    string          `json:"appeal"`
	AppliesTo string          `json:"applies_to" enum:"outbound,staff,system,tag"`
	Params    json.RawMessage `json:"params,omitempty"`
	Standing  policy.Standing `json:"standing" enum:"enforced,in_part,not_yet"`
	By        []string        `json:"by" doc:"checks of the guard, and code and tests that make it true"`
	Missing   string          `json:"missing,omitempty" doc:"what is not there yet"`
	Sources   []sourceOut     `json:"sources"`
	Refused   []string        `json:"refused" doc:"texts it finds"`
	Allowed   []string        `json:"allowed" doc:"texts it leaves"`
	Licensed  []licensedText  `json:"licensed" doc:"texts it finds, and leaves to who holds the paper"`
}

func (h *API) listRules(ctx context.Context, in *rulesIn) (*web.Page[PolicyRuleOut], error) {
	after, err := in.AfterID()
	if err != nil {
		return nil, err
	}
	lang := web.Lang(ctx)
	var rows []PolicyRuleOut
	for i := range h.book.Rules {
		r := &h.book.Rules[i]
		if in.Kind != "" && r.Kind != in.Kind || in.Action != "" && r.Does() != in.Action || in.Standing != "" && r.Standing() != in.Standing {
			continue
		}
		if out := h.policyRule(lang, r); out.holds(in.Query) {
			rows = append(rows, out)
		}
	}
	total := len(rows)
	start := int(min(after, int64(total)))
	page := rows[start:min(start+in.Limit+1, total)]
	return web.NewPage(page, in.List, total, false, func(PolicyRuleOut) string { return strconv.Itoa(start + in.Limit) }), nil
}

func (r *PolicyRuleOut) holds(query string) bool {
	return slices.ContainsFunc([]string{r.ID, r.Title, r.Reason, r.Missing}, func(s string) bool {
		return strings.Contains(strings.ToLower(s), strings.ToLower(strings.TrimSpace(query)))
	})
}

func (h *API) policyRule(lang string, r *policy.Rule) PolicyRuleOut {
	out := PolicyRuleOut{
		ID: r.ID, Version: r.Version, Kind: r.Kind, Action: r.Does(), Title: r.Title.Text().In(lang), Reason: r.Reason.Text().In(lang), WayOut: r.WayOut.Text().In(lang),
		Appeal: h.book.Appeals[r.Appeal].Text().In(lang), AppliesTo: r.AppliesTo, Params: r.Params, Standing: r.Standing(), By: append([]string{}, r.By()...),
		Sources: []sourceOut{}, Refused: append([]string{}, r.Examples.Refused...), Allowed: append([]string{}, r.Examples.Allowed...),
		Licensed: []licensedText{},
	}
	for _, x := range r.Examples.Licensed {
		out.Licensed = append(out.Licensed, licensedText{x.Text, h.LicenceName(x.Kind).In(lang)})
	}
	if r.Missing != nil {
		out.Missing = r.Missing.Text().In(lang)
	}
	for _, s := range h.book.Sources {
		if slices.Contains(r.Sources, s.ID) {
			out.Sources = append(out.Sources, sourceOut{s.ID, s.Name.Text().In(lang), s.Provenance, s.Note.Text().In(lang)})
		}
	}
	return out
}

type tryTextIn struct {
	Body struct {
		Text    string  `json:"text" minLength:"1" maxLength:"4000"`
		Class   Class   `json:"class,omitempty" enum:"emergency,transactional,service,lifecycle,marketing" doc:"empty = only what holds for all"`
		Channel Channel `json:"channel,omitempty" enum:"welcome,kf,mass_customer,mass_group,moment,group_welcome"`
	}
}

type changeOut struct {
	Start int    `json:"start" doc:"in UTF-16 units of the original"`
	End   int    `json:"end"`
	Was   string `json:"was"`
	Now   string `json:"now" doc:"empty = dropped"`
}

type gramOut struct {
	Text   string  `json:"text"`
	Weight float64 `json:"weight"`
}

type scoreOut struct {
	Class   string        `json:"class" enum:"gambling,porn,fraud,grey,induced,claim"`
	RuleID  string        `json:"rule_id"`
	Score   float64       `json:"score" doc:"log odds of its worst phrase; -99 when none is long enough"`
	Review  float64       `json:"review" doc:"from here on doubtful"`
	Block   float64       `json:"block" doc:"from here on refused, as far as the ceiling allows"`
	Action  policy.Action `json:"action" enum:"allow,warn,review,block"`
	Ceiling policy.Action `json:"ceiling" enum:"warn,review,block" doc:"the most that its measured false alarms let it do"`
	Grams   []gramOut     `json:"grams" doc:"what speaks for it most"`
}

// TryOut is what the try-out answers.
type TryOut struct {
	guard.CheckOut
	Version string      `json:"version" doc:"of policy and model"`
	Normal  string      `json:"normal" doc:"the text as the rules read it"`
	Changes []changeOut `json:"changes"`
	Sounds  string      `json:"sounds" doc:"how it is heard, in pinyin"`
	Scores  []scoreOut  `json:"scores"`
}

func (h *API) try(ctx context.Context, in *tryTextIn) (*TryOut, error) {
	const weComTakes = 4000 // bytes, of a mass message
	own, err := h.ownNow(ctx, h.db.Read(), web.Caller(ctx).CorpID)
	if err != nil {
		return nil, err
	}
	t := h.book.guard.Try(guard.About{Class: string(in.Body.Class), Channel: string(in.Body.Channel), Own: own}, in.Body.Text)
	out := &TryOut{
		CheckOut: t.Show(web.Lang(ctx), in.Body.Text, weComTakes), Version: h.book.Version, Normal: t.Normal, Sounds: t.Sounds,
		Changes: make([]changeOut, len(t.Changes)), Scores: make([]scoreOut, len(t.Scores)),
	}
	for i, c := range t.Changes {
		out.Changes[i] = changeOut(c)
	}
	for i, s := range t.Scores {
		const none = -99
		o := scoreOut{
			Class: s.Class, RuleID: s.RuleID, Score: max(none, s.Score), Review: s.Band.Review, Block: s.Band.Block, Action: s.Action, Ceiling: s.Band.Ceiling, Grams: []gramOut{},
		}
		if math.IsInf(s.Score, -1) {
			o.Score = none
		} else {
			for _, g := range s.Grams {
				o.Grams = append(o.Grams, gramOut(g))
			}
		}
		out.Scores[i] = o
	}
	return out, nil
}
