package deptest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/config"
)

var (
	mdLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
	treePath  = regexp.MustCompile(`^(cmd|wecom|sandbox|spec|conformance|internal|console|e2e|docs|scripts|bench|\.ci)/[A-Za-z0-9_./*-]*$`)
	makeUse   = regexp.MustCompile(`\bmake ([a-z][a-z-]*)\b`)
	makeRule  = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):.*## `)
	variable  = regexp.MustCompile(`\bZHIYIN_[A-Z][A-Z_]*[A-Z]\b`)
	placehold = regexp.MustCompile(`[<>{}$]`)
)

// documents maps each Markdown file that people read to its text.
func documents(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	add := func(p string) {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		docs[p] = string(b)
	}
	top, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range top {
		add(p)
	}
	err = filepath.WalkDir(filepath.Join(root, "docs"), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasSuffix(p, ".md") {
			add(p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) < 5 {
		t.Fatalf("only %d documents found: is the root right?", len(docs))
	}
	return docs
}

func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	for p, text := range documents(t) {
		for _, m := range mdLink.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(p), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", p, m[1])
			}
		}
	}
}

// A path in `code` is a promise that the reader finds it. Patterns with placeholders are not looked at.
func TestPathsInDocumentsExist(t *testing.T) {
	t.Parallel()
	for p, text := range documents(t) {
		if filepath.Base(p) == "CHANGELOG.md" || strings.Contains(p, "/adr/") {
			continue // history keeps old names
		}
		for _, m := range codeSpan.FindAllStringSubmatch(text, -1) {
			if !treePath.MatchString(m[1]) || placehold.MatchString(m[1]) {
				continue
			}
			if found, err := filepath.Glob(filepath.Join(root, m[1])); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there", p, m[1])
			}
		}
	}
}

func TestMakeTargetsInDocumentsExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range makeRule.FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	for p, text := range documents(t) {
		for _, span := range codeSpan.FindAllStringSubmatch(text, -1) {
			if m := makeUse.FindStringSubmatch(span[1]); m != nil && !targets[m[1]] {
				t.Errorf("%s says make %s, which the Makefile does not have", p, m[1])
			}
		}
	}
}

// A variable that nothing reads would be set in vain.
func TestVariablesInDocumentsAreRead(t *testing.T) {
	t.Parallel()
	read := map[string]bool{"ZHIYIN_CONFIG": true}
	for _, v := range config.Variables() {
		read[v.Name] = true
		if v.Secret {
			read[v.Name+"_FILE"] = true
		}
	}
	for p, text := range documents(t) {
		if filepath.Base(p) == "configuration.md" {
			continue // made from the same table; it explains the names by ZHIYIN_NAME
		}
		for _, v := range variable.FindAllString(text, -1) {
			if !read[v] {
				t.Errorf("%s names %s, which no code reads", p, v)
			}
		}
	}
}

func TestReadmesStayShort(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README.en.md"} {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n"); n > 150 {
			t.Errorf("%s has %d lines: more than 150 is a manual, and manuals are in docs/", name, n)
		}
	}
}

// A dependency without a reason does not come in, and a reason without its dependency is a leftover.
func TestEachDirectDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(mod), "\n") {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) == 2 && strings.HasPrefix(fields[1], "v") && !strings.Contains(string(doc), fields[0]) {
			// bun's dialects stand with bun
			if !strings.HasPrefix(fields[0], "github.com/uptrace/bun/") {
				t.Errorf("docs/dependencies.md gives no reason for %s", fields[0])
			}
		}
	}
	for _, m := range codeSpan.FindAllStringSubmatch(string(doc), -1) {
		host, _, _ := strings.Cut(m[1], "/")
		if strings.Contains(host, ".") && strings.Contains(m[1], "/") && !strings.Contains(string(mod), m[1]+" ") {
			t.Errorf("docs/dependencies.md names %s, which go.mod does not require", m[1])
		}
	}
}
