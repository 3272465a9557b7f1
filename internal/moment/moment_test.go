package moment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/errs"
)

const line = "一二三四五六七八九十一二三四五六七八九十" // 20 characters

// Thirty texts as a phone lays them out: how many lines there are, and how much of the text stands before the fold.
func TestTheFoldIsWhereAPhoneFolds(t *testing.T) {
	t.Parallel()
	all := func(s string) int { return len(s) }
	six := strings.Repeat(line, 6)
	for i, tt := range []struct {
		text  string
		lines int
		shown int // bytes
	}{
		{"", 0, 0},
		{"早", 1, 3},
		{line, 1, all(line)},
		{line + "。", 2, all(line) + 3},
		{six, 6, all(six)},
		{six + "完", 7, all(six)},
		{six + "\n", 7, all(six) + 1},
		{strings.Repeat("短\n", 5) + "短", 6, 23},
		{strings.Repeat("短\n", 6) + "短", 7, 24},
		{"\n\n\n\n\n\n在第七行", 7, 6},
		{strings.Repeat("a", 40), 1, 40},
		{strings.Repeat("a", 41), 2, 41},
		{strings.Repeat("a", 240), 6, 240},
		{strings.Repeat("a", 241), 7, 240},
		{strings.Repeat("a", 39) + "长", 2, 42},
		{strings.Repeat("é", 40), 1, 80},
		{"满 200 减 20，周末有效", 1, all("满 200 减 20，周末有效")},
		{strings.Repeat("🌸", 20), 1, 80},
		{strings.Repeat("🌸", 21), 2, 84},
		{strings.Repeat("👍🏻", 10), 1, 80},
		{"第一行\r\n第二行", 2, all("第一行\r\n第二行")},
		{line + "\n" + line, 2, 2*all(line) + 1},
		{line + line + "\n短", 3, 2*all(line) + 4},
		{strings.Repeat(line+"\n", 6) + "折", 7, 6 * (all(line) + 1)},
		{strings.Repeat(line, 12), 12, 6 * all(line)},
		{"https://example.com/" + strings.Repeat("x", 30), 2, 50},
		{strings.Repeat("、", 120), 6, 360},
		{strings.Repeat("、", 121), 7, 360},
		{strings.Repeat("\n", 5), 6, 5},
		{strings.Repeat("周末护理课，", 25), 8, 360},
	} {
		f := FoldOf(tt.text)
		if f.Lines != tt.lines || f.At != tt.shown {
			t.Errorf("%d: %d lines and %d bytes shown, want %d and %d: %.30q", i, f.Lines, f.At, tt.lines, tt.shown, tt.text)
		}
	}
}

func TestWhatMattersStandsBeforeTheFold(t *testing.T) {
	t.Parallel()
	six := strings.Repeat(line, 6)
	for text, want := range map[string]string{
		"四行文案，满200减20在第二行": "", six: "", six + "\n \n": "",
		six + "活动规则见店内":                             "活动规则",
		six + "本条为广告":                               "广告",
		six + "还有很多话":                               "还有很多话",
		strings.Repeat("短句\n", 8) + "满300减40，限前50位": "满300",
	} {
		got := lint(text)
		switch {
		case want == "" && len(got) != 0:
			t.Errorf("%.30q: %+v", text, got)
		case want != "" && (len(got) != 1 || got[0].Text != want || got[0].RuleID != "OWN-04" || got[0].Severity != "warn"):
			t.Errorf("%.30q: %+v, want %q", text, got, want)
		}
	}
}

func TestWeComsLimitsAreSaidAtTheField(t *testing.T) {
	t.Parallel()
	image := Part{Kind: "image", Hash: "x"}
	link := Part{Kind: "link", Hash: "x", Title: "会员日", URL: "https://example.com/a"}
	many := func(n int) []Part {
		var out []Part
		for range n {
			out = append(out, image)
		}
		return out
	}
	for name, tt := range map[string]struct {
		change func(w *Words)
		field  string
	}{
		"as it is":                {func(*Words) {}, ""},
		"no name":                 {func(w *Words) { w.Name = " " }, "name"},
		"nothing":                 {func(w *Words) { w.Text = "" }, "text"},
		"pictures alone":          {func(w *Words) { w.Text, w.Parts = "", many(9) }, ""},
		"2000 letters":            {func(w *Words) { w.Text = strings.Repeat("a", 2000) }, ""},
		"2001 letters":            {func(w *Words) { w.Text = strings.Repeat("a", 2001) }, "text"},
		"1333 characters":         {func(w *Words) { w.Text = strings.Repeat("长", 1333) }, ""},
		"1334 characters":         {func(w *Words) { w.Text = strings.Repeat("长", 1334) }, "text"},
		"a placeholder":           {func(w *Words) { w.Text = "{昵称}您好" }, "text"},
		"ten pictures":            {func(w *Words) { w.Parts = many(10) }, "parts"},
		"a picture and a link":    {func(w *Words) { w.Parts = []Part{image, link} }, "parts[1]"},
		"two links":               {func(w *Words) { w.Parts = []Part{link, link} }, "parts"},
		"a link without a cover":  {func(w *Words) { w.Parts = []Part{{Kind: "link", Title: "a", URL: link.URL}} }, "parts[0].hash"},
		"a picture without file":  {func(w *Words) { w.Parts = []Part{{Kind: "image"}} }, "parts[0].hash"},
		"a title of 64 letters":   {func(w *Words) { l := link; l.Title = strings.Repeat("a", 64); w.Parts = []Part{l} }, ""},
		"a title of 65 letters":   {func(w *Words) { l := link; l.Title = strings.Repeat("a", 65); w.Parts = []Part{l} }, "parts[0].title"},
		"a title of 129 bytes":    {func(w *Words) { l := link; l.Title = strings.Repeat("长", 43); w.Parts = []Part{l} }, "parts[0].title"},
		"a link that is half one": {func(w *Words) { l := link; l.URL = "example.com"; w.Parts = []Part{l} }, "parts[0].url"},
		"a voice":                 {func(w *Words) { w.Parts = []Part{{Kind: "voice", Hash: "x"}} }, "parts[0].kind"},
	} {
		w := Words{Name: "护理课", Text: "周末护理课"}
		tt.change(&w)
		err := checkWords(w)
		var e *errs.Error
		switch {
		case tt.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.field != "" && (!errors.As(err, &e) || e.Field != tt.field || e.Text.ZH == "" || e.Text.EN == ""):
			t.Errorf("%s: %v, want the field %s", name, err, tt.field)
		}
	}
}

// mp4 is the head of a film of that length, as version 0 or 1 of the header.
func mp4(version byte, length time.Duration) []byte {
	out := []byte("....ftypmp42....mvhd")
	head := make([]byte, 40)
	head[0] = version
	if version == 0 {
		binary.BigEndian.PutUint32(head[12:], 1000)
		binary.BigEndian.PutUint32(head[16:], uint32(length.Milliseconds()))
	} else {
		binary.BigEndian.PutUint32(head[20:], 1000)
		binary.BigEndian.PutUint64(head[24:], uint64(length.Milliseconds()))
	}
	return append(out, head...)
}

func TestFilesAreMeasuredBeforeTheCall(t *testing.T) {
	t.Parallel()
	for version := range byte(2) {
		for length, ok := range map[time.Duration]bool{time.Second: true, 30 * time.Second: true, 31 * time.Second: false} {
			p, err := measure("a.mp4", mp4(version, length))
			if ok != (err == nil) || ok && p.Kind != "video" {
				t.Errorf("a film of %s, header %d: %+v, %v", length, version, p, err)
			}
			var e *errs.Error
			if !ok && (!errors.As(err, &e) || !strings.Contains(e.Text.ZH, "41082")) {
				t.Errorf("WeCom's own reason is missing: %v", err)
			}
		}
	}
	for name, content := range map[string][]byte{
		"too small": []byte("abc"), "too big": make([]byte, 10<<20+1), "a text": []byte("no picture at all"), "a film without head": []byte("....ftypmp42...."),
	} {
		if p, err := measure(name, content); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

func TestTagsChangeOnlyWhereTheMembersPublish(t *testing.T) {
	t.Parallel()
	of := func(pairs ...string) []customer.Member {
		var out []customer.Member
		for _, p := range pairs {
			c, s, _ := strings.Cut(p, "/")
			out = append(out, customer.Member{CustomerID: c, StaffID: s})
		}
		return out
	}
	now := of("a/S03", "b/S03", "c/S04", "d/S05")
	add, remove := marks(map[string]string{"a": "S03", "e": "S03", "c": "S03"}, now, []string{"S03", "S04"})
	if d := cmp.Diff(of("c/S03", "e/S03"), add); d != "" {
		t.Error("added", d)
	}
	if d := cmp.Diff(of("b/S03", "c/S04"), remove); d != "" {
		t.Error("removed", d)
	}
	if _, remove = marks(map[string]string{"a": "S03"}, now, nil); len(remove) != 3 {
		t.Errorf("when all publish: %v", remove)
	}
}

func TestOneAudienceHasOneKey(t *testing.T) {
	t.Parallel()
	same := []Audience{{Tags: []string{"x", "y"}}, {Tags: []string{"y", "x", "x"}}, {Tags: []string{"x", "y"}, Staff: []string{"S03"}}}
	for _, a := range same {
		if a.key() != same[0].key() || a.key() == "" {
			t.Errorf("%+v has key %q", a, a.key())
		}
	}
	for _, a := range []Audience{{}, {Tags: []string{"x"}}, {Tags: []string{"x", "y"}, TagMode: "all"}, {ExcludeTags: []string{"x"}}} {
		if a.key() == same[0].key() {
			t.Errorf("%+v has the key of another", a)
		}
	}
	if (Audience{Staff: []string{"S03"}}).key() != "" {
		t.Error("members do not make an audience another one")
	}
}

func TestTopicsOfAPost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"没有": "[]", "#护肤小课# 洗脸": "[护肤小课]", "新品 #新品 到店 #门店#": "[新品 门店]", "价格 3#": "[]"} {
		if got := fmt.Sprint(topicsOf("", text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := topicsOf("门店", "#门店# #新品#"); len(got) != 2 || got[0] != "门店" {
		t.Errorf("with a topic of the plan: %v", got)
	}
}
