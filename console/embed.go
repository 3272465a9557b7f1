// Package console holds the built web console and serves it.
//
// The build (npm run build) fills dist; without it dist holds only .keep, everything still compiles, and the handler says that the
// console was not built. The API is not part of this package.
package console

import (
	"embed"
	"html"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// policy lets the page load only what this server sends, apart from pictures: avatars and codes come from WeChat's hosts.
// Styles are written by the component library at run time.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: http: https:; " +
	"font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

// notBuilt is shown instead of the console when the binary was compiled without it.
const notBuilt = `<!doctype html><meta charset="utf-8"><title>知音 Zhiyin</title>
<p>这个程序没有带控制台。请先运行 make console，再重新构建。</p>
<p>This binary was built without the console. Run make console, then build again.</p>
`

// Handler serves the console: files of the build, and index.html for every other path, so that the addresses of its pages can be
// opened and reloaded. Behind http.StripPrefix it finds the prefix by itself and writes it into the page's <base>.
// Only GET and HEAD are answered.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil { // cannot happen: the directory is named by the go:embed line above
		panic(err)
	}
	return handler(files)
}

func handler(files fs.FS) http.Handler {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		index = []byte(notBuilt)
	}
	static := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		inAssets := strings.HasPrefix(name, "assets/")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if servable(files, name) {
			if inAssets { // their names carry a hash of their content
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			} else {
				w.Header().Set("Cache-Control", "no-cache")
			}
			static.ServeHTTP(w, r)
			return
		}
		if inAssets { // a chunk of an older build: a page here would be run as a script
			http.NotFound(w, r)
			return
		}
		serveIndex(w, r, index)
	})
}

// servable tells files of the build from paths of pages.
func servable(files fs.FS, name string) bool {
	if name == "" || name == "index.html" || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	info, err := fs.Stat(files, name)
	return err == nil && info.Mode().IsRegular()
}

func serveIndex(w http.ResponseWriter, r *http.Request, index []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	page := strings.Replace(string(index), `<base href="/" />`, `<base href="`+html.EscapeString(base(r))+`" />`, 1)
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write([]byte(page)) // a client that went away needs no answer
}

// base is the path the console is mounted under, with a slash at its end: what http.StripPrefix took off the requested path.
func base(r *http.Request) string {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	prefix, ok := strings.CutSuffix(asked, r.URL.EscapedPath())
	if !ok || !strings.HasPrefix(prefix, "/") || strings.HasPrefix(prefix, "//") {
		return "/"
	}
	return strings.TrimSuffix(prefix, "/") + "/"
}
