package app_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/internal/app"
)

// The router leaves out parameters and properties of embedded structs that are not exported, without a word: a filter
// would then be ignored, and an id in a path always be empty.
func TestTheSpecificationNamesEveryPathParameterAndTheFiltersOfLists(t *testing.T) {
	t.Parallel()
	raw, err := app.OpenAPI(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(raw, &spec); err != nil {
		t.Fatal(err)
	}
	names := func(path, method string) (out []string) {
		for _, p := range spec.Paths[path][method].Parameters {
			out = append(out, p.Name)
		}
		return out
	}
	if len(spec.Paths) < 50 {
		t.Fatalf("%d paths: the specification is not whole", len(spec.Paths))
	}
	for path, methods := range spec.Paths {
		for method := range methods {
			for part := range strings.SplitSeq(path, "/") {
				if name, ok := strings.CutPrefix(part, "{"); ok && !slices.Contains(names(path, method), strings.TrimSuffix(name, "}")) {
					t.Errorf("%s %s does not read %s", method, path, part)
				}
			}
		}
	}
	for _, want := range []string{"q", "tag", "staff", "source", "channel", "state", "added_from", "added_to", "sort", "after", "limit"} {
		if !slices.Contains(names("/customers", "get"), want) {
			t.Errorf("GET /customers does not read %s", want)
		}
	}
	for schema, want := range map[string]string{"Welcome": "text", "CustomerDetail": "name", "GovernanceExplain": "class", "AuthMadeToken": "role"} {
		if _, ok := spec.Components.Schemas[schema].Properties[want]; !ok {
			t.Errorf("schema %s does not name %s", schema, want)
		}
	}
}

// What a pattern wants stands in the message of a wrong field, in both languages (phrases in internal/web/fault.go): a bare
// regular expression helps nobody.
func TestEveryPatternIsDescribedInWords(t *testing.T) {
	t.Parallel()
	raw, err := app.OpenAPI(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	var spec any
	if err := json.Unmarshal(raw, &spec); err != nil {
		t.Fatal(err)
	}
	said := []string{"an id, digits only", "a time of day like 09:00"}
	found := 0
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if pattern, ok := v["pattern"].(string); ok {
				found++
				if d, _ := v["patternDescription"].(string); !slices.Contains(said, d) {
					t.Errorf("%s: the pattern %s is described as %q, which has no line in phrases", at, pattern, d)
				}
			}
			for k, inner := range v {
				walk(at+"/"+k, inner)
			}
		case []any:
			for _, inner := range v {
				walk(at, inner)
			}
		}
	}
	walk("", spec)
	if found == 0 {
		t.Error("the specification has no pattern at all: this test looks at the wrong place")
	}
}
