package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"
)

// form posts a multipart body and answers what came back.
func (r *rig) form(path, field, name, content string) object {
	r.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile(field, name)
	if err != nil {
		r.t.Fatal(err)
	}
	_, _ = part.Write([]byte(content)) // a buffer takes everything
	if err := form.Close(); err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.URL+"/cgi-bin/"+path+"&access_token="+r.token, &body)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out := object{}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		r.t.Fatal(err)
	}
	return out
}

// upload uploads a file and demands success.
func (r *rig) upload(kind, name, content string) object {
	r.t.Helper()
	out := r.form("media/upload?type="+kind, "media", name, content)
	if out["errcode"] != 0.0 {
		r.t.Fatalf("upload of %s: %v", name, out)
	}
	return out
}

// download gets a media, a range of it when asked.
func (r *rig) download(id, bytes string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.URL+"/cgi-bin/media/get?media_id="+id+"&access_token="+r.token, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if bytes != "" {
		req.Header.Set("Range", "bytes="+bytes)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/") {
		r.t.Errorf("Content-Type %q: clients take a text for an error", kind)
	}
	return resp.StatusCode, string(body)
}

func TestMediaComesBackAsItWasSent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	up := r.upload("file", "说明.txt", "some text")
	if up["type"] != "file" || up["created_at"] != "1773108000" {
		t.Errorf("answer: got %v", up)
	}
	id, _ := up["media_id"].(string)
	if status, body := r.download(id, ""); status != 200 || body != "some text" {
		t.Errorf("whole: got %d %q", status, body)
	}
	if status, body := r.download(id, "5-8"); status != http.StatusPartialContent || body != "text" {
		t.Errorf("range: got %d %q", status, body)
	}
	if _, body := r.download("nobody", ""); !strings.Contains(body, "40007") {
		t.Errorf("unknown media: got %q", body)
	}
	r.advance(mediaLife - time.Second)
	r.token = r.tokenOf(r.Ready.Secrets.App)
	if _, body := r.download(id, ""); body != "some text" {
		t.Errorf("a second before 3 days: got %q", body)
	}
	r.advance(time.Second)
	if _, body := r.download(id, ""); !strings.Contains(body, "40007") {
		t.Errorf("after 3 days: got %q", body)
	}
}

func TestUploadsAreJudged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	picture := string(drawnImage())
	for _, c := range []struct {
		code                 float64
		path, field, content string
	}{
		{40005, "media/upload?type=music", "media", "abcdefgh"},
		{41006, "media/upload?type=file", "other", "abcdefgh"},
		{44001, "media/upload?type=file", "media", ""},
		{40006, "media/upload?type=file", "media", "abcde"},
		{40004, "media/upload?type=image", "media", "no picture"},
		{40009, "media/upload?type=image", "media", picture + strings.Repeat("x", 10*megabyte)},
		{45001, "media/upload?type=voice", "media", "#!AMR" + strings.Repeat("x", 2*megabyte)},
		{40011, "media/upload?type=video", "media", "0000ftyp" + strings.Repeat("x", 10*megabyte)},
		{45001, "media/upload?type=file", "media", strings.Repeat("x", 22*megabyte)},
		{40009, "media/uploadimg?x=", "any", picture + strings.Repeat("x", 2*megabyte)},
	} {
		if got := r.form(c.path, c.field, "a.bin", c.content)["errcode"]; got != c.code {
			t.Errorf("%s with part %q and %d bytes: got %v, want %v", c.path, c.field, len(c.content), got, c.code)
		}
	}
	if _, out := r.do("POST", "/cgi-bin/media/upload?type=file&access_token="+r.token, "no form"); out["errcode"] != 41006.0 {
		t.Errorf("a body without a form: got %v", out)
	}
	url, _ := r.form("media/uploadimg?", "any", "a.png", picture)["url"].(string)
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.Header.Get("Content-Type") != "image/png" {
		t.Errorf("picture at %s: got %q", url, resp.Header.Get("Content-Type"))
	}
}
