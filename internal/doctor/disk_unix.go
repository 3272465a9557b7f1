//go:build linux || darwin

package doctor

import (
	"fmt"
	"syscall"
)

// freeBytes is how much an ordinary user may still write below dir.
func freeBytes(dir string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return st.Bavail * uint64(st.Bsize), nil
}
