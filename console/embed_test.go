package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		".keep":                  {},
		"index.html":             {Data: []byte(`<!doctype html><base href="/" /><div id="root"></div>`)},
		"favicon.svg":            {Data: []byte(`<svg/>`)},
		"assets/index-Cx1.js":    {Data: []byte(`export{}`)},
		"assets/index-Cx1.css":   {Data: []byte(`a{}`)},
		"assets/deep/chunk-2.js": {Data: []byte(`export{}`)},
	}
}

func TestHandlerServesTheBuild(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method, path string
		status             int
		kind, cache, body  string
	}{
		{"the first page", "GET", "/", 200, "text/html; charset=utf-8", "no-cache", `<base href="/" />`},
		{"a page of the router", "GET", "/customers/wm1?tab=x", 200, "text/html; charset=utf-8", "no-cache", `<base href="/" />`},
		{"index by its name does not redirect", "GET", "/index.html", 200, "text/html; charset=utf-8", "no-cache", `id="root"`},
		{"an asset never changes", "GET", "/assets/index-Cx1.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "export{}"},
		{"another file may change", "GET", "/favicon.svg", 200, "image/svg+xml", "no-cache", "<svg/>"},
		{"an asset of an older build is missing", "GET", "/assets/index-Old.js", 404, "text/plain; charset=utf-8", "", "not found"},
		{"a folder is a page", "GET", "/assets", 200, "text/html; charset=utf-8", "no-cache", `id="root"`},
		{"the keep file is not shown", "GET", "/.keep", 200, "text/html; charset=utf-8", "no-cache", `id="root"`},
		{"no way out of the build", "GET", "/../embed.go", 200, "text/html; charset=utf-8", "no-cache", `id="root"`},
		{"HEAD has no body", "HEAD", "/", 200, "text/html; charset=utf-8", "no-cache", ""},
		{"nothing is written here", "POST", "/", 405, "text/plain; charset=utf-8", "", "Method Not Allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			handler(built()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, http.NoBody))
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			if got := w.Header().Get("Content-Type"); got != tt.kind {
				t.Errorf("type %q, want %q", got, tt.kind)
			}
			if got := w.Header().Get("Cache-Control"); got != tt.cache {
				t.Errorf("cache %q, want %q", got, tt.cache)
			}
			if !strings.Contains(w.Body.String(), tt.body) || tt.method == "HEAD" && w.Body.Len() > 0 {
				t.Errorf("body %q, want it to hold %q", w.Body, tt.body)
			}
		})
	}
}

func TestHandlerFindsItsBasePath(t *testing.T) {
	t.Parallel()
	h := http.StripPrefix("/zhiyin", handler(built()))
	for _, tt := range []struct{ path, want string }{
		{"/zhiyin/", `<base href="/zhiyin/" />`},
		{"/zhiyin/customers?q=%22%3E", `<base href="/zhiyin/" />`},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, http.NoBody))
		if !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s: %s, want %s", tt.path, w.Body, tt.want)
		}
	}
}

func TestHandlerWithoutABuildSaysSo(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	handler(fstest.MapFS{".keep": {}}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "make console") {
		t.Errorf("%d %s, want the page that names make console", w.Code, w.Body)
	}
}

func TestHandlerOfThisBinaryAnswers(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if w.Code != http.StatusOK || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("%d %v, want a page with a policy", w.Code, w.Header())
	}
}
