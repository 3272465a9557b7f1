package sandbox

import (
	"testing"

	"pgregory.net/rapid"
)

func TestIdsAreReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sp := newIDSpace(rapid.Uint64().Draw(t, "seed"), "wm", "people")
		n := rapid.IntRange(0, 1<<30).Draw(t, "n")
		id := sp.make(n)
		if got, ok := sp.number(id); !ok || got != n {
			t.Fatalf("%s: got %d %v, want %d", id, got, ok, n)
		}
		if _, ok := sp.number(id[:len(id)-1]); ok {
			t.Fatal("a cut id is taken")
		}
		if _, ok := newIDSpace(1, "wm", "other").number(id); ok {
			t.Fatal("an id of another kind is taken")
		}
	})
}

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"/cgi-bin/*", "/cgi-bin/a/b", true},
		{"*", "/cgi-bin/a", true},
		{"/cgi-bin/*/get", "/cgi-bin/externalcontact/groupchat/get", true},
		{"/cgi-bin/*/get", "/cgi-bin/externalcontact/get_it", false},
		{"/cgi-bin/user/get", "/cgi-bin/user/get", true},
		{"/cgi-bin/user/get", "/cgi-bin/user/getx", false},
		{"*get*list*", "/cgi-bin/get_user_list", true},
		{"*list*get*", "/cgi-bin/get_user_list", false},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("%s on %s: got %v", c.pattern, c.text, got)
		}
	}
}

// FuzzOpenReply feeds a platform's answer to the reader of passive replies.
func FuzzOpenReply(f *testing.F) {
	k, err := newSealer("token", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "ww1")
	if err != nil {
		f.Fatal(err)
	}
	sealed := k.seal([16]byte{1}, []byte("hi"))
	f.Add("<xml><Encrypt>" + sealed + "</Encrypt><MsgSignature>" + k.sign("1", "2", sealed) + "</MsgSignature><TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>")
	f.Add("<Encrypt></Encrypt>")
	f.Fuzz(func(_ *testing.T, doc string) {
		d := &delivery{sealer: k}
		_ = d.openReply(doc)
		_, _, _ = k.decrypt(doc)
	})
}
