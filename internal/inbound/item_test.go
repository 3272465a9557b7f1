package inbound

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/wecom/callback"
)

// What is written by hand for flat events holds what the general form would.
func TestTheQuickPayloadIsTheGeneralOne(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "plain", `quo"te`, `back\slash`, "<b>&</b>", "你好 🌸", "tab\tline\nnull\x00", "\x7f", "bad\xff\xfeutf8", "\u2028", "{}", "'",
	} {
		fields := []callback.Field{{Name: "Event", Text: "e", Depth: 1}, {Name: "Content", Text: text, Depth: 1}, {Name: "@a", Text: text, Depth: 1}}
		if !flat(fields) {
			t.Fatal("a flat event is not taken for one")
		}
		want, err := json.Marshal(tree(fields))
		if err != nil {
			t.Fatal(err)
		}
		var a, b map[string]any
		if err := json.Unmarshal(want, &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(payload(fields), &b); err != nil {
			t.Fatalf("%q: %v in %s", text, err, payload(fields))
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%q (-general +quick):\n%s", text, diff)
		}
	}
	if got := string(payload(nil)); got != "{}" {
		t.Errorf("no fields: %s", got)
	}
}

func TestWhatIsNotFlatTakesTheGeneralForm(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string][]callback.Field{
		"a name twice": {{Name: "A", Text: "1", Depth: 1}, {Name: "B", Depth: 1}, {Name: "A", Text: "2", Depth: 1}},
		"children":     {{Name: "A", Depth: 1}, {Name: "B", Text: "1", Depth: 2}},
	} {
		if flat(fields) {
			t.Errorf("%s: taken for flat", name)
		}
	}
	if got := string(payload([]callback.Field{{Name: "A", Text: "1", Depth: 1}, {Name: "A", Text: "2", Depth: 1}})); got != `{"A":["1","2"]}` {
		t.Errorf("a name twice: %s", got)
	}
}
