package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEveryBuiltInWorldLivesADay(t *testing.T) {
	t.Parallel()
	for _, name := range Worlds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *Options) {
				o.World, o.Life = name, true
				o.Customers, o.Staff, o.Groups = 300, 12, 5
			})
			spec := r.world.spec
			before := r.State().Counts
			for range 8 {
				r.advance(3 * time.Hour)
			}
			r.fresh()
			after := r.State().Counts
			for _, what := range []string{"relations", "deliveries"} {
				if after[what] <= before[what] {
					t.Errorf("after a day there are %d %s, before it %d", after[what], what, before[what])
				}
			}
			if got := r.chat(r.chats()[0])["name"]; got != spec.Corp+spec.GroupName+" 01" {
				t.Errorf("the first group is called %v", got)
			}
		})
	}
}

func TestAWorldFileIsReadAndItsErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world.yaml")
	read := func(text string) (WorldSpec, error) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return loadWorldSpec(Options{World: file})
	}
	spec, err := read("corp: 试验商行\nstaff: 5\nlife: {patience: 9}\n")
	if err != nil || spec.Corp != "试验商行" || spec.Staff != 5 || spec.Life.Patience != 9 || spec.Life.ArrivalsPerHour != huajian().Life.ArrivalsPerHour || len(spec.Stores) != 6 {
		t.Fatalf("read %+v, %v", spec, err)
	}
	if spec, err = read(`{"corp": "也读 JSON"}`); err != nil || spec.Corp != "也读 JSON" {
		t.Fatalf("of JSON it read %q, %v", spec.Corp, err)
	}
	if _, err := read(""); err != nil {
		t.Fatalf("an empty file is the default world: %v", err)
	}
	for text, want := range map[string]string{
		"corp: 甲\nstuff: 5\n":                       "line 2: field stuff not found; there are corp, stores",
		"corp: 甲\nstaff: many\n":                    "line 2",
		"corp: 甲\n\nstaff: 1\n":                     "line 3: staff: it takes at least 2",
		"days: 0\n":                                 "line 1: days: it takes at least 1",
		"corp: ''\n":                                "line 1: corp",
		"corp: 甲\nquestions: []\n":                  "line 2: questions",
		"corp: 甲\nkf: [客服, '']\n":                   "line 2: kf",
		"corp: 甲\ntags:\n  - {group: 级别}\n":         "line 2: tags",
		"corp: 甲\nlife:\n  arrivals_per_hour: -1\n": "line 3: life.arrivals_per_hour: it takes from 0 to 1e6",
		"corp: 甲\nlife: {decline_share: 2}\n":       "line 2: life.decline_share: it takes from 0 to 1",
		"life:\n  opens: 9\n  closes: 8\n":          "line 3: life.closes: it takes an hour after opens",
		"life:\n  touch:\n    night: -1\n":          "line 3: life.touch.night",
		"life: {touch: {nite: 1}}\n":                "line 1: field nite not found; there are single, group, moment, chat, night",
		"corp: 甲\nreplies: []\n":                    "line 2: replies",
		"corp: [甲\n":                                "line",
		"corp: 甲\nlife: {arivals_per_hour: 1}\n":    "line 2: field arivals_per_hour not found; there are opens, closes, night_share, pace, arrivals_per_hour",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%q: got %v, want the file and %q", text, err, want)
		}
	}
	if _, err := loadWorldSpec(Options{World: "nowhere"}); err == nil || !strings.Contains(err.Error(), "wenxi") {
		t.Errorf("an unknown world: %v", err)
	}
}
