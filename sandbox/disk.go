package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// disk is the directory for the few things that must be files: private keys
// and certificates that other programs open. The world is never written.
type disk struct {
	dir  string
	temp bool // made by us, removed by close
}

// openDisk makes the directory of Options.DataDir, or a temporary one.
func openDisk(dir string) (*disk, error) {
	if dir == "" {
		made, err := os.MkdirTemp("", "zhiyin-sandbox-")
		if err != nil {
			return nil, fmt.Errorf("make a directory for keys: %w", err)
		}
		return &disk{dir: made, temp: true}, nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data directory %q: %w", dir, err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	return &disk{dir: abs}, nil
}

// sub makes a directory in it that only the owner reads.
func (d *disk) sub(name string) (string, error) {
	path := filepath.Join(d.dir, name)
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("make a directory for keys: %w", err)
	}
	return path, nil
}

func (d *disk) close() error {
	if d == nil || !d.temp {
		return nil
	}
	if err := os.RemoveAll(d.dir); err != nil {
		return fmt.Errorf("remove the directory for keys: %w", err)
	}
	return nil
}
