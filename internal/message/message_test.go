package message_test

import (
	"errors"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/message"
)

func TestCheckNamesTheFieldThatWeComWouldRefuse(t *testing.T) {
	t.Parallel()
	link := func(title, url, desc, pic string) message.Attachment {
		return message.Attachment{Type: "link", Link: &message.Link{Title: title, URL: url, Desc: desc, PicURL: pic}}
	}
	mini := func(title, app, page, pic string) message.Attachment {
		return message.Attachment{Type: "miniprogram", MiniProgram: &message.MiniProgram{Title: title, AppID: app, Page: page, PicMediaID: pic}}
	}
	image := func(media, url string) message.Attachment {
		return message.Attachment{Type: "image", Image: &message.Image{MediaID: media, PicURL: url}}
	}
	const page = "https://shop.example/a"
	for name, c := range map[string]struct {
		give message.Attachment
		want string // the field after attachments[1]., empty when it may go out
	}{
		"a link":                           {link("周年", page, "", ""), ""},
		"a link without a title":           {link(" ", page, "", ""), "link.title"},
		"a title of more than 128 bytes":   {link(strings.Repeat("字", 43), page, "", ""), "link.title"},
		"a link without an address":        {link("周年", "", "", ""), "link.url"},
		"an address without its scheme":    {link("周年", "shop.example/a", "", ""), "link.url"},
		"an address that opens no page":    {link("周年", "javascript:alert(1)", "", ""), "link.url"},
		"a description of over 512 bytes":  {link("周年", page, strings.Repeat("a", 513), ""), "link.desc"},
		"a cover that is no address":       {link("周年", page, "", "cover.png"), "link.pic_url"},
		"a picture by media id":            {image("m1", ""), ""},
		"a picture by address":             {image("", page), ""},
		"a picture of nothing":             {image("", ""), "image.pic_url"},
		"a mini program":                   {mini("商城", "wx1", "pages/a", "m1"), ""},
		"a mini program without its cover": {mini("商城", "wx1", "pages/a", ""), "miniprogram.pic_media_id"},
		"a mini program's long title":      {mini(strings.Repeat("a", 65), "wx1", "pages/a", "m1"), "miniprogram.title"},
		"nothing":                          {message.Attachment{Type: "link"}, "type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := message.Check([]message.Attachment{image("m1", ""), c.give})
			var e *errs.Error
			switch {
			case c.want == "" && err != nil:
				t.Fatalf("refused: %v", err)
			case c.want != "" && (!errors.As(err, &e) || e.Field != "attachments[1]."+c.want):
				t.Fatalf("got %v, want a fault at %s", err, c.want)
			}
		})
	}
}
