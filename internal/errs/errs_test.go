package errs_test

import (
	"errors"
	"fmt"
	"testing"

	"zhiyin.dev/zhiyin/internal/errs"
)

func TestKindGoesThroughWrapping(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk full")
	err := fmt.Errorf("save: %w", errs.Bad("name", "x.name", errs.T("名字", "Name")).Because(cause))
	if errs.KindOf(err) != errs.Invalid || !errors.Is(err, cause) {
		t.Fatalf("%v", err)
	}
	if errs.KindOf(cause) != errs.Internal || errs.KindOf(nil) != errs.Internal {
		t.Fatal("a foreign error has a kind")
	}
	if err := errs.Missing("客户", "customer"); err.Kind != errs.NotFound || err.Text.In("en") != "This customer does not exist." || err.Text.In("zh") != "没有找到这个客户。" {
		t.Fatalf("%+v", err.Text)
	}
	if text := errs.Tf("%d 个", "%d pieces", 3); text.In("fr") != "3 个" || text.In("en") != "3 pieces" {
		t.Fatalf("%+v", text)
	}
}

func TestOneIsNotMany(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 touches", 1: "1 touch", 2: "2 touches"} {
		if got := errs.Count(n, "touch", "touches"); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}
