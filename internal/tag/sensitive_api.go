package tag

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

// GroundsOut is what somebody wrote about a sensitive tag.
type GroundsOut struct {
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// SensitiveOut is a sensitive tag as the API answers it.
type SensitiveOut struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Group   string      `json:"group"`
	Class   string      `json:"class" doc:"health, faith, identity, finance, biometric, whereabouts, minor"`
	Title   string      `json:"title" doc:"the class in words"`
	Words   string      `json:"words" doc:"of the names of the tag and its group: what tells it"`
	Need    *GroundsOut `json:"need,omitempty" doc:"why it was made here; absent: it was made in WeCom"`
	Consent *GroundsOut `json:"consent,omitempty" doc:"by what separate consent it may choose audiences; absent: it may not"`
}

// registerSensitive puts sensitive tags on the API.
func (s *Service) registerSensitive(a *web.API) {
	web.Get(a, "/sensitive-tags", web.Op{
		ID: "list-sensitive-tags", Permission: "governance.read", Scope: web.Shared, Summary: "Tags whose names tell sensitive data, and what is on record about them", Tag: "tags",
	}, func(ctx context.Context, _ *web.None) (*web.Page[SensitiveOut], error) {
		found, err := s.Sensitive(ctx, nil)
		if err != nil {
			return nil, err
		}
		out := make([]SensitiveOut, len(found))
		for i, t := range found {
			out[i] = SensitiveOut{
				ID: t.ID, Name: t.Name, Group: t.Group, Class: t.Class, Title: t.Title.In(web.Lang(ctx)), Words: t.Words, Need: s.showGrounds(t.Need), Consent: s.showGrounds(t.Consent),
			}
		}
		return &web.Page[SensitiveOut]{Items: out, Total: len(out)}, nil
	})
	web.Put(a, "/tags/{id}/consent", web.Op{
		ID: "record-tag-consent", Permission: "tag.consent", Scope: web.WholeCorp, Summary: "Record by what separate consent a sensitive tag may choose audiences; owners only",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			Reason string `json:"reason" maxLength:"1000" doc:"where and how customers gave it"`
		}
	},
	) (*GroundsOut, error) {
		g, err := s.SetConsent(ctx, in.ID, web.Caller(ctx).User, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return s.showGrounds(g), nil
	})
	web.Delete(a, "/tags/{id}/consent", web.Op{
		ID: "withdraw-tag-consent", Permission: "tag.consent", Scope: web.WholeCorp, Summary: "Withdraw the consent on record of a sensitive tag; owners only",
	}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*web.None, error) {
		return nil, s.EndConsent(ctx, in.ID, web.Caller(ctx).User)
	})
}

func (s *Service) showGrounds(g *Grounds) *GroundsOut {
	if g == nil {
		return nil
	}
	return &GroundsOut{Reason: g.Reason, By: g.MadeBy, At: g.MadeAt.In(s.Zone)}
}
