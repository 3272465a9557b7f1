package main

import (
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/app/experiment"
)

// The figures are a model's, and whoever sees the table must see that, in the language of the table.
func TestTheTableSaysThatItIsASimulation(t *testing.T) {
	t.Parallel()
	r := &experiment.Result{
		World: "huajian", Seed: 1, Days: 30, Customers: 600, Staff: 12,
		Product: experiment.Tally{Touches: 11}, Blind: experiment.Tally{Touches: 22, Reports: 33}, Nobody: experiment.Tally{Fen: 4450},
	}
	for lang, want := range map[string][]string{
		"zh": {"模拟，不是关于人的结论", "经平台", "照计划硬发", "投诉（企业看不到）"},
		"en": {"a simulation", "not a finding about people", "through the platform", "sent blindly", "reports (the corp sees none)"},
	} {
		var out strings.Builder
		if err := experimentTable(&out, r, lang == "en"); err != nil {
			t.Fatal(err)
		}
		for _, text := range append(want, "11", "22", "33", "44.50") {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: %q is missing:\n%s", lang, text, &out)
			}
		}
	}
}
