package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check tells everything that is wrong with the facts' form: ids that are not
// unique, fields without a known type, error codes nobody knows, endpoints that
// are in scope.json not once but never or twice. Nil means well formed.
func (s *Spec) Check() error {
	c := checker{known: map[int]bool{}}
	c.errorCodes(s.Errors)
	c.endpoints(s.Endpoints)
	c.events(s.Events)
	c.rules(s.Rules)
	c.vectors(s.Vectors)
	c.scope(s)
	return errors.Join(c.wrong...)
}

type checker struct {
	known map[int]bool
	wrong []error
}

func (c *checker) say(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Errorf("spec: "+format, args...))
}

func (c *checker) unique(kind string, seen map[string]bool, id string) {
	switch {
	case id == "":
		c.say("%s without an id", kind)
	case seen[id]:
		c.say("%s %s is there twice", kind, id)
	}
	seen[id] = true
}

func (c *checker) oneOf(what, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.say("%s: %q is none of %s", what, value, strings.Join(allowed, ", "))
	}
}

func (c *checker) confidence(what string, v Confidence) {
	c.oneOf(what+": confidence", string(v), string(Confirmed), string(Single), string(Unverified))
}

func (c *checker) code(what string, code int) {
	if !c.known[code] {
		c.say("%s: error code %d is unknown", what, code)
	}
}

func (c *checker) errorCodes(list []ErrorCode) {
	for _, e := range list {
		if c.known[e.Code] {
			c.say("error code %d is there twice", e.Code)
		}
		c.known[e.Code] = true
		what := fmt.Sprintf("error code %d", e.Code)
		c.oneOf(what+": class", e.Class, "", "ok", "retry", "quota", "auth", "privilege", "param", "state", "content")
		c.confidence(what, e.Confidence)
	}
}

func (c *checker) endpoints(list []Endpoint) {
	ids, calls := map[string]bool{}, map[string]bool{}
	for _, e := range list {
		c.unique("endpoint", ids, e.ID)
		c.unique("call", calls, e.Method+" "+e.Host+e.Path)
		what := "endpoint " + e.ID
		c.oneOf(what+": method", e.Method, "GET", "POST", "WS", "SDK")
		c.oneOf(what+": status", e.Status, "current", "deprecated", "undocumented", "own")
		if e.Group == "" || e.Title == "" || e.Host == "" || e.Path == "" || e.Token == "" {
			c.say("%s: group, title, host, path or token is missing", what)
		}
		c.fields(what+": request", e.Request, true)
		c.fields(what+": answer", e.Response, false)
		for _, code := range e.Errors {
			c.code(what, code)
		}
		if p := e.Paging; p != nil && p.Style == "" {
			c.say("%s: paging without a style", what)
		}
		if len(e.Sources) == 0 {
			c.say("%s: no source", what)
		}
		c.confidence(what, e.Confidence)
	}
}

var scalars = []string{
	"string", "int", "int32", "int64", "uint32", "uint64", "bool", "float", "object", "file", "binary", "any",
	"pointer", "slice", "bytes", // of the native library
}

func (c *checker) fields(what string, list []Field, request bool) {
	seen := map[string]bool{}
	for _, f := range list {
		c.unique(what+": field", seen, f.Name+" "+f.In)
		t := f.Type
		if inner, ok := strings.CutPrefix(t, "array<"); ok {
			t = strings.TrimSuffix(inner, ">")
		}
		c.oneOf(what+": type of "+f.Name, t, scalars...)
		if request {
			c.oneOf(what+": required of "+f.Name, f.Required, "yes", "no", "sometimes")
		}
		if f.Min > f.Max {
			c.say("%s: %s is at least %d but at most %d", what, f.Name, f.Min, f.Max)
		}
	}
}

func (c *checker) events(list []Event) {
	ids := map[string]bool{}
	for _, e := range list {
		c.unique("event", ids, e.ID)
		what := "event " + e.ID
		c.oneOf(what+": format", e.Format, "xml", "json")
		if len(e.Fields) == 0 || e.Sample == "" || len(e.Sources) == 0 {
			c.say("%s: fields, sample or sources are missing", what)
		}
		c.fields(what, e.Fields, false)
		c.confidence(what, e.Confidence)
	}
}

func (c *checker) rules(list []Rule) {
	ids := map[string]bool{}
	for _, r := range list {
		c.unique("rule", ids, r.ID)
		what := "rule " + r.ID
		if r.Source == "" || r.Scope == "" {
			c.say("%s: source or scope is missing", what)
		}
		for _, code := range append(slices.Clone(r.Errcodes), r.Errcode) {
			if code != 0 {
				c.code(what, code)
			}
		}
		c.confidence(what, r.Confidence)
	}
}

func (c *checker) vectors(list []Vector) {
	names := map[string]bool{}
	for _, v := range list {
		c.unique("vector", names, v.Name)
		if len(v.EncodingAESKey) != 43 || len(v.MsgSignature) != 40 || v.Encrypt == "" || v.Source == "" {
			c.say("vector %s: key, signature, ciphertext or source is missing", v.Name)
		}
	}
}

func (c *checker) scope(s *Spec) {
	places := map[string]string{}
	put := func(id, place string) {
		if s.Endpoint(id) == nil {
			c.say("scope: %s names %s, which is no endpoint", place, id)
		}
		if other := places[id]; other != "" {
			c.say("scope: %s is in %s and in %s", id, other, place)
		}
		places[id] = place
	}
	for _, id := range s.Scope.Owed {
		put(id, "owed")
	}
	for _, x := range s.Scope.Excluded {
		if x.ID == "" || x.Reason == "" {
			c.say("scope: an exclusion has no id or no reason")
		}
		for _, id := range x.Endpoints {
			put(id, "exclusion "+x.ID)
		}
	}
	for _, e := range s.Endpoints {
		if places[e.ID] == "" {
			c.say("scope: %s is neither owed nor excluded", e.ID)
		}
	}
}
