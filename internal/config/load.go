package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Sources is where Load looks.
type Sources struct {
	Flags map[string]string // by flag name ("listen"); what was not given is not there
	Env   []string          // os.Environ()
	File  string            // of lines NAME=value; "" means ZHIYIN_CONFIG of the environment, or none
}

// configVar names the file; it is no setting itself.
const configVar = "ZHIYIN_CONFIG"

const mostFile = 64 << 10 // bytes of a file that holds one secret, or the settings

// Load reads every variable and checks all of them. The error is an *Error that names everything wrong at once; the
// Config is usable as far as it goes, so that a doctor can go on.
func Load(src Sources) (*Config, error) {
	c := &Config{sources: map[string]Source{}}
	bad := &Error{}
	env := map[string]string{}
	for _, kv := range src.Env {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, "ZHIYIN_") {
			env[name] = value
		}
	}
	path := src.File
	if path == "" {
		path = env[configVar]
	}
	file := map[string]string{}
	if path != "" {
		var err error
		if file, err = readSettings(path); err != nil {
			bad.add(configVar, err.Error())
		}
	}
	known := map[string]bool{configVar: true}
	for _, v := range c.vars() {
		known[v.Name], known[v.Name+"_FILE"] = true, v.Secret
		value, source, err := v.find(src.Flags, env, file)
		if err != nil {
			bad.add(v.Name, err.Error())
			continue
		}
		if source != Default {
			c.sources[v.Name] = source
		}
		if value == "" {
			value = v.Default
		}
		if err := v.set(value); err != nil {
			bad.add(v.Name, err.Error())
		}
	}
	known["ZHIYIN_MASTER_KEY_FILE"] = true
	for _, where := range []map[string]string{env, file} {
		for name := range where {
			if !known[name] && !strings.HasPrefix(name, "ZHIYIN_TEST_") && !strings.HasPrefix(name, "ZHIYIN_SANDBOX_") {
				c.Warnings = append(c.Warnings, name+" is set, but nothing reads it: is the name right?")
			}
		}
	}
	slices.Sort(c.Warnings)
	c.check(bad)
	return c, bad.orNil()
}

// find looks for a variable in the order flag, environment, file; each of the last two by itself or by its twin.
func (v Variable) find(flags, env, file map[string]string) (string, Source, error) {
	if s, ok := flags[v.Flag()]; ok && !v.Secret {
		return s, Flag, nil
	}
	for _, w := range []struct {
		values map[string]string
		source Source
	}{{env, Env}, {file, File}} {
		value, twin := w.values[v.Name], ""
		if v.Secret {
			twin = w.values[v.Name+"_FILE"]
		}
		switch {
		case value != "" && twin != "":
			return "", w.source, fmt.Errorf("is set, and so is %s_FILE; keep one", v.Name)
		case value != "":
			return value, w.source, nil
		case twin != "":
			secret, err := readSecret(twin)
			if err != nil {
				return "", w.source, fmt.Errorf("cannot be read from %s_FILE: %w", v.Name, err)
			}
			return secret, w.source, nil
		}
	}
	return "", Default, nil
}

func readSecret(path string) (string, error) {
	raw, err := readFile(path)
	if err != nil {
		return "", err
	}
	s := strings.TrimRight(string(raw), "\r\n")
	if s == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return s, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > mostFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, mostFile)
	}
	return raw, nil
}

// readSettings reads lines NAME=value; # begins a comment line, quotes around a value are taken off.
func readSettings(path string) (map[string]string, error) {
	raw, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("names a file that cannot be read: %w", err)
	}
	out := map[string]string{}
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !strings.HasPrefix(name, "ZHIYIN_") {
			return out, fmt.Errorf("names a file whose line %d is not ZHIYIN_NAME=value", i+1)
		}
		value = strings.TrimSpace(value)
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		out[strings.TrimSpace(name)] = value
	}
	return out, nil
}

// Lay puts what was set in the console under everything else: it fills only what no flag, environment or file set, and only
// what the console may set. It answers which names it used.
func (c *Config) Lay(values map[string]string) (used []string, err error) {
	bad := &Error{}
	for _, v := range c.vars() {
		value, ok := values[v.Name]
		if s := c.Source(v.Name); !ok || value == "" || !v.Console || s != Default && s != Console {
			continue
		}
		if err := v.set(value); err != nil {
			bad.add(v.Name, err.Error())
			continue
		}
		c.sources[v.Name] = Console
		used = append(used, v.Name)
	}
	c.check(bad)
	return used, bad.orNil()
}

// Accepts says what is wrong with a value for a variable, or that there is no such variable; nil when nothing is.
func Accepts(name, value string) error {
	for _, v := range Variables() {
		if v.Name == name {
			return v.set(value)
		}
	}
	return errors.New("is no setting")
}
