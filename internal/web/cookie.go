package web

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// CookieHandler is a Handler that also sets cookies: for logging in and out.
type CookieHandler[In, Out any] func(ctx context.Context, in *In) (*Out, []http.Cookie, error)

// GetCookie is Get for handlers that set cookies.
func GetCookie[In, Out any](a *API, path string, op Op, h CookieHandler[In, Out]) {
	registerCookie(a, http.MethodGet, path, op, h)
}

// PostCookie is Post for handlers that set cookies.
func PostCookie[In, Out any](a *API, path string, op Op, h CookieHandler[In, Out]) {
	registerCookie(a, http.MethodPost, path, op, h)
}

// DeleteCookie is Delete for handlers that set cookies.
func DeleteCookie[In, Out any](a *API, path string, op Op, h CookieHandler[In, Out]) {
	registerCookie(a, http.MethodDelete, path, op, h)
}

func registerCookie[In, Out any](a *API, method, path string, op Op, h CookieHandler[In, Out]) {
	spec := a.operation(method, path, op)
	if reflect.TypeFor[Out]() == reflect.TypeFor[None]() {
		type out = struct {
			SetCookie []http.Cookie `header:"Set-Cookie"`
		}
		huma.Register(a.huma, spec, func(ctx context.Context, in *In) (*out, error) {
			_, cookies, err := h(ctx, in)
			return &out{cookies}, a.outcome(ctx, op, method, err)
		})
		return
	}
	type out = struct {
		SetCookie []http.Cookie `header:"Set-Cookie"`
		Body      *Out
	}
	huma.Register(a.huma, spec, func(ctx context.Context, in *In) (*out, error) {
		body, cookies, err := h(ctx, in)
		return &out{cookies, body}, a.outcome(ctx, op, method, err)
	})
}
