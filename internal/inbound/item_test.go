package inbound

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/wecom/callback"
)

func TestAPayloadHoldsTextsAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "plain", `quo"te`, `back\slash`, "<b>&</b>", "你好 🌸", "tab\tline\nnull\x00", "\x7f", "bad\xff\xfeutf8", "\u2028", "{}", "'",
	} {
		fields := []callback.Field{{Name: "Event", Text: "e", Depth: 1}, {Name: "State", Text: text, Depth: 1}}
		raw, err := json.Marshal(map[string]string{"Event": "e", "State": text})
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(payload(fields), &got); err != nil {
			t.Fatalf("%q: %v in %s", text, err, payload(fields))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if got := string(payload(nil)); got != "{}" {
		t.Errorf("no fields: %s", got)
	}
	if got := string(payload([]callback.Field{{Name: "State", Text: "1", Depth: 1}, {Name: "State", Text: "2", Depth: 1}})); got != `{"State":"1"}` {
		t.Errorf("a name twice: %s", got)
	}
}

// What no room reads is dropped at the door (LAW-05): of every event that WeCom has a page about, a canary in each element that is not
// registered, and in one that nobody has heard of, reaches no payload.
func TestOnlyRegisteredElementsAreKept(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../spec/events.json")
	if err != nil {
		t.Fatal(err)
	}
	var events []struct{ ID, Sample string }
	if err := json.Unmarshal(raw, &events); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, e := range events {
		sample, ok := strings.CutSuffix(strings.TrimSpace(e.Sample), "</xml>")
		if !ok {
			continue
		}
		parsed, err := callback.Parse([]byte(sample + "<NeverHeardOf>KANARIE</NeverHeardOf><Deep><ExternalUserID>KANARIE</ExternalUserID></Deep></xml>"))
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
			continue
		}
		for i := range parsed.Fields {
			if registered[parsed.Fields[i].Name] == "" {
				parsed.Fields[i].Text = "KANARIE"
				tried++
			}
		}
		got := string(payload(parsed.Fields))
		if strings.Contains(got, "KANARIE") {
			t.Errorf("%s: %s", e.ID, got)
		}
		if strings.Contains(sample, "<CreateTime>") && !strings.Contains(got, `"CreateTime"`) {
			t.Errorf("%s: the time is gone: %s", e.ID, got)
		}
	}
	if tried < 100 {
		t.Errorf("only %d elements tried", tried)
	}
}
