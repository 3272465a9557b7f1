package sandbox

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// WorldSpec says what a world is made of and how its people live. A world file
// holds one as YAML, and what it leaves out is taken from the default world.
type WorldSpec struct {
	Corp        string       `yaml:"corp"`         // name of root department 1
	Stores      []string     `yaml:"stores"`       // departments below it
	Staff       int          `yaml:"staff"`        // S01, S02, ...; at least 2
	Customers   int          `yaml:"customers"`    // distinct people with a live relation
	Groups      int          `yaml:"groups"`       // customer groups
	Days        int          `yaml:"days"`         // of history before the start, at least 1
	Position    string       `yaml:"position"`     // of the members of stores
	GroupName   string       `yaml:"group_name"`   // what customer groups are called, after the corp
	GroupNotice string       `yaml:"group_notice"` // of every customer group
	Tags        []TagSpec    `yaml:"tags"`
	KF          []string     `yaml:"kf"`         // names of kf accounts
	Goods       []string     `yaml:"goods"`      // what customers buy
	Questions   []string     `yaml:"questions"`  // what people ask, in kf and of members
	Replies     []string     `yaml:"replies"`    // what they answer to mass messages
	Thanks      []string     `yaml:"thanks"`     // how they thank, and what they write below Moments
	Broadcasts  []string     `yaml:"broadcasts"` // mass messages of the history, oldest first
	Moments     []string     `yaml:"moments"`    // Moments of the history, oldest first
	Life        lifeSettings `yaml:"life"`
}

// TagSpec is one group of corp tags.
type TagSpec struct {
	Group string   `yaml:"group"`
	Tags  []string `yaml:"tags"`
}

// The built-in worlds: a chain of skincare stores, an online school, a group of
// restaurants. None of them exists.
//
//go:embed data/worlds/*.yaml
var worlds embed.FS

const defaultWorld = "huajian"

// Worlds are the names of the built-in worlds.
func Worlds() []string { return []string{defaultWorld, "wenxi", "xiaochuan"} }

// huajian is the default world.
func huajian() WorldSpec {
	spec, err := builtIn(WorldSpec{}, defaultWorld)
	if err != nil {
		panic("sandbox: " + err.Error()) // the file is part of the program
	}
	return spec
}

func builtIn(spec WorldSpec, name string) (WorldSpec, error) {
	raw, err := worlds.ReadFile("data/worlds/" + name + ".yaml")
	if err != nil {
		return spec, err
	}
	return parseWorld(spec, name+".yaml", raw)
}

// loadWorldSpec reads the world the options name and applies their sizes.
func loadWorldSpec(o Options) (WorldSpec, error) {
	spec, err := readWorld(o.World)
	if err != nil {
		return spec, err
	}
	if o.Staff > 0 {
		spec.Staff = o.Staff
	}
	if o.Customers > 0 {
		spec.Customers = o.Customers
	}
	if o.Groups > 0 {
		spec.Groups = o.Groups
	}
	if spec.Staff < 2 {
		return spec, errors.New("a world needs at least 2 staff")
	}
	return spec, nil
}

// ReadWorld reads a built-in world or a world file, as [Options.World] names it.
func ReadWorld(name string) (WorldSpec, error) {
	if name == "" {
		name = defaultWorld
	}
	return readWorld(name)
}

func readWorld(name string) (WorldSpec, error) {
	spec := huajian()
	if name == defaultWorld {
		return spec, nil
	}
	if !strings.ContainsAny(name, "./"+string(filepath.Separator)) {
		if found, err := builtIn(spec, name); err == nil {
			return found, nil
		}
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return spec, fmt.Errorf("read world %q (neither a built-in one, which are %s, nor a readable file): %w", name, strings.Join(Worlds(), ", "), err)
	}
	return parseWorld(spec, name, raw)
}

// parseWorld reads a world file over spec. Errors name file and line.
func parseWorld(spec WorldSpec, file string, raw []byte) (WorldSpec, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&spec); err != nil && !errors.Is(err, io.EOF) {
		return spec, fmt.Errorf("%s: %s", file, worldFault(err))
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return spec, fmt.Errorf("%s: %w", file, err)
	}
	for _, rule := range []struct {
		field string
		holds bool
		want  string
	}{
		{"corp", spec.Corp != "", "a name"},
		{"stores", len(spec.Stores) > 0 && noneEmpty(spec.Stores), "at least one name"},
		{"staff", spec.Staff >= 2, "at least 2"},
		{"customers", spec.Customers >= 0, "0 or more"},
		{"groups", spec.Groups >= 0, "0 or more"},
		{"days", spec.Days >= 1, "at least 1"},
		{"kf", noneEmpty(spec.KF), "names that are not empty"},
		{"goods", len(spec.Goods) > 0 && noneEmpty(spec.Goods), "at least one name"},
		{"questions", len(spec.Questions) > 0 && noneEmpty(spec.Questions), "at least one text"},
		{"replies", len(spec.Replies) > 0 && noneEmpty(spec.Replies), "at least one text"},
		{"thanks", len(spec.Thanks) > 0 && noneEmpty(spec.Thanks), "at least one text"},
		{"broadcasts", noneEmpty(spec.Broadcasts), "texts that are not empty"},
		{"moments", noneEmpty(spec.Moments), "texts that are not empty"},
	} {
		if !rule.holds {
			return spec, fmt.Errorf("%s: line %d: %s: it takes %s", file, lineOf(&tree, rule.field), rule.field, rule.want)
		}
	}
	for _, g := range spec.Tags {
		if g.Group == "" || len(g.Tags) == 0 || !noneEmpty(g.Tags) {
			return spec, fmt.Errorf("%s: line %d: tags: each takes a group and at least one tag", file, lineOf(&tree, "tags"))
		}
	}
	if bad := spec.Life.fault(); bad != nil {
		return spec, fmt.Errorf("%s: line %d: life.%s: it takes %s", file, lineOf(&tree, "life."+bad.field), bad.field, bad.want)
	}
	return spec, nil
}

func noneEmpty(texts []string) bool { return !slices.Contains(texts, "") }

// worldFault says in words for people what the decoder found.
func worldFault(err error) string {
	wrong, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return strings.TrimPrefix(err.Error(), "yaml: ")
	}
	var out []string
	for _, e := range wrong.Errors {
		field, typed, unknown := strings.Cut(e, " not found in type sandbox.")
		if unknown {
			e = field + " not found; there are " + strings.Join(fieldsOf(typed), ", ")
		}
		out = append(out, e)
	}
	return strings.Join(out, "; ")
}

// fieldsOf names the fields of a part of a world file.
func fieldsOf(typed string) (names []string) {
	for _, t := range []reflect.Type{reflect.TypeFor[WorldSpec](), reflect.TypeFor[TagSpec](), reflect.TypeFor[lifeSettings](), reflect.TypeFor[lifeChannels](), reflect.TypeFor[touchWeights]()} {
		if t.Name() == typed {
			for f := range t.Fields() {
				names = append(names, f.Tag.Get("yaml"))
			}
		}
	}
	return names
}

// lineOf is the line of a field of the file, whose name may have parts; of the
// last part that the file has, and 1 when it has none.
func lineOf(tree *yaml.Node, field string) int {
	line := 1
	if len(tree.Content) != 1 {
		return line
	}
	node := tree.Content[0]
	for part := range strings.SplitSeq(field, ".") {
		i := 0
		for i+1 < len(node.Content) && (node.Kind != yaml.MappingNode || node.Content[i].Value != part) {
			i += 2
		}
		if i+1 >= len(node.Content) {
			return line
		}
		line, node = node.Content[i].Line, node.Content[i+1]
	}
	return line
}
