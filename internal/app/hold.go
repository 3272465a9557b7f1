package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// errHeld says that another process has the lock.
var errHeld = errors.New("held by another process")

// hold takes the data directory for this process alone, until release or the end of the process, however it ends. Two
// platforms in one directory would take each other's work and write into the same store of the bus.
func hold(dir string) (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "serve.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write in the data directory (ZHIYIN_DATA): %w; choose a directory that this user may write to", err)
	}
	if err := lockFile(f); err != nil {
		defer func() { _ = f.Close() }()
		if !errors.Is(err, errHeld) {
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		who, _ := io.ReadAll(io.LimitReader(f, 20)) // a number, or nothing
		return nil, fmt.Errorf("the data directory %s (ZHIYIN_DATA) is in use by another zhiyin, process %s; stop that one, or give this one a directory of its own",
			dir, strings.TrimSpace(string(who)))
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", f.Name(), err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}

func writePID(f *os.File) error {
	_, err := f.WriteAt([]byte(fmt.Sprintln(os.Getpid())), 0)
	return err
}
