package sandbox

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// urlJob is an upload that WeCom fetches by itself.
type urlJob struct {
	id     string
	by     caller
	made   time.Time
	status int // as urlRunning
	err    error
	media  string
	stored time.Time
}

const (
	urlRunning = 1
	urlDone    = 2
	urlFailed  = 3

	urlJobLife  = 60 * time.Minute // its result can be asked for
	urlPart     = 20 * megabyte    // fetched, and given, at once
	urlMost     = 200 * megabyte
	urlPatience = 30 * time.Second // of the wall, for one part
)

func mediaURLFamily() family {
	return family{
		routes: []route{
			post("/cgi-bin/media/upload_by_url", byExternal, uploadByURL),
			post("/cgi-bin/media/get_upload_by_url_result", byExternal, uploadByURLResult),
			{path: "/cgi-bin/media/get/jssdk", who: byAnyone, raw: mediaVoice},
		},
		acts:  []act{doing("staff_records_voice", staffRecordsVoice)},
		build: func(s *Sandbox) { s.world.urlJobs = map[string]*urlJob{} },
	}
}

type uploadURLQuery struct {
	Scene    int    `json:"scene"`
	Type     string `json:"type"`
	Filename string `json:"filename"`
	URL      string `json:"url"`
	MD5      string `json:"md5"`
}

var md5Form = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// uploadByURL takes material for group welcomes; it fits nowhere else.
func uploadByURL(c *call, q *uploadURLQuery) (any, error) {
	u, err := url.Parse(q.URL)
	switch {
	case q.Scene != 1:
		return nil, refuse(40058, "scene %d: must be 1, material for group welcomes", q.Scene)
	case q.Type != "video" && q.Type != "file":
		return nil, refuse(40058, "type %q: must be video or file", q.Type)
	case q.Filename == "" || len(q.Filename) > 128:
		return nil, refuse(40058, "filename has %d bytes: must be between 1 and 128", len(q.Filename))
	case !md5Form.MatchString(q.MD5):
		return nil, refuse(40058, "md5 must be 32 hex digits")
	case q.URL == "" || len(q.URL) > 1024:
		return nil, refuse(40058, "url has %d bytes: must be between 1 and 1024", len(q.URL))
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, refuse(830001, "url %q is no address of http or https", q.URL)
	}
	s, world := c.s, c.w
	j := &urlJob{by: c.caller, made: c.now, status: urlRunning}
	j.id = letters(43, world.seed, uint64(len(world.urlJobs)), hashString("upload by url"))
	world.urlJobs[j.id] = j
	s.after(s.jobTime(), func() {
		// The world stands still while the file is on its way.
		s.hold()
		s.fetches.Go(func() {
			data, err := s.fetch(q.URL)
			s.mu.Lock()
			defer s.mu.Unlock()
			defer s.release()
			if s.world == world {
				s.endURLJob(j, q, data, err)
			}
		})
	})
	return jobIDReply{reply: done(), JobID: j.id}, nil
}

// endURLJob keeps what was fetched and tells who asked for it.
func (s *Sandbox) endURLJob(j *urlJob, q *uploadURLQuery, data []byte, err error) {
	sum := md5.Sum(data)
	f := mediaFile{kind: q.Type, name: q.Filename, data: data, made: s.now(), purpose: forGroupWelcome}
	switch {
	case err != nil:
	case len(data) > urlMost:
		err = refuse(45001, "the file has more than %d bytes", urlMost)
	case !strings.EqualFold(hex.EncodeToString(sum[:]), q.MD5):
		err = refuse(301019, "the file has the md5 %x", sum)
	}
	j.status, j.stored = urlDone, f.made
	if j.err = err; err != nil {
		j.status = urlFailed
	} else {
		j.media = s.world.media.add(f, s.world.seed)
	}
	s.journal(entry{Kind: "upload_by_url", ID: j.id, Detail: strconv.Itoa(j.status)})
	s.send(s.newEvent(areaOf(j.by), "upload_media_job_finish", "job/"+j.id, "upload_media_job_finish", "").text("JobId", j.id))
}

// fetch reads a file in parts, as WeCom does: the server must know ranges. It
// goes where callbacks may go, so that a test reaches nobody by accident.
func (s *Sandbox) fetch(target string) ([]byte, error) {
	if err := s.opts.checkCallback(target); err != nil {
		return nil, refuse(830003, "%v", err)
	}
	var all bytes.Buffer
	for {
		size, err := s.fetchPart(target, &all)
		if err != nil {
			return nil, refuse(830003, "%v", err)
		}
		if all.Len() >= size || all.Len() > urlMost {
			return all.Bytes(), nil
		}
	}
}

// fetchPart appends the next part and answers the size of the whole.
func (s *Sandbox) fetchPart(target string, all *bytes.Buffer) (int, error) {
	ctx, cancel := context.WithTimeout(s.sender.ctx, urlPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, err
	}
	from := all.Len()
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, from+urlPart-1))
	resp, err := s.sender.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusPartialContent {
		return 0, fmt.Errorf("status %d to a request for a range, want 206", resp.StatusCode)
	}
	var first, last, size int
	if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size); err != nil || first != from {
		return 0, fmt.Errorf("Content-Range %q does not answer the request", resp.Header.Get("Content-Range"))
	}
	n, err := io.Copy(all, io.LimitReader(resp.Body, urlPart))
	if err == nil && n == 0 {
		err = io.ErrUnexpectedEOF
	}
	return size, err
}

type urlDetail struct {
	ErrCode   int    `json:"errcode"`
	ErrMsg    string `json:"errmsg"`
	MediaID   string `json:"media_id"`
	CreatedAt string `json:"created_at"`
}

type urlResultReply struct {
	reply
	Status int        `json:"status"`
	Detail *urlDetail `json:"detail,omitempty"` // once it ended
}

func uploadByURLResult(c *call, q *jobQuery) (any, error) {
	j := c.w.urlJobs[q.JobID]
	if j == nil || j.by != c.caller || !c.now.Before(j.made.Add(urlJobLife)) {
		return nil, refuse(40088, "this secret asked for no upload %q in the last hour", q.JobID)
	}
	out := urlResultReply{reply: done(), Status: j.status}
	switch no, _ := j.err.(*refusal); { //nolint:errorlint // made by refuse, never wrapped
	case j.status == urlDone:
		out.Detail = &urlDetail{ErrMsg: "ok", MediaID: j.media, CreatedAt: strconv.FormatInt(j.stored.Unix(), 10)}
	case no != nil:
		out.Detail = &urlDetail{ErrCode: no.code, ErrMsg: errmsg(no.code, hash(c.w.seed, hashString(j.id)), callerIP(c.r))}
	}
	return out, nil
}

type recordVoiceQuery struct {
	Staff string `json:"staff"`
}

// staffRecordsVoice is a member recording in a page of the app, whose script
// uploads it: media/get has it as AMR, media/get/jssdk in better quality.
func staffRecordsVoice(s *Sandbox, q *recordVoiceQuery) (any, error) {
	w := s.world
	staff, err := w.namedOrFirst(q.Staff)
	if err != nil {
		return nil, err
	}
	id := w.media.add(mediaFile{
		kind: "voice", name: "voice.amr", data: []byte("#!AMR\na member speaks"), made: s.now(),
		speech: []byte("Speex   a member speaks, 16 kHz"),
	}, w.seed)
	s.journal(entry{Kind: "staff_records_voice", Staff: w.staff[staff].id, ID: id})
	return map[string]any{"staff": w.staff[staff].id, "media_id": id}, nil
}

// mediaVoice answers what was recorded in a page, as Speex.
func mediaVoice(c *call, w http.ResponseWriter) int {
	id := c.r.URL.Query().Get("media_id")
	c.s.mu.Lock()
	f := c.s.world.media.files[id]
	live := c.s.world.media.live(f, c.s.now())
	c.s.mu.Unlock()
	if !live || f.speech == nil {
		return c.s.answer(w, c, nil, refuse(40007, "media_id %q is no recording of a page, or older than 3 days", id))
	}
	(&mediaFile{name: "voice.speex", data: f.speech}).serve(w, c.r)
	return 0
}
