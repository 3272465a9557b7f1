package joinway

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/skip2/go-qrcode"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

const (
	pictureKind  = "joinway.picture"
	pictureTries = 4
	maxPicture   = 512 << 10 // bytes
	drawnSize    = 480       // pixels: twice the 240 it is shown at
)

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) { b.Perform(pictureKind, s.fetchPicture) }

type picturePayload struct{ ID int64 }

// askPicture asks for WeCom's picture of the code: our page shows it from here and sends nobody elsewhere.
func (s *Service) askPicture(ctx context.Context, tx *db.Tx, id int64) error {
	if s.Fetch == nil {
		return nil
	}
	key := fmt.Sprint("joinway.picture/", id)
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: pictureKind, Key: key, OrderKey: key, Payload: picturePayload{id},
	})
	return err
}

func (s *Service) fetchPicture(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p picturePayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	way, err := s.Get(ctx, p.ID)
	if errs.KindOf(err) == errs.NotFound {
		return nil, nil // ended meanwhile
	}
	if err != nil {
		return nil, err
	}
	body, mime, err := s.Fetch(ctx, way.QRCode)
	if err != nil && w.Attempts >= pictureTries {
		return nil, nil // ours is drawn instead: no reason for a dead letter
	}
	if err != nil {
		return nil, fmt.Errorf("read the picture of group code %d: %w", p.ID, err)
	}
	if !strings.HasPrefix(mime, "image/") || strings.Contains(mime, "svg") || len(body) > maxPicture {
		return nil, nil // not a picture a phone can read: ours is drawn instead
	}
	return func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*wayRow)(nil)).Set("picture = ?", base64.StdEncoding.EncodeToString(body)).Set("picture_type = ?", mime).
			Where("corp_id = ? AND id = ?", s.CorpID, p.ID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("store the picture of group code %d: %w", p.ID, err)
		}
		return nil
	}, nil
}

// Picture answers the code as a picture: WeCom's own, or, as long as it was not read, one drawn from its address.
func (s *Service) Picture(ctx context.Context, id int64) (body []byte, mime string, err error) {
	var row wayRow
	err = s.DB.Read().NewSelect().Model(&row).Column("picture", "picture_type", "qr_code").Where("corp_id = ? AND id = ?", s.CorpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, "", errs.Missing("群活码", "group code")
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the picture of group code %d: %w", id, err)
	}
	if row.Picture != "" {
		if body, err = base64.StdEncoding.DecodeString(row.Picture); err != nil {
			return nil, "", fmt.Errorf("decode the picture of group code %d: %w", id, err)
		}
		return body, row.PictureType, nil
	}
	body, err = qrcode.Encode(row.QRCode, qrcode.Medium, drawnSize)
	if err != nil {
		return nil, "", fmt.Errorf("draw group code %d: %w", id, err)
	}
	return body, "image/png", nil
}
