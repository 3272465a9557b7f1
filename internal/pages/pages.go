// Package pages is the kit of the pages that customers open on their phones (/p/...): one frame, both languages, dark by
// the phone's setting, no script, no request to anybody but us.
//
// Callers: the nouns that have such a page (joinway, governance's preferences). It knows no noun.
package pages

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"

	"zhiyin.dev/zhiyin/internal/errs"
)

//go:embed page.css
var style string

// frame is around every page; a page defines "main" and "foot". Each says how to complain: to WeChat, not to us.
const frame = `<!doctype html>
<html lang="{{.Lang}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>{{.Title}}</title>
<style>{{style}}</style>
<header><h1>{{.Title}}</h1>{{with .Lead}}<p>{{.}}</p>{{end}}</header>
<main>{{template "main" .}}</main>
<footer>{{template "foot" .}}
<p>{{.T "要投诉，请点微信右上角菜单里的「投诉」。" "To complain, use “Report” in WeChat's menu at the top right."}}</p></footer>
</html>
`

// Page is what the frame shows. Data is the page's own.
type Page struct {
	Lang  string // "zh-CN" or "en"; set by Write
	Title string
	Lead  string // one line below the title
	Data  any
}

// T answers the page's language's sentence: {{.T "中文" "English"}}.
func (p Page) T(zh, en string) string {
	if p.Lang == "en" {
		return en
	}
	return zh
}

// Template makes a page of its "main" and "foot". A template that cannot be read is a programmer's error at start-up.
func Template(name, body string) *template.Template {
	t := template.New(name).Funcs(template.FuncMap{"inc": func(i int) int { return i + 1 }, "style": func() template.CSS { return template.CSS(style) }}) //nolint:gosec // ours, embedded
	return template.Must(template.Must(t.Parse(frame)).Parse(body))
}

// policy lets a page load our own pictures and its own style, send forms to us, and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return fmt.Sprintf("default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		base64.StdEncoding.EncodeToString(sum[:]))
}()

// Write answers a page. lang is "en" or anything else for Chinese. Pages are not kept by caches: what they show changes.
func Write(w http.ResponseWriter, status int, lang string, t *template.Template, p Page) error {
	p.Lang = "zh-CN"
	if lang == "en" {
		p.Lang = "en"
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("write page %s: %w", t.Name(), err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader went away: nobody to tell
	return nil
}

var notice = Template("notice", `{{define "main"}}<p class="say">{{.Data}}</p>{{end}}{{define "foot"}}{{end}}`)

// Notice answers a page that says one thing, for example that a page does not exist.
func Notice(w http.ResponseWriter, status int, lang string, title, text errs.Text) {
	_ = Write(w, status, lang, notice, Page{Title: title.In(lang), Data: text.In(lang)}) // a fixed template with two strings
}
