package material

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/blob"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/message"
	"zhiyin.dev/zhiyin/wecom"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	World  clock.World
	Zone   *time.Location
	WeCom  *wecom.Client // uploads; sends nothing
	Blobs  *blob.Store
	CorpID string
}

// Service is the use cases of the library.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Upload keeps a picture, a film, a file, or a mini program with its cover. What is on the shelf already is answered, not kept twice.
func (s *Service) Upload(ctx context.Context, by string, k Kind, name string, content []byte, card Card) (*Material, error) {
	name, err := cleanName(name)
	if err != nil {
		return nil, err
	}
	switch k {
	case Image, Video, File:
		card = Card{}
	case MiniProgram:
		if err := card.check(k); err != nil {
			return nil, err
		}
	case Link:
		if len(content) > 0 {
			return nil, errs.Bad("content", "material.link_content", errs.T("链接卡片没有文件；封面写图片网址。", "A link has no file; its cover is the address of a picture."))
		}
		if err := card.check(k); err != nil {
			return nil, err
		}
	default:
		return nil, errs.Bad("kind", "material.kind", errs.T("素材是图片、视频、文件、链接或小程序之一。", "A material is an image, a video, a file, a link or a mini program."))
	}
	m := &Material{CorpID: s.CorpID, Kind: k, Name: name, Size: int64(len(content)), CreatedBy: by, CreatedAt: s.World.Now()}
	if k != Link {
		shape, err := measure(k, name, content)
		if err != nil {
			return nil, err
		}
		m.Type, m.Width, m.Height = shape.Type, shape.Width, shape.Height
		if m.Hash, err = s.Blobs.Put(ctx, content); err != nil {
			return nil, err
		}
	}
	raw, err := json.Marshal(card)
	if err != nil {
		return nil, fmt.Errorf("write a card: %w", err)
	}
	m.Card = string(raw)
	return m, s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "material/"+s.CorpID); err != nil {
			return err
		}
		if k == Image || k == Video || k == File {
			found, err := same(ctx, tx, m)
			if err != nil {
				return err
			}
			if found != nil {
				*m = *found
				return nil
			}
		}
		m.ID = tx.NewID()
		if _, err := tx.NewInsert().Model(m).Exec(ctx); err != nil {
			return fmt.Errorf("keep a material: %w", err)
		}
		return nil
	})
}

// Remove takes a material off the shelf. Messages that carry it already still do.
func (s *Service) Remove(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := get(ctx, tx, s.CorpID, id)
		if err != nil {
			return err
		}
		if m.RemovedAt != 0 {
			return nil
		}
		m.RemovedAt = max(s.World.Now(), 1)
		if _, err := tx.NewUpdate().Model(m).Column("removed_at").WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("take material %d off the shelf: %w", id, err)
		}
		return nil
	})
}

// Fill writes into attachments what the library knows of their files, and refuses those it does not have: the name a customer sees
// is the library's, not what a caller says.
func (s *Service) Fill(ctx context.Context, as []message.Attachment) error {
	for i, a := range as {
		for _, id := range a.Materials() {
			n, err := strconv.ParseInt(id, 10, 64)
			var m *Material
			if err == nil {
				m, err = get(ctx, s.DB.Read(), s.CorpID, n)
			}
			if errs.KindOf(err) == errs.NotFound || n == 0 {
				return errs.Bad(fmt.Sprintf("attachments[%d].%s", i, a.Type), "material.gone", errs.T("素材库里没有这个素材，请重新选一个。",
					"The library does not have this material; choose another."))
			}
			if err != nil {
				return err
			}
			if !m.fits(&a) {
				return errs.Bad(fmt.Sprintf("attachments[%d].%s", i, a.Type), "material.wrong_kind", errs.Tf("「%s」不是这一类素材，请重新选一个。",
					"“%s” is a material of another kind; choose another.", m.Name))
			}
		}
	}
	return nil
}

// fits fills a's file in, when m is of the kind that a carries.
func (m *Material) fits(a *message.Attachment) bool {
	switch {
	case a.Image != nil:
		a.Image.Name, a.Image.MediaID, a.Image.PicURL = m.Name, "", ""
		return m.Kind == Image
	case a.Video != nil:
		a.Video.Name, a.Video.Size = m.Name, int(m.Size)
		return m.Kind == Video
	case a.File != nil:
		a.File.Name, a.File.Size = m.Name, int(m.Size)
		return m.Kind == File
	case a.MiniProgram != nil:
		a.MiniProgram.PicMediaID = ""
		return m.Kind == MiniProgram || m.Kind == Image
	}
	return false
}

// Content reads the file of a material.
func (s *Service) Content(ctx context.Context, id int64) (*Material, []byte, error) {
	m, err := get(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return nil, nil, err
	}
	if m.Hash == "" {
		return nil, nil, errs.Missing("文件", "file")
	}
	content, err := s.Blobs.Get(ctx, m.Hash)
	return m, content, err
}

// MediaID answers a media id of WeCom that lives for at least another day, uploading the file when there is none. Two nodes may upload
// it at once: both ids are good, and one of them is kept. NotFound when the library or the store of files lost it.
func (s *Service) MediaID(ctx context.Context, materialID string) (string, error) {
	id, err := strconv.ParseInt(materialID, 10, 64)
	if err != nil {
		return "", errs.Missing("素材", "material")
	}
	m, err := get(ctx, s.DB.Read(), s.CorpID, id)
	if err != nil {
		return "", err
	}
	if m.MediaID != "" && s.World.Now().Add(mediaLeft) < m.MediaUntil {
		return m.MediaID, nil
	}
	content, err := s.Blobs.Get(ctx, m.Hash)
	if err != nil {
		return "", err
	}
	kind, name := wecom.MediaImage, m.Name
	switch m.Kind {
	case Video:
		kind = wecom.MediaVideo
	case File:
		kind = wecom.MediaFile
	case Image, MiniProgram, Link:
		name = "image." + m.Type[len("image/"):] // the uploaded name need not be a picture's
	}
	up, err := s.WeCom.UploadMedia(ctx, kind, name, content)
	if err != nil {
		return "", calls.Failed(err, "upload material "+materialID)
	}
	m.MediaID, m.MediaUntil = up.MediaID, clock.Unix(up.CreatedAt).Add(mediaFor)
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model(m).Column("media_id", "media_until").WherePK().Exec(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("note the media id of material %d: %w", id, err)
	}
	return m.MediaID, nil
}
