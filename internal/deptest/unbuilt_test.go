package deptest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// unbuilt are rules about something that the platform does not have, with how a route, a call of the client or a table for it would be
// named. Nothing can break such a rule; whoever builds the thing meets this test and makes the rule's own check with it.
var unbuilt = map[string]string{
	"LNK-18": `poster|customer_?(photo|portrait)`,
	"WC-11":  `msg_?audit|permit_?user|chat_?(data|archive)`,
	"WC-16":  `transfer_?(customer|group|result)|resigned|handover|inherit`,
	"LAW-13": `coupon|voucher|discount|price`,
	"LAW-14": `(credit|risk)_?(score|rating)|eligib|blacklist`,
	"FTG-18": `journey|drip|campaign_?(step|flow)`,
	"OWN-10": `payment|external_?pay|red_?pack|invoice|collect_?money`,
}

func TestWhatARuleIsAboutIsNotBuilt(t *testing.T) {
	t.Parallel()
	p, err := policy.Load()
	if err != nil {
		t.Fatal(err)
	}
	names := built(t)
	const here = "internal/deptest/unbuilt_test.go#TestWhatARuleIsAboutIsNotBuilt"
	for id, like := range unbuilt {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			r := p.Rule(id)
			if r == nil || r.Missing == nil || strings.Join(r.EnforcedBy, " ") != here {
				t.Fatal("the rule has a check of its own by now: take it off this list")
			}
			for n := range names {
				if regexp.MustCompile(like).MatchString(n) {
					t.Errorf("%s looks like what it is about: the rule needs a check of its own", n)
				}
			}
		})
	}
}

// built is the names of everything that can be asked of the platform, of the client's calls, and of all tables.
func built(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for glob, names := range map[string]string{
		"console/src/api/types.gen.ts": `"(/[a-z][^"\s]*)"|operations\["([a-z-]+)"\]`,
		"wecom/*.go":                   `func \(\w+ \*?\w+\) ([A-Z]\w+)|"(/?cgi-bin/[a-z_/]+|[a-z]+/[a-z_/]+)"`,
		"wecom/outreach/*.go":          `func \(\w+ \*?\w+\) ([A-Z]\w+)`,
		"internal/db/migrations/*.sql": `CREATE TABLE (\w+)`,
	} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(glob)))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no file, %v", glob, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(names).FindAllStringSubmatch(string(b), -1) {
				out[strings.ToLower(strings.ReplaceAll(strings.Join(m[1:], ""), "-", "_"))] = true
			}
		}
	}
	if len(out) < 300 {
		t.Fatalf("only %d names found: are the places right?", len(out))
	}
	return out
}
