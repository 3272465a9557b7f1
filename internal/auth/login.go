package auth

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/wecom"
)

const (
	stateCookie = "zhiyin_login_state"
	stateLife   = 10 * time.Minute
	callback    = "/login/wecom"
)

// loginURLs makes the two addresses a member can log in at. The parameters stand in the order of the official pages.
// https://developer.work.weixin.qq.com/document/path/91022 and .../98152
func loginURLs(l Login, corpID, back, state, lang string) (oauth, qr string) {
	e := url.QueryEscape
	oauth = strings.TrimRight(l.OpenURL, "/") + "/connect/oauth2/authorize?appid=" + e(corpID) + "&redirect_uri=" + e(back) +
		"&response_type=code&scope=snsapi_base&state=" + e(state) + "&agentid=" + strconv.Itoa(l.AgentID) + "#wechat_redirect"
	qr = strings.TrimRight(l.LoginURL, "/") + "/wwlogin/sso/login?login_type=CorpApp&appid=" + e(corpID) + "&agentid=" + strconv.Itoa(l.AgentID) +
		"&redirect_uri=" + e(back) + "&state=" + e(state) + "&lang=" + lang
	return oauth, qr
}

// newState makes the text that ties the way back to the browser that began: letters and digits only, as WeCom asks.
func newState() string {
	return strings.NewReplacer("-", "a", "_", "b").Replace(newToken(""))
}

// finish is where WeCom sends a member back to, with a code that is good once for five minutes.
func (s *Service) finish(api *web.API) http.HandlerFunc {
	fail := func(w http.ResponseWriter, r *http.Request, err error) {
		code := "login.failed"
		if e, ok := errors.AsType[*errs.Error](err); ok {
			code = e.Code
		}
		s.Log.Warn("login by WeCom refused", "code", code, "request_id", web.RequestID(r.Context()), "error", err)
		http.Redirect(w, r, api.Base()+"/login?error="+url.QueryEscape(code), http.StatusSeeOther)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(stateCookie)
		http.SetCookie(w, s.cookie(r, api, stateCookie, "", -1))
		state := r.URL.Query().Get("state")
		if err != nil || state == "" || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(state)) != 1 {
			fail(w, r, errs.New(errs.Forbidden, "login.state", errs.T("登录没有从这个浏览器开始，请重新登录。", "This login did not begin in this browser. Start again.")))
			return
		}
		code := r.URL.Query().Get("code")
		l := s.Login()
		if code == "" || len(code) > 512 || l.Code == nil {
			fail(w, r, errs.New(errs.Invalid, "login.code", errs.T("企业微信没有给出登录码。", "WeCom gave no code.")))
			return
		}
		visitor, err := l.Code(r.Context(), code)
		switch {
		case errors.Is(err, wecom.ErrLoginCode):
			fail(w, r, errs.New(errs.Invalid, "login.code", errs.T("登录码已用过或已过期，请重新登录。", "The code was used or is too old. Start again.")).Because(err))
			return
		case err != nil:
			fail(w, r, errs.New(errs.Unavailable, "login.wecom", errs.T("企业微信没有回应，请稍后再试。", "WeCom did not answer. Try again later.")).Because(err))
			return
		case visitor.Staff == "":
			fail(w, r, errs.New(errs.Forbidden, "login.not_member", errs.T("只有企业成员可以登录。", "Only members of the corp can log in.")))
			return
		}
		token, err := s.ByStaff(r.Context(), string(visitor.Staff))
		if err != nil {
			fail(w, r, err)
			return
		}
		http.SetCookie(w, s.cookie(r, api, web.SessionCookie, token, sessionLife))
		http.Redirect(w, r, api.Base()+"/", http.StatusSeeOther)
	}
}

func (s *Service) cookie(r *http.Request, api *web.API, name, value string, life time.Duration) *http.Cookie {
	c := makeCookie(api, name, value, life)
	c.Secure = web.Secure(r.Context())
	return &c
}

func makeCookie(api *web.API, name, value string, life time.Duration) http.Cookie {
	age := int(life.Seconds())
	if life < 0 {
		age = -1
	}
	return http.Cookie{
		Name: name, Value: value, Path: api.Base() + "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
