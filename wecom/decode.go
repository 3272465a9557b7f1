package wecom

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// Reply is what an answer is decoded into: a struct that embeds the errcode and
// errmsg every answer has. Only this package's types are replies.
type Reply interface {
	status() (code int, msg string)
	reset()
}

// head is the common part of all answers. Both may be missing on success.
type head struct {
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

func (h *head) status() (int, string) { return h.ErrCode, h.ErrMsg }
func (h *head) reset()                { *h = head{} }

// Head is the reply of calls that answer nothing but success; packages below
// wecom embed it in theirs.
type Head struct{ head }

// decode reads JSON into out. WeCom sometimes writes a number as a string, a
// string as a number, a flag as 0 or 1, or an object where nothing is; the
// quick way takes what is regular, the slow way bends the rest into shape.
func decode(body []byte, out any) error {
	err := json.Unmarshal(body, out)
	var mismatch *json.UnmarshalTypeError
	if !errors.As(err, &mismatch) {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return err
	}
	fit, ok := bend(tree, reflect.TypeOf(out))
	if !ok {
		return mismatch
	}
	straight, err := json.Marshal(fit)
	if err != nil {
		return err
	}
	reflect.ValueOf(out).Elem().SetZero() // drop what the first try left
	return json.Unmarshal(straight, out)
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// bend turns v into something that decodes into t; false when nothing sensible
// remains and the value is better left out.
func bend(v any, t reflect.Type) (any, bool) {
	if v == nil || t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
		return v, v != nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return bend(v, t.Elem())
	case reflect.Struct:
		object, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		bendFields(object, t)
		return object, true
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok {
			return nil, false
		}
		kept := list[:0]
		for _, x := range list {
			if y, ok := bend(x, t.Elem()); ok {
				kept = append(kept, y)
			}
		}
		return kept, true
	case reflect.String:
		switch x := v.(type) {
		case string:
			return x, true
		case json.Number:
			return x.String(), true
		}
	case reflect.Bool:
		switch x := v.(type) {
		case bool:
			return x, true
		case json.Number:
			return x.String() != "0", true
		case string:
			return x != "" && x != "0" && x != "false", true
		}
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint32, reflect.Uint64, reflect.Float64:
		switch x := v.(type) {
		case json.Number:
			return whole(x, t)
		case string:
			return whole(json.Number(strings.TrimSpace(x)), t)
		case bool:
			if x {
				return json.Number("1"), true
			}
			return json.Number("0"), true
		}
	}
	return v, t.Kind() == reflect.Interface || t.Kind() == reflect.Map
}

// whole fits a number to a kind: what follows the point is cut off, what is too
// large is left out.
func whole(n json.Number, t reflect.Type) (any, bool) {
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil || math.IsNaN(f) {
		return nil, false
	}
	v := reflect.New(t).Elem()
	switch {
	case v.CanFloat():
		return n, !v.OverflowFloat(f)
	case v.CanUint():
		u, err := strconv.ParseUint(n.String(), 10, 64)
		if err != nil {
			u = uint64(max(0, min(f, 1<<63)))
		}
		return u, f >= 0 && f < 1<<63 && !v.OverflowUint(u)
	default:
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if err != nil {
			i = int64(max(-1<<62, min(f, 1<<62)))
		}
		return i, f > -1<<63 && f < 1<<63 && !v.OverflowInt(i)
	}
}

func bendFields(object map[string]any, t reflect.Type) {
	for f := range t.Fields() {
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			bendFields(object, f.Type)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		for key, v := range object {
			if !strings.EqualFold(key, name) { // encoding/json does not mind the case either
				continue
			}
			if fit, ok := bend(v, f.Type); ok {
				object[key] = fit
			} else {
				delete(object, key)
			}
		}
	}
}
