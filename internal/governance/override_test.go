package governance

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
)

// FTG-19: nothing goes beyond caps or hours by an order. The class that would is refused, whoever asks.
func TestNobodyCanOrderMoreThanTheLimits(t *testing.T) {
	t.Parallel()
	g := newGovernor(t, dbtest.SQLite(t), clock.NewManual(tuesday))
	r := marketing("recall", "青柠 01")
	r.Class = Emergency
	err := g.db.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := g.Reserve(ctx, tx, r)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "FTG-19") {
		t.Errorf("reserved: %v", err)
	}
	if _, err := g.Plan(t.Context(), r); err == nil {
		t.Error("planned")
	}
	if _, err := g.Preview(t.Context(), r, []Recipient{{CustomerID: "青柠 01", StaffID: "S01"}}); err == nil {
		t.Error("previewed")
	}
	err = g.db.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return g.Observe(ctx, tx, r, g.world.Now()) })
	if err == nil {
		t.Error("booked")
	}
}

// Classes that caps and hours do not hold for are given in the program alone, and only to answers to the customer's own act.
func TestOnlyAnswersAreFreeOfTheLimits(t *testing.T) {
	t.Parallel()
	free := regexp.MustCompile(`Class:\s*governance\.(Service|Transactional|Emergency)\b|\.Class = governance\.(Service|Transactional|Emergency)\b`)
	turned := regexp.MustCompile(`governance\.Class\(|governance\.(Transactional|Emergency)\b`) // a class made of somebody's words
	var asks []string
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, filepath.Join("..", "governance")) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if m := turned.Find(b); m != nil {
			t.Errorf("%s has %s", path, m)
		}
		if bytes.Contains(b, []byte("governance.Request")) && free.Match(b) {
			asks = append(asks, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(asks)
	if want := []string{"../outreach/kf.go", "../outreach/welcome.go"}; !slices.Equal(asks, want) {
		t.Errorf("touches free of the limits are asked for in %v, want %v", asks, want)
	}
}
