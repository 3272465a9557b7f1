// Package web is the HTTP kit: what every noun's api.go stands on.
//
// A noun registers its routes with Get, Post, Put, Patch and Delete. Each takes an Op that must name a permission and
// say how the caller's data scope is kept; a route without either does not start. Handlers are plain functions from an
// input struct (huma tags: path, query, body) to the JSON that is answered; who calls is Caller(ctx). An error of
// internal/errs becomes an RFC 9457 problem in the caller's language; the cause of it goes to the log, never out.
//
// It is not: authentication (internal/auth gives Identify), WeCom's callbacks (internal/inbound puts them on Mux), or
// the console's files (internal/app gives them as Console).
package web
