package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// archiveSend is what the acts that send any kind of message share.
type archiveSend struct {
	MsgType string          `json:"msgtype"`
	Text    string          `json:"text"`
	Content json.RawMessage `json:"content"` // replaces parts of what the kind holds
	Size    int             `json:"size"`    // of media, in bytes

	words string // of the delivery; empty: the kind, or the text
}

type staffSendsQuery struct {
	Staff     string `json:"staff"`
	Customer  string `json:"customer"`
	Chat      string `json:"chat"`      // a group with customers, or one of members only
	Colleague string `json:"colleague"` // a member instead of a customer
	Robot     bool   `json:"robot"`     // the robot posts, not the member
	archiveSend
}

// staffSends is a member sending a message of any kind: to a customer, in a
// group, to a colleague.
func staffSends(s *Sandbox, q *staffSendsQuery) (any, error) {
	if q.Chat != "" || q.Robot {
		return s.staffSendsToRoom(q)
	}
	w := s.world
	if q.Colleague != "" {
		from, err := s.appMember(q.Staff)
		if err != nil {
			return nil, err
		}
		to, ok := w.staffByID(q.Colleague)
		if !ok || to == w.staffIndexOf(from) {
			return nil, unknownID("colleague", q.Colleague)
		}
		m := archived{from: speaker{staffSpeaks, w.staffIndexOf(from)}, to: speaker{staffSpeaks, to}}
		return s.sendArchived(m, &q.archiveSend, map[string]any{"staff": from.id, "colleague": w.staff[to].id})
	}
	r, err := s.pair(pairQuery{q.Staff, q.Customer}, (*relation).friends)
	if err != nil {
		return nil, err
	}
	m := archived{from: speaker{staffSpeaks, r.staff}, to: speaker{customerSpeaks, r.customer}}
	answer := s.viewPair(r)
	s.talk(r)
	return s.sendArchived(m, &q.archiveSend, answer)
}

func (s *Sandbox) staffSendsToRoom(q *staffSendsQuery) (any, error) {
	w := s.world
	members, owner := []chatMember(nil), int32(0)
	if c := w.chatIndex[q.Chat]; c != nil && !c.dismissed {
		members, owner = c.members, c.owner
	} else {
		room := w.archive.rooms[0]
		if q.Chat != "" {
			room = w.archive.room(q.Chat)
		}
		if room == nil {
			return nil, unknownID("group", q.Chat)
		}
		q.Chat, members, owner = room.id, room.members, room.creator
	}
	m := inRoom(q.Chat, members)
	m.from = speaker{staffSpeaks, owner}
	if q.Staff != "" {
		n, ok := w.staffByID(q.Staff)
		if !ok || !slices.ContainsFunc(members, func(p chatMember) bool { return p.staff && p.who == n }) {
			return nil, unknownID("member of the group", q.Staff)
		}
		m.from.n = n
	}
	answer := map[string]any{"chat": q.Chat, "staff": w.speakerID(m.from)}
	if q.Robot {
		m.from = speaker{robotSpeaks, 0}
		answer["staff"], answer["robot"] = "", w.archive.robots[0].id
	}
	return s.sendArchived(m, &q.archiveSend, answer)
}

// customerSendsArchived is a customer sending a message of any kind to a member
// or in a group, where only the archive sees it.
func (s *Sandbox) customerSendsArchived(q *sendsQuery) (any, error) {
	w := s.world
	if q.Chat == "" {
		r, err := s.pair(pairQuery{q.Staff, q.Customer}, (*relation).friends)
		if err != nil {
			return nil, err
		}
		s.talk(r)
		m := archived{from: speaker{customerSpeaks, r.customer}, to: speaker{staffSpeaks, r.staff}}
		return s.sendArchived(m, q.archived(), s.viewPair(r))
	}
	c := w.chatIndex[q.Chat]
	if c == nil || c.dismissed {
		return nil, unknownID("group", q.Chat)
	}
	i := slices.IndexFunc(c.members, func(p chatMember) bool {
		return !p.staff && (q.Customer == "" || w.customerID(p.who) == q.Customer)
	})
	if i < 0 {
		return nil, unknownID("customer of the group", q.Customer)
	}
	m := inRoom(c.id, c.members)
	m.from = speaker{customerSpeaks, c.members[i].who}
	return s.sendArchived(m, q.archived(), map[string]any{"chat": c.id, "customer": w.speakerID(m.from)})
}

// sendArchived makes the content of a message, archives it when it may be, and
// writes down what reached customers.
func (s *Sandbox) sendArchived(m archived, q *archiveSend, answer map[string]any) (any, error) {
	m.kind = q.MsgType
	if err := s.fillArchived(&m, q); err != nil {
		return nil, err
	}
	id := s.archiveSay(m)
	answer["archived"], answer["msgid"] = id != "", id
	if m.from.kind == staffSpeaks && m.kind != "revoke" && m.outside() {
		d := Delivery{Staff: s.world.speakerID(m.from), Channel: "contact", Kind: "chat", Origin: "member", Text: "[" + m.kind + "]"}
		if m.kind == "external_redpacket" {
			d.Kind = "red_packet"
		}
		switch {
		case q.words != "":
			d.Text = q.words
		case m.kind == "text":
			d.Text = q.Text
		}
		if m.room != "" {
			d.Chat, d.Channel = m.room, "group"
		} else {
			d.Customer = s.world.speakerID(m.to)
		}
		s.delivered(d)
	}
	if m.from.kind == customerSpeaks {
		s.journal(entry{Kind: "customer_sends", Customer: s.world.speakerID(m.from), Chat: m.room, Detail: m.kind})
	}
	return answer, nil
}

func (s *Sandbox) fillArchived(m *archived, q *archiveSend) error {
	if q.Text == "" {
		q.Text = "您好"
	}
	if q.Size < 0 || q.Size > archiveFileLimit {
		return fmt.Errorf("size %d: must be between 0 and %d", q.Size, archiveFileLimit)
	}
	var given map[string]any
	if len(q.Content) > 0 {
		if err := json.Unmarshal(q.Content, &given); err != nil {
			return fmt.Errorf("content: %w", err)
		}
	}
	switch {
	case m.kind == "revoke":
		return s.fillRevoke(m, given)
	case m.kind == "redpacket" && m.outside():
		return errors.New("redpacket is for chats of members; with customers it is external_redpacket")
	case m.kind == "external_redpacket" && !m.outside():
		return errors.New("external_redpacket is for chats with customers; among members it is redpacket")
	}
	fill := archiveKinds[m.kind]
	if fill == nil {
		return fmt.Errorf("msgtype %q: must be revoke, %s", m.kind, strings.Join(slices.Sorted(maps.Keys(archiveKinds)), ", "))
	}
	k := &sending{s: s, m: *m, text: q.Text, size: q.Size}
	body := fill(k)
	if body == nil { // the parts stand beside the message
		maps.Copy(k.m.extra, given)
		*m = k.m
		return nil
	}
	maps.Copy(body, given)
	k.m.body = body
	*m = k.m
	return nil
}

// fillRevoke takes back the speaker's last message of the same conversation, or
// the one named.
func (s *Sandbox) fillRevoke(m *archived, given map[string]any) error {
	want, _ := given["pre_msgid"].(string)
	log := s.world.archive.log
	for i := len(log) - 1; i >= 0; i-- {
		old := &log[i]
		if old.kind != "revoke" && old.from == m.from && old.room == m.room && (m.room != "" || old.to == m.to) && (want == "" || old.id == want) {
			m.body = map[string]any{"pre_msgid": old.id}
			return nil
		}
	}
	return unknownID("archived message of this speaker", want)
}

// archiveText archives words of a conversation.
func (s *Sandbox) archiveText(m archived, text string) {
	m.kind, m.body = "text", map[string]any{"content": text}
	s.archiveSay(m)
}

// archivedPart is one message of what a member sent through WeCom.
type archivedPart struct {
	kind string
	body any
}

// archiveParts is what goes to the archive of a text with attachments: a
// message for each. Nothing when the archive leaves such messages out.
func (s *Sandbox) archiveParts(q *content) []archivedPart {
	if !s.on("archive.open") || !s.on("archive.sent") {
		return nil
	}
	var out []archivedPart
	if text := q.text(); text != "" {
		out = append(out, archivedPart{"text", map[string]any{"content": text}})
	}
	for i := range q.Attachments {
		a := &q.Attachments[i]
		switch {
		case a.MsgType == "link" && a.Link != nil:
			out = append(out, archivedPart{"link", map[string]any{
				"title": a.Link.Title, "description": a.Link.Desc, "link_url": a.Link.URL, "image_url": a.Link.PicURL,
			}})
		case a.MsgType == "miniprogram" && a.MiniProgram != nil:
			body := sendWeapp(&sending{s: s, text: a.MiniProgram.Title})
			out = append(out, archivedPart{"weapp", body})
		case archiveKinds[a.MsgType] != nil: // image, video, file
			out = append(out, archivedPart{a.MsgType, archiveKinds[a.MsgType](&sending{s: s})})
		}
	}
	return out
}

// archiveAll archives the parts as messages of one conversation.
func (s *Sandbox) archiveAll(m archived, parts []archivedPart) {
	for _, p := range parts {
		m.kind, m.body = p.kind, p.body
		s.archiveSay(m)
	}
}

// staffSwitchesCorp is a member turning to another corp in the client: a record
// of the archive that is no message.
func staffSwitchesCorp(s *Sandbox, q *appActQuery) (any, error) {
	m, err := s.appMember(q.Staff)
	if err != nil {
		return nil, err
	}
	n := s.world.staffIndexOf(m)
	if _, seat := s.world.archive.seats[n]; !seat || !s.on("archive.open") {
		return map[string]any{"staff": m.id, "archived": false, "msgid": ""}, nil
	}
	id := s.archiveWrite(archived{kind: "switch", from: speaker{staffSpeaks, n}})
	return map[string]any{"staff": m.id, "archived": true, "msgid": id}, nil
}
