package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

func oauthFamily() family {
	return family{pages: map[string]func(*Sandbox, http.ResponseWriter, *http.Request){
		"GET /connect/oauth2/authorize": serveAuthorize,
		"GET /wwlogin/sso/login":        serveQRLogin,
		"GET /wwopen/sso/qrConnect":     serveQRLogin,
	}}
}

// serveAuthorize is the page that apps send a WeCom or WeChat browser to. The
// real one knows who holds the phone and redirects at once; here the browser
// says so once, and is remembered by a cookie.
func serveAuthorize(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if why := s.checkLogin(q, q.Get("response_type") == "code", "response_type must be code"); why != "" {
		refusePage(w, why)
		return
	}
	scope := q.Get("scope")
	if scope != "snsapi_base" && scope != "snsapi_privateinfo" && scope != "snsapi_userinfo" {
		refusePage(w, "scope must be snsapi_base or snsapi_privateinfo")
		return
	}
	who := q.Get("as")
	if c, err := r.Cookie(whoCookie); who == "" && err == nil {
		who = c.Value
	}
	// Without agentid the private scope counts as the silent one.
	s.loginAs(w, r, who, scope == "snsapi_privateinfo" && q.Get("agentid") != "", true)
}

// serveQRLogin is the page that shows a QR code to a desktop browser; choosing
// a member stands for scanning it. Customers cannot.
func serveQRLogin(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	kind := q.Get("login_type")
	if why := s.checkLogin(q, kind == "CorpApp" || kind == "" && strings.HasPrefix(r.URL.Path, "/wwopen/"), "login_type must be CorpApp"); why != "" {
		refusePage(w, why)
		return
	}
	s.loginAs(w, r, q.Get("as"), false, false)
}

const whoCookie = "sandbox_who"

// checkLogin says what is wrong with a login request; empty when nothing is.
func (s *Sandbox) checkLogin(q url.Values, kindFits bool, otherwise string) string {
	back, err := url.Parse(q.Get("redirect_uri"))
	switch {
	case q.Get("appid") != s.corpID:
		return "appid is not the id of this corp"
	case !kindFits:
		return otherwise
	case err != nil || back.Host == "" || back.Scheme != "http" && back.Scheme != "https":
		return "50001: redirect_uri is no absolute http or https address"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if set := &s.world.app.settings; !set.trusts(back) {
		return "50001: redirect_uri is not of the trusted domain " + set.domain
	}
	return ""
}

func refusePage(w http.ResponseWriter, why string) {
	http.Error(w, why, http.StatusBadRequest)
}

// loginAs redirects with a code for who, or asks who it is.
func (s *Sandbox) loginAs(w http.ResponseWriter, r *http.Request, who string, private, customers bool) {
	q := r.URL.Query()
	s.mu.Lock()
	code := ""
	if n, ok := s.world.staffByID(who); ok {
		code = s.newCode(s.world.staff[n].id, "")
		if private {
			c := s.codes[code]
			c.private = true
			s.codes[code] = c
		}
	} else if _, ok := s.world.customerByID(who); ok && customers {
		code = s.newCode("", who)
	}
	if code == "" {
		page := s.whoPage(r, customers)
		s.mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = whoTemplate.Execute(w, page) // a reader that went away is not our error
		return
	}
	s.mu.Unlock()
	if q.Get("stay") == "1" {
		http.SetCookie(w, &http.Cookie{Name: whoCookie, Value: who, Path: "/connect/oauth2/authorize", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		refusePage(w, err.Error()) // checked before
		return
	}
	with := back.Query()
	with.Set("code", code)
	if state := q.Get("state"); state != "" {
		with.Set("state", state)
	}
	back.RawQuery = with.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// whoView is what the page that asks who you are shows.
type whoView struct {
	Corp, Back string
	Hidden     url.Values
	Staff      []whoLine
	Customers  []whoLine
	MayStay    bool
}

type whoLine struct{ ID, Name, Note string }

const whoLines = 200

func (s *Sandbox) whoPage(r *http.Request, customers bool) whoView {
	w, q := s.world, r.URL.Query()
	v := whoView{Corp: w.spec.Corp, Hidden: url.Values{}, MayStay: customers}
	for name, values := range q {
		if name != "as" && name != "stay" {
			v.Hidden[name] = values
		}
	}
	if back, err := url.Parse(q.Get("redirect_uri")); err == nil {
		v.Back = back.Host
	}
	for i := range w.staff {
		if m := &w.staff[i]; !m.resigned && len(v.Staff) < whoLines {
			v.Staff = append(v.Staff, whoLine{m.id, m.name, m.position})
		}
	}
	for n := 0; customers && n < len(w.customers) && len(v.Customers) < 10; n++ {
		if w.customers[n].live > 0 {
			id := w.customerID(int32(n))
			v.Customers = append(v.Customers, whoLine{id, customerName(int32(n)), id})
		}
	}
	return v
}

var whoTemplate = template.Must(template.New("who").Parse(`<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Corp}} · 沙箱登录 Sandbox login</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f5f6f7;color:#1f2329}
main{max-width:36rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.25rem;margin:0 0 .25rem}p{margin:.25rem 0 1rem;color:#646a73}
h2{font-size:1rem;margin:1.25rem 0 .5rem}
ul{list-style:none;margin:0;padding:0;display:grid;gap:.5rem;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr))}
button{width:100%;min-height:44px;text-align:left;font:inherit;padding:.5rem .75rem;border:1px solid #dee0e3;border-radius:8px;background:#fff;cursor:pointer;overflow:hidden;text-overflow:ellipsis}
button:hover,button:focus-visible{border-color:#3370ff;outline:2px solid #3370ff33}
small{display:block;color:#646a73;overflow:hidden;text-overflow:ellipsis}
input[name=as]{font:inherit;padding:.5rem;border:1px solid #dee0e3;border-radius:8px;width:100%;box-sizing:border-box}
</style></head><body><main>
<h1>您是谁？ Who are you?</h1>
<p>{{.Corp}}（沙箱 sandbox）→ {{.Back}}</p>
<form method="get">
{{range $name, $values := .Hidden}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}
{{if .MayStay}}<label><input type="checkbox" name="stay" value="1"> 记住我 Stay this person</label>{{end}}
<h2>成员 Staff</h2>
<ul>{{range .Staff}}<li><button name="as" value="{{.ID}}">{{.Name}}<small>{{.Note}}</small></button></li>{{end}}</ul>
{{if .Customers}}<h2>客户 Customers</h2>
<ul>{{range .Customers}}<li><button name="as" value="{{.ID}}">{{.Name}}<small>{{.Note}}</small></button></li>{{end}}</ul>{{end}}
</form>
</main></body></html>
`))
