package sandbox

import (
	"time"
)

// Who an item of sync_msg comes from.
const (
	kfFromCustomer = 3
	kfFromSystem   = 4
	kfFromServicer = 5
)

const (
	kfRetention     = 3 * 24 * time.Hour
	kfTokenLife     = 600 // seconds
	kfPageLimit     = 1000
	kfUntokenedCall = 10 // a minute and account
)

// kfItem is one place in the log of an account. What the API sent has a place
// too but is never returned: pages may be short, or empty with more behind them.
type kfItem struct {
	id       string
	at       int64
	origin   int
	hidden   bool
	customer string
	servicer string
	kind     string // msgtype
	body     any    // the part named like the msgtype
}

type kfText struct {
	Content string `json:"content"`
	MenuID  string `json:"menu_id,omitempty"`
}

// kfEvent is the part "event" of a system item.
type kfEvent map[string]any

func (it *kfItem) view(a *kfAccount) map[string]any {
	v := map[string]any{"msgid": it.id, "send_time": it.at, "origin": it.origin, "msgtype": it.kind}
	if it.kind != "event" {
		v["open_kfid"], v["external_userid"] = a.id, it.customer
	}
	if it.servicer != "" {
		v["servicer_userid"] = it.servicer
	}
	if it.body != nil {
		v[it.kind] = it.body
	}
	return v
}

// append adds an item and answers its msgid, made when it has none. Items that
// nobody can read any more are dropped when they are half of the log.
func (a *kfAccount) append(w *world, it kfItem) string {
	if it.id == "" {
		it.id = letters(24, w.seed, uint64(a.number), uint64(a.dropped+len(a.log)), 124)
	}
	if old := a.oldest(time.Unix(it.at, 0)) - a.dropped; old > 1000 && old > len(a.log)/2 {
		a.log = append([]kfItem(nil), a.log[old:]...)
		a.dropped += old
	}
	a.log = append(a.log, it)
	a.msgids[it.id] = true
	return it.id
}

// oldest is the place of the first item of the last 3 days.
func (a *kfAccount) oldest(now time.Time) int {
	since := now.Add(-kfRetention).Unix()
	lo, hi := 0, len(a.log)
	for lo < hi {
		if mid := (lo + hi) / 2; a.log[mid].at < since {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return a.dropped + lo
}

func (a *kfAccount) end() int { return a.dropped + len(a.log) }

// tell adds an item to the log and sends the callback that says no more than
// that there is news.
func (s *Sandbox) tell(a *kfAccount, it kfItem) string {
	it.at = s.now().Unix()
	id := a.append(s.world, it)
	e := &event{area: AreaKF, key: a.id, kind: "kf.kf_msg_or_event"}
	e.b.WriteString("<xml>")
	e.text("ToUserName", s.corpID).number("CreateTime", it.at).text("MsgType", "event")
	e.text("Event", "kf_msg_or_event").text("Token", s.newKfToken()).text("OpenKfId", a.id)
	s.send(e)
	return id
}

// tellEvent is tell for a system event.
func (s *Sandbox) tellEvent(a *kfAccount, kind string, fields kfEvent) {
	fields["event_type"], fields["open_kfid"] = kind, a.id
	s.tell(a, kfItem{origin: kfFromSystem, kind: "event", body: fields})
}

// newKfToken makes the token of a callback. It holds the second it was made, so
// that nothing has to be kept.
func (s *Sandbox) newKfToken() string {
	d := s.world.kf
	d.tokenSeq++
	return d.tokens.make(int(s.now().Unix())<<6 | d.tokenSeq&63)
}

// kfExample fills in an emitted kf event: an account and a live token.
func (s *Sandbox) kfExample(id string, values map[string]string) {
	live := s.world.kf.live()
	if id != "kf.kf_msg_or_event" || len(live) == 0 {
		return
	}
	values["OpenKfId"], values["Token"] = live[0].id, s.newKfToken()
}

type kfSyncQuery struct {
	Cursor      string `json:"cursor"`
	Token       string `json:"token" bad:"95007"`
	Limit       int    `json:"limit"`
	VoiceFormat int    `json:"voice_format"`
	OpenKfID    string `json:"open_kfid"`
}

type kfSyncReply struct {
	reply
	NextCursor string           `json:"next_cursor"`
	HasMore    int              `json:"has_more"`
	MsgList    []map[string]any `json:"msg_list"`
}

func kfSync(c *call, q *kfSyncQuery) (any, error) {
	a, err := c.kfAccount(q.OpenKfID)
	if err != nil {
		return nil, err
	}
	if q.Limit < 0 || q.VoiceFormat < 0 || q.VoiceFormat > 1 || len(q.Cursor) > 64 {
		return nil, refuse(40058, "limit must not be negative, voice_format 0 or 1, cursor at most 64 bytes")
	}
	if q.Limit == 0 || q.Limit > kfPageLimit {
		q.Limit = kfPageLimit
	}
	if err := c.kfMaySync(a, q.Token); err != nil {
		return nil, err
	}
	from, half := a.oldest(c.now), false
	if q.Cursor != "" {
		n, ok := a.cursors.number(q.Cursor)
		if !ok {
			return nil, refuse(40058, "cursor %q was not made by this account", q.Cursor)
		}
		from, half = min(max(from, n>>1), a.end()), n&1 == 1
	}
	out := kfSyncReply{reply: done(), MsgList: []map[string]any{}}
	if c.s.on("kf.empty_pages") && !half && from < a.end() {
		out.HasMore, out.NextCursor = 1, a.cursors.make(from<<1|1)
		return out, nil
	}
	to := min(from+q.Limit, a.end())
	for i := from; i < to; i++ {
		if it := &a.log[i-a.dropped]; !it.hidden {
			out.MsgList = append(out.MsgList, it.view(a))
		}
	}
	if to < a.end() {
		out.HasMore = 1
	}
	out.NextCursor = a.cursors.make(to << 1)
	return out, nil
}

// kfMaySync checks the token of a callback; without one few calls a minute are
// let in.
func (c *call) kfMaySync(a *kfAccount, token string) error {
	if token != "" {
		n, ok := c.w.kf.tokens.number(token)
		if age := c.now.Unix() - int64(n>>6); !ok || age < 0 || age >= kfTokenLife {
			return refuse(95007, "the token is not of this corp or older than %d s", kfTokenLife)
		}
		return nil
	}
	if !c.s.on("kf.no_token_limit") {
		return nil
	}
	if m := c.now.Unix() / 60; m != a.minute {
		a.minute, a.inMinute = m, 0
	}
	if a.inMinute++; a.inMinute > kfUntokenedCall {
		return refuse(45009, "sync_msg without a token: more than %d calls in this minute (switch kf.no_token_limit)", kfUntokenedCall)
	}
	return nil
}
