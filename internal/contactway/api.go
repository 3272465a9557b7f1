package contactway

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/skip2/go-qrcode"
	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/web"
)

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wayIn struct {
	Name        string   `json:"name" minLength:"1" maxLength:"50"`
	Staff       []string `json:"staff,omitempty" doc:"staff ids"`
	Departments []int    `json:"departments,omitempty"`
	SkipVerify  bool     `json:"skip_verify,omitempty" doc:"customers are added without the member's confirmation"`
	Remark      string   `json:"remark,omitempty"`
	Tags        []string `json:"tags,omitempty" doc:"tag ids given to whoever comes this way"`
	Purpose     Purpose  `json:"purpose,omitempty" enum:"service,service_and_marketing" doc:"what it tells who comes by it that their data is for; who comes for service only gets no marketing without a consent of their own (LAW-04). It holds for who comes afterwards. Left out: as it is, or service and marketing"`
}

type wayOut struct {
	ID          web.ID  `json:"id"`
	ConfigID    string  `json:"config_id"`
	Name        string  `json:"name"`
	State       string  `json:"state"`
	Staff       []named `json:"staff"`
	Departments []int   `json:"departments"`
	SkipVerify  bool    `json:"skip_verify"`
	Remark      string  `json:"remark"`
	QRCode      string  `json:"qr_code"`
	Tags        []named `json:"tags"`
	Passed      []named `json:"passed" doc:"of staff, those whom the code at WeCom passes over: they have no room for customers"`
	Purpose     Purpose `json:"purpose" enum:"service,service_and_marketing"`
	// PurposeSince is absent where it was never otherwise.
	PurposeSince *time.Time `json:"purpose_since,omitempty" doc:"who came before was told otherwise; absent: it was never otherwise"`
	Full         bool       `json:"full" doc:"none of staff has room; the code keeps them all"`
	Customers    int        `json:"customers" doc:"persons who came by it and are still there"`
	Enabled      bool       `json:"enabled"`
	CreatedAt    time.Time  `json:"created_at"`
}

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Scope func(ctx context.Context) ([]string, error) // staff ids the caller may see; nil = all. Codes are the corp's; customers are counted within it
	Zone  *time.Location
	Staff func(ctx context.Context, ids []string) (map[string]string, error)
	Tags  func(ctx context.Context, ids []string) (map[string]string, error)
}

// IDIn is the id in a path. It is exported because the router reads embedded parameters only then.
type IDIn struct {
	ID web.ID `path:"id"`
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	show := func(ctx context.Context, ways []Contactway) ([]wayOut, error) { return s.show(ctx, near, ways) }
	one := func(ctx context.Context, c Contactway, err error) (*wayOut, error) {
		if err != nil {
			return nil, err
		}
		out, err := show(ctx, []Contactway{c})
		if err != nil {
			return nil, err
		}
		return &out[0], nil
	}
	web.Get(a, "/contactways", web.Op{ID: "list-contactways", Permission: "contactway.read", Scope: web.Filtered, Summary: "List channel codes"},
		func(ctx context.Context, in *struct {
			web.List
			Query string `query:"q"`
		},
		) (*web.Page[wayOut], error) {
			after, err := in.AfterID()
			if err != nil {
				return nil, err
			}
			ways, err := s.Page(ctx, in.Query, after, in.Limit+1)
			if err != nil {
				return nil, err
			}
			out, err := show(ctx, ways)
			if err != nil {
				return nil, err
			}
			n, err := s.Count(ctx, in.Query)
			if err != nil {
				return nil, err
			}
			return web.NewPage(out, in.List, n, false, func(w wayOut) string { return string(w.ID) }), nil
		})
	web.Post(a, "/contactways", web.Op{
		ID: "create-contactway", Permission: "contactway.write", Scope: web.Shared, Summary: "Make a channel code",
		Status: http.StatusCreated,
	}, func(ctx context.Context, in *struct{ Body wayIn }) (*wayOut, error) {
		c, err := s.Create(ctx, in.Body.contactway(ctx, 0))
		return one(ctx, c, err)
	})
	web.Get(a, "/contactways/{id}", web.Op{ID: "get-contactway", Permission: "contactway.read", Scope: web.Filtered, Summary: "Get a channel code"},
		func(ctx context.Context, in *IDIn) (*wayOut, error) {
			c, err := s.Get(ctx, in.ID.Int())
			return one(ctx, c, err)
		})
	web.Patch(a, "/contactways/{id}", web.Op{ID: "update-contactway", Permission: "contactway.write", Scope: web.Shared, Summary: "Change a channel code"},
		func(ctx context.Context, in *struct {
			IDIn
			Body wayIn
		},
		) (*wayOut, error) {
			c, err := s.Update(ctx, in.Body.contactway(ctx, in.ID.Int()))
			return one(ctx, c, err)
		})
	web.Delete(a, "/contactways/{id}", web.Op{ID: "delete-contactway", Permission: "contactway.write", Scope: web.Shared, Summary: "End a channel code"},
		func(ctx context.Context, in *IDIn) (*web.None, error) { return nil, s.Delete(ctx, in.ID.Int()) })
	web.GetFile(a, "/contactways/{id}/qr.png", web.Op{
		ID: "get-contactway-qr", Permission: "contactway.read", Scope: web.Shared,
		Summary: "The code as a picture to print",
	}, func(ctx context.Context, in *struct {
		IDIn
		Size int `query:"size" default:"430" minimum:"120" maximum:"2000"`
	},
	) (*web.File, error) {
		c, err := s.Get(ctx, in.ID.Int())
		if err != nil {
			return nil, err
		}
		png, err := qrcode.Encode(c.QRCode, qrcode.High, in.Size)
		if err != nil {
			return nil, fmt.Errorf("draw the code of %d: %w", c.ID, err)
		}
		return &web.File{Type: "image/png", Write: func(w http.ResponseWriter) error {
			_, err := w.Write(png)
			return err
		}}, nil
	})
}

func (in wayIn) contactway(ctx context.Context, id int64) Contactway {
	return Contactway{
		ID: id, Name: in.Name, StaffIDs: in.Staff, Departments: in.Departments, SkipVerify: in.SkipVerify, Remark: in.Remark, TagIDs: in.Tags, Purpose: in.Purpose, SavedBy: web.Caller(ctx).User,
	}
}

func (s *Service) show(ctx context.Context, near Neighbours, ways []Contactway) ([]wayOut, error) {
	var staff, tags, states []string
	for _, w := range ways {
		staff, tags, states = append(staff, w.StaffIDs...), append(tags, w.TagIDs...), append(states, w.State)
	}
	staffNames, err := near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	tagNames, err := near.Tags(ctx, tags)
	if err != nil {
		return nil, err
	}
	scope, err := near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.customers(ctx, states, scope)
	if err != nil {
		return nil, err
	}
	have, most, err := s.Room(ctx, staff)
	if err != nil {
		return nil, err
	}
	out := make([]wayOut, len(ways))
	for i, w := range ways {
		o := wayOut{
			ID: web.IDOf(w.ID), ConfigID: w.ConfigID, Name: w.Name, State: w.State, Staff: []named{}, Departments: []int{}, SkipVerify: w.SkipVerify,
			Remark: w.Remark, QRCode: w.QRCode, Tags: []named{}, Passed: []named{}, Full: w.full(have, most), Customers: counts[w.State], Enabled: w.Enabled, CreatedAt: w.CreatedAt.In(near.Zone), Purpose: w.Purpose,
		}
		if w.PurposeSince != 0 {
			at := w.PurposeSince.In(near.Zone)
			o.PurposeSince = &at
		}
		o.Departments = append(o.Departments, w.Departments...)
		for _, id := range w.StaffIDs {
			o.Staff = append(o.Staff, named{id, staffNames[id]})
		}
		for _, id := range w.Passed {
			o.Passed = append(o.Passed, named{id, staffNames[id]})
		}
		for _, id := range w.TagIDs {
			o.Tags = append(o.Tags, named{id, tagNames[id]})
		}
		out[i] = o
	}
	return out, nil
}

// customers counts the persons with a live relation to the members of scope (nil = to anybody) by the state they came with.
func (s *Service) customers(ctx context.Context, states, scope []string) (map[string]int, error) {
	out := map[string]int{}
	if len(states) == 0 {
		return out, nil
	}
	var rows []struct {
		State string
		N     int
	}
	q := s.DB.Read().NewSelect().TableExpr("relation").ColumnExpr("state, COUNT(DISTINCT customer_id) AS n").
		Where("corp_id = ? AND live AND state IN (?)", s.CorpID, bun.List(states)).GroupExpr("state")
	if scope != nil {
		q.Where("staff_id IN (?)", bun.List(append([]string{""}, scope...))) // no member has an empty id
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count customers by channel code: %w", err)
	}
	for _, r := range rows {
		out[r.State] = r.N
	}
	return out, nil
}

// IDByState answers names of codes by state, for lists of customers.
func (s *Service) IDByState(ctx context.Context, states []string) (map[string][2]string, error) {
	ways, err := s.Names(ctx, states)
	if err != nil {
		return nil, err
	}
	out := map[string][2]string{}
	for state, w := range ways {
		out[state] = [2]string{strconv.FormatInt(w.ID, 10), w.Name}
	}
	return out, nil
}
