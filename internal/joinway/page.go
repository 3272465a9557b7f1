package joinway

import (
	"net/http"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// view is what the public page shows. It names no member and no customer.
type view struct {
	Page  string
	Open  bool
	Room  Room // the group who scans now comes into
	Fresh bool // a new group will be made
	Next  []Room
}

var groupPage = pages.Template("groups", `{{define "main"}}{{$p := .}}{{with .Data}}
{{if .Open}}<section class="card">
{{if .Fresh}}<h2>{{$p.T "新群" "A new group"}}</h2><p class="room">{{$p.T "前面的群都满了，扫码会进入一个新群。" "The groups before are full: scanning leads into a new one."}}</p>
{{else}}<h2>{{.Room.Name}}</h2><p class="room">{{.Room.Members}} {{$p.T "人在群里 · 还能进" "people inside · room for"}} {{.Room.Left}} {{$p.T "人" "more"}}</p>{{end}}
<img class="code" src="{{.Page}}/qr.png" width="240" height="240" alt="{{$p.T "群二维码" "QR code of the group"}}">
<p class="hint">{{$p.T "长按识别二维码，加入群聊" "Press and hold the code to join"}}</p>
</section>
{{else}}<p class="note">{{$p.T "这些群都满了，暂时进不去。请过些时候再打开这个页面。" "All these groups are full at the moment. Please open this page again later."}}</p>{{end}}
{{if .Next}}<ul class="list">{{range .Next}}<li><span{{if .Full}} class="full"{{end}}>{{.Name}}</span><span class="full">{{if .Full}}{{$p.T "已满" "full"}}{{else}}{{$p.T "还能进" "room for"}} {{.Left}}{{end}}</span></li>{{end}}</ul>{{end}}
{{end}}{{end}}
{{define "foot"}}<p>{{.T "进不进群由您自己决定：没有人会把你直接拉进群。进群后可以随时退出。" "Joining is up to you: nobody pulls you into a group, and you can leave at any time."}}</p>{{end}}`)

// RegisterPages puts the public pages on mux: /p/groups/{page} and the picture on it.
func (s *Service) RegisterPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /p/groups/{page}", s.showPage)
	mux.HandleFunc("GET /p/groups/{page}/qr.png", s.showPicture)
}

func (s *Service) showPage(w http.ResponseWriter, r *http.Request) {
	lang := web.Lang(r.Context())
	way, err := s.byPage(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	v := view{Page: way.Page, Open: way.Open()}
	room, ok := way.Next()
	v.Room, v.Fresh = room, v.Open && !ok
	for _, other := range way.Rooms {
		if other.ChatID != room.ChatID && !other.Gone && len(way.Rooms) > 1 {
			v.Next = append(v.Next, other)
		}
	}
	lead := errs.T("扫码进群", "Scan to join a group")
	if err := pages.Write(w, http.StatusOK, lang, groupPage, pages.Page{Title: way.Name, Lead: lead.In(lang), Data: v}); err != nil {
		web.WriteError(w, r, err)
	}
}

func (s *Service) showPicture(w http.ResponseWriter, r *http.Request) {
	way, err := s.byPage(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body, mime, err := s.Picture(r.Context(), way.ID)
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", mime)
	w.Header().Set("Cache-Control", "private, max-age=300")
	_, _ = w.Write(body)
}

func (s *Service) byPage(r *http.Request) (Way, error) {
	way, err := findOne(r.Context(), s.DB.Read(), s.CorpID, byPage(r.PathValue("page")))
	if err == nil && way.DeletedAt != 0 {
		return Way{}, errs.Missing("群活码", "group code")
	}
	return way, err
}

func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errs.KindOf(err) != errs.NotFound {
		web.WriteError(w, r, err)
		return
	}
	pages.Notice(w, http.StatusNotFound, web.Lang(r.Context()), errs.T("没有这个页面", "No such page"),
		errs.T("这个群入口已经结束，或者地址不完整。请向给您链接的人要一个新的。", "This way into a group has ended, or the address is not complete. Ask for a new one where you got it."))
}
