package material

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/web"
)

// Neighbours answers what other rooms know; internal/app fills it in.
type Neighbours struct {
	Staff func(ctx context.Context, ids []string) (map[string]string, error)
}

type api struct {
	*Service
	near Neighbours
}

// bodyMost is the largest upload: 20 MB in base64, and some words.
const bodyMost = 28 << 20

// RegisterAPI puts the routes of this room on the API. The library is the whole corp's.
func (s *Service) RegisterAPI(a *web.API, near Neighbours) {
	h := &api{s, near}
	read := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "material.read", Scope: web.Shared, Summary: summary}
	}
	write := func(id, summary string) web.Op {
		return web.Op{ID: id, Permission: "material.write", Scope: web.Shared, Summary: summary}
	}
	web.Get(a, "/materials", read("list-materials", "List the library: pictures, films, files and cards"), h.list)
	up := write("create-material", "Upload a file, or write a card")
	up.MaxBody = bodyMost
	web.Post(a, "/materials", up, h.create)
	web.Get(a, "/materials/{id}", read("get-material", "Get a material"), h.get)
	web.GetFile(a, "/materials/{id}/content", read("get-material-content", "The file of a material"), h.content)
	web.Delete(a, "/materials/{id}", write("delete-material", "Take a material off the shelf; messages that carry it keep it"), h.remove)
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type materialOut struct {
	ID        web.ID    `json:"id"`
	Kind      Kind      `json:"kind" enum:"image,video,file,link,miniprogram"`
	Name      string    `json:"name"`
	Type      string    `json:"type,omitempty" doc:"media type of its file"`
	Size      int64     `json:"size,omitempty" doc:"bytes"`
	Width     int       `json:"width,omitempty"`
	Height    int       `json:"height,omitempty"`
	Card      *Card     `json:"card,omitempty" doc:"of a link or a mini program"`
	CreatedBy named     `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	Removed   bool      `json:"removed,omitempty" doc:"off the shelf"`
}

func (h *api) show(ctx context.Context, rows []*Material) ([]materialOut, error) {
	ids := make([]string, len(rows))
	for i, m := range rows {
		ids[i] = m.CreatedBy
	}
	names, err := h.near.Staff(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]materialOut, len(rows))
	for i, m := range rows {
		name := names[m.CreatedBy]
		if name == "" {
			name = m.CreatedBy // an account need not be a member
		}
		out[i] = materialOut{
			ID: web.IDOf(m.ID), Kind: m.Kind, Name: m.Name, Type: m.Type, Size: m.Size, Width: m.Width, Height: m.Height,
			CreatedBy: named{m.CreatedBy, name}, CreatedAt: m.CreatedAt.In(h.Zone), Removed: m.RemovedAt != 0,
		}
		if m.Kind == Link || m.Kind == MiniProgram {
			c, err := m.card()
			if err != nil {
				return nil, err
			}
			out[i].Card = &c
		}
	}
	return out, nil
}

func (h *api) showOne(ctx context.Context, m *Material) (*materialOut, error) {
	out, err := h.show(ctx, []*Material{m})
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}

type listIn struct {
	web.List
	Kind  []string `query:"kind" enum:"image,video,file,link,miniprogram"`
	Query string   `query:"q" maxLength:"100" doc:"part of the name"`
}

func (h *api) list(ctx context.Context, in *listIn) (*web.Page[materialOut], error) {
	var rows []*Material
	q := h.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND removed_at = 0", h.CorpID)
	if len(in.Kind) > 0 {
		q = q.Where("kind IN (?)", bun.List(in.Kind))
	}
	if in.Query != "" {
		q = q.Where("name LIKE ? ESCAPE '!'", "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(in.Query)+"%")
	}
	total, more, err := web.NewestFirst(ctx, h.DB.Read(), q, "id", in.List, &rows)
	if err != nil {
		return nil, fmt.Errorf("list materials: %w", err)
	}
	out, err := h.show(ctx, rows)
	if err != nil {
		return nil, err
	}
	return web.NewPage(out, in.List, total, more, func(m materialOut) string { return string(m.ID) }), nil
}

type createIn struct {
	Body struct {
		Kind    Kind   `json:"kind" enum:"image,video,file,link,miniprogram"`
		Name    string `json:"name" maxLength:"400" doc:"of a file what receivers see, with its ending"`
		Content []byte `json:"content,omitempty" doc:"base64: JPG or PNG up to 10 MB, MP4 up to 10 MB, files up to 20 MB; of a mini program its cover (520 x 416)"`
		Card    Card   `json:"card,omitzero" doc:"of a link or a mini program"`
	}
}

func (h *api) create(ctx context.Context, in *createIn) (*materialOut, error) {
	m, err := h.Upload(ctx, web.Caller(ctx).User, in.Body.Kind, in.Body.Name, in.Body.Content, in.Body.Card)
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, m)
}

type idIn struct {
	ID web.ID `path:"id"`
}

func (h *api) get(ctx context.Context, in *idIn) (*materialOut, error) {
	m, err := get(ctx, h.DB.Read(), h.CorpID, in.ID.Int())
	if err != nil {
		return nil, err
	}
	return h.showOne(ctx, m)
}

func (h *api) content(ctx context.Context, in *idIn) (*web.File, error) {
	m, content, err := h.Content(ctx, in.ID.Int())
	if err != nil {
		return nil, err
	}
	f := &web.File{Type: m.Type, Write: func(w http.ResponseWriter) error {
		_, err := w.Write(content)
		return err
	}}
	if m.Kind == File { // saved, not shown: nothing that a browser would run
		f.Type, f.Name = "application/octet-stream", m.Name
	}
	return f, nil
}

func (h *api) remove(ctx context.Context, in *idIn) (*web.None, error) {
	return nil, h.Remove(ctx, in.ID.Int())
}
