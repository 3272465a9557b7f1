package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/spec"
)

// goodCall is a call of an endpoint that must succeed. TestEveryServedEndpoint
// spoils it in every way the facts name: each required field left out, each
// type wrong, each limit passed, each enumeration left, tokens of others.
type goodCall struct {
	as     Area   // whose token; empty: any area that may call
	query  object // query parameters besides the token
	body   object // JSON body of a POST
	file   string // bytes of the part "media" of an upload
	name   string // its file name
	binary bool   // the answer is a file
	text   bool   // the answer is text, not JSON

	// xml, when set, writes the body of a call of WeChat Pay, which is answered
	// in XML and refused with one of codes.
	xml   func(body object) string
	codes []string

	// lax names what is not refused, each with the reason: "field", or only its
	// "field/absent", "field/type", "field/limit" or "field/enum".
	lax map[string]string
	// more are fields of the answer that the facts do not list, each with the
	// reason.
	more map[string]string
}

// goodCalls makes the good call of each endpoint, by its id in spec: it does
// first what must be there, with a fresh rig of an old corp (whose areas have
// secrets of their own). To add an endpoint, write its call in a table of its
// chapter, served_<chapter>_test.go.
func goodCalls() map[string]func(r *rig) goodCall {
	all := map[string]func(r *rig) goodCall{}
	for _, chapter := range []map[string]func(r *rig) goodCall{
		contactCalls(),
		appCalls(),
		customerCalls(),
		kfCalls(),
		archiveCalls(),
		payCalls(),
	} {
		for id, call := range chapter {
			if all[id] != nil {
				panic("two good calls of " + id)
			}
			all[id] = call
		}
	}
	return all
}

func TestEveryServedEndpoint(t *testing.T) {
	t.Parallel()
	facts, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	table := newRig(t).routes
	calls := goodCalls()
	for _, id := range facts.Scope.Owed {
		e := facts.Endpoint(id)
		rt := table[e.Path]
		call := calls[id]
		delete(calls, id)
		switch {
		case rt == nil && call != nil:
			t.Errorf("%s has a good call, but is not served", id)
		case rt == nil:
		case call == nil:
			t.Errorf("%s is served, but has no good call", id)
		default:
			t.Run(id, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, func(o *Options) { o.Corp, o.Customers, o.Groups = "old", 60, 3 })
				x := &examiner{rig: r, facts: facts, e: e, rt: rt, good: call(r)}
				x.examine()
			})
		}
	}
	for id := range calls {
		t.Errorf("good call of %s, which is no endpoint the sandbox owes", id)
	}
}

// examiner holds one endpoint against its facts.
type examiner struct {
	*rig
	facts *spec.Spec
	e     *spec.Endpoint
	rt    *route
	good  goodCall
}

func (x *examiner) examine() {
	x.t.Helper()
	x.callers()
	for _, f := range x.e.Request {
		if f.Name == "access_token" || f.In == "header" || x.good.lax[f.Name] != "" {
			continue
		}
		x.field(f)
	}
	status, out := x.send(x.good, x.own())
	if status != http.StatusOK {
		x.t.Fatalf("good call: HTTP status %d", status)
	}
	if x.good.binary || x.good.text {
		if out != nil {
			x.t.Errorf("good call: answered %v, want a file", out)
		}
		return
	}
	if out["errcode"] != 0.0 {
		x.t.Fatalf("good call: %v", out)
	}
	x.shape("", out)
}

// callers tries tokens that are none, and those of areas that may not call.
func (x *examiner) callers() {
	if x.rt.who == 0 {
		if x.good.xml != nil || slices.Contains([]string{"none", "webhook key", "mini-program"}, x.e.Token) {
			return // those in XML are signed: sign is spoilt like any field
		}
		x.t.Errorf("anybody may call, the facts want the token of %s", x.e.Token)
		return
	}
	x.want("without a token", x.good, "", 41001)
	x.want("with a token nobody issued", x.good, "nobody", 40014)
	if who, ok := map[string]caller{
		"app": byApp, "contact": byContact, "app or contact": byApp | byContact, "any": byAnyone, "kf": byKF,
		"external": byExternal, "archive": byArchive,
	}[x.e.Token]; ok && who != x.rt.who {
		x.t.Errorf("called by %b, the facts say %s (%b)", x.rt.who, x.e.Token, who)
	}
	for _, a := range areas {
		if x.whoHas(x.secretOf(a))&x.rt.who == 0 {
			x.want("with the token of "+string(a), x.good, x.tokenOf(x.secretOf(a)), 48002)
		}
	}
}

func (x *examiner) secretOf(a Area) string {
	s := x.Ready.Secrets
	return map[Area]string{AreaApp: s.App, AreaContact: s.Contact, AreaExternal: s.External, AreaKF: s.KF, AreaArchive: s.Archive}[a]
}

// own is a token that may make the good call.
func (x *examiner) own() string {
	if x.rt.who == 0 {
		return ""
	}
	for _, a := range areas {
		if a == x.good.as || x.good.as == "" && x.whoHas(x.secretOf(a))&x.rt.who != 0 {
			return x.tokenOf(x.secretOf(a))
		}
	}
	x.t.Fatalf("no area %q", x.good.as)
	return ""
}

// field spoils one field of the good call.
func (x *examiner) field(f spec.Field) {
	if f.In == "multipart" {
		bad := x.good
		bad.file = ""
		x.refusedBy("without "+f.Name, bad)
		return
	}
	inQuery := f.In == "query" || f.In == "" && x.e.Method == "GET"
	root := x.good.body
	if inQuery {
		root = x.good.query
	}
	here, ok := at(root, f.Name)
	if !ok {
		if f.Required == "yes" && !strings.ContainsAny(f.Name, ".[") {
			x.t.Errorf("the good call lacks the required field %s", f.Name)
		}
		return
	}
	try := func(kind, what string, change func(root object)) {
		if x.good.lax[f.Name+"/"+kind] != "" {
			return
		}
		bad := x.good
		spoilt := clone(root)
		change(spoilt)
		if inQuery {
			bad.query = spoilt
		} else {
			bad.body = spoilt
		}
		x.refusedBy(what, bad)
	}
	if f.Required == "yes" {
		try("absent", "without "+f.Name, func(o object) { put(o, f.Name, nil) })
	}
	if wrong, ok := wrongType(f, inQuery); ok {
		try("type", fmt.Sprintf("with %s = %v", f.Name, wrong), func(o object) { put(o, f.Name, wrong) })
	}
	if over, ok := beyond(f, here); ok {
		try("limit", fmt.Sprintf("with %s beyond %d %s", f.Name, f.Max, f.Unit), func(o object) { put(o, f.Name, over) })
	}
	if len(f.Enum) > 0 && !strings.HasPrefix(f.Type, "array") {
		var other any = "no such value"
		if strings.Contains(f.Type, "int") {
			other = 987654
		}
		try("enum", fmt.Sprintf("with %s = %v", f.Name, other), func(o object) { put(o, f.Name, other) })
	}
}

// wrongType is a value of another type than the field's.
func wrongType(f spec.Field, inQuery bool) (any, bool) {
	switch {
	case inQuery && strings.Contains(f.Type, "int"):
		return "x", true
	case inQuery:
		return nil, false
	case f.Type == "string":
		return object{"x": 1}, true
	case f.Type == "any" || f.Type == "file" || f.Type == "binary":
		return nil, false
	default: // numbers, truth values, lists and objects are no texts
		return "x", true
	}
}

// beyond is a value just above the field's limit.
func beyond(f spec.Field, here any) (any, bool) {
	if f.Max == 0 || f.Max > 1<<20 {
		return nil, false
	}
	n := int(f.Max) + 1
	switch {
	case strings.Contains(f.Type, "int") && !strings.HasPrefix(f.Type, "array"):
		return n, f.Unit == ""
	case strings.HasPrefix(f.Type, "array"):
		items, _ := here.([]any)
		if len(items) == 0 {
			return nil, false
		}
		return slices.Repeat(items[:1], n), true
	case f.Type != "string":
		return nil, false
	case f.Unit == "characters":
		return strings.Repeat("长", n), true
	case f.Unit == "KB":
		return nil, false // beyond what a body may have
	case f.Unit == "items":
		return strings.Repeat("nobody|", n), true
	}
	return strings.Repeat("a", n), true
}

// refusedBy demands a code that the facts list for the endpoint, or one that
// says in general that a parameter is missing or wrong.
func (x *examiner) refusedBy(what string, c goodCall) {
	x.t.Helper()
	_, out := x.send(c, x.own())
	if x.good.xml != nil {
		if code, _ := out["err_code"].(string); !slices.Contains(x.good.codes, code) {
			x.t.Errorf("%s: got %v, want a refusal by one of %v", what, out, x.good.codes)
		}
		return
	}
	code, _ := out["errcode"].(float64)
	general := code == 40056 || code == 40058 || code == 40063 || code >= 41000 && code < 42000
	if out == nil || code == 0 || !general && !slices.Contains(x.e.Errors, int(code)) {
		x.t.Errorf("%s: got %v, want a refusal by one of %v", what, out, x.e.Errors)
	}
}

func (x *examiner) want(what string, c goodCall, token string, code int) {
	x.t.Helper()
	if _, out := x.send(c, token); out["errcode"] != float64(code) {
		x.t.Errorf("%s: got %v, want errcode %d", what, out, code)
	}
}

// send makes a call; the object is nil when the answer is no JSON object with
// an errcode.
func (x *examiner) send(c goodCall, token string) (int, object) {
	x.t.Helper()
	q := url.Values{}
	for name, v := range c.query {
		if v != nil {
			q.Set(name, fmt.Sprint(v))
		}
	}
	if token != "" {
		q.Set("access_token", token)
	}
	var body io.Reader
	kind := "application/json"
	if x.good.name != "" {
		body, kind = formOf(c)
	} else if x.good.xml != nil {
		body, kind = strings.NewReader(c.xml(c.body)), "text/xml"
	} else if x.e.Method == "POST" {
		raw, err := json.Marshal(c.body)
		if err != nil {
			x.t.Fatal(err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(x.t.Context(), x.e.Method, x.URL+x.e.Path+"?"+q.Encode(), body)
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	if x.good.xml != nil {
		return resp.StatusCode, payReply(string(raw))
	}
	out := object{}
	if json.Unmarshal(raw, &out) != nil || out["errcode"] == nil {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, out
}

func formOf(c goodCall) (io.Reader, string) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if c.file != "" {
		part, err := form.CreateFormFile("media", c.name)
		if err == nil {
			_, err = part.Write([]byte(c.file))
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	_ = form.Close() // a buffer takes everything
	return &b, form.FormDataContentType()
}

// shape demands that the answer has no field that the facts do not list.
func (x *examiner) shape(path string, v any) {
	x.t.Helper()
	switch v := v.(type) {
	case map[string]any:
		x.shape(path, object(v))
	case object:
		for name, inner := range v {
			full := strings.TrimPrefix(path+"."+name, ".")
			if slices.Contains([]string{"errcode", "errmsg"}, full) || x.good.more[full] != "" {
				continue
			}
			if !x.listed(full) {
				x.t.Errorf("the answer has %q, which the facts do not list", full)
				continue
			}
			x.shape(full, inner)
		}
	case []any:
		for _, item := range v {
			if _, flat := item.(map[string]any); flat {
				x.shape(path+"[]", item)
			}
		}
	}
}

// listed is true for fields of the answer, for what is around them, and for
// all inside an object whose fields the facts do not name.
func (x *examiner) listed(full string) bool {
	for _, f := range x.e.Response {
		if f.Name == full || strings.HasPrefix(f.Name, full+".") || strings.HasPrefix(f.Name, full+"[]") {
			return true
		}
		if (f.Type == "object" || f.Type == "array<object>" || f.Type == "any") &&
			(strings.HasPrefix(full, f.Name+".") || strings.HasPrefix(full, f.Name+"[].")) && !x.named(f.Name) {
			return true
		}
	}
	return false
}

// named is true when the facts name fields inside the object.
func (x *examiner) named(object string) bool {
	return slices.ContainsFunc(x.e.Response, func(f spec.Field) bool {
		return strings.HasPrefix(f.Name, object+".") || strings.HasPrefix(f.Name, object+"[].")
	})
}

// clone copies an object through JSON, so that spoiling it leaves the good one.
func clone(o object) object {
	raw, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	out := object{}
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}

// at finds a field by its dotted name; in lists it looks into the first item.
func at(root object, name string) (any, bool) {
	var here any = map[string]any(clone(root))
	for part := range strings.SplitSeq(name, ".") {
		part, inList := strings.CutSuffix(part, "[]")
		m, ok := here.(map[string]any)
		if !ok {
			return nil, false
		}
		if here, ok = m[part]; !ok {
			return nil, false
		}
		if inList {
			items, _ := here.([]any)
			if len(items) == 0 {
				return nil, false
			}
			here = items[0]
		}
	}
	return here, true
}

// put changes a field that at finds; nil takes it out.
func put(root object, name string, v any) {
	here := map[string]any(root)
	parts := strings.Split(name, ".")
	for _, part := range parts[:len(parts)-1] {
		part, inList := strings.CutSuffix(part, "[]")
		inner := here[part]
		if inList {
			inner = inner.([]any)[0]
		}
		here = inner.(map[string]any)
	}
	last := parts[len(parts)-1]
	if v == nil {
		delete(here, last)
		return
	}
	here[last] = v
}
