package inbound

import (
	"encoding/json"
	"fmt"
	"slices"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// item turns an event into a row of the inbox.
func (in *Inbound) item(e callback.Event) bus.Item {
	kind := e.Event
	switch {
	case e.MsgType != "event":
		kind = "message." + e.MsgType
	case e.ChangeType != "":
		kind += "." + e.ChangeType
	}
	order := "corp"
	for _, by := range []struct{ field, prefix string }{
		{"ExternalUserID", "customer/"}, {"ChatId", "chat/"}, {"OpenKfId", "kf/"}, {"UserID", "staff/"}, {"FromUserName", "staff/"},
	} {
		if v := e.Get(by.field); v != "" {
			order = by.prefix + v
			break
		}
	}
	return bus.Item{
		CorpID: in.CorpID, Lane: bus.Inbox, Kind: kind, Key: "in/" + e.Key(), OrderKey: order, Payload: payload(e.Fields),
	}
}

// payload keeps every element of the event as JSON: texts by name, elements with children as lists of objects.
func payload(fields []callback.Field) json.RawMessage {
	if flat(fields) {
		return flatPayload(fields)
	}
	b, err := json.Marshal(tree(fields))
	if err != nil {
		panic(fmt.Sprintf("strings and lists of them become JSON: %v", err)) //nolint:forbidigo // a mistake in tree
	}
	return b
}

// flat says whether no element has children and no name comes twice: nearly all events are like that.
func flat(fields []callback.Field) bool {
	const most = 32 // beyond that looking for a name twice costs more than it saves
	if len(fields) > most {
		return false
	}
	for i := range fields {
		same := func(f callback.Field) bool { return f.Name == fields[i].Name }
		if fields[i].Depth != 1 || slices.ContainsFunc(fields[:i], same) {
			return false
		}
	}
	return true
}

// flatPayload writes what json.Marshal(tree(fields)) would, in the order of the event.
func flatPayload(fields []callback.Field) json.RawMessage {
	size := 2
	for i := range fields {
		size += len(fields[i].Name) + len(fields[i].Text) + len(`"":"",`)
	}
	b := append(make([]byte, 0, size), '{')
	for i := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, fields[i].Name), ':')
		b = appendString(b, fields[i].Text)
	}
	return append(b, '}')
}

// appendString writes s as a JSON string.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always becomes JSON
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// tree is the general form: a name that comes again becomes a list, an element with children a list of objects.
func tree(fields []callback.Field) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(fields); {
		f := fields[i]
		end := i + 1
		for end < len(fields) && fields[end].Depth > f.Depth {
			end++
		}
		if end == i+1 {
			switch former := out[f.Name].(type) {
			case nil:
				out[f.Name] = f.Text
			case string: // the same name again: a list of texts
				out[f.Name] = []any{former, f.Text}
			case []any:
				out[f.Name] = append(former, f.Text)
			}
		} else {
			former, _ := out[f.Name].([]any)
			out[f.Name] = append(former, tree(fields[i+1:end]))
		}
		i = end
	}
	return out
}
