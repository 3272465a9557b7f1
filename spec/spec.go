// Package spec holds what is known about WeCom's server API, as data:
// endpoints, events, error codes, rules and the vectors of the callback
// cryptography, each fact with its confidence and sources.
//
// It serves checks and documents. Neither the client nor the sandbox is
// generated from it or reads it while it runs: both are written by hand, and
// these facts judge them.
//
//	catalogue.json       endpoints: method, path, token, fields, limits, error codes
//	events.json          events and their fields, with a made-up sample each
//	errors.json          error codes with WeCom's own text and a class
//	rules.json           figures: quotas, windows, capacities, kf state moves
//	crypto-vectors.json  vectors of the callback cryptography, good and bad
//	scope.json           which endpoints the sandbox owes, and why not the others
//
// Confidence is "confirmed" (the official page and another source agree),
// "single" (one source) or "unverified" (nobody but memory).
package spec

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed *.json
var files embed.FS

// Spec is all of it.
type Spec struct {
	Endpoints []Endpoint
	Events    []Event
	Errors    []ErrorCode
	Rules     []Rule
	Vectors   []Vector
	Scope     Scope
}

// Endpoint is one call of the API.
type Endpoint struct {
	ID         string     `json:"id"` // the path below /cgi-bin/ with dots
	Group      string     `json:"group"`
	Title      string     `json:"title"`
	Method     string     `json:"method"`
	Host       string     `json:"host"`
	Path       string     `json:"path"`
	Status     string     `json:"status"` // current, deprecated, undocumented, own (of this project's sidecar)
	Token      string     `json:"token"`  // whose access token
	Docs       []string   `json:"docs"`   // numbers of official pages
	Request    []Field    `json:"request"`
	Response   []Field    `json:"response"`
	Errors     []int      `json:"errors"`
	Paging     *Paging    `json:"paging"`
	Confidence Confidence `json:"confidence"`
	Sources    []string   `json:"sources"`
}

// Field is a field of a request, an answer or an event. Inner fields are
// written with dots, those of list elements with "[]": "tag[].name".
type Field struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Required string   `json:"required,omitempty"` // yes, no, sometimes; only in requests
	In       string   `json:"in,omitempty"`       // query, body, ...; "" where the method says it
	Min      int64    `json:"min,omitempty"`
	Max      int64    `json:"max,omitempty"`
	Unit     string   `json:"unit,omitempty"` // of Min and Max: bytes, characters, items, ...
	Enum     []string `json:"enum,omitempty"`
}

// Paging says how a list is read page by page.
type Paging struct {
	Style   string `json:"style"`
	Cursor  string `json:"cursor,omitempty"` // field of the request
	Next    string `json:"next,omitempty"`   // field of the answer
	Limit   string `json:"limit,omitempty"`  // field of the request
	Max     int    `json:"max,omitempty"`
	Default int    `json:"default,omitempty"`
}

// Event is one kind of callback or message.
type Event struct {
	ID         string     `json:"id"`
	Format     string     `json:"format"` // xml, json
	MsgType    string     `json:"msg_type"`
	Event      string     `json:"event"`
	ChangeType string     `json:"change_type"`
	Fields     []Field    `json:"fields"`
	Sample     string     `json:"sample"` // decrypted, made up
	Confidence Confidence `json:"confidence"`
	Sources    []string   `json:"sources"`
}

// ErrorCode is one errcode.
type ErrorCode struct {
	Code       int        `json:"code"`
	Errmsg     string     `json:"errmsg"` // WeCom's text, without hint and address
	Unverified bool       `json:"errmsg_unverified"`
	Class      string     `json:"class"` // retry, quota, auth, privilege, param, state, content, ok, or unknown
	Confidence Confidence `json:"confidence"`
}

// Rule is one figure. Value is the figure; Values stand where it is no number.
type Rule struct {
	ID         string     `json:"id"`
	Topic      string     `json:"topic"`
	Scope      string     `json:"scope"` // whom it counts for
	Value      any        `json:"value"`
	Values     any        `json:"values"`
	Unit       string     `json:"unit"`
	Window     string     `json:"window"`
	Errcode    int        `json:"errcode"`  // what breaking it gives
	Errcodes   []int      `json:"errcodes"` // when there are several
	EnforcedBy string     `json:"enforced_by"`
	Source     string     `json:"source"`
	Confidence Confidence `json:"confidence"`
}

// Vector is one vector of the callback cryptography.
type Vector struct {
	Name           string `json:"name"`
	Kind           string `json:"kind"`
	Token          string `json:"token"`
	EncodingAESKey string `json:"encoding_aes_key"`
	ReceiveID      string `json:"receiveid"`
	Timestamp      string `json:"timestamp"`
	Nonce          string `json:"nonce"`
	Random16Hex    string `json:"random16_hex"`
	Encrypt        string `json:"encrypt"`
	MsgSignature   string `json:"msg_signature"`
	Plaintext      string `json:"plaintext"`
	SignatureValid bool   `json:"expect_signature_valid"`
	DecryptOK      bool   `json:"expect_decrypt_ok"`
	ReceiverMatch  *bool  `json:"expect_receiveid_match"` // nil means it does
	Source         string `json:"source"`
}

// Scope says which endpoints the sandbox owes. Every endpoint is in it once.
type Scope struct {
	Owed     []string    `json:"owed"`
	Excluded []Exclusion `json:"excluded"`
}

// Exclusion is a set of endpoints the sandbox does not owe.
type Exclusion struct {
	ID        string   `json:"id"`
	Reason    string   `json:"reason"`
	Endpoints []string `json:"endpoints"`
}

// Confidence tells how sure a fact is.
type Confidence string

// The degrees of confidence.
const (
	Confirmed  Confidence = "confirmed"
	Single     Confidence = "single"
	Unverified Confidence = "unverified"
)

// Load reads the facts. It reads anew each time and refuses unknown keys, so
// that a misspelt one cannot hide.
func Load() (*Spec, error) {
	s := new(Spec)
	for _, part := range []struct {
		name string
		into any
	}{
		{"catalogue.json", &s.Endpoints},
		{"events.json", &s.Events},
		{"errors.json", &s.Errors},
		{"rules.json", &s.Rules},
		{"scope.json", &s.Scope},
	} {
		if err := read(part.name, part.into, true); err != nil {
			return nil, err
		}
	}
	var crypto struct {
		Vectors []Vector `json:"vectors"`
	}
	if err := read("crypto-vectors.json", &crypto, false); err != nil { // has remarks that only people read
		return nil, err
	}
	s.Vectors = crypto.Vectors
	return s, nil
}

func read(name string, into any, strict bool) error {
	b, err := files.ReadFile(name)
	if err != nil {
		return fmt.Errorf("spec: read %s: %w", name, err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("spec: read %s: %w", name, err)
	}
	return nil
}

// Endpoint finds an endpoint by its id; nil when there is none.
func (s *Spec) Endpoint(id string) *Endpoint {
	for i := range s.Endpoints {
		if s.Endpoints[i].ID == id {
			return &s.Endpoints[i]
		}
	}
	return nil
}

// Error finds an error code; nil when it is unknown.
func (s *Spec) Error(code int) *ErrorCode {
	for i := range s.Errors {
		if s.Errors[i].Code == code {
			return &s.Errors[i]
		}
	}
	return nil
}
