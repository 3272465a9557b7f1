// Command gendocs writes the documents that are made from code: docs/configuration.md from the table of variables,
// docs/sandbox-endpoints.md from the sandbox's routes and the facts, docs/governance-rules.md from the policy. Run from the root of the tree, by scripts/generate.sh.
package main

import (
	"fmt"
	"os"

	"zhiyin.dev/zhiyin/internal/config"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func write() error {
	table, err := endpoints()
	if err != nil {
		return err
	}
	rules, err := policy.Load()
	if err != nil {
		return err
	}
	for file, text := range map[string]string{
		"docs/configuration.md": config.Markdown(), "docs/sandbox-endpoints.md": table,
		"docs/governance-rules.md": rules.Markdown("zh"), "docs/governance-rules.en.md": rules.Markdown("en"),
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
