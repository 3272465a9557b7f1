// Package log makes the one structured logger that is passed to every part.
// Content of customers never appears at info level; secrets never appear at all.
package log

import (
	"io"
	"log/slog"
)

// New returns a JSON logger that writes to w at the given level.
func New(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// Discard drops everything: for tests and one-shot commands.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
