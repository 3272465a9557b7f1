package broadcast_test

import (
	"bytes"
	"image"
	"image/png"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/broadcast"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/material"
	"zhiyin.dev/zhiyin/internal/message"
)

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 52, 42))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEveryKindOfAttachmentGoesOutAndItsMediaIsRenewed(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	_, err := n.gov.AddSite(t.Context(), governance.Site{CorpID: testCorp, Host: "shop.example", Kind: governance.OwnSite, MadeBy: "S01"})
	n.must(err) // a link to another site would wait for a second person
	keep := func(k material.Kind, name string, content []byte, c material.Card) string {
		m, err := n.materials.Upload(t.Context(), "S01", k, name, content, c)
		n.must(err)
		return strconv.FormatInt(m.ID, 10)
	}
	pic := keep(material.Image, "门店.png", picture(t), material.Card{})
	film := keep(material.Video, "护理.mp4", []byte("\x00\x00\x00\x18ftypmp42 a film"), material.Card{})
	file := keep(material.File, "价目表.pdf", []byte("%PDF-1.7 prices"), material.Card{})
	shop := keep(material.MiniProgram, "商城", picture(t), material.Card{Title: "商城", AppID: "wx1", Page: "pages/a"})
	as := []message.Attachment{
		{Type: "image", Image: &message.Image{MaterialID: pic}},
		{Type: "video", Video: &message.Media{MaterialID: film}},
		{Type: "file", File: &message.Media{MaterialID: file, Name: "别的名字.pdf"}},
		{Type: "link", Link: &message.Link{Title: "预约", URL: "https://shop.example/a"}},
		{Type: "miniprogram", MiniProgram: &message.MiniProgram{Title: "商城", AppID: "wx1", Page: "pages/a", PicMaterialID: shop}},
	}
	send := func(name string) *broadcast.Broadcast {
		w := broadcast.Words{Name: name, Text: "【花间】" + name + "：周末护理课开放预约。", Benefit: "可以预约", Attachments: as}
		b, err := n.sends.Create(t.Context(), "S01", w)
		n.must(err)
		p, err := n.sends.Plan(t.Context(), b.ID, "S01", w, nil)
		n.must(err)
		b, err = n.sends.Submit(t.Context(), b.ID, "S01", nil, p.Reachable)
		n.must(err)
		n.allOpen(b.ID)
		n.confirmAll()
		n.eventually("the results", func() bool { return n.state(b.ID) == broadcast.Done })
		if n.counts(b.ID).Sent == 0 {
			t.Fatalf("%s reached nobody: %+v", name, n.counts(b.ID))
		}
		return b
	}
	b := send("会员日")
	if as[2].File.Name != "价目表.pdf" || !strings.Contains(b.Attachments, "价目表.pdf") {
		t.Errorf("the library's name did not win: %s", b.Attachments)
	}
	uploads := func() int { n.box.mu.Lock(); defer n.box.mu.Unlock(); return n.box.calls["/cgi-bin/media/upload"] }
	once := uploads()
	if once < 4 || once > 4*4 { // members' tasks may ask at the same time
		t.Errorf("%d uploads of 4 files", once)
	}
	for range 3 { // a media id that lives is taken again
		if _, err := n.materials.MediaID(t.Context(), pic); err != nil {
			t.Fatal(err)
		}
	}
	if got := uploads(); got != once {
		t.Errorf("%d uploads more", got-once)
	}
	n.later(tuesday.Add(4 * 24 * time.Hour)) // the ids are dead now
	send("周末")
	if got := uploads(); got < once+4 {
		t.Errorf("%d uploads after the ids had expired, %d before", got, once)
	}
	n.agrees()
}

func TestAnAttachmentThatTheLibraryDoesNotHaveIsRefused(t *testing.T) {
	t.Parallel()
	n := newNode(t, newBox(t, tuesday), dbtest.SQLite(t), "n1")
	m, err := n.materials.Upload(t.Context(), "S01", material.File, "价目表.pdf", []byte("%PDF-1.7"), material.Card{})
	n.must(err)
	for name, a := range map[string]message.Attachment{
		"unknown":        {Type: "video", Video: &message.Media{MaterialID: "42"}},
		"no number":      {Type: "image", Image: &message.Image{MaterialID: "x"}},
		"a wrong kind":   {Type: "image", Image: &message.Image{MaterialID: strconv.FormatInt(m.ID, 10)}},
		"no file at all": {Type: "file", File: &message.Media{}},
	} {
		if _, err := n.sends.Create(t.Context(), "S01", broadcast.Words{Name: "名", Text: "好", Attachments: []message.Attachment{a}}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
