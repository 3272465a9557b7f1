package callback

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// Event is one decrypted callback: an event or a message to the app.
type Event struct {
	MsgType    string // "event", or the kind of message: "text", "image", ...
	Event      string // only when MsgType is "event": "change_external_contact", ...
	ChangeType string // only for the change_* events: "add_external_contact", ...
	Fields     []Field
}

// Parse reads decrypted XML. It keeps every element, also of events it has
// never heard of; the refusal of unreadable text is an [*Error] with [StepXML].
func Parse(plain []byte) (Event, error) {
	if len(plain) > MaxBody {
		return Event{}, &Error{Step: StepXML, Detail: "larger than 1 MiB"}
	}
	fields, err := scan(string(plain))
	if err != nil {
		return Event{}, &Error{Step: StepXML, Detail: err.Error()}
	}
	e := Event{Fields: fields}
	for i := range fields {
		if fields[i].Depth != 1 {
			continue
		}
		switch fields[i].Name {
		case "MsgType":
			e.MsgType = fields[i].Text
		case "Event":
			e.Event = fields[i].Text
		case "ChangeType":
			e.ChangeType = fields[i].Text
		}
	}
	return e, nil
}

// Kind names what happened: "change_external_contact.add_external_contact",
// "change_external_chat.update.add_member", "kf_msg_or_event"; for messages
// "message.text" and so on.
func (e Event) Kind() string {
	if e.Event == "" {
		return "message." + e.MsgType
	}
	if e.ChangeType == "" {
		return e.Event
	}
	if d := e.Get("UpdateDetail"); d != "" {
		return e.Event + "." + e.ChangeType + "." + d
	}
	return e.Event + "." + e.ChangeType
}

// Get returns the text of the first element at path, "" when there is none.
// A path is names joined by '/', without the root: "UserID", "BatchJob/JobId".
func (e Event) Get(path string) string {
	text := ""
	e.each(path, func(t string) bool { text = t; return false })
	return text
}

// Has tells whether an element stands at path, empty or not.
func (e Event) Has(path string) bool {
	found := false
	e.each(path, func(string) bool { found = true; return false })
	return found
}

// All returns the texts of all elements at path: "MemChangeList/Item".
func (e Event) All(path string) []string {
	var all []string
	e.each(path, func(t string) bool { all = append(all, t); return true })
	return all
}

// Int returns the number at path, 0 when there is none.
func (e Event) Int(path string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(e.Get(path)), 10, 64)
	return n
}

// Time returns CreateTime; zero when the event carries none.
func (e Event) Time() time.Time {
	s := e.Int("CreateTime")
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0)
}

// Key is the identity of the event: equal for repeated deliveries, different
// for any two events that differ in any field. The time is part of it, but
// never all of it: two customers may be added in one second. Keys sort by
// time, to the second.
func (e Event) Key() string {
	buf := make([]byte, 0, 1024)
	for i := range e.Fields {
		f := &e.Fields[i]
		buf = append(buf, byte(f.Depth))
		buf = binary.AppendUvarint(buf, uint64(len(f.Name)))
		buf = append(buf, f.Name...)
		buf = binary.AppendUvarint(buf, uint64(len(f.Text)))
		buf = append(buf, f.Text...)
	}
	sum := sha256.Sum256(buf)
	// Events of one time have keys beside each other, so an index of keys grows at one end.
	key := binary.BigEndian.AppendUint32(make([]byte, 0, 20), uint32(e.Int("CreateTime")))
	return hex.EncodeToString(key) + base64.RawURLEncoding.EncodeToString(sum[:16])
}

// each calls f with the text of every element at path until f returns false.
func (e Event) each(path string, f func(text string) bool) {
	depth := 1                     // where the next match may stand
	var rests [maxDepth + 2]string // the part of path that an element at a depth must match
	rests[1] = path
	for i := range e.Fields {
		el := &e.Fields[i]
		if el.Depth > depth {
			continue // inside an element that is not on the path
		}
		if el.Depth < depth {
			depth = el.Depth
		}
		name, rest, deeper := strings.Cut(rests[depth], "/")
		if el.Name != name {
			continue
		}
		if deeper && depth <= maxDepth {
			depth++
			rests[depth] = rest
			continue
		}
		if !f(el.Text) {
			return
		}
	}
}
