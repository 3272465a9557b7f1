package deptest

import (
	"path"
	"slices"
	"strings"
)

// house names every folder directly under internal/, each in exactly one list.
type house struct {
	ground []string // serves everybody and knows nobody
	spine  []string // what every touch and every callback passes, whichever noun it is about
	nouns  []string // rooms: types, rules, storage, routes and jobs of one thing
	top    []string // puts the parts together
	apart  []string // no part of the running program

	// pairs lists which noun may use which other noun's types. One way only: a pair never stands here in both directions.
	// What should happen in one noun because of another goes by typed domain events, which app registers.
	pairs map[string][]string
}

var ours = house{
	ground: []string{"audit", "auth", "automaton", "blob", "bus", "calls", "clock", "config", "db", "errs", "log", "message", "notice", "pages", "seal", "setting", "web"},
	spine:  []string{"governance", "inbound", "outreach"},
	nouns:  []string{"assessment", "autoreply", "broadcast", "contactway", "customer", "deadletter", "disclosure", "doctor", "groupchat", "incident", "joinway", "kf", "material", "moment", "privacy", "review", "staff", "stats", "sync", "tag", "welcome"},
	top:    []string{"app"},
	apart:  []string{"deptest"},
	pairs: map[string][]string{
		"broadcast":  {"customer", "groupchat"}, // its audience, and who was lost after it
		"contactway": {"customer"},              // a code's customers and tags
		"disclosure": {"customer"},              // what leaves are customers of its list
		"joinway":    {"groupchat"},             // the groups behind a code
		"kf":         {"autoreply", "joinway"},  // a rule's answer may be a group code
		"moment":     {"customer"},              // whom it is aimed at
		"sync":       {"customer"},              // what it reads is stored by the customer's own service
		"tag":        {"sync"},                  // tags are one part of a sync
		"welcome":    {"customer"},              // it answers the event "customer added"
	},
}

const module = "zhiyin.dev/zhiyin"

// rule forbids some imports of some files.
type rule struct {
	name    string
	reason  string
	applies func(f file) bool
	forbids func(f file, imp string) bool
}

func (h house) rules() []rule {
	return []rule{
		{
			name:   "the ground knows no noun",
			reason: "db, bus, web and the other ground packages serve every room; one that knows a room can serve no other",
			applies: func(f file) bool {
				return f.under("internal", h.ground...)
			},
			forbids: func(_ file, imp string) bool {
				return isInternal(imp, h.nouns...) || isInternal(imp, h.spine...) || isInternal(imp, h.top...) || within(imp, "wecom/outreach")
			},
		},
		{
			name:   "the spine knows no noun",
			reason: "inbound, governance and outreach carry callbacks and touches of every room; a noun comes to them with a handler or an intent",
			applies: func(f file) bool {
				return f.under("internal", h.spine...)
			},
			forbids: func(f file, imp string) bool {
				return !f.test && (isInternal(imp, h.nouns...) || isInternal(imp, h.top...))
			},
		},
		{
			name:   "a noun's pure file stays pure",
			reason: "<noun>.go holds types, states and rules that a reader and a test take in without a database, HTTP or WeCom",
			applies: func(f file) bool {
				return slices.Contains(h.nouns, f.room()) && f.path == "internal/"+f.room()+"/"+f.room()+".go"
			},
			forbids: func(_ file, imp string) bool {
				outside := []string{"database/sql", "net/http", "github.com/uptrace", "github.com/danielgtaylor", "github.com/nats-io", "github.com/jackc"}
				for _, o := range outside {
					if imp == o || strings.HasPrefix(imp, o+"/") {
						return true
					}
				}
				if within(imp, "wecom") || within(imp, "sandbox") || isInternal(imp, h.spine...) || isInternal(imp, h.top...) {
					return true
				}
				return isInternal(imp, h.ground...) && !isInternal(imp, "errs", "clock", "message")
			},
		},
		{
			name:   "one gate to people",
			reason: "calls that make a customer see something go out only with a governance permit, and internal/outreach is the one place that asks for it",
			applies: func(f file) bool {
				return !f.under("internal", "outreach") && !f.under("wecom", "outreach") && !(f.test && (f.under("wecom") || f.under("conformance")))
			},
			forbids: func(_ file, imp string) bool { return within(imp, "wecom/outreach") },
		},
		{
			name:   "wecom and sandbox stand alone",
			reason: "they are public, and each is the other's examiner: a shared struct would hide exactly the wire bugs that the vectors look for",
			applies: func(f file) bool {
				return f.under("wecom") || f.under("sandbox")
			},
			forbids: func(f file, imp string) bool {
				return strings.HasPrefix(imp, module+"/internal/") || strings.HasPrefix(imp, module+"/cmd/") || within(imp, "console") ||
					f.under("wecom") && within(imp, "sandbox") || f.under("sandbox") && within(imp, "wecom")
			},
		},
		{
			name:   "the platform does not know the sandbox",
			reason: "serve must not carry an emulator it could fall into; commands and tests put the two together",
			applies: func(f file) bool {
				return !f.test && !f.under("sandbox") && !f.under("cmd") && !f.under("conformance") && !f.under("internal/app/boxed") && !f.under("internal/app/experiment") && !f.testHelper()
			},
			forbids: func(_ file, imp string) bool { return within(imp, "sandbox") },
		},
		{
			name:   "a noun uses another noun one way, and only as listed",
			reason: "sixty arrows between twenty rooms is how no room can be changed alone; add the pair to pairs with its reason, or use a domain event",
			applies: func(f file) bool {
				return !f.test && slices.Contains(h.nouns, f.room())
			},
			forbids: func(f file, imp string) bool {
				for _, n := range h.nouns {
					if n != f.room() && within(imp, "internal/"+n) && !slices.Contains(h.pairs[f.room()], n) {
						return true
					}
				}
				return false
			},
		},
		{
			name:   "what reads texts reaches nothing outside",
			reason: "words, also those that quote a customer, are read on this machine and handed to no one: no network, no other program, no database",
			applies: func(f file) bool {
				return !f.test && f.under("internal/governance", "guard", "classify", "normal", "policy", "house")
			},
			forbids: func(_ file, imp string) bool {
				outside := []string{"net", "os/exec", "database/sql", "plugin", "github.com/uptrace", "github.com/nats-io", "golang.org/x/net"}
				return isInternal(imp, "web", "db", "bus", "calls", "notice") || within(imp, "wecom") ||
					slices.ContainsFunc(outside, func(o string) bool { return imp == o || strings.HasPrefix(imp, o+"/") })
			},
		},
		{
			name:   "nobody but commands and tests imports app",
			reason: "app is the composition root: what imports it becomes part of the root",
			applies: func(f file) bool {
				return !f.test && !f.under("cmd") && !f.under("internal/app") && !f.testHelper()
			},
			forbids: func(_ file, imp string) bool { return within(imp, "internal/app") },
		},
		{
			name:   "nothing imports a command",
			reason: "commands are the outermost layer",
			applies: func(f file) bool {
				return !f.under("cmd")
			},
			forbids: func(_ file, imp string) bool { return within(imp, "cmd") },
		},
	}
}

// within tells whether an import path is the module's package or one below it.
func within(imp, pkg string) bool {
	p := module + "/" + pkg
	return imp == p || strings.HasPrefix(imp, p+"/")
}

func isInternal(imp string, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return within(imp, path.Join("internal", n)) })
}
