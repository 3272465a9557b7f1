// Package match measures keyword matching against two public libraries. It is a module of its own, so that they stay out
// of the platform's dependencies: go test -bench . in this folder.
package match
