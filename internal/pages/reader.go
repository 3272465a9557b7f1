package pages

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

const (
	readerCookie = "zhiyin_reader"
	readerLife   = 30 * time.Minute
	askLife      = 10 * time.Minute
	// Guest is the query parameter of a reader who was asked and is no customer: they are not asked again.
	Guest = "guest"
)

// Reader knows who reads a customers' page: WeCom tells at once and without asking the person, inside WeChat, and only of
// customers whom a member follows. It is kept in one cookie for half an hour, readable by these pages alone.
type Reader struct {
	Key  []byte // signs the cookie and the way back
	Wall clock.Wall
	// Ask makes the address at WeCom that leads back to `back` with a code.
	Ask func(back, state string) string
	// Customer answers whose code it is; "" for somebody who is no customer.
	Customer func(ctx context.Context, code string) (string, error)
	// URL makes an absolute URL of a path.
	URL func(ctx context.Context, path string) string
}

// Register puts the way to WeCom and back on mux.
func (k *Reader) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /p/who", k.ask)
	mux.HandleFunc("GET /p/who/back", k.back)
}

// Reading answers who reads, "" when it is not known.
func (k *Reader) Reading(r *http.Request) string {
	c, err := r.Cookie(readerCookie)
	if err != nil {
		return ""
	}
	body, mac, _ := strings.Cut(c.Value, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || !hmac.Equal([]byte(mac), []byte(k.mac("cookie", body))) {
		return ""
	}
	until, id, _ := strings.Cut(string(raw), "\x00")
	if ms, err := strconv.ParseInt(until, 10, 64); err != nil || clock.WallTime(ms) < k.Wall.Now() {
		return ""
	}
	return id
}

// AskPath is the address that finds out who reads and comes back to path ("/p/...").
func (k *Reader) AskPath(ctx context.Context, path string) string {
	return k.URL(ctx, "/p/who?to="+url.QueryEscape(path))
}

// InWeChat says whether the page is open in WeChat's own browser.
func (k *Reader) InWeChat(r *http.Request) bool {
	return strings.Contains(r.UserAgent(), "MicroMessenger")
}

// MayAsk says whether WeCom would know the person without a question: in WeChat's own browser, once.
func (k *Reader) MayAsk(r *http.Request) bool {
	return k.InWeChat(r) && !r.URL.Query().Has(Guest)
}

// ours says whether an address is one of these pages.
func ours(to string) bool {
	u, err := url.Parse(to)
	return err == nil && u.Host == "" && u.Scheme == "" && strings.HasPrefix(u.Path, "/p/") && !strings.HasPrefix(u.Path, "/p/who") && len(to) < 500
}

func (k *Reader) ask(w http.ResponseWriter, r *http.Request) {
	to := r.URL.Query().Get("to")
	if !ours(to) {
		k.lost(w, r)
		return
	}
	until := strconv.FormatInt(int64(k.Wall.Now().Add(askLife)), 10)
	back := k.URL(r.Context(), "/p/who/back?to="+url.QueryEscape(to))
	http.Redirect(w, r, k.Ask(back, until+"x"+k.mac("state", until, to)), http.StatusSeeOther)
}

func (k *Reader) back(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	to := q.Get("to")
	until, mac, _ := strings.Cut(q.Get("state"), "x")
	ms, err := strconv.ParseInt(until, 10, 64)
	if err != nil || !ours(to) || clock.WallTime(ms) < k.Wall.Now() || !hmac.Equal([]byte(mac), []byte(k.mac("state", until, to))) {
		k.lost(w, r)
		return
	}
	id := ""
	if code := q.Get("code"); code != "" && len(code) <= 512 {
		if id, err = k.Customer(r.Context(), code); err != nil { // an old code, or WeCom is away: they read as a guest
			id = ""
		}
	}
	if id == "" {
		sep := "?"
		if strings.Contains(to, "?") {
			sep = "&"
		}
		http.Redirect(w, r, k.URL(r.Context(), to+sep+Guest+"=1"), http.StatusSeeOther)
		return
	}
	k.Remember(w, r, id)
	http.Redirect(w, r, k.URL(r.Context(), to), http.StatusSeeOther)
}

// Remember lets the browser read as a customer for half an hour.
func (k *Reader) Remember(w http.ResponseWriter, r *http.Request, customerID string) {
	body := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d\x00%s", int64(k.Wall.Now().Add(readerLife)), customerID))
	k.cookie(w, r, body+"."+k.mac("cookie", body), int(readerLife.Seconds()))
}

// Forget lets the browser read as a stranger again.
func (k *Reader) Forget(w http.ResponseWriter, r *http.Request) { k.cookie(w, r, "", -1) }

func (k *Reader) cookie(w http.ResponseWriter, r *http.Request, value string, age int) {
	path := "/p/"
	if u, err := url.Parse(k.URL(r.Context(), "/p/")); err == nil {
		path = u.Path
	}
	http.SetCookie(w, &http.Cookie{
		Name: readerCookie, Value: value, Path: path, MaxAge: age, HttpOnly: true, Secure: web.Secure(r.Context()), SameSite: http.SameSiteLaxMode,
	})
}

func (k *Reader) lost(w http.ResponseWriter, r *http.Request) {
	Notice(w, http.StatusNotFound, web.Lang(r.Context()), errs.T("没有这个页面", "No such page"),
		errs.T("地址不完整，或者已经过期。请从收到的消息里重新打开。", "The address is not complete or too old. Open it again from the message you got."))
}

func (k *Reader) mac(parts ...string) string {
	m := hmac.New(sha256.New, k.Key)
	for _, p := range parts {
		_, _ = fmt.Fprintf(m, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(m.Sum(nil))[:32]
}
