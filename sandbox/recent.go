package sandbox

import (
	"net/url"
	"slices"
	"sync"
)

// What the sandbox remembers for whoever looks: the last calls with request,
// answer and hint, and the last callbacks with their tries.
const (
	recentKept = 200
	recentText = 4 << 10 // bytes kept of a body
)

// CallSeen is one call of the server interface.
type CallSeen struct {
	Seq     int    `json:"seq"`
	Time    string `json:"time"` // RFC 3339, +08:00
	Method  string `json:"method"`
	Path    string `json:"path"`
	Query   string `json:"query"` // without the access_token
	Request string `json:"request"`
	Answer  string `json:"answer"` // empty for downloads
	ErrCode int    `json:"errcode"`
	Hint    string `json:"hint"` // why it was refused, in plain words
}

// CallbackSeen is one callback and its tries so far.
type CallbackSeen struct {
	Seq   int       `json:"seq"`
	Time  string    `json:"time"` // RFC 3339, +08:00, of the event
	URL   string    `json:"url"`
	Plain string    `json:"plain"`
	Tries []TrySeen `json:"tries"`
	Done  bool      `json:"done"` // accepted, or given up after the last try
	OK    bool      `json:"ok"`

	number uint64
}

// TrySeen is what one try of a callback came to.
type TrySeen struct {
	Status int    `json:"status"` // 0 = no answer
	Body   string `json:"body"`
	Error  string `json:"error"`
}

// ring keeps the last recentKept things; seq counts all there ever were.
type ring[T any] struct {
	seq  int
	last []T
}

func (r *ring[T]) add(v T) {
	if len(r.last) == recentKept {
		copy(r.last, r.last[1:])
		r.last = r.last[:recentKept-1]
	}
	r.last = append(r.last, v)
}

// recent has a lock of its own: callbacks end without the world's.
type recent struct {
	mu        sync.Mutex
	calls     ring[CallSeen]
	callbacks ring[CallbackSeen]
}

func (v *recent) call(c CallSeen) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls.seq++
	c.Seq = v.calls.seq
	v.calls.add(c)
}

// tried notes one try of a callback.
func (v *recent) tried(d *delivery, try TrySeen, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	log := &v.callbacks
	i := len(log.last) - 1
	for i >= 0 && log.last[i].number != d.number {
		i--
	}
	if i < 0 {
		log.seq++
		log.add(CallbackSeen{Seq: log.seq, Time: stamp(d.at), URL: d.url, Plain: clip([]byte(d.plain)), number: d.number})
		i = len(log.last) - 1
	}
	seen := &log.last[i]
	seen.Tries = append(slices.Clip(seen.Tries), try) // a view may hold the former ones
	seen.OK, seen.Done = seen.OK || ok, ok || d.tries <= 0
}

// view answers the last calls and callbacks, newest first.
func (v *recent) view() map[string]any {
	v.mu.Lock()
	defer v.mu.Unlock()
	calls, callbacks := []CallSeen{}, []CallbackSeen{}
	for i := range v.calls.last {
		c := v.calls.last[len(v.calls.last)-1-i]
		c.Query = withoutToken(c.Query)
		calls = append(calls, c)
	}
	for i := range v.callbacks.last {
		callbacks = append(callbacks, v.callbacks.last[len(v.callbacks.last)-1-i])
	}
	return map[string]any{"calls": calls, "callbacks": callbacks}
}

func (v *recent) clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls, v.callbacks = ring[CallSeen]{}, ring[CallbackSeen]{}
}

func withoutToken(query string) string {
	q, err := url.ParseQuery(query)
	if err != nil || !q.Has("access_token") {
		return query
	}
	q.Del("access_token")
	return q.Encode()
}

// clip keeps the beginning of a long body.
func clip(body []byte) string {
	if len(body) <= recentText {
		return string(body)
	}
	return string(body[:recentText]) + "…"
}
