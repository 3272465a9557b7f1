package joinway

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/web"
)

type roomOut struct {
	ChatID  string `json:"chat_id"`
	Name    string `json:"name"`
	Members int    `json:"members"`
	Limit   int    `json:"limit" doc:"up to how many members people can join by scanning"`
	Full    bool   `json:"full"`
	Made    bool   `json:"made" doc:"made by WeCom because the others were full"`
}

type wayOut struct {
	ID             web.ID    `json:"id"`
	ConfigID       string    `json:"config_id"`
	Name           string    `json:"name"`
	Remark         string    `json:"remark"`
	Rooms          []roomOut `json:"rooms"`
	AutoCreateRoom bool      `json:"auto_create_room"`
	RoomBaseName   string    `json:"room_base_name"`
	RoomBaseID     int       `json:"room_base_id"`
	State          string    `json:"state"`
	QRCode         string    `json:"qr_code"`
	PageURL        string    `json:"page_url"`
	Joined         int64     `json:"joined"`
	RoomLeft       int       `json:"room_left"`
	CreatedAt      time.Time `json:"created_at"`
}

type wayIn struct {
	Name           string   `json:"name" minLength:"1" maxLength:"60"`
	Remark         string   `json:"remark,omitempty" maxLength:"30"`
	ChatIDs        []string `json:"chat_ids" doc:"1 to 5 groups, filled in this order"`
	AutoCreateRoom bool     `json:"auto_create_room,omitempty"`
	RoomBaseName   string   `json:"room_base_name,omitempty" maxLength:"40"`
	RoomBaseID     int      `json:"room_base_id,omitempty"`
}

func (in wayIn) way(id int64) Way {
	w := Way{
		ID: id, Name: in.Name, Remark: in.Remark, AutoCreateRoom: in.AutoCreateRoom, RoomBaseName: in.RoomBaseName, RoomBaseID: in.RoomBaseID,
	}
	for _, c := range in.ChatIDs {
		w.Rooms = append(w.Rooms, Room{ChatID: c})
	}
	return w
}

type idIn struct {
	ID web.ID `path:"id"`
}

type api struct {
	*Service
	zone *time.Location
}

// RegisterAPI puts the routes of this room on the API.
func (s *Service) RegisterAPI(a *web.API, zone *time.Location) {
	h := &api{s, zone}
	web.Get(a, "/joinways", web.Op{ID: "list-joinways", Permission: "joinway.read", Scope: web.Shared, Summary: "List group codes"},
		func(ctx context.Context, _ *web.None) (*web.Page[wayOut], error) {
			ways, err := s.List(ctx)
			if err != nil {
				return nil, err
			}
			out := make([]wayOut, len(ways))
			for i, w := range ways {
				out[i] = h.shown(w)
			}
			return &web.Page[wayOut]{Items: out, Total: len(out)}, nil
		})
	web.Post(a, "/joinways", web.Op{ID: "create-joinway", Permission: "joinway.write", Scope: web.Shared, Summary: "Make a group code", Status: http.StatusCreated},
		func(ctx context.Context, in *struct{ Body wayIn }) (*wayOut, error) {
			w, err := s.Create(ctx, in.Body.way(0))
			return h.one(w, err)
		})
	web.Get(a, "/joinways/{id}", web.Op{ID: "get-joinway", Permission: "joinway.read", Scope: web.Shared, Summary: "Get a group code"},
		func(ctx context.Context, in *idIn) (*wayOut, error) {
			w, err := s.Get(ctx, in.ID.Int())
			return h.one(w, err)
		})
	web.Patch(a, "/joinways/{id}", web.Op{ID: "update-joinway", Permission: "joinway.write", Scope: web.Shared, Summary: "Change a group code"},
		func(ctx context.Context, in *struct {
			ID   web.ID `path:"id"`
			Body wayIn
		},
		) (*wayOut, error) {
			w, err := s.Update(ctx, in.Body.way(in.ID.Int()))
			return h.one(w, err)
		})
	web.Delete(a, "/joinways/{id}", web.Op{ID: "delete-joinway", Permission: "joinway.write", Scope: web.Shared, Summary: "End a group code"},
		func(ctx context.Context, in *idIn) (*web.None, error) { return nil, s.Delete(ctx, in.ID.Int()) })
	web.GetFile(a, "/joinways/{id}/qr.png", web.Op{ID: "get-joinway-picture", Permission: "joinway.read", Scope: web.Shared, Summary: "The code as a picture"},
		func(ctx context.Context, in *idIn) (*web.File, error) {
			body, mime, err := s.Picture(ctx, in.ID.Int())
			if err != nil {
				return nil, err
			}
			return &web.File{Type: mime, Write: func(w http.ResponseWriter) error {
				_, err := w.Write(body)
				return err
			}}, nil
		})
}

func (h *api) one(w Way, err error) (*wayOut, error) {
	if err != nil {
		return nil, err
	}
	out := h.shown(w)
	return &out, nil
}

func (h *api) shown(w Way) wayOut {
	out := wayOut{
		ID: web.IDOf(w.ID), ConfigID: w.ConfigID, Name: w.Name, Remark: w.Remark, AutoCreateRoom: w.AutoCreateRoom, RoomBaseName: w.RoomBaseName,
		RoomBaseID: w.RoomBaseID, State: w.State, QRCode: w.QRCode, PageURL: h.PageURL(w), Joined: w.Joined, RoomLeft: w.RoomLeft(),
		CreatedAt: w.CreatedAt.In(h.zone), Rooms: make([]roomOut, len(w.Rooms)),
	}
	for i, r := range w.Rooms {
		out.Rooms[i] = roomOut{ChatID: r.ChatID, Name: r.Name, Members: r.Members, Limit: groupchat.ScanLimit, Full: r.Full, Made: r.Made}
	}
	return out
}

// Sources answers the codes that members came by, by their state: for lists of group members. Ended codes are answered too.
func (s *Service) Sources(ctx context.Context, states []string) (map[string]groupchat.Source, error) {
	out := map[string]groupchat.Source{}
	if len(states) == 0 {
		return out, nil
	}
	var rows []wayRow
	err := s.DB.Read().NewSelect().Model(&rows).Column("id", "name", "state").Where("corp_id = ? AND state IN (?)", s.CorpID, bun.List(states)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("find group codes by state: %w", err)
	}
	for _, r := range rows {
		out[r.State] = groupchat.Source{JoinwayID: string(web.IDOf(r.ID)), Name: r.Name, State: r.State}
	}
	return out, nil
}
