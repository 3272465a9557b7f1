package callback

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const addMember = `<xml><ToUserName><![CDATA[ww0123456789abcdef]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>` +
	`<CreateTime>1767225600</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_chat]]></Event>` +
	`<ChatId><![CDATA[wrSynthCHAT0001]]></ChatId><ChangeType><![CDATA[update]]></ChangeType>` +
	`<UpdateDetail><![CDATA[add_member]]></UpdateDetail><JoinScene>0</JoinScene><MemChangeCnt>2</MemChangeCnt>` +
	`<MemChangeList><Item>wmSynthAAAA0001</Item><Item>wmSynthAAAA0002</Item></MemChangeList>` +
	`<LastMemVer>0f1e</LastMemVer><CurMemVer>1a2b</CurMemVer></xml>`

const addCustomer = `<xml><ToUserName><![CDATA[ww0123456789abcdef]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>` +
	`<CreateTime>1767225600</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[change_external_contact]]></Event>` +
	`<ChangeType><![CDATA[add_external_contact]]></ChangeType><UserID><![CDATA[S03]]></UserID>` +
	`<ExternalUserID><![CDATA[wmSynthAAAA0001]]></ExternalUserID><State><![CDATA[shop1]]></State>` +
	`<WelcomeCode><![CDATA[WELCOMECODE]]></WelcomeCode></xml>`

func TestParseReadsEvents(t *testing.T) {
	t.Parallel()
	e, err := Parse([]byte(addMember))
	if err != nil {
		t.Fatal(err)
	}
	if e.MsgType != "event" || e.Event != "change_external_chat" || e.ChangeType != "update" {
		t.Errorf("head: %q %q %q", e.MsgType, e.Event, e.ChangeType)
	}
	if got := e.Kind(); got != "change_external_chat.update.add_member" {
		t.Errorf("kind %q", got)
	}
	if diff := cmp.Diff([]string{"wmSynthAAAA0001", "wmSynthAAAA0002"}, e.All("MemChangeList/Item")); diff != "" {
		t.Error(diff)
	}
	if e.Get("Item") != "" || e.Get("MemChangeList/Nothing") != "" || e.Get("MemChangeList") != "" {
		t.Error("found what is not there")
	}
	if !e.Has("MemChangeList") || e.Has("State") {
		t.Error("Has")
	}
	if e.Int("MemChangeCnt") != 2 || e.Time().Unix() != 1767225600 {
		t.Error("numbers")
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for plain, want := range map[string]string{
		addCustomer: "change_external_contact.add_external_contact",
		"<xml><MsgType>event</MsgType><Event>kf_msg_or_event</Event></xml>": "kf_msg_or_event",
		"<xml><MsgType>text</MsgType><Content>hi</Content></xml>":           "message.text",
	} {
		e, err := Parse([]byte(plain))
		if err != nil || e.Kind() != want {
			t.Errorf("%q, %v, want %q", e.Kind(), err, want)
		}
	}
}

func TestKeyIsTheWholeIdentity(t *testing.T) {
	t.Parallel()
	key := func(plain string) string {
		t.Helper()
		e, err := Parse([]byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		return e.Key()
	}
	base := key(addCustomer)
	if base != key(addCustomer) {
		t.Error("the same delivery has another key")
	}
	if later := key(strings.Replace(addCustomer, "1767225600", "1767225601", 1)); later <= base {
		t.Errorf("an event of a second later has the key %s, which does not sort after %s", later, base)
	}
	if base != key(strings.ReplaceAll(addCustomer, "><User", ">\n <User")) {
		t.Error("blanks between elements change the key")
	}
	for _, change := range []struct{ from, to string }{
		{"1767225600", "1767225601"},
		{"wmSynthAAAA0001", "wmSynthAAAA0002"},
		{"S03", "S04"},
		{"shop1", "shop2"},
		{"ww0123456789abcdef", "ww0123456789abcdee"},
		{"<State><![CDATA[shop1]]></State>", "<State><x>shop1</x></State>"},
	} {
		if base == key(strings.Replace(addCustomer, change.from, change.to, 1)) {
			t.Errorf("%s for %s leaves the key the same", change.to, change.from)
		}
	}
}

func TestScanText(t *testing.T) {
	t.Parallel()
	for plain, want := range map[string]string{
		"<x><a>1 &lt; 2 &amp; 3&#33;&#x4f60;</a></x>":             "1 < 2 & 3!你",
		"<x><a>a<![CDATA[<b>&amp;]]>c<![CDATA[]]></a></x>":        "a<b>&amp;c",
		"<x><a>l1\r\nl2\rl3</a></x>":                              "l1\nl2\nl3",
		"<x><a>\x08 bell \x07</a></x>":                            "\x08 bell \x07",
		"<x><a/><b>1</b></x>":                                     "",
		"\ufeff<?xml version=\"1.0\"?>\n<x>\n<a >y</a\n>\n</x>\n": "y",
	} {
		e, err := Parse([]byte(plain))
		if err != nil || e.Get("a") != want {
			t.Errorf("%q: %q, %v", plain, e.Get("a"), err)
		}
	}
	e, err := Parse([]byte(`<xml v="1"><a k='&quot;' l = "2">t</a></xml>`))
	if err != nil || e.Get("@v") != "1" || e.Get("a/@k") != `"` || e.Get("a/@l") != "2" || e.Get("a") != "t" {
		t.Errorf("attributes: %+v, %v", e.Fields, err)
	}
}

func TestScanIsLinear(t *testing.T) {
	t.Parallel()
	// Quadratic joining of these parts would copy gigabytes.
	plain := "<x><a>" + strings.Repeat("a<![CDATA[b]]>", 70000) + "</a></x>"
	e, err := Parse([]byte(plain))
	if err != nil || len(e.Get("a")) != 140000 {
		t.Fatalf("%d bytes, %v", len(e.Get("a")), err)
	}
}

func TestScanRefuses(t *testing.T) {
	t.Parallel()
	for name, plain := range map[string]string{
		"nothing":         "",
		"text":            "hello",
		"no end":          "<x><a>1</a>",
		"crossed":         "<x><a><b></a></b></x>",
		"two roots":       "<x></x><y></y>",
		"doctype":         "<!DOCTYPE x><x></x>",
		"inner doctype":   "<x><!DOCTYPE x></x>",
		"entity bomb":     `<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x><c>&b;</c></x>`,
		"unknown entity":  "<x><a>&nbsp;</a></x>",
		"bare ampersand":  "<x><a>a & b</a></x>",
		"reference zero":  "<x><a>&#0;</a></x>",
		"huge reference":  "<x><a>&#99999999999999999999;</a></x>",
		"comment":         "<x><!-- a --></x>",
		"instruction":     "<x><?php ?></x>",
		"unclosed cdata":  "<x><a><![CDATA[abc</a></x>",
		"cdata end":       "<x><a>a]]>b</a></x>",
		"unquoted":        "<x><a b=c></a></x>",
		"too deep":        strings.Repeat("<a>", 17) + strings.Repeat("</a>", 17),
		"too many":        "<x>" + strings.Repeat("<a/>", maxFields+1) + "</x>",
		"larger than max": "<x><a>" + strings.Repeat("a", MaxBody) + "</a></x>",
		"text outside":    "<x></x>tail",
	} {
		if _, err := Parse([]byte(plain)); !errors.Is(err, ErrXML) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse([]byte(strings.Repeat("<a>", 16) + strings.Repeat("</a>", 16))); err != nil {
		t.Errorf("16 levels: %v", err)
	}
}

// FuzzParse holds the scanner to encoding/xml: what it accepts, encoding/xml
// accepts and reads the same way. Left out is only what the scanner treats
// otherwise on purpose: characters that XML forbids.
func FuzzParse(f *testing.F) {
	for _, s := range []string{addMember, addCustomer, `<x a="1"><b/>t&lt;<![CDATA[c]]></x>`, "<x>\r\n<a>&#10;</a></x>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse([]byte(s))
		if err != nil || strings.Contains(s, "<?") || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !allowed(r) }) {
			return
		}
		want, err := reference(strings.TrimPrefix(s, "\ufeff"))
		if err != nil {
			t.Fatalf("encoding/xml refuses %q: %v", s, err)
		}
		if diff := cmp.Diff(want, append([]Field{}, e.Fields...)); diff != "" {
			t.Fatalf("%q: %s", s, diff)
		}
		_ = e.Key()
	})
}

// FuzzText: any text written the usual ways is read back.
func FuzzText(f *testing.F) {
	f.Add("a < b ]]> & \r\n", "plain")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || strings.ContainsFunc(a, func(r rune) bool { return !allowed(r) }) {
			return
		}
		var w strings.Builder
		w.WriteString("<xml><a>")
		if err := xml.EscapeText(&w, []byte(a)); err != nil {
			t.Fatal(err)
		}
		for strings.Contains(b, "]]>") {
			b = strings.ReplaceAll(b, "]]>", "")
		}
		w.WriteString("</a><b><![CDATA[" + b + "]]></b></xml>")
		e, err := Parse([]byte(w.String()))
		if err != nil {
			t.Fatal(err)
		}
		if e.Get("a") != a || e.Get("b") != newlines(b) {
			t.Fatalf("%q %q, want %q %q", e.Get("a"), e.Get("b"), a, b)
		}
	})
}

// reference reads s with encoding/xml into the same fields.
func reference(s string) ([]Field, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	fields := []Field{}
	var open []int
	mixed := map[int]bool{-1: true}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			at := -1
			if len(open) > 0 {
				parent := open[len(open)-1]
				mixed[parent] = true
				if parent >= 0 {
					fields[parent].Text = ""
				}
				fields = append(fields, Field{Name: tok.Name.Local, Depth: len(open)})
				at = len(fields) - 1
			}
			open = append(open, at)
			for _, a := range tok.Attr {
				fields = append(fields, Field{Name: "@" + a.Name.Local, Text: a.Value, Depth: len(open)})
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 && !mixed[open[len(open)-1]] {
				fields[open[len(open)-1]].Text += string(tok)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	plain := []byte(addCustomer)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	e, err := Parse([]byte(addCustomer))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = e.Key()
	}
}

func BenchmarkEncodingXML(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reference(addCustomer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	c := testCrypto(b)
	body, err := c.Seal([]byte(addCustomer), "1700000000", "n")
	if err != nil {
		b.Fatal(err)
	}
	e, err := Parse(body)
	if err != nil {
		b.Fatal(err)
	}
	sig := e.Get("MsgSignature")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Open(sig, "1700000000", "n", body); err != nil {
			b.Fatal(err)
		}
	}
}
