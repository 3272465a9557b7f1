package governance

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/pages"
	"zhiyin.dev/zhiyin/internal/web"
)

// preferenceView is what the customer's own page shows.
type preferenceView struct {
	Stopped bool
	Since   string
	Marks   []bool // the last seven days' string: used and left
	Used    int
	Cap     int
	From    string
	To      string
	Changed bool // a press just now
}

var preferencePage = pages.Template("preferences", `{{define "main"}}{{$p := .}}{{with .Data}}
{{if .Changed}}<p class="note" role="status">{{if .Stopped}}{{$p.T "已停止，现在就生效。" "Stopped, from this moment."}}{{else}}{{$p.T "已恢复，现在就生效。" "Resumed, from this moment."}}{{end}}</p>{{end}}
<section class="card">
{{if .Stopped}}<h2>{{$p.T "您不再收到推广消息" "You get no promotional messages"}}</h2>
<p class="room">{{$p.T "从" "Since"}} {{.Since}}{{$p.T " 起。所有员工都不会再发。" ". No member of staff sends any."}}</p>
{{else}}<h2>{{$p.T "您现在会收到的推广消息" "The promotional messages you get now"}}</h2>
<p class="room" role="img" aria-label="{{.Used}} / {{.Cap}}">{{range .Marks}}{{if .}}●{{else}}○{{end}} {{end}}</p>
<p class="room">{{$p.T "最近 7 天收到" "In the last 7 days:"}} {{.Used}} {{$p.T "条，最多" "of at most"}} {{.Cap}} {{$p.T "条；只在 " "promotional messages; only between "}}{{.From}} {{$p.T "到" "and"}} {{.To}}{{$p.T " 之间。" "."}}</p>{{end}}
</section>
<form method="post" class="list">
{{if .Stopped}}<button name="act" value="resume">{{$p.T "恢复接收" "Resume"}}</button>
{{else}}<button name="act" value="stop">{{$p.T "全部停止" "Stop all"}}</button>{{end}}
</form>
<p class="say">{{$p.T "按一下就生效，不用登录，也不用说明理由。您主动问的问题和订单通知照常回复。" "One press is enough: no login, no reason. What you ask for yourself is still answered."}}</p>
{{end}}{{end}}
{{define "foot"}}<p>{{.T "这个地址只属于您，请不要转发。" "This address is yours alone. Please do not pass it on."}}</p>{{end}}`)

// PreferenceToken makes the part of the address that proves whose preferences a page shows. It does not expire: a stop
// must work however old the message is.
func (g *Governor) PreferenceToken(corpID, customerID string) string {
	body := base64.RawURLEncoding.EncodeToString([]byte(corpID + "\x00" + customerID))
	return body + "." + g.mac("preferences", corpID, customerID)[:32]
}

// PreferencePath is the path of a customer's own page.
func (g *Governor) PreferencePath(corpID, customerID string) string {
	return "/p/preferences/" + g.PreferenceToken(corpID, customerID)
}

func (g *Governor) openToken(token string) (corpID, customerID string, ok bool) {
	body, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return "", "", false
	}
	corpID, customerID, ok = strings.Cut(string(raw), "\x00")
	return corpID, customerID, ok && hmac.Equal([]byte(g.PreferenceToken(corpID, customerID)), []byte(token))
}

// RegisterPages puts the customers' preference page on mux.
func (g *Governor) RegisterPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /p/preferences/{token}", g.preferences)
	mux.HandleFunc("POST /p/preferences/{token}", g.preferences)
}

// preferences shows the page; only a POST changes anything, because links are opened by machines too.
func (g *Governor) preferences(w http.ResponseWriter, r *http.Request) {
	lang := web.Lang(r.Context())
	corpID, customerID, ok := g.openToken(r.PathValue("token"))
	if !ok {
		pages.Notice(w, http.StatusNotFound, lang, errs.T("没有这个页面", "No such page"),
			errs.T("地址不完整。请从收到的消息里重新打开。", "The address is not complete. Open it again from the message you got."))
		return
	}
	changed := false
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
		if err := g.press(r.Context(), corpID, customerID, r.PostFormValue("act")); err != nil {
			web.WriteError(w, r, err)
			return
		}
		changed = true
	}
	view, err := g.preferenceView(r.Context(), corpID, customerID)
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	view.Changed = changed
	page := pages.Page{Title: errs.T("消息偏好", "Message preferences").In(lang), Data: view}
	if err := pages.Write(w, http.StatusOK, lang, preferencePage, page); err != nil {
		web.WriteError(w, r, err)
	}
}

func (g *Governor) press(ctx context.Context, corpID, customerID, act string) error {
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		switch act {
		case "stop":
			return g.OptOut(ctx, tx, corpID, customerID, "page", "customer")
		case "resume":
			return g.OptIn(ctx, tx, corpID, customerID, "preference page", "customer")
		}
		return errs.Bad("act", "invalid", errs.T("请按页面上的按钮。", "Please use the button on the page."))
	})
}

func (g *Governor) preferenceView(ctx context.Context, corpID, customerID string) (preferenceView, error) {
	budgets, err := g.Budget(ctx, corpID, customerID)
	if err != nil {
		return preferenceView{}, err
	}
	caps, _, err := g.Caps(ctx, corpID)
	if err != nil {
		return preferenceView{}, err
	}
	b := budgets[customerID]
	week := b.Windows[1]
	v := preferenceView{
		Stopped: b.OptOut != 0, Used: week.Used, Cap: week.Cap, From: formatClock(caps.Quiet.From), To: formatClock(caps.Quiet.To),
	}
	if v.Stopped {
		v.Since = b.OptOut.In(g.zone).Format(time.DateTime)[:16]
	}
	for i := range max(week.Used, week.Cap) {
		v.Marks = append(v.Marks, i < week.Used)
	}
	return v, nil
}
