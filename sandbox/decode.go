package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// plan knows the parameters of one request type by their JSON names.
type plan struct {
	fields map[string]int
	codes  map[string]int // errcode for a wrong type, by `bad:"..."` tag; else 40058
}

func planFor[Q any]() plan {
	t := reflect.TypeFor[Q]()
	p := plan{fields: map[string]int{}, codes: map[string]int{}}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		p.fields[name] = i
		if bad := f.Tag.Get("bad"); bad != "" {
			code, err := strconv.Atoi(bad)
			if err != nil {
				panic("sandbox: tag bad of " + t.Name() + "." + f.Name)
			}
			p.codes[name] = code
		}
	}
	return p
}

// carried are query parameters every call may bring. SDKs of years ago still
// send agentid to calls that no longer know it.
var carried = map[string]bool{"access_token": true, "debug": true, "agentid": true}

// decodeQuery fills q (a pointer to struct of strings, ints and bools) from the
// query string.
func (p plan) decodeQuery(c *call, q any) error {
	v := reflect.ValueOf(q).Elem()
	for name, values := range c.r.URL.Query() {
		i, ok := p.fields[name]
		if !ok {
			if !carried[name] && c.s.on("decode.unknown") {
				return refuse(c.route.unfit(), "unknown query parameter %q", name)
			}
			continue
		}
		text := values[0]
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(text)
		case reflect.Int, reflect.Int64:
			if text == "" {
				continue
			}
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return refuse(p.code(c, name), "query parameter %q must be an integer, got %q", name, text)
			}
			f.SetInt(n)
		case reflect.Bool:
			f.SetBool(text == "1" || text == "true")
		}
	}
	return nil
}

// decodeBody fills q from the JSON body: unknown names and wrong types are
// refused, null stands for an unset value.
func (p plan) decodeBody(c *call, q any) error {
	body := bytes.TrimSpace(c.body)
	if len(body) == 0 {
		body = []byte("{}")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if c.s.on("decode.unknown") {
		dec.DisallowUnknownFields()
	}
	err := dec.Decode(q)
	if err == nil && dec.More() {
		err = errors.New("text after the JSON object")
	}
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typed):
		return refuse(p.code(c, typed.Field), "field %q must be %s, got %s", typed.Field, typed.Type, typed.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return refuse(c.route.unfit(), "the body is not JSON: it ends in the middle")
	default:
		return refuse(c.route.unfit(), "the body does not fit: %v", err)
	}
}

func (p plan) code(c *call, name string) int {
	if code, ok := p.codes[name]; ok {
		return code
	}
	return c.route.unfit()
}
