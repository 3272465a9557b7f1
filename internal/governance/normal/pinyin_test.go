package normal

import (
	"testing"

	"github.com/mozillazg/go-pinyin"
)

// Every character is spelt as the library spells it.
func TestEveryCharacterIsSpeltAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	f := New()
	args := pinyin.NewArgs()
	for r := rune(firstHan); r <= lastHan; r++ {
		all := pinyin.SinglePinyin(r, args)
		want := rune(0)
		if len(all) > 0 && all[0] != "" {
			want = f.id(heard(all[0]), false)
		}
		if got := f.syllable[r-firstHan]; got != want {
			t.Fatalf("%c: %d, want %d (%v)", r, got, want, all)
		}
	}
}
