package sandbox

import (
	"strconv"
	"strings"
	"time"
)

// event is one callback before it is sealed: a list of elements in the order of
// the official samples.
type event struct {
	area Area
	key  string // callbacks of one key keep their order: customer, chat or kf account
	kind string // id of the event, for the journal
	b    strings.Builder
}

// newEvent begins an event of the corp, sent by "sys".
func (s *Sandbox) newEvent(area Area, kind, key, name, change string) *event {
	e := s.newMessage(area, kind, key, "sys", "event", s.now())
	e.text("Event", name)
	if change != "" {
		e.text("ChangeType", change)
	}
	return e
}

// newMessage begins a message or event from somebody.
func (s *Sandbox) newMessage(area Area, kind, key, from, msgType string, at time.Time) *event {
	e := &event{area: area, key: key, kind: kind}
	e.b.Grow(512)
	e.b.WriteString("<xml>")
	e.text("ToUserName", s.corpID)
	e.text("FromUserName", from)
	e.number("CreateTime", at.Unix())
	e.text("MsgType", msgType)
	return e
}

// text adds an element in CDATA. The end mark inside a value is split over two
// sections, the only way to carry it.
func (e *event) text(name, value string) *event {
	e.b.WriteString("<" + name + "><![CDATA[")
	e.b.WriteString(strings.ReplaceAll(value, "]]>", "]]]]><![CDATA[>"))
	e.b.WriteString("]]></" + name + ">")
	return e
}

// number adds an element with a bare number.
func (e *event) number(name string, value int64) *event {
	e.b.WriteString("<" + name + ">" + strconv.FormatInt(value, 10) + "</" + name + ">")
	return e
}

// bare adds an element whose plain text needs no CDATA, such as an id.
func (e *event) bare(name, value string) *event {
	e.b.WriteString("<" + name + ">" + escapeXML(value) + "</" + name + ">")
	return e
}

// within puts elements into one of their own.
func (e *event) within(name string, add func()) {
	e.b.WriteString("<" + name + ">")
	add()
	e.b.WriteString("</" + name + ">")
}

// list adds a wrapper with one Item for each value.
func (e *event) list(name string, items []string) *event {
	e.b.WriteString("<" + name + ">")
	for _, item := range items {
		e.bare("Item", item)
	}
	e.b.WriteString("</" + name + ">")
	return e
}

// String is the whole document.
func (e *event) String() string { return e.b.String() + "</xml>" }

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func escapeXML(s string) string { return xmlEscaper.Replace(s) }

// elementText is the text of the first element of that name: enough to read a
// passive reply, which has no nesting of equal names.
func elementText(doc, name string) string {
	_, rest, ok := strings.Cut(doc, "<"+name+">")
	if !ok {
		return ""
	}
	inner, _, ok := strings.Cut(rest, "</"+name+">")
	if !ok {
		return ""
	}
	inner = strings.TrimSpace(inner)
	if cdata, ok := strings.CutPrefix(inner, "<![CDATA["); ok {
		cdata, _, _ = strings.Cut(cdata, "]]>")
		return cdata
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&").Replace(inner)
}
