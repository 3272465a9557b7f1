package sandbox

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// Who speaks.
const (
	staffSpeaks = iota
	customerSpeaks
	robotSpeaks
)

// speaker is somebody in an archived message.
type speaker struct {
	kind uint8
	n    int32
}

func (w *world) speakerID(p speaker) string {
	switch p.kind {
	case customerSpeaks:
		return w.customerID(p.n)
	case robotSpeaks:
		return w.archive.robots[p.n].id
	}
	return w.staff[p.n].id
}

// archived is one message, plain.
type archived struct {
	seq     uint64
	id      string
	at      int64 // milliseconds
	key     int   // version of the public key
	from    speaker
	to      speaker      // of a chat of two
	room    string       // else the group, and
	members []chatMember // who was in it
	kind    string       // msgtype; "switch" for the record that is no message
	body    any          // the part that holds the content
	extra   map[string]any
}

func inRoom(id string, members []chatMember) archived {
	return archived{room: id, members: slices.Clip(members)}
}

// outside is true when a customer takes part.
func (m *archived) outside() bool {
	if m.from.kind == customerSpeaks || m.room == "" && m.to.kind == customerSpeaks {
		return true
	}
	for _, p := range m.members {
		if !p.staff {
			return true
		}
	}
	return false
}

// mayArchive says whether a message is archived: a member with a seat takes
// part, and the customers it needs have agreed.
func (s *Sandbox) mayArchive(m *archived) bool {
	w := s.world
	seat := func(p speaker) bool {
		_, ok := w.archive.seats[p.n]
		return p.kind == staffSpeaks && ok
	}
	if !s.on("archive.open") {
		return false
	}
	if m.room == "" {
		if !seat(m.from) && !seat(m.to) {
			return false
		}
		staff, cust := m.from, m.to
		if staff.kind == customerSpeaks {
			staff, cust = cust, staff
		}
		if cust.kind != customerSpeaks {
			return true
		}
		c, _ := w.consentOf(staff.n, cust.n)
		return c.agreed
	}
	some := false
	for _, p := range m.members {
		some = some || p.staff && seat(speaker{staffSpeaks, p.who})
	}
	return some && s.roomAgrees(m)
}

// roomAgrees is true when the customer who speaks in a group has agreed, or
// every customer in it, by the switch.
func (s *Sandbox) roomAgrees(m *archived) bool {
	c := s.world.chatIndex[m.room]
	if c == nil {
		return true
	}
	everyone := s.switches["archive.group_consent"] == "everyone"
	for _, p := range m.members {
		if p.staff || !everyone && (m.from.kind != customerSpeaks || p.who != m.from.n) {
			continue
		}
		if got, _ := s.world.roomConsent(c, p); !got.agreed {
			return false
		}
	}
	return true
}

// archiveSay archives a message of a conversation and answers its msgid, empty
// when it is not archived.
func (s *Sandbox) archiveSay(m archived) string {
	if !s.mayArchive(&m) {
		return ""
	}
	return s.archiveWrite(m)
}

// archiveWrite adds a message to the log. Numbers rise with gaps.
func (s *Sandbox) archiveWrite(m archived) string {
	a, at := s.world.archive, s.now()
	a.seq++
	if draw := hash(s.world.seed, a.seq, hashString("gap")); draw%8 == 0 {
		a.seq += 1 + mix(draw)%3
	}
	m.seq, m.at, m.key = a.seq, at.UnixMilli(), a.keyVersion
	m.id = strconv.FormatUint(hash(s.world.seed, a.seq, hashString("archive msgid"))>>1, 10)
	if m.kind != "switch" {
		m.id += "_" + strconv.FormatInt(m.at, 10)
		if m.outside() {
			m.id += "_external"
		}
	}
	a.forget(at)
	a.log = append(a.log, m)
	s.archiveNews()
	return m.id
}

// forget drops what nobody can pull any more when it is half of the log.
func (a *archive) forget(now time.Time) {
	if old := a.oldest(now); old > 1000 && old > len(a.log)/2 {
		a.log = append([]archived(nil), a.log[old:]...)
	}
	for len(a.fileOrder) > 0 && now.Sub(a.files[a.fileOrder[0]].made) > 2*archiveLife {
		delete(a.files, a.fileOrder[0])
		a.fileOrder = a.fileOrder[1:]
	}
}

// oldest is the place of the first message of the last 5 days.
func (a *archive) oldest(now time.Time) int {
	since := now.Add(-archiveLife).UnixMilli()
	lo, hi := 0, len(a.log)
	for lo < hi {
		if mid := (lo + hi) / 2; a.log[mid].at <= since {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// view is the message as DecryptData gives it.
func (m *archived) view(w *world) map[string]any {
	if m.kind == "switch" {
		return map[string]any{"msgid": m.id, "action": "switch", "time": m.at, "user": w.speakerID(m.from)}
	}
	v := map[string]any{
		"msgid": m.id, "action": "send", "from": w.speakerID(m.from), "tolist": m.receivers(w), "roomid": m.room,
		"msgtime": m.at, "msgtype": m.kind,
	}
	switch m.kind {
	case "revoke":
		v["action"] = "recall"
	case "meeting_voice_call", "voip_doc_share":
		delete(v, "roomid")
	}
	if m.body != nil {
		v[partOf(m.kind)] = m.body
	}
	maps.Copy(v, m.extra)
	return v
}

// receivers are the other side, or everybody else in the group.
func (m *archived) receivers(w *world) []string {
	if m.room == "" {
		return []string{w.speakerID(m.to)}
	}
	out := make([]string, 0, len(m.members))
	for _, p := range m.members {
		who := speaker{staffSpeaks, p.who}
		if !p.staff {
			who.kind = customerSpeaks
		}
		if who != m.from {
			out = append(out, w.speakerID(who))
		}
	}
	return out
}

// partOf is the key that holds the content of a kind.
func partOf(kind string) string {
	switch kind {
	case "docmsg":
		return "doc"
	case "markdown", "news", "voiptext", "qydiskfile", "meeting_notification", "note":
		return "info"
	case "external_redpacket":
		return "redpacket"
	}
	return kind
}
