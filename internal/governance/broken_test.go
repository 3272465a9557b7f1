package governance

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// brokenBy says how the real ledger is built without one of its protections: the words of a source file that are replaced.
type brokenBy struct {
	name  string
	want  string // what the property test has to say of it
	edits []edit
	by    string // another test that has to, of what the property test meets too seldom
}

type edit struct{ file, old, new string }

// unseenByPreview lets the preview from memory, which counts by itself, disagree with the tables: it would be the first to notice, and
// what is asked here is whether the ledger's own invariants do.
var unseenByPreview = edit{"preview_test.go", `cmp.Diff(TallyOf(decisions), p.Tally); diff != "" {`, `cmp.Diff(TallyOf(decisions), p.Tally); diff == "never" {`}

// Each of these is a protection whose lack the model of the protocol shows to be fatal.
var broken = []brokenBy{
	{
		"reservations are not counted", "L1",
		[]edit{
			{"past.go", "AND state IN ('reserved','tasked','delivered','committed') AND (delivered_at = 0 OR delivered_at > ?) AND `+where", "AND state IN ('delivered','committed') AND (delivered_at = 0 OR delivered_at > ?) AND `+where"},
			unseenByPreview,
		},
		"",
	},
	{
		"nothing looks for room again at the call", "the call",
		[]edit{{"permit.go", `case full[t.ID].rule != "":`, "case false:"}},
		"TestACallFindsNoRoomThatIsTaken",
	},
	{
		"a callback that comes twice is booked twice", "L2|L3",
		[]edit{
			{"permit.go", "if t.State == Delivered || t.State == Committed {", "if _ = t; false {"},
			{"permit.go", `Where("id IN (?) AND state NOT IN (?, ?)", bun.List(part), Delivered, Committed)`, `Where("id IN (?)", bun.List(part))`},
		},
		"",
	},
	{
		"open tasks are not cancelled after a stop", "L4",
		[]edit{{"optout.go", "e.Open = append(e.Open, t)", "_ = t"}},
		"",
	},
	{
		"tasks are open in quiet hours", "FTG-05",
		[]edit{{"permit.go", "case !caps.Quiet.Open(now, s.home.or(g.zone)):", "case false:"}},
		"",
	},
	{
		"time alone ends what a member holds", "L1|L2|L6",
		[]edit{{"jobs.go", "state = 'reserved' AND expires_at <= ?", "state IN ('reserved', 'tasked') AND expires_at <= ?"}},
		"",
	},
	{
		"a choice leaves reservations as they are", "FTG-07|LAW-12|LAW-08",
		[]edit{{"grievance.go", "if err := g.releaseUnwanted(ctx, tx, corpID, customerID); err != nil {", "if err := error(nil); err != nil {"}},
		"",
	},
	{
		"a refusal to be chosen by traits is not read", "LAW-12",
		[]edit{{"judge.go", "st := s.pref.traits()", "st := Step{RuleID: ruleTraits}"}},
		"",
	},
	{
		"a mark of age is not read", "LAW-08",
		[]edit{{"purpose.go", `if person && s.minor.age != "" {`, `if person && s.minor.age == "never" {`}},
		"",
	},
	{
		"what was decided ahead is written whatever changed", "L1|L4|FTG-02|FTG-07|LAW-12|LAW-08",
		[]edit{{"foresee.go", "if !holds {", "if _ = holds; false {"}},
		"",
	},
	{
		"what a member holds gives way", "L8",
		[]edit{
			{"displace.go", `state = ? AND class = ?", corpID, bun.List(customers), Reserved, Marketing)`, `state IN (?, 'tasked') AND class = ?", corpID, bun.List(customers), Reserved, Marketing)`},
			{"displace.go", `Where("id IN (?) AND state = ?", bun.List(ids), Reserved)`, `Where("id IN (?)", bun.List(ids))`},
		},
		"",
	},
}

// TestBrokenLedgersCanBeBuilt fails as soon as a protection has moved or its lack does not compile, long before somebody builds the
// ledgers without them.
func TestBrokenLedgersCanBeBuilt(t *testing.T) {
	t.Parallel()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var all []edit
	for _, b := range broken {
		for _, e := range b.edits {
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-overlay="+overlaid(t, here, all), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestBrokenLedgersAreCaught builds the real ledger once for each protection, without it, by an overlay over its source, and wants
// the property test to fail. No hook in the ledger makes that possible.
func TestBrokenLedgersAreCaught(t *testing.T) {
	if os.Getenv("ZHIYIN_BROKEN_LEDGERS") == "" {
		t.Skip("each is a build of its own: make soak-faults sets ZHIYIN_BROKEN_LEDGERS=1")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range append([]brokenBy{{name: "the ledger as it is"}}, broken...) {
		t.Run(b.name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-timeout=5m", "-overlay="+overlaid(t, here, b.edits),
				"-run=^"+cmp.Or(b.by, "TestLedgerKeepsItsInvariantsUnderAnyOrderAndCrash")+"$", ".", "-args", "-rapid.checks=300", "-rapid.shrinktime=1s", "-rapid.nofailfile").CombinedOutput()
			switch {
			case b.want == "" && err != nil:
				t.Fatalf("%v\n%s", err, out)
			case b.want == "":
				return
			case err == nil:
				t.Fatal("no property failed")
			}
			for w := range strings.SplitSeq(b.want, "|") {
				if strings.Contains(string(out), w+": ") {
					return
				}
			}
			t.Fatalf("it failed, and not by %s:\n%s", b.want, out)
		})
	}
}

// overlaid writes changed copies of source files, and the file that puts them in their places for the compiler.
func overlaid(t *testing.T, here string, edits []edit) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for _, e := range edits {
		path := filepath.Join(here, e.file)
		from := path
		if changed, ok := replace[path]; ok {
			from = changed
		}
		source, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(source), e.old) != 1 {
			t.Fatalf("%s does not hold once: %s", e.file, e.old)
		}
		replace[path] = filepath.Join(dir, e.file)
		if err := os.WriteFile(replace[path], []byte(strings.Replace(string(source), e.old, e.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
