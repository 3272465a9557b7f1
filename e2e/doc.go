// Package e2e holds the stories that are told to the built binary, as a stranger would: txtar scripts beside this file
// with a few commands for HTTP, JSON and waiting (commands_test.go lists them), and browser tests in browser/, which
// run.mjs starts. It has no code of its own; nothing imports it.
package e2e
