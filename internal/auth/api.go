package auth

import (
	"context"
	"net/http"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Me is who is logged in and what they may do.
type Me struct {
	User        string    `json:"user"`
	Name        string    `json:"name"`
	StaffID     string    `json:"staff_id,omitempty"`
	Role        Role      `json:"role"`
	Scope       web.Scope `json:"scope"`
	Permissions []string  `json:"permissions"`
	Corp        Corp      `json:"corp"`
	Window      *Window   `json:"window,omitempty" doc:"When marketing may be sent"`
	Version     string    `json:"version"`
}

// Opened is the answer to a login.
type Opened struct {
	Token string `json:"token" doc:"For Authorization: Bearer; browsers use the cookie"`
	Me    Me     `json:"me"`
}

// Addresses is where members log in.
type Addresses struct {
	OAuthURL string `json:"oauth_url" doc:"Inside WeCom"`
	QRURL    string `json:"qr_url" doc:"In any browser: a page with a QR code"`
}

// TokenOut is an API token in the API.
// TokenOut is a token without its text.
type TokenOut struct {
	ID        web.ID     `json:"id"`
	Name      string     `json:"name"`
	Role      Role       `json:"role"`
	Scope     web.Scope  `json:"scope"`
	StaffID   string     `json:"staff_id,omitempty"`
	CreatedBy string     `json:"created_by"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

// MadeToken is a new token, with its text for the only time.
type MadeToken struct {
	TokenOut
	Token string `json:"token" doc:"Shown this once"`
}

type loginInput struct {
	Body struct {
		User     string `json:"user" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

type passwordInput struct {
	Body struct {
		Old string `json:"old" maxLength:"256"`
		New string `json:"new" maxLength:"256"`
	}
}

type tokenInput struct {
	Body struct {
		Name      string    `json:"name" minLength:"1" maxLength:"100"`
		Role      Role      `json:"role" enum:"owner,manager,operator,staff,auditor"`
		Scope     web.Scope `json:"scope,omitempty" enum:"own,department,all"`
		StaffID   string    `json:"staff_id,omitempty" maxLength:"64" doc:"Whose data, for the scopes own and department"`
		ExpiresAt time.Time `json:"expires_at,omitzero"`
	}
}

type tokenID struct {
	ID web.ID `path:"id"`
}

// RegisterAPI puts the routes of logging in on the API.
func (s *Service) RegisterAPI(api *web.API) {
	h := handlers{s, api}
	web.PostCookie(api, "/session", web.Op{ID: "login", Permission: web.Public, Scope: web.Shared, Summary: "Log in with user and password"}, h.login)
	web.Get(api, "/session", web.Op{ID: "get-session", Permission: web.SignedIn, Scope: web.Shared, Summary: "Who is logged in"}, h.session)
	web.DeleteCookie(api, "/session", web.Op{ID: "logout", Permission: web.SignedIn, Scope: web.Shared, Summary: "Log out"}, h.logout)
	web.GetCookie(api, "/session/wecom", web.Op{ID: "login-addresses", Permission: web.Public, Scope: web.Shared, Summary: "Where members log in"}, h.addresses)
	web.PostCookie(api, "/me/password", web.Op{ID: "change-password", Permission: web.SignedIn, Scope: web.Shared, Summary: "Change the own password"}, h.password)
	web.Get(api, "/tokens", web.Op{ID: "list-tokens", Permission: "token.read", Scope: web.WholeCorp, Summary: "API tokens"}, h.tokens)
	web.Post(api, "/tokens", web.Op{ID: "create-token", Permission: "token.write", Scope: web.WholeCorp, Summary: "Make an API token", Status: http.StatusCreated}, h.makeToken)
	web.Delete(api, "/tokens/{id}", web.Op{ID: "delete-token", Permission: "token.write", Scope: web.WholeCorp, Summary: "End an API token"}, h.deleteToken)
	h.registerShared(api)
	api.Mux().HandleFunc("GET "+callback, s.finish(api))
}

type handlers struct {
	*Service
	api *web.API
}

func (h handlers) me(ctx context.Context, who web.Who) Me {
	me := Me{
		User: who.User, Name: who.Name, StaffID: who.StaffID, Role: Role(who.Role), Scope: who.Scope,
		Permissions: Role(who.Role).Of(h.api.Permissions()), Version: h.Version,
	}
	if h.Corp != nil {
		me.Corp = h.Corp(ctx)
	}
	if h.Window != nil {
		w := h.Window(ctx)
		me.Window = &w
	}
	return me
}

func (h handlers) setSession(ctx context.Context, token string, life time.Duration) []http.Cookie {
	c := makeCookie(h.api, web.SessionCookie, token, life)
	c.Secure = web.Secure(ctx)
	return []http.Cookie{c}
}

func (h handlers) login(ctx context.Context, in *loginInput) (*Opened, []http.Cookie, error) {
	token, err := h.Password(ctx, in.Body.User, in.Body.Password, web.Addr(ctx))
	if err != nil {
		return nil, nil, err
	}
	return h.opened(ctx, token)
}

func (h handlers) opened(ctx context.Context, token string) (*Opened, []http.Cookie, error) {
	who, err := h.Identify(ctx, web.Credentials{Token: token, Bearer: true})
	if err != nil {
		return nil, nil, err
	}
	return &Opened{Token: token, Me: h.me(ctx, who)}, h.setSession(ctx, token, sessionLife), nil
}

func (h handlers) session(ctx context.Context, _ *web.None) (*Me, error) {
	me := h.me(ctx, web.Caller(ctx))
	return &me, nil
}

func (h handlers) logout(ctx context.Context, _ *web.None) (*web.None, []http.Cookie, error) {
	if session := web.Caller(ctx).Session; session != "" {
		if err := h.Logout(ctx, session); err != nil {
			return nil, nil, err
		}
	}
	return nil, h.setSession(ctx, "", -1), nil
}

func (h handlers) addresses(ctx context.Context, _ *web.None) (*Addresses, []http.Cookie, error) {
	l := h.Login()
	if l.AgentID == 0 || l.Code == nil || h.CorpID == "" {
		return nil, nil, errs.New(errs.NotFound, "not_configured", errs.T("还没有配置自建应用，成员暂时不能用企业微信登录。",
			"The corp's app is not set up yet, so members cannot log in by WeCom."))
	}
	state := newState()
	back := h.api.URL(ctx, callback)
	oauth, qr := loginURLs(l, h.CorpID, back, state, web.Lang(ctx))
	c := makeCookie(h.api, stateCookie, state, stateLife)
	c.Secure = web.Secure(ctx)
	return &Addresses{OAuthURL: oauth, QRURL: qr}, []http.Cookie{c}, nil
}

func (h handlers) password(ctx context.Context, in *passwordInput) (*Opened, []http.Cookie, error) {
	token, err := h.ChangePassword(ctx, in.Body.Old, in.Body.New, web.Addr(ctx))
	if err != nil {
		return nil, nil, err
	}
	return h.opened(ctx, token)
}

func (h handlers) tokens(ctx context.Context, _ *web.None) (*web.Page[TokenOut], error) {
	list, err := h.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]TokenOut, len(list))
	for i, t := range list {
		items[i] = t.json()
	}
	return &web.Page[TokenOut]{Items: items, Total: len(items)}, nil
}

func (h handlers) makeToken(ctx context.Context, in *tokenInput) (*MadeToken, error) {
	b := in.Body
	t, text, err := h.CreateToken(ctx, NewToken{
		Name: b.Name, Role: b.Role, Scope: b.Scope, StaffID: b.StaffID, ExpiresAt: b.ExpiresAt, By: web.Caller(ctx).User,
	})
	if err != nil {
		return nil, err
	}
	return &MadeToken{TokenOut: t.json(), Token: text}, nil
}

func (h handlers) deleteToken(ctx context.Context, in *tokenID) (*web.None, error) {
	return nil, h.DeleteToken(ctx, in.ID.Int())
}

func (t Token) json() TokenOut {
	return TokenOut{
		ID: web.IDOf(t.ID), Name: t.Name, Role: t.Role, Scope: t.Scope, StaffID: t.StaffID, CreatedBy: t.CreatedBy,
		CreatedAt: t.CreatedAt.Std(), ExpiresAt: stamp(t.ExpiresAt), UsedAt: stamp(t.UsedAt),
	}
}

func stamp(t clock.WallTime) *time.Time {
	if t == 0 {
		return nil
	}
	std := t.Std()
	return &std
}
