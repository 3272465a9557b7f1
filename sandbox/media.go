package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	qrcode "github.com/skip2/go-qrcode"
)

const mediaLife = 3 * 24 * time.Hour

// mediaStore keeps what was uploaded or sent: temporary media for 3 days of the
// world, pictures for articles for good.
type mediaStore struct {
	files   map[string]*mediaFile
	order   []string // by age, to forget the expired
	count   map[uint64]uint64
	images  map[string]*mediaFile // by name in the URL
	day     time.Time
	inDay   int
	inMonth int
}

type mediaFile struct {
	kind    string // image, voice, video, file
	name    string
	data    []byte
	made    time.Time
	purpose int    // of upload_attachment; 0 = media/upload
	kept    bool   // shown by a read call: lives on, but cannot be sent
	speech  []byte // of a recording in a page: the same as Speex
}

func newMediaStore() *mediaStore {
	return &mediaStore{files: map[string]*mediaFile{}, count: map[uint64]uint64{}, images: map[string]*mediaFile{}}
}

// add keeps a file and answers its media_id, which depends on the content, not
// on the order of uploads.
func (m *mediaStore) add(f mediaFile, seed uint64) string {
	for len(m.order) > 0 && !m.live(m.files[m.order[0]], f.made) {
		delete(m.files, m.order[0])
		m.order = m.order[1:]
	}
	content := hash(hashString(f.kind), hashString(f.name), hashString(string(f.data)), uint64(f.purpose))
	m.count[content]++
	id := "3" + letters(63, seed, content, m.count[content], hashString("media"))
	m.files[id] = &f
	m.order = append(m.order, id)
	return id
}

func (m *mediaStore) live(f *mediaFile, now time.Time) bool {
	return f != nil && (f.kept || now.Before(f.made.Add(mediaLife)))
}

// has reports whether id is live temporary media of a kind; an empty kind means
// any.
func (m *mediaStore) has(id, kind string, now time.Time) bool {
	f := m.files[id]
	return m.live(f, now) && !f.kept && (kind == "" || f.kind == kind)
}

// knowsMedia reports whether a media id can be sent now: what was uploaded as
// an attachment of Moments or products cannot.
func (s *Sandbox) knowsMedia(id string) bool { return s.knowsMediaFor(id, 0) }

// knowsMediaFor is knowsMedia where uploads for that purpose fit as well.
func (s *Sandbox) knowsMediaFor(id string, purpose int) bool {
	m := s.world.media
	return m.has(id, "", s.now()) && (m.files[id].purpose == 0 || m.files[id].purpose == purpose)
}

func mediaFamily() family {
	return family{
		routes: []route{
			{path: "/cgi-bin/media/upload", who: byAnyone, raw: mediaUpload},
			{path: "/cgi-bin/media/uploadimg", who: byAnyone, raw: mediaUploadImage},
			{path: "/cgi-bin/media/upload_attachment", who: byExternal, raw: mediaUploadAttachment},
			{path: "/cgi-bin/media/get", who: byAnyone, raw: mediaGet},
		},
		pages: map[string]func(*Sandbox, http.ResponseWriter, *http.Request){"GET /wwpic/{name}": serveUploadedImage},
		build: func(s *Sandbox) { s.world.media = newMediaStore() },
	}
}

const (
	megabyte      = 1 << 20
	leastUpload   = 6 // bytes
	mostUpload    = 21 * megabyte
	uploadImgSize = 2 * megabyte
)

// mediaKinds are the limits of upload, and the codes of what is too big.
var mediaKinds = map[string]struct{ size, code int }{
	"image": {10 * megabyte, 40009}, "voice": {2 * megabyte, 45001},
	"video": {10 * megabyte, 40011}, "file": {20 * megabyte, 45001},
}

type mediaUploadReply struct {
	reply
	Type      string `json:"type"`
	MediaID   string `json:"media_id"`
	CreatedAt string `json:"created_at"`
}

func mediaUpload(c *call, w http.ResponseWriter) int {
	kind := c.r.URL.Query().Get("type")
	limit, ok := mediaKinds[kind]
	if !ok {
		return c.s.answer(w, c, nil, refuse(40005, "type %q: must be image, voice, video or file", kind))
	}
	f, err := readUpload(w, c.r, "media")
	if err == nil {
		err = f.check(kind, limit.size, limit.code)
	}
	if err != nil {
		return c.s.answer(w, c, nil, err)
	}
	c.s.mu.Lock()
	f.kind, f.made = kind, c.s.now()
	id := c.s.world.media.add(f, c.s.world.seed)
	c.s.mu.Unlock()
	return c.s.answer(w, c, mediaUploadReply{
		reply: done(), Type: kind, MediaID: id, CreatedAt: strconv.FormatInt(f.made.Unix(), 10),
	}, nil)
}

// readUpload reads the part of that name, or the first file when name is empty.
func readUpload(w http.ResponseWriter, r *http.Request, name string) (mediaFile, error) {
	if r.Method != http.MethodPost {
		return mediaFile{}, refuse(40058, "an upload is a POST with multipart/form-data, it was called with %s", r.Method)
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		return mediaFile{}, refuse(41006, "the body is no multipart/form-data: %v", err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return mediaFile{}, refuse(41006, "the body has no file part named %q", "media")
		}
		if err != nil {
			return mediaFile{}, uploadError(err)
		}
		if part.FileName() == "" || name != "" && part.FormName() != name {
			continue
		}
		return readPart(part)
	}
}

func readPart(part *multipart.Part) (mediaFile, error) {
	data, err := io.ReadAll(part)
	if err != nil {
		return mediaFile{}, uploadError(err)
	}
	return mediaFile{name: part.FileName(), data: data}, nil
}

func uploadError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(45001, "the upload has more than %d bytes", mostUpload)
	}
	return refuse(40058, "the upload could not be read: %v", err)
}

// check refuses files of the wrong size or format.
func (f *mediaFile) check(kind string, size, code int) error {
	switch {
	case len(f.data) == 0:
		return refuse(44001, "the file is empty")
	case len(f.data) < leastUpload:
		return refuse(40006, "the file has %d bytes, it must have more than 5", len(f.data))
	case len(f.data) > size:
		return refuse(code, "the %s has %d bytes, at most %d are allowed", kind, len(f.data), size)
	case !f.looksLike(kind):
		return refuse(40004, "%q is no %s: pictures are JPG or PNG, voice is AMR, video is MP4", f.name, kind)
	}
	return nil
}

// looksLike judges pictures by content, sound and film by content or name.
func (f *mediaFile) looksLike(kind string) bool {
	ext := strings.ToLower(path.Ext(f.name))
	switch kind {
	case "image":
		return bytes.HasPrefix(f.data, []byte("\x89PNG\r\n\x1a\n")) || bytes.HasPrefix(f.data, []byte("\xff\xd8\xff"))
	case "voice":
		return bytes.HasPrefix(f.data, []byte("#!AMR")) || ext == ".amr"
	case "video":
		return len(f.data) > 8 && string(f.data[4:8]) == "ftyp" || ext == ".mp4"
	}
	return true
}

type mediaUploadImgReply struct {
	reply
	URL string `json:"url"`
}

func mediaUploadImage(c *call, w http.ResponseWriter) int {
	f, err := readUpload(w, c.r, "")
	if err == nil {
		err = f.check("image", uploadImgSize, 40009)
	}
	if err != nil {
		return c.s.answer(w, c, nil, err)
	}
	c.s.mu.Lock()
	name, err := c.s.world.media.addImage(f, c.s.world.seed, c.s.now())
	c.s.mu.Unlock()
	if err != nil {
		return c.s.answer(w, c, nil, err)
	}
	return c.s.answer(w, c, mediaUploadImgReply{reply: done(), URL: c.base + "/wwpic/" + name}, nil)
}

const (
	imagesADay   = 1000
	imagesAMonth = 3000
)

func (m *mediaStore) addImage(f mediaFile, seed uint64, now time.Time) (string, error) {
	if day := today(now); !day.Equal(m.day) {
		if day.Month() != m.day.Month() || day.Year() != m.day.Year() {
			m.inMonth = 0
		}
		m.day, m.inDay = day, 0
	}
	if m.inDay >= imagesADay || m.inMonth >= imagesAMonth {
		return "", refuse(45009, "%d pictures today and %d this month, %d and %d are allowed", m.inDay, m.inMonth, imagesADay, imagesAMonth)
	}
	m.inDay++
	m.inMonth++
	name := fmt.Sprintf("%d_%s", len(f.data), letters(20, seed, hashString(string(f.data)), hashString("picture")))
	m.images[name] = &f
	return name, nil
}

// mediaGet answers the bytes, in ranges when asked. Text is sent as a stream of
// bytes: clients take a textual type for an error.
func mediaGet(c *call, w http.ResponseWriter) int {
	id := c.r.URL.Query().Get("media_id")
	if id == "" {
		return c.s.answer(w, c, nil, refuse(40007, "the query has no media_id"))
	}
	c.s.mu.Lock()
	f := c.s.world.media.files[id]
	live := c.s.world.media.live(f, c.s.now())
	c.s.mu.Unlock()
	if !live {
		return c.s.answer(w, c, nil, refuse(40007, "media_id %q is unknown or older than 3 days", id))
	}
	if f.purpose == forGroupWelcome && len(f.data) > urlPart && !smallRange(c.r.Header.Get("Range")) {
		return c.s.answer(w, c, nil, refuse(830002, "the file has %d bytes: ask for ranges of at most %d", len(f.data), urlPart))
	}
	f.serve(w, c.r)
	return 0
}

// smallRange is true for one closed range that fits into a part.
func smallRange(header string) bool {
	var first, last int
	n, err := fmt.Sscanf(header, "bytes=%d-%d", &first, &last)
	return err == nil && n == 2 && last-first < urlPart
}

func (f *mediaFile) serve(w http.ResponseWriter, r *http.Request) {
	kind := http.DetectContentType(f.data)
	if strings.HasPrefix(kind, "text/") {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}

func serveUploadedImage(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.world.media.images[r.PathValue("name")]
	s.mu.Unlock()
	if f == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", http.DetectContentType(f.data))
	_, _ = w.Write(f.data) // a reader that went away is not our error
}

// drawnImage is the picture that customers of this world send.
var drawnImage = sync.OnceValue(func() []byte {
	png, err := qrcode.Encode("a picture of a customer", qrcode.Low, 64)
	if err != nil {
		panic("sandbox: draw a picture: " + err.Error())
	}
	return png
})
