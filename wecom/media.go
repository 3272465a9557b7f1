package wecom

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"zhiyin.dev/zhiyin/wecom/internal/wire"
)

// MediaType is a kind of temporary media.
type MediaType string

// The kinds of media and their limits.
const (
	MediaImage MediaType = "image" // 10 MB, JPG or PNG
	MediaVoice MediaType = "voice" // 2 MB, 60 s, AMR
	MediaVideo MediaType = "video" // 10 MB, MP4
	MediaFile  MediaType = "file"  // 20 MB
)

// maxMedia bounds one download; WeCom serves at most 20 MB in one piece.
const maxMedia = 32 << 20

// Uploaded names temporary media, which lives 3 days and serves all apps of
// the corp.
type Uploaded struct {
	MediaID   string `json:"media_id"`
	CreatedAt int64  `json:"created_at"` // unix seconds; WeCom writes it as a string
}

// UploadMedia stores a file of more than 5 bytes for 3 days. name is what
// receivers of a file see.
// https://developer.work.weixin.qq.com/document/path/90253
func (c *Client) UploadMedia(ctx context.Context, kind MediaType, name string, content []byte) (Uploaded, error) {
	var r struct {
		head
		Uploaded
	}
	mimeType := http.DetectContentType(content)
	call := wire.Call{
		Op: "media/upload", Area: string(AreaApp), Family: familyMedia, Query: url.Values{"type": {string(kind)}},
		File: &wire.File{Name: name, Type: mimeType, Content: content},
	}
	err := c.Do(ctx, call, nil, &r)
	return r.Uploaded, err
}

// AttachmentUse says what an attachment is uploaded for. Its file can be used
// for nothing else.
type AttachmentUse int

// The uses.
const (
	ForMoments AttachmentUse = 1 // images and videos: 10800 x 1080 px, 30 s
	ForAlbum   AttachmentUse = 2 // images
)

// UploadAttachment stores a file for Moments or product albums for 3 days,
// which files of UploadMedia cannot be used for.
// https://developer.work.weixin.qq.com/document/path/95098
func (c *Client) UploadAttachment(ctx context.Context, use AttachmentUse, kind MediaType, name string, content []byte) (Uploaded, error) {
	var r struct {
		head
		Uploaded
	}
	call := wire.Call{
		Op: "media/upload_attachment", Area: string(AreaExternal), Family: familyMedia,
		Query: url.Values{"media_type": {string(kind)}, "attachment_type": {strconv.Itoa(int(use))}},
		File:  &wire.File{Name: name, Type: http.DetectContentType(content), Content: content},
	}
	err := c.Do(ctx, call, nil, &r)
	return r.Uploaded, err
}

// Media is a downloaded file.
type Media struct {
	head
	Name        string
	ContentType string
	Content     []byte
}

// DownloadMedia reads temporary media by its id, for 3 days.
// https://developer.work.weixin.qq.com/document/path/90254
func (c *Client) DownloadMedia(ctx context.Context, mediaID string) (*Media, error) {
	m := new(Media)
	call := wire.Call{Op: "media/get", Area: string(AreaApp), Family: familyMedia, Query: url.Values{"media_id": {mediaID}}}
	if err := c.Do(ctx, call, nil, m); err != nil {
		return nil, err
	}
	if m.Content == nil {
		return nil, fmt.Errorf("wecom: media/get: the answer holds no file")
	}
	return m, nil
}

func (c *Client) readMedia(ctx context.Context, op string, resp *http.Response, m *Media) error {
	if resp.StatusCode != http.StatusOK {
		return &HTTPError{Op: op, Status: resp.StatusCode}
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxMedia+1))
	if err != nil {
		return c.unreachable(ctx, op, err)
	}
	if len(b) > maxMedia {
		return fmt.Errorf("wecom: %s: the file is larger than %d bytes", op, maxMedia)
	}
	m.Content = b
	m.ContentType = resp.Header.Get("Content-Type")
	if _, p, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		m.Name = p["filename"]
	}
	return nil
}
