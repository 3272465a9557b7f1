package sandbox

import (
	"maps"
	"strconv"
	"strings"
	"time"
)

// appState is what the one app of the corp keeps: its messages and its menu.
type appState struct {
	sent        map[string]time.Time // messages by msgid, for recall
	seq         uint64
	cards       map[string]*sentCard     // by task_id
	responses   map[string]*cardResponse // by response_code
	inDay       map[int64]int            // recipients by day
	windows     map[int32]*sendWindow
	bodies      map[uint64]time.Time // identical requests, until when they are dropped
	menu        []menuButton
	visible     visibleRange
	settings    agentSettings
	tickets     map[string]*jsTicket
	userTickets map[string]userTicket
	asked       int // tickets in this hour
	hour        int64
}

func newAppState() *appState {
	return &appState{
		sent: map[string]time.Time{}, windows: map[int32]*sendWindow{}, bodies: map[uint64]time.Time{},
		cards: map[string]*sentCard{}, responses: map[string]*cardResponse{}, inDay: map[int64]int{},
		tickets: map[string]*jsTicket{}, userTickets: map[string]userTicket{},
		visible: visibleRange{parties: []int{1}},
	}
}

// forget drops what nobody can use any more, now and then.
func (a *appState) forget(now time.Time) {
	if a.seq%1024 != 0 {
		return
	}
	maps.DeleteFunc(a.sent, func(_ string, at time.Time) bool { return now.Sub(at) > 48*time.Hour })
	maps.DeleteFunc(a.responses, func(_ string, r *cardResponse) bool { return now.After(r.expires) })
	maps.DeleteFunc(a.bodies, func(_ uint64, until time.Time) bool { return now.After(until) })
	maps.DeleteFunc(a.userTickets, func(_ string, t userTicket) bool { return now.After(t.expires) })
}

// sendWindow counts what one member got, in the current minute and hour.
type sendWindow struct {
	minute, hour     int64
	inMinute, inHour int
}

// Above these WeCom drops what the app sends to one member, silently.
const (
	appMessagesAMinute = 30
	appMessagesAnHour  = 1000
)

// take reports whether one more message gets through.
func (sw *sendWindow) take(now time.Time) bool {
	if m := now.Unix() / 60; m != sw.minute {
		sw.minute, sw.inMinute = m, 0
	}
	if h := now.Unix() / 3600; h != sw.hour {
		sw.hour, sw.inHour = h, 0
	}
	if sw.inMinute >= appMessagesAMinute || sw.inHour >= appMessagesAnHour {
		return false
	}
	sw.inMinute++
	sw.inHour++
	return true
}

// agentID is an agentid as clients send it: a number, or a number in a string.
type agentID struct {
	given bool
	n     int
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *agentID) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" || text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		n = -1 // no agent has it: refused as a wrong agentid
	}
	a.given, a.n = true, n
	return nil
}

// check refuses a call for another app than that of the token.
func (a agentID) check(c *call) error {
	switch {
	case !a.given:
		return refuse(41011, "agentid is missing")
	case a.n < 0:
		return refuse(40056, "agentid is no number")
	case a.n != c.s.agentID:
		return refuse(301002, "the token is of agent %d", c.s.agentID)
	}
	return nil
}

// seen reports whether the same body came within interval seconds.
func (a *appState) seen(body []byte, interval int, now time.Time) bool {
	if interval == 0 {
		interval = 1800
	}
	key := hashString(string(body))
	if now.Before(a.bodies[key]) {
		return true
	}
	a.bodies[key] = now.Add(time.Duration(interval) * time.Second)
	return false
}
