package material_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/blob"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/material"
)

func service(t *testing.T, d *db.DB) *material.Service {
	t.Helper()
	world := clock.NewManual(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC))
	return material.New(material.Config{DB: d, World: world, Zone: time.UTC, Blobs: blob.New(d, t.TempDir(), world), CorpID: "ww1"})
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 52, 42))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAFileIsKeptOnceAndStaysWhereItWasChosen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := service(t, d)
		one, err := s.Upload(t.Context(), "S01", material.Image, `C:\pictures\shop.png`, picture(t), material.Card{})
		if err != nil || one.Name != "shop.png" || one.Width != 52 || one.Type != "image/png" {
			t.Fatalf("%+v, %v", one, err)
		}
		again, err := s.Upload(t.Context(), "S02", material.Image, "shop.png", picture(t), material.Card{})
		if err != nil || again.ID != one.ID || again.CreatedBy != "S01" {
			t.Fatalf("the same picture: %+v, %v", again, err)
		}
		if err := s.Remove(t.Context(), one.ID); err != nil {
			t.Fatal(err)
		}
		if m, content, err := s.Content(t.Context(), one.ID); err != nil || m.RemovedAt == 0 || !bytes.Equal(content, picture(t)) {
			t.Fatalf("off the shelf it is still there: %+v, %v", m, err)
		}
		if next, err := s.Upload(t.Context(), "S02", material.Image, "shop.png", picture(t), material.Card{}); err != nil || next.ID == one.ID {
			t.Fatalf("uploaded again: %+v, %v", next, err)
		}
		if _, _, err := s.Content(t.Context(), 1); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown: %v", err)
		}
	})
}

func TestWhatWeComWouldRefuseIsRefusedWithItsField(t *testing.T) {
	t.Parallel()
	s := service(t, dbtest.SQLite(t))
	big := func(n int, head string) []byte { b := make([]byte, n); copy(b, head); return b }
	for name, c := range map[string]struct {
		kind    material.Kind
		file    string
		content []byte
		card    material.Card
		field   string
	}{
		"an empty file":            {material.File, "a.pdf", nil, material.Card{}, "content"},
		"five bytes":               {material.File, "a.pdf", []byte("12345"), material.Card{}, "content"},
		"a file over 20 MB":        {material.File, "a.pdf", big(20<<20+1, ""), material.Card{}, "content"},
		"a film over 10 MB":        {material.Video, "a.mp4", big(10<<20+1, "\x00\x00\x00\x18ftyp"), material.Card{}, "content"},
		"a film that is none":      {material.Video, "a.mp4", []byte("not a film"), material.Card{}, "content"},
		"a picture that is none":   {material.Image, "a.png", []byte("GIF89a...."), material.Card{}, "content"},
		"a file without an ending": {material.File, "prices", []byte("123456"), material.Card{}, "name"},
		"a name of a folder":       {material.Image, "pictures/", picture(t), material.Card{}, "name"},
		"a long name":              {material.Image, strings.Repeat("名", 101), picture(t), material.Card{}, "name"},
		"no such kind":             {"voice", "a.amr", []byte("123456"), material.Card{}, "kind"},
		"a link without address":   {material.Link, "a", nil, material.Card{Title: "t"}, "card.url"},
		"a link with a file":       {material.Link, "a", []byte("123456"), material.Card{Title: "t", URL: "https://a.example"}, "content"},
		"a link's long title":      {material.Link, "a", nil, material.Card{Title: strings.Repeat("字", 43), URL: "https://a.example"}, "card.title"},
		"a mini program's page":    {material.MiniProgram, "a", picture(t), material.Card{Title: "t", AppID: "wx1"}, "card.page"},
		"a mini program's cover":   {material.MiniProgram, "a", nil, material.Card{Title: "t", AppID: "wx1", Page: "p"}, "content"},
	} {
		_, err := s.Upload(t.Context(), "S01", c.kind, c.file, c.content, c.card)
		var e *errs.Error
		if !errors.As(err, &e) || e.Field != c.field || e.Text.ZH == "" || e.Text.EN == "" {
			t.Errorf("%s: %v, want a fault at %s", name, err, c.field)
		}
	}
}
