package seal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/seal"
)

func TestSealedTextsOpenAfterARestart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "keys", "master.key")
		a, err := seal.Open(t.Context(), d, file)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := a.Seal("canary", "setting/x")
		if err != nil || strings.Contains(sealed, "canary") {
			t.Fatalf("%s, %v", sealed, err)
		}
		if again, _ := a.Seal("canary", "setting/x"); again == sealed {
			t.Error("the same text sealed twice looks the same")
		}
		if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("the master key's file: %v, %v", st.Mode(), err)
		}
		b, err := seal.Open(t.Context(), d, file)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := b.Open(sealed, "setting/x"); err != nil || plain != "canary" {
			t.Errorf("%q, %v", plain, err)
		}
		ka, err := a.Derive("links")
		if err != nil {
			t.Fatal(err)
		}
		kb, _ := b.Derive("links")
		other, _ := b.Derive("tokens")
		if string(ka) != string(kb) || string(ka) == string(other) || len(ka) != 32 {
			t.Error("derived keys must be equal over restarts and differ by purpose")
		}
		for name, c := range map[string][2]string{
			"another place": {sealed, "setting/y"}, "damaged": {sealed[:len(sealed)-3] + "AAA", "setting/x"}, "not sealed": {"canary", "setting/x"}, "no base64": {"zs1:***", "setting/x"},
		} {
			if plain, err := b.Open(c[0], c[1]); err == nil || plain != "" || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %q, %v", name, plain, err)
			}
		}
	})
}

func TestAWrongOrMissingMasterKeyIsSaid(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	dir := t.TempDir()
	if _, err := seal.Open(t.Context(), d, filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(t.Context(), d, filepath.Join(dir, "b")); err == nil || !strings.Contains(err.Error(), "put the file back") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b")); err == nil {
		t.Error("a new key was made although the database is sealed with another")
	}
	if err := os.WriteFile(filepath.Join(dir, "b"), []byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(t.Context(), d, filepath.Join(dir, "b")); !errors.Is(err, seal.ErrMasterKey) {
		t.Errorf("another key: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b"), []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open(t.Context(), d, filepath.Join(dir, "b")); err == nil || !strings.Contains(err.Error(), "openssl rand") || strings.Contains(err.Error(), "canary") {
		t.Errorf("no key at all: %v", err)
	}
}
