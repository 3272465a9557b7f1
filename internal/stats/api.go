package stats

import (
	"context"

	"zhiyin.dev/zhiyin/internal/web"
)

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API) {
	s.registerGovernance(a)
	web.Get(a, "/home", web.Op{ID: "get-home", Permission: "home.read", Scope: web.Filtered, Summary: "The numbers of the home page"},
		func(ctx context.Context, in *struct {
			Scope string `query:"scope" enum:"all,mine" default:"all"`
			Days  int    `query:"days" default:"30" minimum:"2" maximum:"90"`
		},
		) (*Home, error) {
			scope, err := s.Scope(ctx)
			if err != nil {
				return nil, err
			}
			if me := web.Caller(ctx).StaffID; in.Scope == "mine" && me != "" {
				scope = []string{me}
			}
			return s.Home(ctx, scope, in.Days, web.Lang(ctx))
		})
}
