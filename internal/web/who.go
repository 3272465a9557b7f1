package web

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"
)

// Scope says whose data a caller sees.
type Scope string

// The scopes, from narrow to wide.
const (
	Own        Scope = "own"        // what belongs to the member
	Department Scope = "department" // what belongs to members of the member's departments and those below
	All        Scope = "all"        // the whole corp
)

// Who is the caller of a route.
type Who struct {
	CorpID      string
	User        string // account name: "admin", or a member's userid; for a token "token:<name>"
	Name        string // to show
	StaffID     string // the member behind the account; empty for admin and for tokens
	Role        string
	Scope       Scope
	Departments []int64 // ids of the member's departments and all below, for Scope Department
	Session     string  // id of the session or token that was shown; empty when none
	Lang        string  // "zh" or "en"

	// May says whether the caller's role has a permission; nil means none.
	May func(permission string) bool
	// Colleagues lists the members of Departments, for Scope Department; nil means none.
	Colleagues func(ctx context.Context) ([]string, error)
}

// SeesAll says whether no filter applies to what the caller may see.
func (w Who) SeesAll() bool { return w.Scope == All }

// StaffIDs lists the members whose data the caller may see; all means that no filter applies. A caller who may see nobody
// gets a list that matches nobody.
func (w Who) StaffIDs(ctx context.Context) (ids []string, all bool, err error) {
	switch w.Scope {
	case All:
		return nil, true, nil
	case Department:
		if w.Colleagues != nil {
			if ids, err = w.Colleagues(ctx); err != nil {
				return nil, false, err
			}
		}
	case Own:
	}
	if w.StaffID != "" && !slices.Contains(ids, w.StaffID) {
		ids = append(ids, w.StaffID)
	}
	if len(ids) == 0 {
		ids = []string{""} // no member has an empty id
	}
	return ids, false, nil
}

// Sees says whether the caller may see data of a member.
func (w Who) Sees(ctx context.Context, staffID string) (bool, error) {
	ids, all, err := w.StaffIDs(ctx)
	return all || slices.Contains(ids, staffID), err
}

// SeesDepartment says whether the department is within the caller's scope.
func (w Who) SeesDepartment(id int64) bool {
	return w.SeesAll() || w.Scope == Department && slices.Contains(w.Departments, id)
}

type whoKey struct{}

// asked notes whether a handler looked at its caller: a route that says it filters must have.
type asked struct {
	who  Who
	seen atomic.Bool
}

// Caller tells who calls. Outside of a route it is nobody, who may do nothing.
func Caller(ctx context.Context) Who {
	a, ok := ctx.Value(whoKey{}).(*asked)
	if !ok {
		return Who{Scope: Own, Lang: langOf(ctx)}
	}
	a.seen.Store(true)
	return a.who
}

// WithCaller puts a caller into ctx: for jobs that act for somebody, and for tests.
func WithCaller(ctx context.Context, who Who) context.Context {
	return context.WithValue(ctx, whoKey{}, &asked{who: who})
}

// Ask is a request of the API as the audit sees it: it can be read without counting as a look at the caller's scope.
type Ask struct {
	Who    Who
	Op     Op
	Method string
	Path   string // below /api/v1, with its values
	noted  atomic.Bool

	mu    sync.Mutex
	shown map[string]bool // customers whom the answer names
}

// Show notes that the answer to the request of ctx names customers. Where the API logs who was shown to whom, they are on record
// before the answer leaves; outside of a request nothing happens.
func Show(ctx context.Context, customerIDs ...string) {
	a, ok := Asked(ctx)
	if !ok || len(customerIDs) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.shown == nil {
		a.shown = make(map[string]bool, len(customerIDs))
	}
	for _, id := range customerIDs {
		if id != "" {
			a.shown[id] = true
		}
	}
}

// Shown lists the customers whom the answer names, in order.
func (a *Ask) Shown() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.shown))
}

// Note says that the audit log holds this request.
func (a *Ask) Note() { a.noted.Store(true) }

// Noted says whether the audit log holds this request.
func (a *Ask) Noted() bool { return a.noted.Load() }

type askKey struct{}

// Asked answers the request that ctx belongs to, if it is one of the API.
func Asked(ctx context.Context) (*Ask, bool) {
	a, ok := ctx.Value(askKey{}).(*Ask)
	return a, ok
}

// WithAsk puts a request into ctx: for tests.
func WithAsk(ctx context.Context, a *Ask) context.Context { return context.WithValue(ctx, askKey{}, a) }

type langKey struct{}

// Lang is the language of the request: "zh" unless the caller prefers English.
func Lang(ctx context.Context) string { return langOf(ctx) }

func langOf(ctx context.Context) string {
	if l, ok := ctx.Value(langKey{}).(string); ok {
		return l
	}
	return "zh"
}

var languages = language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})

// acceptedLang reads an Accept-Language header.
func acceptedLang(header string) string {
	if header == "" {
		return "zh"
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return "zh"
	}
	if _, i, _ := languages.Match(tags...); i == 1 {
		return "en"
	}
	return "zh"
}
