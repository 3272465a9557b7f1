package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/spec"
)

// effect says where the good call of a write is seen. Either a read call
// answers otherwise than before, or seen tells, where no read call shows it,
// what is missing ("" when nothing is).
type effect struct {
	// read is a read call by its id. It names what the write names or answers:
	// its fields are taken from the write's answer, else from its body and query.
	read string
	from map[string]string // field of the read -> where it is in the write's answer or body
	with object            // fields of the read, in place of all others
	wait time.Duration     // of the world, until it is seen

	seen func(x *examiner, answer object) string
}

// TestEveryWriteIsSeen holds each endpoint to what it is: a write changes what
// the world answers, a read changes nothing.
func TestEveryWriteIsSeen(t *testing.T) {
	t.Parallel()
	facts, err := spec.Load()
	if err != nil {
		t.Fatal(err)
	}
	calls, effects := goodCalls(), effects()
	for _, id := range facts.Scope.Owed {
		e, call := facts.Endpoint(id), calls[id]
		want, isWrite := effects[id]
		delete(effects, id)
		if call == nil {
			continue // TestEveryServedEndpoint tells
		}
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *Options) { o.Corp, o.Customers, o.Groups = "old", 60, 3 })
			x := &examiner{rig: r, facts: facts, e: e, rt: r.routes[e.Path], good: call(r)}
			if isWrite {
				x.writes(want)
			} else {
				x.reads()
			}
		})
	}
	for id := range effects {
		t.Errorf("effect of %s, which is no endpoint the sandbox owes", id)
	}
}

// consumes are reads that use something up, or leave a trace of having been
// made.
var consumes = map[string]string{
	"auth.get_tfa_info":          "the code",
	"auth.getuserinfo":           "the code",
	"user.getuserinfo":           "the code",
	"connect.oauth2.authorize":   "a new code",
	"wwopen.sso.qrConnect":       "a new code",
	"wwlogin.sso.login":          "a new code",
	"miniprogram.jscode2session": "the code",
	"gettoken":                   "a new token",
	"get_jsapi_ticket":           "a new ticket",
	"ticket.get":                 "a new ticket",
	"corp.get_join_qrcode":       "a new code",
	"miniapppay.get_sign":        "the first draws the merchant's key",
	"miniapppay.get_bill":        "a file for the address it answers",

	"externalcontact.contact_list": "the walk that its cursor goes on with",

	"mmpaymkttransfers.queryworkwxredpack":              "calls a minute are counted",
	"mmpaymkttransfers.promotion.querywwsptrans2pocket": "calls a minute are counted",
	"user.get_userid_by_email":                          "wrong guesses are counted",
	"user.getuserid":                                    "wrong guesses are counted",
}

func (x *examiner) reads() {
	x.t.Helper()
	own := x.own()
	before := x.Hash()
	x.send(x.good, own)
	if x.Hash() != before && consumes[x.e.ID] == "" {
		x.t.Errorf("the call changes the world: it needs an effect, or a reason in consumes")
	}
}

func (x *examiner) writes(want effect) {
	x.t.Helper()
	own := x.own()
	was, hash := "", x.Hash()
	if want.read != "" {
		was = x.reading(want, nil)
	}
	_, answer := x.send(x.good, own)
	if code := answer["errcode"]; x.good.xml == nil && code != 0.0 {
		x.t.Fatalf("the good call: %v", answer)
	}
	if x.Hash() == hash {
		x.t.Error("the call changes nothing in the world")
	}
	if want.wait > 0 {
		x.advance(want.wait)
	}
	if want.read == "" {
		if missing := want.seen(x, answer); missing != "" {
			x.t.Error(missing)
		}
		return
	}
	is := x.reading(want, answer)
	if is == was {
		x.t.Errorf("%s answers as before: %.300s", want.read, is)
	}
}

// reading makes the read call of an effect and answers its answer, without the
// errmsg, which differs from call to call.
func (x *examiner) reading(want effect, answer object) string {
	x.t.Helper()
	e := x.facts.Endpoint(want.read)
	if e == nil {
		x.t.Fatalf("no read call %s", want.read)
	}
	fields := want.with
	if fields == nil {
		fields = object{}
		for _, f := range e.Request {
			where := f.Name
			if other := want.from[f.Name]; other != "" {
				where = other
			}
			for _, from := range []object{x.good.query, x.good.body, answer} {
				if v, ok := at(from, where); from != nil && ok && f.Name != "access_token" && !strings.Contains(f.Name, ".") {
					fields[f.Name] = v
				}
			}
		}
	}
	q := url.Values{}
	rt := x.routes[e.Path]
	same := slices.Concat([]Area{x.good.as}, areas) // what one app made another may not see
	for _, a := range same {
		if a != "" && x.whoHas(x.secretOf(a))&rt.who != 0 {
			q.Set("access_token", x.tokenOf(x.secretOf(a)))
			break
		}
	}
	var body io.Reader
	if e.Method == http.MethodGet {
		for name, v := range fields {
			if n, ok := v.(float64); ok {
				v = int64(n)
			}
			q.Set(name, fmt.Sprint(v))
		}
	} else {
		raw, err := json.Marshal(fields)
		if err != nil {
			x.t.Fatal(err)
		}
		body = strings.NewReader(string(raw))
	}
	_, _, raw := x.raw(e.Method, x.URL+e.Path+"?"+q.Encode(), body)
	out := object{}
	if json.Unmarshal(raw, &out) != nil {
		return string(raw) // a file
	}
	delete(out, "errmsg")
	if answer != nil && out["errcode"] != 0.0 && !deletes(x.e.ID) {
		x.t.Errorf("%s of what was written: %v", want.read, out)
	}
	plain, err := json.Marshal(out)
	if err != nil {
		x.t.Fatal(err)
	}
	return string(plain)
}

// deletes is true for calls after which the thing may not be there.
func deletes(id string) bool {
	return slices.ContainsFunc([]string{"del", "close_", "cancel_"}, func(verb string) bool {
		last := id[strings.LastIndex(id, ".")+1:]
		return strings.HasPrefix(last, verb) || strings.Contains(last, "delete")
	})
}

// journalled demands a line of the kind in the journal.
func journalled(kind string) effect {
	return effect{seen: func(x *examiner, _ object) string {
		if len(x.entriesOf(kind)) == 0 {
			return "the journal has no line " + kind
		}
		return ""
	}}
}

// reached demands that something reached a customer.
func reached(kind string) effect {
	return effect{seen: func(x *examiner, _ object) string {
		if !slices.ContainsFunc(x.Deliveries(0), func(d Delivery) bool { return d.Kind == kind && d.Origin == "api" }) {
			return "nobody got a delivery of kind " + kind
		}
		return ""
	}}
}

// actTakes demands that an act of somebody accepts what the call answered.
func actTakes(act, field, answered string) effect {
	return effect{seen: func(x *examiner, answer object) string {
		if status, out := x.do(http.MethodPost, "/_sandbox/act", object{"act": act, field: answer[answered]}); status != http.StatusOK {
			return fmt.Sprintf("%s: %v", act, out)
		}
		return ""
	}}
}

// actRefuses demands that an act of S03 with what the call named is refused.
func actRefuses(act, field, named string) effect {
	return effect{seen: func(x *examiner, _ object) string {
		if status, out := x.do(http.MethodPost, "/_sandbox/act", object{"act": act, "staff": "S03", field: x.good.body[named]}); status == http.StatusOK {
			return fmt.Sprintf("a member can still do it: %s %v", act, out)
		}
		return ""
	}}
}

// kept is for uploads of which no call reads the bytes back: what names them is
// accepted by the calls that send them, which have tests of their own.
func kept() effect {
	return effect{seen: func(*examiner, object) string { return "" }}
}
