package deptest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// refused lists functions that are not built, by the rule that refuses each, and how a route or a call of WeCom for it
// would be named. Deleting a customer's own data (LAW-10) is another thing than deleting contacts.
var refused = map[string]*regexp.Regexp{
	"ACC-02 bulk adding of contacts":         regexp.MustCompile(`(add|invite|request)[-_]?(friend|contact)s?([/"]|$)|friend[-_]?request|auto[-_]?add`),
	"ACC-05 forged location":                 regexp.MustCompile(`nearby|fake[-_]?location|virtual[-_]?location|people[-_]?nearby`),
	"ACC-07 bulk deleting and probing":       regexp.MustCompile(`(del|delete|remove)[-_]?(friend|external_?contact)s?([/"]|$)|zombie|clean[-_]?friends`),
	"ACC-08 tampering with the client":       regexp.MustCompile(`step[-_]?count|grab[-_]?red|multi[-_]?open|emulator[-_]?login|skin`),
	"ACC-09 copying others' Moments":         regexp.MustCompile(`(forward|copy|clone|repost)[-_]?moment|moments?/[^"]*(forward|copy|clone|repost)`),
	"ACC-11 bulk registration":               regexp.MustCompile(`bulk[-_]?register|assist[-_]?verif|register[-_]?accounts?`),
	"OWN-09 importing friends of an account": regexp.MustCompile(`import[-_]?(friend|contact)s?([/"]|$)|(friend|contact)s?/import`),
}

func TestRefusedFunctionsAreAbsent(t *testing.T) {
	t.Parallel()
	api, err := os.ReadFile(filepath.Join(root, "console", "src", "api", "types.gen.ts"))
	if err != nil {
		t.Fatal(err)
	}
	calls, err := os.ReadFile(filepath.Join(root, "spec", "catalogue.json"))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range regexp.MustCompile(`"(/[a-z][^"\s]*)"`).FindAllStringSubmatch(string(api)+string(calls), -1) {
		paths = append(paths, strings.ToLower(p[1]))
	}
	if len(paths) < 200 {
		t.Fatalf("only %d routes and calls found: is the place right?", len(paths))
	}
	for what, name := range refused {
		for _, p := range paths {
			if name.MatchString(p) {
				t.Errorf("%s is refused, and %s looks like it", what, p)
			}
		}
	}
}

func TestNoLibraryDrivesAPersonalClient(t *testing.T) {
	t.Parallel()
	plugin := regexp.MustCompile(`(?i)wechaty|itchat|openwechat|wechat-?bot|wetool|xposed|frida|substrate|wcferry|ipad-?protocol`)
	for _, name := range []string{"go.mod", "go.sum", "console/package-lock.json", "e2e/package-lock.json"} {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if m := plugin.Find(b); m != nil {
			t.Errorf("%s names %s: no code may drive a personal WeChat client (ACC-01)", name, m)
		}
	}
}
