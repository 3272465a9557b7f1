// Command gendocs writes the documents that are made from code: docs/configuration.md from the table of variables.
// Run from the root of the tree, by scripts/generate.sh.
package main

import (
	"fmt"
	"os"

	"zhiyin.dev/zhiyin/internal/config"
)

func main() {
	if err := os.WriteFile("docs/configuration.md", []byte(config.Markdown()), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}
