package inbound

import (
	"encoding/json"
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

// registered are the elements of callbacks that some room reads, with what for. Everything else is dropped before it is stored
// (LAW-05): WeCom tells more than we need, such as a member's mobile number or the words of a message to the app.
var registered = map[string]string{
	"ToUserName": "which corp", "FromUserName": "who wrote", "AgentID": "which app", "CreateTime": "when", "MsgType": "what it is", "Event": "what it is", "ChangeType": "what it is",
	"UserID": "which member", "NewUserID": "a member's new id", "ExternalUserID": "which customer", "State": "by which code they came", "WelcomeCode": "to welcome them",
	"Source": "who ended the relation", "ChatId": "which group", "UpdateDetail": "what changed in a group", "LastMemVer": "whether a change of a group was missed",
	"CurMemVer": "whether a change of a group was missed", "Id": "which tag or department", "TagType": "tag or group of tags", "Token": "to read messages", "OpenKfId": "which service account",
}

// payload keeps the registered elements of an event as JSON, the first of each name.
func payload(fields []callback.Field) json.RawMessage {
	b := append(make([]byte, 0, 512), '{')
	for i := range fields {
		f := &fields[i]
		if f.Depth != 1 || registered[f.Name] == "" || slices.ContainsFunc(fields[:i], func(o callback.Field) bool { return o.Depth == 1 && o.Name == f.Name }) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendString(b, f.Name), ':')
		b = appendString(b, f.Text)
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
