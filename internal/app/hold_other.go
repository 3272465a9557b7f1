//go:build !unix

package app

import "os"

// lockFile takes no lock here: only Unix has one that ends with the process.
func lockFile(*os.File) error { return nil }
