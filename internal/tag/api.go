package tag

import (
	"context"
	"net/http"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

type tagOut struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Sensitive string `json:"sensitive,omitempty" doc:"the class of sensitive data that its name tells: it may choose an audience only with a consent on record"`
	Customers int    `json:"customers" doc:"persons with a live relation that carries it"`
}

type groupOut struct {
	ID   string   `json:"id"`
	Name string   `json:"name"`
	Tags []tagOut `json:"tags"`
}

func (s *Service) show(g Group) groupOut {
	out := groupOut{ID: g.ID, Name: g.Name, Tags: make([]tagOut, len(g.Tags))}
	for i, t := range g.Tags {
		out.Tags[i] = tagOut{ID: t.ID, Name: t.Name, Customers: t.Customers}
		if m, ok := s.marked(g.Name, t.Name); ok {
			out.Tags[i].Sensitive = m.Class
		}
	}
	return out
}

// RegisterAPI puts the routes of this room on the API. Tags are the corp's; how many customers have one is counted within
// scope, the staff ids the caller may see, nil = all.
func (s *Service) RegisterAPI(a *web.API, scope func(ctx context.Context) ([]string, error)) {
	groups := func(ctx context.Context) ([]Group, error) {
		ids, err := scope(ctx)
		if err != nil {
			return nil, err
		}
		return s.Groups(ctx, ids)
	}
	s.registerSensitive(a)
	web.Get(a, "/tag-groups", web.Op{ID: "list-tag-groups", Permission: "customer.read", Scope: web.Filtered, Summary: "List tag groups with their tags"},
		func(ctx context.Context, _ *web.None) (*web.Page[groupOut], error) {
			all, err := groups(ctx)
			if err != nil {
				return nil, err
			}
			out := make([]groupOut, len(all))
			for i, g := range all {
				out[i] = s.show(g)
			}
			return &web.Page[groupOut]{Items: out, Total: len(out)}, nil
		})
	web.Post(a, "/tag-groups", web.Op{
		ID: "create-tag-group", Permission: "tag.write", Scope: web.Shared, Summary: "Make a tag group with tags",
		Status: http.StatusCreated,
	}, func(ctx context.Context, in *struct {
		Body struct {
			Name   string   `json:"name" minLength:"1" maxLength:"30"`
			Tags   []string `json:"tags" minItems:"1"`
			Reason string   `json:"reason,omitempty" maxLength:"1000" doc:"why it is needed: wanted for a name that tells sensitive data"`
		}
	},
	) (*groupOut, error) {
		g, err := s.Make(ctx, web.Caller(ctx).User, "", in.Body.Name, in.Body.Tags, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		out := s.show(g)
		return &out, nil
	})
	web.Post(a, "/tag-groups/{id}/tags", web.Op{
		ID: "create-tags", Permission: "tag.write", Scope: web.Shared, Summary: "Add tags to a group",
		Status: http.StatusCreated,
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			Names  []string `json:"names" minItems:"1"`
			Reason string   `json:"reason,omitempty" maxLength:"1000" doc:"why it is needed: wanted for a name that tells sensitive data"`
		}
	},
	) (*groupOut, error) {
		g, err := s.Make(ctx, web.Caller(ctx).User, in.ID, "", in.Body.Names, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		out := s.show(g)
		return &out, nil
	})
	web.Patch(a, "/tags/{id}", web.Op{ID: "rename-tag", Permission: "tag.write", Scope: web.Shared, Summary: "Rename a tag"},
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				Name   string `json:"name" minLength:"1" maxLength:"30"`
				Reason string `json:"reason,omitempty" maxLength:"1000" doc:"why it is needed: wanted for a name that tells sensitive data"`
			}
		},
		) (*web.None, error) {
			return nil, s.RenameBy(ctx, web.Caller(ctx).User, in.ID, in.Body.Name, in.Body.Reason)
		})
	web.Get(a, "/tags/{id}/reach", web.Op{ID: "get-tag-reach", Permission: "customer.read", Scope: web.Filtered, Summary: "How many customers have a tag"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*tagOut, error) {
			all, err := groups(ctx)
			if err != nil {
				return nil, err
			}
			for _, g := range all {
				for _, t := range g.Tags {
					if t.ID == in.ID {
						return &tagOut{ID: t.ID, Name: t.Name, Customers: t.Customers}, nil
					}
				}
			}
			return nil, errs.Missing("标签", "tag")
		})
	web.Delete(a, "/tags/{id}", web.Op{ID: "delete-tag", Permission: "tag.write", Scope: web.WholeCorp, Summary: "Delete a tag from all customers"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*web.None, error) {
			return nil, s.Delete(ctx, in.ID)
		})
}

// Names answers the names of tags by id.
func (s *Service) Names(ctx context.Context, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := s.byID(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, nil
}
