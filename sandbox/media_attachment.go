package sandbox

import (
	"bytes"
	"encoding/binary"
	"image"
	_ "image/jpeg" // pictures are measured
	_ "image/png"  // pictures are measured
	"net/http"
	"strconv"
	"time"
)

// What an attachment was uploaded for.
const (
	forMoments      = 1
	forAlbum        = 2
	forGroupWelcome = 3 // by upload_by_url
)

const (
	attachmentSize   = 10 * megabyte
	momentImageLong  = 10800
	momentImageShort = 1080
	momentVideo30s   = 30 * time.Second
)

// mediaUploadAttachment takes files for Moments and product albums. Their ids
// work nowhere else.
func mediaUploadAttachment(c *call, w http.ResponseWriter) int {
	kind, scene := c.r.URL.Query().Get("media_type"), c.r.URL.Query().Get("attachment_type")
	purpose, err := strconv.Atoi(scene)
	switch {
	case kind != "image" && kind != "video" && kind != "file":
		err = refuse(40004, "media_type %q: must be image, video or file", kind)
	case err != nil || (purpose != forMoments && purpose != forAlbum):
		err = refuse(40058, "attachment_type %q: must be 1 (Moments) or 2 (product album)", scene)
	case kind == "file" || (purpose == forAlbum && kind != "image"):
		err = refuse(41072, "attachment_type %d does not take a %s", purpose, kind)
	}
	if err != nil {
		return c.s.answer(w, c, nil, err)
	}
	f, err := readUpload(w, c.r, "media")
	if err == nil {
		err = f.checkAttachment(kind, purpose)
	}
	if err != nil {
		return c.s.answer(w, c, nil, err)
	}
	c.s.mu.Lock()
	f.kind, f.purpose, f.made = kind, purpose, c.s.now()
	id := c.s.world.media.add(f, c.s.world.seed)
	c.s.mu.Unlock()
	return c.s.answer(w, c, mediaUploadReply{
		reply: done(), Type: kind, MediaID: id, CreatedAt: strconv.FormatInt(f.made.Unix(), 10),
	}, nil)
}

func (f *mediaFile) checkAttachment(kind string, purpose int) error {
	if kind == "video" && !f.looksLike(kind) {
		return refuse(41090, "%q is no MP4", f.name)
	}
	if err := f.check(kind, attachmentSize, 41080); err != nil || purpose != forMoments {
		return err
	}
	if kind == "video" {
		if length, ok := f.filmLength(); ok && length > momentVideo30s {
			return refuse(41082, "the film runs %s, at most 30 s are allowed", length)
		}
		return nil
	}
	// What looks like a picture but cannot be measured passes, as with other uploads.
	size, _, err := image.DecodeConfig(bytes.NewReader(f.data))
	if long, short := max(size.Width, size.Height), min(size.Width, size.Height); err == nil && (long > momentImageLong || short > momentImageShort) {
		return refuse(41081, "the picture has %dx%d pixels, at most %dx%d are allowed", long, short, momentImageLong, momentImageShort)
	}
	return nil
}

// filmLength reads the length from the header of an MP4; false when it has none.
func (f *mediaFile) filmLength() (time.Duration, bool) {
	_, head, ok := bytes.Cut(f.data, []byte("mvhd"))
	if !ok || len(head) < 20 || head[0] != 0 {
		return 0, false
	}
	scale, length := binary.BigEndian.Uint32(head[12:]), binary.BigEndian.Uint32(head[16:])
	if scale == 0 {
		return 0, false
	}
	return time.Duration(float64(length) / float64(scale) * float64(time.Second)), true
}

// checkUpload refuses a media id that is no upload of that kind for that
// purpose.
func (c *call) checkUpload(id, kind string, purpose int) error {
	m := c.w.media
	f := m.files[id]
	switch {
	case !m.has(id, "", c.now) || f.purpose == 0:
		return refuse(40007, "media_id %q is no live upload of media/upload_attachment", id)
	case f.purpose != purpose || f.kind != kind:
		return refuse(41072, "media_id %q was uploaded as %s with attachment_type %d, it is used as %s with %d", id, f.kind, f.purpose, kind, purpose)
	}
	return nil
}

// keep lets a file live on under the id that readers get. It cannot be sent.
func (m *mediaStore) keep(id string, seed uint64) string {
	return m.keepAs(*m.files[id], id, seed)
}

// keepCover keeps the first picture of a film, which is drawn here.
func (m *mediaStore) keepCover(id string, seed uint64) string {
	return m.keepAs(mediaFile{kind: "image", name: "cover.png", data: drawnImage()}, "cover of "+id, seed)
}

func (m *mediaStore) keepAs(f mediaFile, of string, seed uint64) string {
	f.kept = true
	id := "WWCISP_" + letters(48, seed, hashString(of), hashString("kept"))
	m.files[id] = &f
	return id
}
