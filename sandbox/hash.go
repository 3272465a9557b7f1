package sandbox

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Hash is a digest of everything the world holds, and of its clock, apart from
// keys of archives, which every run draws anew: two runs
// with one seed, one start and one script answer the same. A world of a million
// customers takes seconds.
func (s *Sandbox) Hash() string {
	sum := sha256.New()
	w := &hasher{out: bufio.NewWriterSize(sum, 1<<16), seen: map[visit]uint64{}}
	s.mu.Lock()
	w.number(uint64(s.now().UnixNano()))
	w.value(reflect.ValueOf(s.world))
	s.mu.Unlock()
	_ = w.out.Flush() // a hash takes everything
	return hex.EncodeToString(sum.Sum(nil))
}

// hasher writes a value by its contents: what a pointer leads to is written once
// and named by its number from then on, maps in the order of their written keys.
type hasher struct {
	out  *bufio.Writer
	seen map[visit]uint64
	buf  [8]byte
}

type visit struct {
	at   uintptr
	kind reflect.Type
}

func (h *hasher) number(n uint64) {
	binary.LittleEndian.PutUint64(h.buf[:], n)
	_, _ = h.out.Write(h.buf[:])
}

func (h *hasher) text(s string) {
	h.number(uint64(len(s)))
	_, _ = io.WriteString(h.out, s)
}

var timeType = reflect.TypeFor[time.Time]()

func (h *hasher) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			h.number(1)
		} else {
			h.number(0)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		h.number(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		h.number(v.Uint())
	case reflect.Float32, reflect.Float64:
		h.number(math.Float64bits(v.Float()))
	case reflect.String:
		h.text(v.String())
	case reflect.Slice, reflect.Array:
		h.number(uint64(v.Len()))
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			_, _ = h.out.Write(v.Bytes())
			return
		}
		for i := range v.Len() {
			h.value(v.Index(i))
		}
	case reflect.Map:
		h.entries(v)
	case reflect.Struct:
		if v.Type() == timeType { // instant only: its other field is the zone it is shown in
			h.number(v.Field(0).Uint())
			h.number(uint64(v.Field(1).Int()))
			return
		}
		if strings.HasPrefix(v.Type().PkgPath(), "crypto/") { // keys are drawn anew by every run
			return
		}
		for _, field := range v.Fields() {
			h.value(field)
		}
	case reflect.Pointer:
		h.pointer(v)
	case reflect.Interface:
		if v.IsNil() {
			h.number(0)
			return
		}
		h.text(v.Elem().Type().String())
		h.value(v.Elem())
	default: // functions and the like are code, not state
	}
}

func (h *hasher) pointer(v reflect.Value) {
	if v.IsNil() {
		h.number(0)
		return
	}
	at := visit{v.Pointer(), v.Type()}
	if n, ok := h.seen[at]; ok {
		h.number(n)
		return
	}
	h.seen[at] = uint64(len(h.seen)) + 1
	h.number(h.seen[at])
	h.value(v.Elem())
}

// entries orders a map by its keys, which are simple values.
func (h *hasher) entries(v reflect.Value) {
	keys := v.MapKeys()
	names := make(map[reflect.Value]string, len(keys))
	for _, k := range keys {
		var name strings.Builder
		part := &hasher{out: bufio.NewWriter(&name), seen: map[visit]uint64{}}
		part.value(k)
		_ = part.out.Flush()
		names[k] = name.String()
	}
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(names[a], names[b]) })
	h.number(uint64(len(keys)))
	for _, k := range keys {
		h.text(names[k])
		h.value(v.MapIndex(k))
	}
}
