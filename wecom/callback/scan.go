package callback

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the scanner: far above what WeCom sends (a group event names at
// most a few hundred members, elements nest four deep).
const (
	maxDepth  = 16
	maxFields = 20000
)

// Field is one element (or attribute, its name then begins with '@') in
// document order; the root element itself is left out.
type Field struct {
	Name  string
	Text  string // "" when the element has elements inside
	Depth int    // 1 for children of the root
}

var (
	errMarkup = errors.New("only elements, text and CDATA are read")
	errNested = errors.New("elements do not nest")
	errEnd    = errors.New("ends too early")
	errDepth  = errors.New("nested too deep")
	errMany   = errors.New("too many elements")
	errEntity = errors.New("unknown entity")
	errName   = errors.New("wrong name")
	errText   = errors.New("text outside the root, or ]]> in text")
)

// scanner reads the little XML that WeCom writes: elements, attributes, text,
// CDATA, the five entities and character references. Document types, comments
// and processing instructions are refused, so nothing can expand. Characters
// that XML forbids are let through: customers have them in their names.
type scanner struct {
	s      string
	i      int
	fields []Field
	open   [maxDepth + 1]openElement
	depth  int // open elements
	joined []byte
}

type openElement struct {
	name  string
	field int  // index in fields, -1 for the root
	mixed bool // has elements inside
}

func scan(s string) ([]Field, error) {
	x := scanner{s: strings.TrimPrefix(s, "\ufeff"), fields: make([]Field, 0, 24)}
	x.skipSpace()
	if strings.HasPrefix(x.s[x.i:], "<?xml ") {
		end := strings.Index(x.s[x.i:], "?>")
		if end < 0 {
			return nil, errEnd
		}
		x.i += end + 2
		x.skipSpace()
	}
	if err := x.tag(); err != nil {
		return nil, err
	}
	for x.depth > 0 {
		if err := x.content(); err != nil {
			return nil, err
		}
	}
	x.skipSpace()
	if x.i != len(x.s) {
		return nil, errText
	}
	return x.fields, nil
}

// content reads one run of text (CDATA included) and the tag behind it.
func (x *scanner) content() error {
	text, parts := "", 0
	x.joined = x.joined[:0] // more than one part is joined here: linear, whatever a stranger sends
	add := func(part string) {
		if parts++; parts == 1 {
			text = part
			return
		}
		if parts == 2 {
			x.joined = append(x.joined, text...)
		}
		x.joined = append(x.joined, part...)
	}
	for {
		lt := strings.IndexByte(x.s[x.i:], '<')
		if lt < 0 {
			return errEnd
		}
		if lt > 0 {
			t, err := decode(x.s[x.i:x.i+lt], true)
			if err != nil {
				return err
			}
			add(t)
			x.i += lt
		}
		rest := x.s[x.i:]
		if !strings.HasPrefix(rest, "<![CDATA[") {
			break
		}
		rest = rest[len("<![CDATA["):]
		end := strings.Index(rest, "]]>")
		if end < 0 {
			return errEnd
		}
		add(newlines(rest[:end]))
		x.i += len("<![CDATA[") + end + len("]]>")
	}
	if parts > 1 {
		text = string(x.joined)
	}
	if top := x.open[x.depth-1]; !top.mixed && top.field >= 0 {
		x.fields[top.field].Text = text
	}
	return x.tag()
}

// tag reads a start or end tag.
func (x *scanner) tag() error {
	if !strings.HasPrefix(x.s[x.i:], "<") {
		return errMarkup
	}
	x.i++
	if strings.HasPrefix(x.s[x.i:], "/") {
		x.i++
		return x.endTag()
	}
	name, err := x.name()
	if err != nil {
		return err
	}
	if x.depth >= maxDepth {
		return errDepth
	}
	field := -1
	if x.depth > 0 {
		if field, err = x.add(Field{Name: name, Depth: x.depth}); err != nil {
			return err
		}
		parent := &x.open[x.depth-1]
		parent.mixed = true
		if parent.field >= 0 {
			x.fields[parent.field].Text = ""
		}
	}
	for {
		space := x.skipSpace()
		switch {
		case strings.HasPrefix(x.s[x.i:], ">"):
			x.i++
			x.open[x.depth] = openElement{name: name, field: field}
			x.depth++
			return nil
		case strings.HasPrefix(x.s[x.i:], "/>"):
			x.i += 2
			return nil
		case !space:
			return errName
		}
		if err := x.attribute(); err != nil {
			return err
		}
	}
}

func (x *scanner) endTag() error {
	name, err := x.name()
	if err != nil {
		return err
	}
	x.skipSpace()
	if x.depth == 0 || x.open[x.depth-1].name != name || !strings.HasPrefix(x.s[x.i:], ">") {
		return errNested
	}
	x.i++
	x.depth--
	return nil
}

func (x *scanner) attribute() error {
	name, err := x.name()
	if err != nil {
		return err
	}
	x.skipSpace()
	if !strings.HasPrefix(x.s[x.i:], "=") {
		return errMarkup
	}
	x.i++
	x.skipSpace()
	if x.i >= len(x.s) || (x.s[x.i] != '"' && x.s[x.i] != '\'') {
		return errMarkup
	}
	end := strings.IndexByte(x.s[x.i+1:], x.s[x.i])
	if end < 0 {
		return errEnd
	}
	raw := x.s[x.i+1 : x.i+1+end]
	x.i += end + 2
	if strings.IndexByte(raw, '<') >= 0 {
		return errMarkup
	}
	text, err := decode(raw, false)
	if err != nil {
		return err
	}
	_, err = x.add(Field{Name: "@" + name, Text: text, Depth: x.depth + 1})
	return err
}

func (x *scanner) add(f Field) (int, error) {
	if len(x.fields) >= maxFields {
		return 0, errMany
	}
	x.fields = append(x.fields, f)
	return len(x.fields) - 1, nil
}

func (x *scanner) name() (string, error) {
	start := x.i
	for x.i < len(x.s) && nameByte(x.s[x.i], x.i > start) {
		x.i++
	}
	if x.i == start {
		return "", errName
	}
	return x.s[start:x.i], nil
}

func nameByte(b byte, inside bool) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_' ||
		inside && ('0' <= b && b <= '9' || b == '-' || b == '.')
}

func (x *scanner) skipSpace() bool {
	start := x.i
	for x.i < len(x.s) && (x.s[x.i] == ' ' || x.s[x.i] == '\n' || x.s[x.i] == '\r' || x.s[x.i] == '\t') {
		x.i++
	}
	return x.i > start
}

// newlines turns \r\n and \r into \n, as XML prescribes.
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// decode resolves the entities of text or of an attribute value.
func decode(s string, text bool) (string, error) {
	if text && strings.Contains(s, "]]>") {
		return "", errText
	}
	amp := strings.IndexByte(s, '&')
	if amp < 0 {
		return newlines(s), nil
	}
	var b strings.Builder
	b.Grow(len(s))
	for amp >= 0 {
		b.WriteString(newlines(s[:amp]))
		s = s[amp+1:]
		end := strings.IndexByte(s, ';')
		if end < 0 {
			return "", errEntity
		}
		r, ok := entity(s[:end])
		if !ok {
			return "", errEntity
		}
		b.WriteRune(r)
		s = s[end+1:]
		amp = strings.IndexByte(s, '&')
	}
	b.WriteString(newlines(s))
	return b.String(), nil
}

func entity(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "apos":
		return '\'', true
	case "quot":
		return '"', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	r := rune(n) // 21 bits fit
	if err != nil || !utf8.ValidRune(r) || !allowed(r) {
		return 0, false
	}
	return r, true
}

// allowed tells whether XML 1.0 lets a character reference name r.
func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF
}
