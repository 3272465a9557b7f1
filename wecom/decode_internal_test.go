package wecom

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeBends(t *testing.T) {
	t.Parallel()
	type inner struct {
		Name string `json:"name"`
		N    int64  `json:"n"`
	}
	type reply struct {
		head
		inner
		Text  string  `json:"text"`
		On    bool    `json:"on"`
		Off   Flag    `json:"off"`
		List  []inner `json:"list"`
		Ptr   *inner  `json:"ptr"`
		Rate  float64 `json:"rate"`
		Order uint32  `json:"order"`
		Any   any     `json:"any"`
	}
	for in, want := range map[string]reply{
		`{}`:                              {},
		`null`:                            {},
		`{"text":5,"n":"7","name":true}`:  {Text: "5", inner: inner{N: 7}},
		`{"on":1,"off":"1","rate":"1.5"}`: {On: true, Off: true, Rate: 1.5},
		`{"on":"0","n":1.9,"order":"4294967295"}`:                {inner: inner{N: 1}, Order: 4294967295},
		`{"list":[{"n":"1"},null,7,{"n":2}],"ptr":"","text":{}}`: {List: []inner{{N: 1}, {N: 2}}},
		`{"list":"","ptr":{"n":" 3 "},"n":"three"}`:              {Ptr: &inner{N: 3}},
		`{"list":{"0":1},"n":true,"any":{"x":1}}`:                {inner: inner{N: 1}, Any: map[string]any{"x": 1.0}},
	} {
		var got reply
		if err := decode([]byte(in), &got); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

// FuzzDecode: whatever stands in an answer, reading it ends well, and an object
// is never refused for the types of what is inside.
func FuzzDecode(f *testing.F) {
	f.Add(`{"errcode":"0","follow_user":[{"userid":1,"tags":{}}]}`)
	f.Add(`{"msg_list":[{"msgid":1,"event":[]},{"event":{"status":"2"}}],"has_more":"1"}`)
	f.Fuzz(func(t *testing.T, s string) {
		var detail struct {
			head
			CustomerDetail
		}
		var page struct {
			head
			KfMessagePage
		}
		for _, out := range []any{&detail, &page} {
			var object map[string]any
			err := decode([]byte(s), out)
			if err != nil && json.Unmarshal([]byte(s), &object) == nil {
				t.Fatalf("%T refuses the object %s: %v", out, s, err)
			}
		}
	})
}
