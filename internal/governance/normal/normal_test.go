package normal

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestForms(t *testing.T) {
	t.Parallel()
	f := New()
	for in, want := range map[string]string{
		"ＡＰＰ下载":        "app下载",
		"高\u200b仿":     "高仿",
		"高·仿 大🎁牌":      "高仿大牌",
		"轉發領紅包":        "转发领红包",
		"аpp":          "app",
		"привет":       "привет",
		"①②③":          "123",
		"I35②②35":      "1352235",
		"加一三五七九二四六八零一": "加13579246801",
		"二〇二六年":        "二〇二六年",
		"1 3 5 0 0":    "13500",
		"2026-11-29":   "2026-11-29",
		"哈哈哈哈":         "哈",
		"一句。另一句":       "一句。另一句",
		"送　礼":          "送礼",
		"1️⃣号":         "1号",
		"oil":          "oil",
		"微 信：zhang_3":  "微信:zhang_3",
		"𝐕𝐈𝐏客户":        "vip客户",
	} {
		if got := f.Of(in).String; got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// N1 and N3.
func TestNormalFormIsTotalIdempotentAndMapsBack(t *testing.T) {
	t.Parallel()
	f := New()
	alphabet := []rune("高仿转發领红包 ·-./。，\u200b\ufe0fＡａеа①㈠1３5il一三五〇oé́哈🎁🇨🇳\n(（")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom(alphabet))).Draw(t, "text")
		check(t, f, s)
	})
}

func check(t interface{ Fatalf(string, ...any) }, f *Former, s string) {
	n := f.Of(s)
	if again := f.Of(n.String); again.String != n.String {
		t.Fatalf("%q becomes %q, and that %q", s, n.String, again.String)
	}
	if len(n.from) != len(n.Runes) || len(n.to) != len(n.Runes) || len(n.at) != len(n.Runes)+1 || !utf8.ValidString(n.String) {
		t.Fatalf("%q: the map does not fit", s)
	}
	for i := range n.from {
		if n.from[i] < 0 || n.to[i] > len(s) || n.from[i] > n.to[i] || i > 0 && n.from[i] < n.from[i-1] {
			t.Fatalf("%q: the map is out of range or runs back at %d", s, i)
		}
		if n.Rune(n.Byte(i)) != i {
			t.Fatalf("%q: rune %d is not found at its byte", s, i)
		}
	}
	var b strings.Builder // applying the changes to the original gives the normal form
	end := 0
	for _, c := range n.Changes(s) {
		if c.From < end || c.To > len(s) || c.From > c.To {
			t.Fatalf("%q: change %+v is out of order", s, c)
		}
		b.WriteString(s[end:c.From] + c.Now)
		end = c.To
	}
	if got := b.String() + s[end:]; got != n.String {
		t.Fatalf("%q with its changes is %q, want %q", s, got, n.String)
	}
	said := f.Sounds(n)
	for i := range said.IDs {
		if said.At[i] >= said.End[i] || said.End[i] > len(n.Runes) || i > 0 && said.At[i] < said.End[i-1] {
			t.Fatalf("%q: syllable %d stands at %d to %d", s, i, said.At[i], said.End[i])
		}
	}
}

func FuzzForm(f *testing.F) {
	former := New()
	for _, s := range []string{"高·仿", "I35②②35", "\xff\xfe", "1 3一.五", "ﬁ︎a̐é", "加v❤️信"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { check(t, former, s) })
}

// N2: 10 kB of anything in a few milliseconds, also of what makes the form be sought several times. The bound is wide:
// machines under test are busy.
func TestLongTextsAreQuick(t *testing.T) {
	t.Parallel()
	f := New()
	for name, piece := range map[string]string{
		"han": "转发", "marks": "高·", "digits": "1 ", "numbers": "一 1 o ", "latin": "aа", "repeats": "哈", "broken": "\xff", "combining": "á̐",
	} {
		s := strings.Repeat(piece, 10_000/len(piece))
		best := time.Hour
		for range 5 {
			began := time.Now()
			f.Of(s)
			best = min(best, time.Since(began))
		}
		if best > 50*time.Millisecond {
			t.Errorf("%s: %v for 10 kB", name, best)
		}
	}
}

func TestSounds(t *testing.T) {
	t.Parallel()
	f := New()
	for in, want := range map[string]string{"百家乐": "bai jia le", "领hongbao": "ling hong bao", "app": "", "中国": "zong guo"} {
		if got := f.Spell(f.Sounds(f.Of(in)).IDs); got != want {
			t.Errorf("%q sounds %q, want %q", in, got, want)
		}
	}
}

func TestChangesAreShownAsPiecesOfTheOriginal(t *testing.T) {
	t.Parallel()
	s := "买高·仿ＡＰＰ吧"
	got := New().Of(s).Changes(s)
	want := []Change{{From: 6, To: 8, Now: ""}, {From: 11, To: 20, Now: "app"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func BenchmarkOf(b *testing.B) {
	f := New()
	s := strings.Repeat("周末护理课开放预约，名额有限，到店请出示会员码。", 4)
	for b.Loop() {
		f.Of(s)
	}
}
