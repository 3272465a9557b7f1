package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// Area is a part of WeCom with its own secret and its own callback target.
type Area string

// The areas.
const (
	AreaApp      Area = "app"
	AreaContact  Area = "contact"
	AreaExternal Area = "external"
	AreaKF       Area = "kf"
	AreaArchive  Area = "archive"
)

var areas = []Area{AreaApp, AreaContact, AreaExternal, AreaKF, AreaArchive}

// caller is the set of areas a token may act for.
type caller uint8

const (
	byApp caller = 1 << iota
	byContact
	byExternal
	byKF
	byArchive

	byAnyone = byApp | byContact | byExternal | byKF | byArchive
)

// family is one chapter of the interface, in its own file: routes, acts, pages
// and what it adds to a new world. families lists them all.
type family struct {
	routes []route
	acts   []act
	// pages are what a browser opens, by http.ServeMux pattern.
	pages map[string]func(*Sandbox, http.ResponseWriter, *http.Request)
	// build adds the family's part to a new world, with s.mu held.
	build func(*Sandbox)
}

// route is one path of the server interface.
type route struct {
	path    string
	aliases []string // old paths of the same call
	method  string   // as documented
	who     caller   // areas whose token may call; 0 = no token needed
	getToo  bool     // a POST call that some SDKs make with GET
	bad     int      // errcode of a request that does not fit; 0 = 40058
	minute  int      // calls a minute, where the call has a limit of its own
	most    int64    // bytes of a body; 0 = maxBody
	handler any      // the function that does it, for the documents
	run     func(c *call) (any, error)
	// raw, when set, answers by itself (uploads, downloads). It is called with
	// s.mu NOT held and reports the errcode it sent.
	raw func(c *call, w http.ResponseWriter) int
}

// call is one call under way.
type call struct {
	s      *Sandbox
	route  *route
	w      *world    // only with s.mu held
	now    time.Time // of the world
	caller caller
	token  string
	robot  *robot // that posts by its key
	base   string // http://host of this request
	r      *http.Request
	body   []byte

	purpose int // uploads for it may be sent by this call
}

// post registers a call with a JSON body; fn runs with s.mu held and must not
// hand out anything the world goes on changing.
func post[Q any](path string, who caller, fn func(c *call, q *Q) (any, error)) route {
	plan := planFor[Q]()
	return route{path: path, method: http.MethodPost, who: who, handler: fn, run: func(c *call) (any, error) {
		var q Q
		decode := plan.decodeBody
		if c.r.Method == http.MethodGet {
			decode = plan.decodeQuery
		}
		if err := decode(c, &q); err != nil {
			return nil, err
		}
		return fn(c, &q)
	}}
}

// get registers a call with query parameters.
func get[Q any](path string, who caller, fn func(c *call, q *Q) (any, error)) route {
	plan := planFor[Q]()
	return route{path: path, method: http.MethodGet, who: who, handler: fn, run: func(c *call) (any, error) {
		var q Q
		if err := plan.decodeQuery(c, &q); err != nil {
			return nil, err
		}
		return fn(c, &q)
	}}
}

// alias adds old paths of the same call.
func (r route) alias(paths ...string) route {
	r.aliases = append(r.aliases, paths...)
	return r
}

// orGet lets a POST call be made with GET and query parameters.
func (r route) orGet() route {
	r.getToo = true
	return r
}

// ofFinance marks a call of the finance boundary, whose errcodes are those of
// the finance library.
func (r route) ofFinance() route {
	r.bad = financeBadParam
	return r
}

// aMinute limits the calls of the corp to n a minute.
func (r route) aMinute(n int) route {
	r.minute = n
	return r
}

// upTo allows bodies of n bytes.
func (r route) upTo(n int64) route {
	r.most = n
	return r
}

// unfit is the errcode of a request that does not fit.
func (r *route) unfit() int {
	if r.bad != 0 {
		return r.bad
	}
	return 40058
}

// none is the request of a call without fields.
type none struct{}

const maxBody = 1 << 20

// serveCall does one call: faults, token, quota, handler, statistics. The world
// stands still from the moment the body is read to the answer.
func (s *Sandbox) serveCall(rt *route, w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	c := &call{s: s, route: rt, r: r, base: requestBase(r)}
	if rt.raw == nil && r.Method == http.MethodPost {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max(rt.most, maxBody)))
		if err != nil {
			s.stats.refused(rt.path, rt.unfit())
			s.answer(w, c, nil, refuse(rt.unfit(), "the body could not be read: %v", err))
			return
		}
		c.body = body
	}
	s.mu.Lock()
	s.calls++
	verdict := s.faults.judge(rt.path, s.world.seed, s.calls, func(staff string) bool { return s.about(c, staff) })
	if verdict.refused() {
		s.mu.Unlock()
		s.stats.refused(rt.path, verdict.errcode)
		wait(r.Context(), verdict.latency)
		verdict.write(s, w, c)
		return
	}
	s.hold()
	s.mu.Unlock()
	done := s.stats.begin(rt.path, start)
	code := 0
	defer func() {
		done(code)
		s.mu.Lock()
		s.faults.leave(verdict)
		s.release()
		s.mu.Unlock()
	}()
	if !wait(r.Context(), verdict.latency) {
		return
	}
	if rt.raw != nil {
		if err := s.admit(c); err != nil {
			code = s.answer(w, c, nil, err)
			return
		}
		code = rt.raw(c, w)
		if code == 0 { // of a refusal answer has told already
			s.seen(c, nil, nil)
		}
		return
	}
	result, err := s.perform(c)
	code = s.answer(w, c, result, err)
}

// perform checks the caller and runs the handler with the world locked.
func (s *Sandbox) perform(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.admitLocked(c); err != nil {
		return nil, err
	}
	return c.route.run(c)
}

func (s *Sandbox) admit(c *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.admitLocked(c)
}

// admitLocked finds out who calls and whether they may, now.
func (s *Sandbox) admitLocked(c *call) error {
	c.now, c.w = s.now(), s.world
	if rt := c.route; rt.method == http.MethodPost && c.r.Method == http.MethodGet && !rt.getToo {
		return refuse(rt.unfit(), "%s is a POST call, it was called with GET", rt.path)
	}
	if c.route.who == 0 {
		return s.countCall(c)
	}
	c.token = c.r.URL.Query().Get("access_token")
	who, err := s.tokens.check(c.token, c.now)
	if err != nil {
		return err
	}
	c.caller = who
	if s.switches["access.trusted_ip"] == "none" {
		return refuse(60020, "%s is no trusted address of the app (switch access.trusted_ip)", callerIP(c.r))
	}
	if who&c.route.who == 0 {
		return refuse(48002, "the secret behind this token may not call %s", c.route.path)
	}
	if s.on("quota.base") {
		if err := s.quota.count(c.route.path, c.now); err != nil {
			return err
		}
	}
	return s.countCall(c)
}

// countCall counts a call against the limit of its own, when it has one.
func (s *Sandbox) countCall(c *call) error {
	if c.route.minute == 0 || !s.on("quota.call") {
		return nil
	}
	return s.quota.countOwn(c.route.path, c.route.minute, c.now)
}

// answer writes the reply or the refusal, HTTP 200 both, and returns the code.
func (s *Sandbox) answer(w http.ResponseWriter, c *call, result any, err error) int {
	var no *refusal
	switch {
	case errors.As(err, &no):
	case err != nil:
		no = &refusal{code: -1, hint: err.Error()}
	case result == nil:
		result = done()
	}
	if no != nil {
		s.mu.Lock()
		s.hints++
		n := hash(s.world.seed, s.hints)
		s.refusals.add(stamp(s.now()), c.route.path, no)
		s.mu.Unlock()
		w.Header().Set("Sandbox-Hint", headerSafe(no.hint))
		head := reply{ErrCode: no.code, ErrMsg: errmsg(no.code, n, callerIP(c.r))}
		if result = head; no.with != nil {
			result = no.with(head)
		}
	}
	s.seen(c, writeJSON(w, http.StatusOK, result), no)
	if no != nil {
		return no.code
	}
	return 0
}

// seen remembers a call for whoever looks.
func (s *Sandbox) seen(c *call, answer []byte, no *refusal) {
	at := c.now
	if at.IsZero() { // turned away before it was let in
		s.mu.Lock()
		at = s.now()
		s.mu.Unlock()
	}
	seen := CallSeen{Time: stamp(at), Method: c.r.Method, Path: c.route.path, Query: c.r.URL.RawQuery, Request: clip(c.body), Answer: clip(answer)}
	if no != nil {
		seen.ErrCode, seen.Hint = no.code, no.hint
	}
	s.recent.call(seen)
}

// writeJSON answers with v, and returns what it wrote.
func writeJSON(w http.ResponseWriter, status int, v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, `{"error":"answer could not be encoded"}`, http.StatusInternalServerError)
		return nil
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that went away is not our error
	return body
}

func callerIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func requestBase(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// headerSafe makes a text fit for a header: printable ASCII only.
func headerSafe(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r < ' ' || r > '~' {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return string(b)
}
