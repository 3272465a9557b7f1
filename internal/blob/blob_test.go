package blob_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/blob"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
)

func TestAFileIsKeptOnceAndReadOnEveryNode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		world, dir := clock.NewManual(time.Unix(1, 0)), t.TempDir()
		s := blob.New(d, dir, world)
		one, err := s.Put(t.Context(), []byte("a picture"))
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Put(t.Context(), []byte("a picture"))
		if err != nil || again != one {
			t.Fatalf("the same content got %s and %s, %v", one, again, err)
		}
		if got, err := s.Get(t.Context(), one); err != nil || string(got) != "a picture" {
			t.Fatalf("read %q, %v", got, err)
		}
		other := blob.New(d, t.TempDir(), world) // a node with a directory of its own
		got, err := other.Get(t.Context(), one)
		if d.Engine == db.Postgres && (err != nil || string(got) != "a picture") {
			t.Errorf("another node reads %q, %v", got, err)
		}
		if d.Engine == db.SQLite && errs.KindOf(err) != errs.NotFound {
			t.Errorf("SQLite has one node: %q, %v", got, err)
		}
		for _, odd := range []string{"", "../../etc/passwd", one[:10], one[:62] + "zz"} {
			if _, err := s.Get(t.Context(), odd); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%q: %v", odd, err)
			}
		}
	})
}

func TestHalfAFileIsMended(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := blob.New(dbtest.SQLite(t), dir, clock.NewManual(time.Unix(1, 0)))
	hash, err := s.Put(t.Context(), []byte("a picture"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "blobs", hash[:2], hash)
	if err := os.WriteFile(path, []byte("a pic"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), []byte("a picture")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), hash); err != nil || string(got) != "a picture" {
		t.Errorf("read %q, %v", got, err)
	}
}
