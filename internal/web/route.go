package web

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Permissions that are none: who may call is said by these two words instead.
const (
	Public   = "public"    // anybody, without logging in
	SignedIn = "signed_in" // everybody who is logged in, whatever the role
)

// Keeping says how a route keeps the caller's data scope.
type Keeping string

// The ways. There is no default: whoever writes a route decides.
const (
	Filtered  Keeping = "filtered"  // the handler shows and changes only what Caller(ctx) may see
	Shared    Keeping = "shared"    // the data is the corp's: everybody with the permission sees the same
	WholeCorp Keeping = "wholecorp" // only callers with scope all may call it
)

// Op describes a route. ID, Permission, Scope and Summary are required.
type Op struct {
	ID         string // "list-customers": names the operation in the specification
	Permission string // "customer.read", or Public, SignedIn
	Scope      Keeping
	Summary    string
	Tag        string // heading in the specification; default: the first part of the path
	Status     int    // of success; default 200, or 204 when there is nothing to answer
	MaxBody    int64  // bytes; default 1 MiB
	Personal   bool   // it answers what customers said or who they are: each call is logged before it is answered
}

// None is the output of a route that answers nothing (204), and the input of one that takes nothing.
type None struct{}

// Handler does what a route is for. In has huma's tags: `path:"id"`, `query:"q"`, and a field Body for JSON.
// Out is the JSON that is answered.
type Handler[In, Out any] func(ctx context.Context, in *In) (*Out, error)

// Get registers a reading route below /api/v1.
func Get[In, Out any](a *API, path string, op Op, h Handler[In, Out]) {
	register(a, http.MethodGet, path, op, h)
}

// Post registers a route that makes or does something.
func Post[In, Out any](a *API, path string, op Op, h Handler[In, Out]) {
	register(a, http.MethodPost, path, op, h)
}

// Put registers a route that replaces something.
func Put[In, Out any](a *API, path string, op Op, h Handler[In, Out]) {
	register(a, http.MethodPut, path, op, h)
}

// Patch registers a route that changes something.
func Patch[In, Out any](a *API, path string, op Op, h Handler[In, Out]) {
	register(a, http.MethodPatch, path, op, h)
}

// Delete registers a route that removes something.
func Delete[In, Out any](a *API, path string, op Op, h Handler[In, Out]) {
	register(a, http.MethodDelete, path, op, h)
}

// File is an answer that is not JSON: an image, a CSV. Write streams it.
type File struct {
	Type  string // media type
	Name  string // offered as the name to save; empty shows it in place
	Write func(w http.ResponseWriter) error
}

// GetFile registers a reading route that answers a file.
func GetFile[In any](a *API, path string, op Op, h func(ctx context.Context, in *In) (*File, error)) {
	type out = struct{ Body func(huma.Context) }
	spec := a.operation(http.MethodGet, path, op)
	huma.Register(a.huma, spec, func(ctx context.Context, in *In) (*out, error) {
		file, err := h(ctx, in)
		if err = a.outcome(ctx, op, http.MethodGet, err); err != nil {
			return nil, err
		}
		return &out{Body: func(hc huma.Context) {
			r, w := unwrap(hc)
			w.Header().Set("Content-Type", file.Type)
			if file.Name != "" {
				w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", file.Name))
			}
			if err := file.Write(w); err != nil {
				a.cfg.Log.Error("write a file", "operation", op.ID, "request_id", RequestID(r.Context()), "error", err)
				panic(http.ErrAbortHandler) //nolint:forbidigo // half a file must not look like a whole one
			}
		}}, nil
	})
}

func register[In, Out any](a *API, method, path string, op Op, h Handler[In, Out]) {
	if reflect.TypeFor[Out]() == reflect.TypeFor[None]() {
		huma.Register(a.huma, a.operation(method, path, op), func(ctx context.Context, in *In) (*struct{}, error) {
			_, err := h(ctx, in)
			return nil, a.outcome(ctx, op, method, a.showing(ctx, err))
		})
		return
	}
	type out = struct{ Body *Out } // nameless, so that the specification names an anonymous Out by the operation
	huma.Register(a.huma, a.operation(method, path, op), func(ctx context.Context, in *In) (*out, error) {
		body, err := h(ctx, in)
		if err = a.outcome(ctx, op, method, a.showing(ctx, err)); err != nil {
			return nil, err
		}
		return &out{Body: body}, nil
	})
}

// operation checks an Op and makes huma's description of it. A wrong Op is a programmer's error at start-up.
func (a *API) operation(method, path string, op Op) huma.Operation {
	switch {
	case op.ID == "" || op.Summary == "":
		panic(fmt.Sprintf("route %s %s: ID and Summary are required", method, path)) //nolint:forbidigo // start-up
	case op.Permission == "":
		panic(fmt.Sprintf("route %s %s has no permission", method, path)) //nolint:forbidigo // start-up
	case op.Scope != Filtered && op.Scope != Shared && op.Scope != WholeCorp:
		panic(fmt.Sprintf("route %s %s does not say how it keeps the data scope (web.Filtered, Shared or WholeCorp)", method, path)) //nolint:forbidigo // start-up
	}
	a.routes = append(a.routes, Route{Method: method, Path: path, Op: op})
	if op.MaxBody == 0 {
		op.MaxBody = maxBody
	}
	if op.Tag == "" {
		op.Tag = firstPart(path)
	}
	spec := huma.Operation{
		OperationID: op.ID, Method: method, Path: path, Summary: op.Summary, Tags: []string{op.Tag}, DefaultStatus: op.Status,
		MaxBodyBytes: op.MaxBody, Description: "Permission: `" + op.Permission + "`.",
		Responses:   map[string]*huma.Response{"default": a.problemResponse()},
		Middlewares: huma.Middlewares{a.admit(op)},
		Extensions:  map[string]any{"x-permission": op.Permission, "x-scope": string(op.Scope)},
	}
	if op.Personal {
		spec.Extensions["x-personal"] = true
		spec.Description += " Each call is logged in the audit."
	}
	if op.Permission != Public {
		spec.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	}
	return spec
}

// admit lets in who may call, before anything of the input is read.
func (a *API) admit(op Op) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		r, w := unwrap(hc)
		who, err := a.identify(r)
		if err == nil {
			err = allowed(who, op)
		} else if op.Permission == Public {
			err = nil
		}
		ask := &Ask{Who: who, Op: op, Method: r.Method, Path: strings.TrimPrefix(r.URL.Path, prefix)}
		ctx := WithAsk(WithCaller(hc.Context(), who), ask)
		if err == nil && op.Personal && a.cfg.Accessed != nil {
			err = a.cfg.Accessed(ctx)
		}
		if err != nil {
			p := problem(r.Context(), err)
			if p.Status >= http.StatusInternalServerError {
				a.cfg.Log.Error("admit a caller", "request_id", p.RequestID, "error", err)
			}
			writeProblem(w, p)
			return
		}
		next(huma.WithContext(hc, ctx))
	}
}

func allowed(who Who, op Op) error {
	switch {
	case op.Permission == Public:
		return nil
	case who.User == "":
		return errs.New(errs.Unauthed, "login_required", errs.T("请先登录。", "Please log in first."))
	case op.Permission != SignedIn && (who.May == nil || !who.May(op.Permission)):
		return errs.New(errs.Forbidden, "forbidden", errs.Tf("你的角色没有这个权限（%s）。需要的话请联系所有者或管理员。",
			"Your role does not have this permission (%s). Ask an owner or a manager.", op.Permission))
	case op.Scope == WholeCorp && !who.SeesAll():
		return errs.New(errs.Forbidden, "forbidden_scope", errs.T("这里是全公司的数据，你的数据范围看不到。需要的话请联系所有者。",
			"This is about the whole corp, and your data scope is narrower. Ask an owner."))
	}
	return nil
}

// showing puts on record whom an answer names, before it leaves.
func (a *API) showing(ctx context.Context, err error) error {
	if err != nil || a.cfg.Shown == nil {
		return err
	}
	return a.cfg.Shown(ctx)
}

// outcome turns a handler's error into a problem, and withholds the answer of a route that promised to filter by the
// caller's scope and never looked at it.
func (a *API) outcome(ctx context.Context, op Op, method string, err error) error {
	as, _ := ctx.Value(whoKey{}).(*asked)
	if err == nil && method == http.MethodGet && op.Scope == Filtered && as != nil && !as.who.SeesAll() && !as.seen.Load() {
		err = fmt.Errorf("route %s promised to filter by the caller's scope and did not ask for it", op.ID)
	}
	if err == nil {
		return nil
	}
	p := problem(ctx, err)
	if p.Status >= http.StatusInternalServerError {
		a.cfg.Log.Error("request failed", "operation", op.ID, "request_id", p.RequestID, "error", err)
	}
	return p
}
