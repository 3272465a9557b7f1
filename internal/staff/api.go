package staff

import (
	"context"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/web"
)

// staffOut is a member in the API.
type staffOut struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Departments []web.ID `json:"departments"`
	Position    string   `json:"position"`
	Active      bool     `json:"active"`
	Contact     bool     `json:"contact" doc:"Has the customer-contact feature"`
	Customers   int      `json:"customers" doc:"Live relations"`
	Capacity    int      `json:"capacity" doc:"How many there may be"`
	Role        string   `json:"role,omitempty" doc:"Shown to those who may change it"`
	Scope       string   `json:"scope,omitempty"`
}

// departmentOut is a department in the API.
type departmentOut struct {
	ID       web.ID `json:"id"`
	Name     string `json:"name"`
	ParentID web.ID `json:"parent_id"`
	Staff    int    `json:"staff" doc:"Members in the department itself"`
}

type listInput struct {
	web.List
	Query      string `query:"q" maxLength:"100"`
	Department web.ID `query:"department" doc:"This one and those below"`
	Active     string `query:"active" enum:"true,false"`
}

type accessInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Role  auth.Role `json:"role" enum:"owner,manager,operator,staff,auditor"`
		Scope web.Scope `json:"scope" enum:"own,department,all"`
	}
}

// RegisterAPI puts this room's routes on the API.
func (s *Service) RegisterAPI(api *web.API) {
	web.Get(api, "/staff", web.Op{ID: "list-staff", Permission: "staff.read", Scope: web.Filtered, Summary: "Members of the corp"}, s.apiList)
	web.Patch(api, "/staff/{id}", web.Op{ID: "set-staff-access", Permission: "staff.write", Scope: web.WholeCorp, Summary: "Give a member a role and a data scope; ends the member's sessions"}, s.apiAccess)
	s.registerCapacity(api)
	web.Get(api, "/departments", web.Op{ID: "list-departments", Permission: "staff.read", Scope: web.Filtered, Summary: "Departments"}, s.apiDepartments)
}

func (s *Service) apiList(ctx context.Context, in *listInput) (*web.Page[staffOut], error) {
	f := Filter{Query: in.Query, Department: in.Department.Int()}
	if in.Active != "" {
		active := in.Active == "true"
		f.Active = &active
	}
	list, total, more, err := s.List(ctx, f, in.List)
	if err != nil {
		return nil, err
	}
	items, err := s.toJSON(ctx, list)
	if err != nil {
		return nil, err
	}
	return web.NewPage(items, in.List, total, more, func(m staffOut) string { return m.ID }), nil
}

func (s *Service) toJSON(ctx context.Context, list []Member) ([]staffOut, error) {
	customers := map[string]int{}
	if s.Customers != nil && len(list) > 0 {
		ids := make([]string, len(list))
		for i, m := range list {
			ids[i] = m.ID
		}
		var err error
		if customers, err = s.Customers(ctx, ids); err != nil {
			return nil, err
		}
	}
	capacity, err := s.Capacity(ctx, s.DB.Read())
	if err != nil {
		return nil, err
	}
	who := web.Caller(ctx)
	items := make([]staffOut, len(list))
	for i, m := range list {
		items[i] = staffOut{
			ID: m.ID, Name: m.Name, Departments: make([]web.ID, len(m.Departments)), Position: m.Position, Active: m.Active, Contact: m.Contact,
			Customers: customers[m.ID], Capacity: capacity.Member,
		}
		for j, d := range m.Departments {
			items[i].Departments[j] = web.IDOf(d)
		}
		if who.May != nil && who.May("staff.write") {
			items[i].Role, items[i].Scope = m.Role, m.Scope
		}
	}
	return items, nil
}

func (s *Service) apiAccess(ctx context.Context, in *accessInput) (*staffOut, error) {
	m, err := s.SetAccess(ctx, in.ID, in.Body.Role, in.Body.Scope)
	if err != nil {
		return nil, err
	}
	items, err := s.toJSON(ctx, []Member{m})
	if err != nil {
		return nil, err
	}
	return &items[0], nil
}

func (s *Service) apiDepartments(ctx context.Context, _ *web.None) (*web.Page[departmentOut], error) {
	who := web.Caller(ctx)
	all, err := s.departments(ctx)
	if err != nil {
		return nil, err
	}
	count, err := s.headcount(ctx)
	if err != nil {
		return nil, err
	}
	items := []departmentOut{}
	for _, d := range all {
		if who.SeesDepartment(d.ID) {
			items = append(items, departmentOut{ID: web.IDOf(d.ID), Name: d.Name, ParentID: web.IDOf(d.ParentID), Staff: count[d.ID]})
		}
	}
	return &web.Page[departmentOut]{Items: items, Total: len(items)}, nil
}
