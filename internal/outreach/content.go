package outreach

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/message"
	wire "zhiyin.dev/zhiyin/wecom/outreach"
)

// Attachment is one thing that goes with a message.
type Attachment = message.Attachment

// wired turns attachments into what WeCom takes. Files of the library get a media id that still lives, right before the call.
func (s *Service) wired(ctx context.Context, as []Attachment) ([]wire.Attachment, error) {
	out := make([]wire.Attachment, 0, len(as))
	for _, a := range as {
		media := func(id string) (string, error) { return s.media(ctx, id) }
		var w wire.Attachment
		var id string
		var err error
		switch {
		case a.Link != nil:
			w = wire.Link{Title: a.Link.Title, URL: a.Link.URL, Desc: a.Link.Desc, PicURL: a.Link.PicURL}
		case a.Image != nil && a.Image.MaterialID != "":
			id, err = media(a.Image.MaterialID)
			w = wire.Image{MediaID: id}
		case a.Image != nil:
			w = wire.Image{MediaID: a.Image.MediaID, PicURL: a.Image.PicURL}
		case a.Video != nil:
			id, err = media(a.Video.MaterialID)
			w = wire.Video{MediaID: id}
		case a.File != nil:
			id, err = media(a.File.MaterialID)
			w = wire.File{MediaID: id}
		case a.MiniProgram != nil:
			m := a.MiniProgram
			if id = m.PicMediaID; m.PicMaterialID != "" {
				id, err = media(m.PicMaterialID)
			}
			w = wire.MiniProgram{Title: m.Title, PicMediaID: id, AppID: m.AppID, Page: m.Page}
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

func (s *Service) media(ctx context.Context, materialID string) (string, error) {
	if s.Media == nil {
		return "", bus.Permanent(fmt.Errorf("material %s: there is no library", materialID))
	}
	id, err := s.Media(ctx, materialID)
	if errs.KindOf(err) == errs.NotFound {
		return "", bus.Permanent(err)
	}
	return id, err
}
