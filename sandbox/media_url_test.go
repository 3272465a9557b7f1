package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// offer serves a file that knows ranges, and answers its address.
func (r *rig) offer(content string) string {
	r.t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.ServeContent(w, req, "a.mp4", time.Time{}, strings.NewReader(content))
	}))
	r.t.Cleanup(srv.Close)
	return srv.URL + "/a.mp4"
}

func uploadOf(address, content string) object {
	sum := md5.Sum([]byte(content))
	return object{"scene": 1, "type": "video", "filename": "a.mp4", "url": address, "md5": hex.EncodeToString(sum[:])}
}

// urlUpload uploads by URL and answers the result.
func (r *rig) urlUpload(q object) object {
	r.t.Helper()
	job := r.good("media/upload_by_url", q)["jobid"]
	if got := r.good("media/get_upload_by_url_result", object{"jobid": job}); got["status"] != 1.0 || got["detail"] != nil {
		r.t.Errorf("before its time: %v", got)
	}
	r.advance(time.Minute)
	return r.good("media/get_upload_by_url_result", object{"jobid": job})
}

func TestAFileIsFetchedFromItsAddressForGroupWelcomes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := listenTo(r, nil)
	film := strings.Repeat("film", urlPart/4) + "and the end"
	got := r.urlUpload(uploadOf(r.offer(film), film))
	detail, _ := got["detail"].(map[string]any)
	if got["status"] != 2.0 || detail["errcode"] != 0.0 || detail["media_id"] == "" {
		t.Fatalf("result: %v", got)
	}
	if doc := in.wait(1)[0]; elementText(doc, "Event") != "upload_media_job_finish" || elementText(doc, "JobId") == "" {
		t.Errorf("event: %s", doc)
	}
	id := detail["media_id"].(string)
	r.good("externalcontact/group_welcome_template/add", object{"text": object{"content": "欢迎"}, "video": object{"media_id": id}})
	r.refused(40007, "externalcontact/add_msg_template", object{
		"chat_type": "single", "sender": "S03", "attachments": []object{{"msgtype": "video", "video": object{"media_id": id}}},
	})
	// More than one part must be read in parts.
	if status, body := r.download(id, ""); status != http.StatusOK || !strings.Contains(body, "830002") {
		t.Errorf("the whole at once: %d %.80s", status, body)
	}
	if status, body := r.download(id, "20971520-20971530"); status != http.StatusPartialContent || body != "and the end" {
		t.Errorf("the last part: %d %.80q", status, body)
	}
	r.advance(time.Hour)
	r.refused(40088, "media/get_upload_by_url_result", object{"jobid": elementText(in.documents()[0], "JobId")})
}

func TestUploadsByURLFail(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	whole := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("all")) }))
	t.Cleanup(whole.Close)
	for name, c := range map[string]struct {
		q    object
		code float64
	}{
		"another md5":             {uploadOf(r.offer("a film"), "another"), 301019},
		"a server without ranges": {uploadOf(whole.URL, "all"), 830003},
		"an address beyond":       {uploadOf("http://film.example/a.mp4", "all"), 830003},
	} {
		got := r.urlUpload(c.q)
		if detail, _ := got["detail"].(map[string]any); got["status"] != 3.0 || detail["errcode"] != c.code {
			t.Errorf("%s: got %v, want %v", name, got, c.code)
		}
	}
	bad := uploadOf("file:///etc/hostname", "all")
	r.refused(830001, "media/upload_by_url", bad)
	r.refused(40088, "media/get_upload_by_url_result", object{"jobid": "none"})
	r.refused(40007, "media/get/jssdk", url.Values{"media_id": {r.upload("voice", "a.amr", "#!AMR\nspeech")["media_id"].(string)}})
}
