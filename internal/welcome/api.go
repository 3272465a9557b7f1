package welcome

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/message"
	"zhiyin.dev/zhiyin/internal/web"
)

type scopeIO struct {
	Kind     string   `json:"kind" enum:"default,contactway"`
	Channels []string `json:"contactway_ids,omitempty"`
}

// WelcomeIn is a welcome as an operator enters it.
type WelcomeIn struct {
	Name        string               `json:"name" minLength:"1" maxLength:"50"`
	Scope       scopeIO              `json:"scope"`
	Text        string               `json:"text"`
	Attachments []message.Attachment `json:"attachments,omitempty" maxItems:"9"`
	Hours       []Hours              `json:"hours,omitempty"`
	Enabled     bool                 `json:"enabled"`
	Priority    int                  `json:"priority,omitempty"`
}

type welcomeOut struct {
	ID web.ID `json:"id"`
	WelcomeIn
	Sent      int       `json:"sent"`
	UpdatedAt time.Time `json:"updated_at"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type whyOut struct {
	Code   string `json:"code"`
	Text   string `json:"text"`
	WayOut string `json:"way_out,omitempty"`
}

type traceOut struct {
	ID        web.ID    `json:"id"`
	At        time.Time `json:"at"`
	Customer  named     `json:"customer"`
	Staff     named     `json:"staff"`
	Channel   *named    `json:"channel,omitempty"`
	Welcome   *named    `json:"welcome,omitempty"`
	Outcome   Outcome   `json:"outcome" enum:"waiting,sent,not_sent"`
	Reason    *whyOut   `json:"reason,omitempty"`
	TouchID   string    `json:"touch_id,omitempty"`
	LatencyMS int64     `json:"latency_ms,omitempty" doc:"from WeCom's event to the answer of the call, in the corp's time"`
}

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Zone      *time.Location
	Scope     func(ctx context.Context) ([]string, error)
	Staff     func(ctx context.Context, ids []string) (map[string]string, error)
	Customers func(ctx context.Context, ids []string) (map[string]named2, error)
	Channels  func(ctx context.Context, states []string) (map[string][2]string, error)
}

// named2 is a customer's name and whether WeCom gives them no code.
type named2 = struct {
	Name  string
	WeCom bool
}

// IDIn is the id in a path. It is exported because the router reads embedded parameters only then.
type IDIn struct {
	ID web.ID `path:"id"`
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	show := func(ctx context.Context, all ...Welcome) ([]welcomeOut, error) {
		sent, err := s.sent(ctx)
		if err != nil {
			return nil, err
		}
		out := make([]welcomeOut, len(all))
		for i, w := range all {
			out[i] = shown(w, sent[w.ID], near.Zone)
		}
		return out, nil
	}
	one := func(ctx context.Context, w Welcome, err error) (*welcomeOut, error) {
		if err != nil {
			return nil, err
		}
		out, err := show(ctx, w)
		if err != nil {
			return nil, err
		}
		return &out[0], nil
	}
	web.Get(a, "/welcomes", web.Op{ID: "list-welcomes", Permission: "welcome.read", Scope: web.Shared, Summary: "List welcome messages"},
		func(ctx context.Context, _ *web.None) (*web.Page[welcomeOut], error) {
			all, err := s.List(ctx)
			if err != nil {
				return nil, err
			}
			out, err := show(ctx, all...)
			if err != nil {
				return nil, err
			}
			return &web.Page[welcomeOut]{Items: out, Total: len(out)}, nil
		})
	web.Post(a, "/welcomes", web.Op{
		ID: "create-welcome", Permission: "welcome.write", Scope: web.Shared, Summary: "Make a welcome message",
		Status: http.StatusCreated,
	}, func(ctx context.Context, in *struct{ Body WelcomeIn }) (*welcomeOut, error) {
		w, err := s.Save(ctx, in.Body.welcome(0))
		return one(ctx, w, err)
	})
	web.Post(a, "/welcomes/check", web.Op{ID: "check-welcome", Permission: "welcome.read", Scope: web.Shared, Summary: "What governance says to a text"},
		func(ctx context.Context, in *struct {
			Body struct {
				Text        string               `json:"text"`
				Attachments []message.Attachment `json:"attachments,omitempty"`
			}
		},
		) (*governance.CheckOut, error) {
			w := Welcome{Text: in.Body.Text, Attachments: in.Body.Attachments}
			check, err := s.check(ctx, w)
			if err != nil {
				return nil, err
			}
			out := check.Show(web.Lang(ctx), w.Text, MaxText)
			return &out, nil
		})
	web.Get(a, "/welcomes/traces", web.Op{
		ID: "list-welcome-traces", Permission: "welcome.read", Scope: web.Filtered,
		Summary: "What became of the welcome of each new customer",
	}, func(ctx context.Context, in *tracesIn) (*web.Page[traceOut], error) {
		return s.traces(ctx, near, in)
	})
	web.Get(a, "/welcomes/{id}", web.Op{ID: "get-welcome", Permission: "welcome.read", Scope: web.Shared, Summary: "Get a welcome message"},
		func(ctx context.Context, in *IDIn) (*welcomeOut, error) {
			w, err := s.Get(ctx, in.ID.Int())
			return one(ctx, w, err)
		})
	web.Patch(a, "/welcomes/{id}", web.Op{ID: "update-welcome", Permission: "welcome.write", Scope: web.Shared, Summary: "Change a welcome message"},
		func(ctx context.Context, in *struct {
			IDIn
			Body WelcomeIn
		},
		) (*welcomeOut, error) {
			if _, err := s.Get(ctx, in.ID.Int()); err != nil {
				return nil, err
			}
			w, err := s.Save(ctx, in.Body.welcome(in.ID.Int()))
			return one(ctx, w, err)
		})
	web.Delete(a, "/welcomes/{id}", web.Op{ID: "delete-welcome", Permission: "welcome.write", Scope: web.Shared, Summary: "Delete a welcome message"},
		func(ctx context.Context, in *IDIn) (*web.None, error) { return nil, s.Delete(ctx, in.ID.Int()) })
}

func (in WelcomeIn) welcome(id int64) Welcome {
	w := Welcome{ID: id, Name: in.Name, Text: in.Text, Attachments: in.Attachments, Hours: in.Hours, Enabled: in.Enabled, Priority: in.Priority}
	if in.Scope.Kind == "contactway" {
		w.Channels = in.Scope.Channels
	}
	return w
}

func shown(w Welcome, sent int, zone *time.Location) welcomeOut {
	out := welcomeOut{ID: web.IDOf(w.ID), Sent: sent, UpdatedAt: w.UpdatedAt.In(zone), WelcomeIn: WelcomeIn{
		Name: w.Name, Scope: scopeIO{Kind: "default"}, Text: w.Text, Attachments: w.Attachments, Hours: w.Hours, Enabled: w.Enabled, Priority: w.Priority,
	}}
	if len(w.Channels) > 0 {
		out.Scope = scopeIO{Kind: "contactway", Channels: w.Channels}
	}
	return out
}

// sent counts how often each welcome went out.
func (s *Service) sent(ctx context.Context) (map[int64]int, error) {
	var rows []struct {
		WelcomeID int64
		N         int
	}
	err := s.DB.Read().NewSelect().Model((*Trace)(nil)).Column("welcome_id").ColumnExpr("COUNT(*) AS n").
		Where("corp_id = ? AND outcome = ?", s.CorpID, Sent).GroupExpr("welcome_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count sent welcomes: %w", err)
	}
	out := map[int64]int{}
	for _, r := range rows {
		out[r.WelcomeID] = r.N
	}
	return out, nil
}

type tracesIn struct {
	web.List
	Customer string `query:"customer"`
	Outcome  string `query:"outcome" enum:"waiting,sent,not_sent"`
}

func (s *Service) traces(ctx context.Context, near Neighbours, in *tracesIn) (*web.Page[traceOut], error) {
	scope, err := near.Scope(ctx)
	if err != nil {
		return nil, err
	}
	after, err := in.AfterID()
	if err != nil {
		return nil, err
	}
	total, more, err := web.Total(ctx, s.DB.Read(), s.traceQuery(scope, in.Customer, in.Outcome), in.List)
	if err != nil {
		return nil, err
	}
	var rows []Trace
	q := s.traceQuery(scope, in.Customer, in.Outcome).Column("t.*").OrderExpr("t.id DESC").Limit(int64(in.Limit + 1))
	if after > 0 {
		q.Where("t.id < ?", after)
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list welcome traces: %w", err)
	}
	var customers, staff, states []string
	for _, t := range rows {
		customers, staff, states = append(customers, t.CustomerID), append(staff, t.StaffID), append(states, t.State)
	}
	people, err := near.Customers(ctx, customers)
	if err != nil {
		return nil, err
	}
	members, err := near.Staff(ctx, staff)
	if err != nil {
		return nil, err
	}
	channels, err := near.Channels(ctx, states)
	if err != nil {
		return nil, err
	}
	all, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[int64]string{}
	for _, w := range all {
		byID[w.ID] = w.Name
	}
	out := make([]traceOut, len(rows))
	for i, t := range rows {
		o := traceOut{
			ID: web.IDOf(t.ID), At: t.At.In(near.Zone), Customer: named{t.CustomerID, people[t.CustomerID].Name},
			Staff: named{t.StaffID, members[t.StaffID]}, Outcome: t.Outcome,
		}
		if c, ok := channels[t.State]; ok && t.State != "" {
			o.Channel = &named{c[0], c[1]}
		}
		if name, ok := byID[t.WelcomeID]; ok {
			o.Welcome = &named{strconv.FormatInt(t.WelcomeID, 10), name}
		}
		if t.Outcome == NotSent {
			code := t.Code
			if people[t.CustomerID].WeCom && (code == WhyChatBegun || code == WhyConsoleWelcome) {
				code = WhyWeComUser // known only since the details were read
			}
			reason, out := Why(code)
			o.Reason = &whyOut{Code: code, Text: reason.In(web.Lang(ctx)), WayOut: out.In(web.Lang(ctx))}
		}
		if t.TouchID != 0 {
			o.TouchID = strconv.FormatInt(t.TouchID, 10)
		}
		if t.Outcome == Sent {
			o.LatencyMS = t.DoneAt.Sub(t.At).Milliseconds()
		}
		out[i] = o
	}
	return web.NewPage(out, in.List, total, more, func(t traceOut) string { return string(t.ID) }), nil
}
