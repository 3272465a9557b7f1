package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"zhiyin.dev/zhiyin/internal/errs"
)

// Live tells open consoles that something changed, on whatever node they are. It carries names of what changed, never
// content: the console asks for that with its own rights. It may lose an event; the console also looks by itself.
type Live struct {
	nc      *nats.Conn
	subject string
	log     *slog.Logger
	sub     *nats.Subscription

	mu      sync.Mutex
	readers map[*reader]struct{}
	closed  bool
}

// Event is what a console is told.
type Event struct {
	Kind  string `json:"kind"` // counters, health, session, broadcast, touch, customer, sync, ...
	ID    string `json:"id,omitempty"`
	State string `json:"state,omitempty"`
}

const (
	flushEvery = 250 * time.Millisecond // wall time: a burst of changes to one thing is one event
	pingEvery  = 15 * time.Second       // keeps proxies from closing a quiet stream
	mostWaits  = 256                    // different events a slow console may be behind
	mostStream = 500                    // consoles that listen at once
)

// reader is one open console: its events wait in a set, so that repeats cost nothing.
type reader struct {
	mu    sync.Mutex
	waits map[Event]struct{}
	order []Event
	lost  bool
	ready chan struct{}
}

// NewLive joins the corp's events. A nil connection keeps them within the process.
func NewLive(nc *nats.Conn, corpID string, log *slog.Logger) (*Live, error) {
	l := &Live{nc: nc, subject: "zhiyin.live." + subjectToken(corpID), log: log, readers: map[*reader]struct{}{}}
	if nc == nil {
		return l, nil
	}
	sub, err := nc.Subscribe(l.subject, func(m *nats.Msg) {
		var e Event
		if err := json.Unmarshal(m.Data, &e); err == nil {
			l.hand(e)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to live events: %w", err)
	}
	l.sub = sub
	return l, nil
}

// subjectToken keeps characters out that mean something in a NATS subject.
func subjectToken(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c <= ' ' || c == '.' || c == '*' || c == '>' {
			b[i] = '_'
		}
	}
	if len(b) == 0 {
		return "none"
	}
	return string(b)
}

// Publish tells every open console that a thing changed. Call it after the commit (tx.OnCommit). It never blocks.
func (l *Live) Publish(kind, id string) { l.Send(Event{Kind: kind, ID: id}) }

// Send is Publish with a state.
func (l *Live) Send(e Event) {
	if l.nc == nil {
		l.hand(e)
		return
	}
	raw, err := json.Marshal(e)
	if err == nil {
		err = l.nc.Publish(l.subject, raw)
	}
	if err != nil {
		l.log.Debug("live event lost", "kind", e.Kind, "error", err)
	}
}

// Close ends all streams.
func (l *Live) Close() {
	if l.sub != nil {
		_ = l.sub.Unsubscribe() // the connection may be closed already
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for r := range l.readers {
		close(r.ready)
		delete(l.readers, r)
	}
}

func (l *Live) hand(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.readers {
		r.put(e)
	}
}

func (r *reader) put(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.waits[e]; ok {
		return
	}
	if len(r.order) >= mostWaits {
		r.lost = true
		return
	}
	r.waits[e] = struct{}{}
	r.order = append(r.order, e)
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

func (r *reader) take() (events []Event, lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	events, lost = r.order, r.lost
	r.order, r.lost = nil, false
	clear(r.waits)
	return events, lost
}

// subscribe adds a reader; nil when there are too many, or the end has come.
func (l *Live) subscribe() *reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.readers) >= mostStream {
		return nil
	}
	r := &reader{waits: map[Event]struct{}{}, ready: make(chan struct{}, 1)}
	l.readers[r] = struct{}{}
	return r
}

func (l *Live) unsubscribe(r *reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.readers, r)
}

// Register puts GET /api/v1/live on the API: server-sent events, named by kind. The event "lost" says that the console
// should read everything again.
func (l *Live) Register(a *API) {
	op := Op{ID: "live", Permission: SignedIn, Scope: Shared, Summary: "Server-sent events: what changed"}
	a.routes = append(a.routes, Route{Method: http.MethodGet, Path: "/live", Op: op})
	a.mux.HandleFunc("GET "+prefix+"/live", func(w http.ResponseWriter, r *http.Request) {
		who, err := a.identify(r)
		if err == nil {
			err = allowed(who, op)
		}
		if err != nil {
			WriteError(w, r, err)
			return
		}
		again := func(ctx context.Context) bool { // a session may end while the stream is open
			still, err := a.identify(r.WithContext(ctx))
			return err == nil && allowed(still, op) == nil
		}
		l.stream(w, r, again)
	})
}

func (l *Live) stream(w http.ResponseWriter, r *http.Request, allowed func(context.Context) bool) {
	events := l.subscribe()
	if events == nil {
		WriteError(w, r, errs.New(errs.Unavailable, "too_many_streams", errs.T("打开的页面太多，请稍后再试。", "Too many pages are open. Try again later.")))
		return
	}
	defer l.unsubscribe(events)
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Time{}) // a stream outlives the server's limit for answers
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	if _, err := fmt.Fprint(w, "retry: 3000\n\n"); err != nil || rc.Flush() != nil {
		return
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	calm := time.NewTicker(flushEvery)
	defer calm.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-ping.C:
			if !allowed(r.Context()) {
				return
			}
			if _, err := fmt.Fprint(w, ": ping\n\n"); err != nil || rc.Flush() != nil {
				return
			}
			continue
		case _, open := <-events.ready:
			if !open {
				return
			}
		}
		list, lost := events.take()
		if err := writeEvents(w, list, lost); err != nil || rc.Flush() != nil {
			return
		}
		select {
		case <-calm.C:
		case <-r.Context().Done():
			return
		}
	}
}

func writeEvents(w http.ResponseWriter, list []Event, lost bool) error {
	if lost {
		list = append(list, Event{Kind: "lost"})
	}
	for _, e := range list {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.Kind, data); err != nil {
			return err
		}
	}
	return nil
}
