package wecom_test

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"zhiyin.dev/zhiyin/wecom"
	"zhiyin.dev/zhiyin/wecom/outreach"
)

func TestDownloadTellsFileFromError(t *testing.T) {
	t.Parallel()
	c := newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Content-Disposition", `attachment; filename="poster.png"`)
		_, _ = w.Write([]byte("\x89PNG not really"))
	}), nil)
	m, err := c.DownloadMedia(t.Context(), "MEDIA1")
	if err != nil || m.Name != "poster.png" || m.ContentType != "image/png" || string(m.Content) != "\x89PNG not really" {
		t.Errorf("%+v, %v", m, err)
	}
	c = newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Type", "image/png")
		w.WriteHeader(http.StatusBadGateway)
	}), nil)
	if _, err := c.DownloadMedia(t.Context(), "MEDIA1"); wecom.ClassOf(err) != wecom.ClassRetryable {
		t.Errorf("bad gateway: %v", err)
	}
	c = newClient(t, serve(t, always(`{"errcode":0}`)), nil)
	if _, err := c.DownloadMedia(t.Context(), "MEDIA1"); err == nil {
		t.Error("an answer without a file is no file")
	}
}

func TestJSSignature(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../spec/crypto-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Vectors []struct {
			Name, NonceStr, URL, Signature string
			Ticket                         string `json:"jsapi_ticket"`
			Timestamp                      int64
		} `json:"jssdk_signature_vectors"`
	}
	if err := json.Unmarshal(b, &f); err != nil || len(f.Vectors) != 3 {
		t.Fatalf("%d vectors, %v", len(f.Vectors), err)
	}
	for _, v := range f.Vectors {
		for _, page := range []string{v.URL, v.URL + "#/customer/1"} {
			if got := wecom.JSSignature(v.Ticket, v.NonceStr, v.Timestamp, page); got != v.Signature {
				t.Errorf("%s: %s, want %s", v.Name, got, v.Signature)
			}
		}
	}
}

func TestOutreachRefusesWhatIsEmpty(t *testing.T) {
	t.Parallel()
	s := serve(t, always(`{"errcode":0}`))
	o := outreach.New(newClient(t, s, nil))
	if _, err := o.SendKf(t.Context(), outreach.KfMessage{To: "wm1", Kf: "wk1"}); err == nil {
		t.Error("a message without content was sent")
	}
	if err := o.SendWelcome(t.Context(), outreach.WelcomeRequest{Code: "c", Attachments: []outreach.Attachment{nil}}); err == nil {
		t.Error("a nil attachment was sent")
	}
	if s.calls.Load() != 0 {
		t.Error("WeCom was asked")
	}
}
