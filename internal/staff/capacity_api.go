package staff

import (
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/web"
)

type loadOut struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Customers int    `json:"customers"`
}

// CapacityOut is the gauge of customers as the API answers it.
type CapacityOut struct {
	Corp       int        `json:"corp" doc:"how many live relations the corp may have"`
	Member     int        `json:"member" doc:"how many any one member may have"`
	Customers  int        `json:"customers" doc:"live relations there are"`
	Full       int        `json:"full" doc:"members who have no room"`
	Tight      int        `json:"tight" doc:"members at nine tenths or more, the full ones among them"`
	Fullest    []loadOut  `json:"fullest" doc:"of the tight ones, at most 10"`
	SetBy      string     `json:"set_by,omitempty" doc:"absent: nobody set them, they are the rule's"`
	SetAt      *time.Time `json:"set_at,omitempty"`
	Unverified int        `json:"unverified" doc:"what an unverified corp has"`
	MemberMax  int        `json:"member_max" doc:"the most that WeCom grants a member"`
}

type capacityIn struct {
	Body struct {
		Corp   int `json:"corp" minimum:"1" doc:"as WeCom's own console shows it"`
		Member int `json:"member" minimum:"1"`
	}
}

func (s *Service) registerCapacity(api *web.API) {
	web.Get(api, "/staff/capacity", web.Op{
		ID: "get-staff-capacity", Permission: "staff.read", Scope: web.WholeCorp, Summary: "How much room for customers the corp and its members have",
	}, s.apiCapacity)
	web.Put(api, "/staff/capacity", web.Op{
		ID: "set-staff-capacity", Permission: "staff.write", Scope: web.WholeCorp, Summary: "Note how many customers WeCom granted; owners only",
	}, s.apiSetCapacity)
}

func (s *Service) apiSetCapacity(ctx context.Context, in *capacityIn) (*CapacityOut, error) {
	if err := s.SetCapacity(ctx, Capacity{Corp: in.Body.Corp, Member: in.Body.Member}); err != nil {
		return nil, err
	}
	return s.apiCapacity(ctx, nil)
}

func (s *Service) apiCapacity(ctx context.Context, _ *web.None) (*CapacityOut, error) {
	c, err := s.Capacity(ctx, s.DB.Read())
	if err != nil {
		return nil, err
	}
	out := &CapacityOut{
		Corp: c.Corp, Member: c.Member, SetBy: c.SetBy, Fullest: []loadOut{}, Unverified: s.Bounds.Unverified, MemberMax: s.Bounds.MemberMax,
	}
	if !c.SetAt.IsZero() {
		at := c.SetAt.In(s.Zone)
		out.SetAt = &at
	}
	loads, total, err := s.Loads(ctx, nil)
	if err != nil {
		return nil, err
	}
	out.Customers = total
	var ids []string
	for _, l := range loads {
		if !Tight(l.Customers, c.Member) {
			break // the fullest come first
		}
		if out.Tight++; l.Customers >= c.Member {
			out.Full++
		}
		if len(out.Fullest) < 10 {
			out.Fullest, ids = append(out.Fullest, loadOut{ID: l.StaffID, Customers: l.Customers}), append(ids, l.StaffID)
		}
	}
	names, err := s.Names(ctx, ids...)
	for i := range out.Fullest {
		out.Fullest[i].Name = names[out.Fullest[i].ID]
	}
	return out, err
}
