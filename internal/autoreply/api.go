package autoreply

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

type patternIO struct {
	Kind  Kind   `json:"kind" enum:"exact,contains,regex,pinyin"`
	Value string `json:"value" minLength:"1" maxLength:"200"`
}

type answerIO struct {
	Kind      AnswerKind `json:"kind" enum:"text,joinway,handoff"`
	Text      string     `json:"text,omitempty"`
	JoinwayID string     `json:"joinway_id,omitempty"`
	As        string     `json:"as,omitempty" enum:"page,image"`
}

type hoursIO struct {
	From     string `json:"from" example:"09:00"`
	To       string `json:"to" example:"21:00"`
	Weekdays []int  `json:"weekdays,omitempty" doc:"1 (Monday) to 7; none = every day"`
}

type ruleIn struct {
	Name     string      `json:"name" minLength:"1" maxLength:"60"`
	Enabled  bool        `json:"enabled"`
	Priority int         `json:"priority,omitempty" doc:"the higher one wins"`
	Accounts []string    `json:"kf_accounts,omitempty" doc:"open_kfid; none = all"`
	Patterns []patternIO `json:"patterns"`
	Answer   answerIO    `json:"answer"`
	Hours    []hoursIO   `json:"hours,omitempty" doc:"none = always"`
}

type ruleOut struct {
	ID        web.ID      `json:"id"`
	Name      string      `json:"name"`
	Enabled   bool        `json:"enabled"`
	Priority  int         `json:"priority"`
	Accounts  []string    `json:"kf_accounts"`
	Patterns  []patternIO `json:"patterns"`
	Answer    answerIO    `json:"answer"`
	Hours     []hoursIO   `json:"hours,omitempty"`
	Matched   int64       `json:"matched"`
	UpdatedAt time.Time   `json:"updated_at"`
}

func (in ruleIn) rule(id int64) Rule {
	r := Rule{ID: id, Name: in.Name, Enabled: in.Enabled, Priority: in.Priority, Accounts: in.Accounts}
	for _, p := range in.Patterns {
		r.Patterns = append(r.Patterns, Pattern(p))
	}
	for _, h := range in.Hours {
		r.Hours = append(r.Hours, Hours(h))
	}
	r.Answer = Answer{Kind: in.Answer.Kind, Text: in.Answer.Text, As: in.Answer.As, JoinwayID: web.ID(in.Answer.JoinwayID).Int()}
	if r.Answer.Kind == Joinway && r.Answer.As == "" {
		r.Answer.As = AsPage
	}
	return r
}

func (s *Service) shown(r Rule) ruleOut {
	out := ruleOut{
		ID: web.IDOf(r.ID), Name: r.Name, Enabled: r.Enabled, Priority: r.Priority, Accounts: r.Accounts, Matched: r.Matched,
		UpdatedAt: r.UpdatedAt.In(s.Zone), Answer: answerIO{Kind: r.Answer.Kind, Text: r.Answer.Text, As: r.Answer.As},
		Patterns: make([]patternIO, len(r.Patterns)),
	}
	if out.Accounts == nil {
		out.Accounts = []string{}
	}
	if r.Answer.JoinwayID != 0 {
		out.Answer.JoinwayID = string(web.IDOf(r.Answer.JoinwayID))
	}
	for i, p := range r.Patterns {
		out.Patterns[i] = patternIO(p)
	}
	for _, h := range r.Hours {
		out.Hours = append(out.Hours, hoursIO(h))
	}
	return out
}

type tryIn struct {
	Body struct {
		Text    string `json:"text" minLength:"1" maxLength:"2000"`
		Account string `json:"open_kfid,omitempty" doc:"empty = as if a rule worked in all"`
	}
}

type matchOut struct {
	ID      web.ID `json:"id"`
	Name    string `json:"name"`
	Pattern string `json:"pattern"`
}

type whyOut struct {
	ID      web.ID `json:"id"`
	Name    string `json:"name"`
	Matched bool   `json:"matched"`
	Why     string `json:"why"`
}

type tryOut struct {
	Matched *matchOut `json:"matched,omitempty"`
	Answer  string    `json:"answer,omitempty" doc:"what the customer would get, in words"`
	Why     []whyOut  `json:"why"`
}

type idIn struct {
	ID web.ID `path:"id"`
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API) {
	one := func(r Rule, err error) (*ruleOut, error) {
		if err != nil {
			return nil, err
		}
		out := s.shown(r)
		return &out, nil
	}
	web.Get(a, "/autoreplies", web.Op{ID: "list-autoreplies", Permission: "autoreply.read", Scope: web.Shared, Summary: "List keyword rules, the strongest first"},
		func(ctx context.Context, _ *web.None) (*web.Page[ruleOut], error) {
			rules, err := s.List(ctx)
			if err != nil {
				return nil, err
			}
			out := make([]ruleOut, len(rules))
			for i, r := range rules {
				out[i] = s.shown(r)
			}
			return &web.Page[ruleOut]{Items: out, Total: len(out)}, nil
		})
	web.Post(a, "/autoreplies", web.Op{ID: "create-autoreply", Permission: "autoreply.write", Scope: web.Shared, Summary: "Make a keyword rule", Status: http.StatusCreated},
		func(ctx context.Context, in *struct{ Body ruleIn }) (*ruleOut, error) {
			r, err := s.Create(ctx, in.Body.rule(0))
			return one(r, err)
		})
	web.Post(a, "/autoreplies/try", web.Op{ID: "try-autoreplies", Permission: "autoreply.read", Scope: web.Shared, Summary: "What a message would be answered with, and why"}, s.try)
	web.Get(a, "/autoreplies/{id}", web.Op{ID: "get-autoreply", Permission: "autoreply.read", Scope: web.Shared, Summary: "Get a keyword rule"},
		func(ctx context.Context, in *idIn) (*ruleOut, error) {
			r, err := s.Get(ctx, in.ID.Int())
			return one(r, err)
		})
	web.Patch(a, "/autoreplies/{id}", web.Op{ID: "update-autoreply", Permission: "autoreply.write", Scope: web.Shared, Summary: "Change a keyword rule"},
		func(ctx context.Context, in *struct {
			ID   web.ID `path:"id"`
			Body ruleIn
		},
		) (*ruleOut, error) {
			r, err := s.Update(ctx, in.Body.rule(in.ID.Int()))
			return one(r, err)
		})
	web.Delete(a, "/autoreplies/{id}", web.Op{ID: "delete-autoreply", Permission: "autoreply.write", Scope: web.Shared, Summary: "Delete a keyword rule"},
		func(ctx context.Context, in *idIn) (*web.None, error) { return nil, s.Delete(ctx, in.ID.Int()) })
}

func (s *Service) try(ctx context.Context, in *tryIn) (*tryOut, error) {
	why, err := s.Try(ctx, in.Body.Text, in.Body.Account)
	if err != nil {
		return nil, err
	}
	lang := web.Lang(ctx)
	out := &tryOut{Why: make([]whyOut, len(why))}
	for i, w := range why {
		out.Why[i] = whyOut{ID: web.IDOf(w.Rule.ID), Name: w.Rule.Name, Matched: w.Matched, Why: w.Reason.In(lang)}
		if w.Matched && out.Matched == nil {
			out.Matched = &matchOut{ID: web.IDOf(w.Rule.ID), Name: w.Rule.Name, Pattern: w.Pattern.Value}
			out.Answer = w.Rule.Answer.preview().In(lang)
		}
	}
	return out, nil
}

// preview says in words what a customer would get.
func (a Answer) preview() errs.Text {
	before := ""
	if a.Text != "" {
		before = a.Text + "\n"
	}
	switch {
	case a.Kind == Handoff:
		return errs.T(before+"（转人工）", before+"(a person takes over)")
	case a.Kind == Joinway && a.As == AsImage:
		return errs.T(before+"（群二维码图片）", before+"(the group's QR code as a picture)")
	case a.Kind == Joinway:
		return errs.T(before+"（进群页面的链接）", before+"(a link to the page of the group)")
	default:
		return errs.T(a.Text, a.Text)
	}
}
