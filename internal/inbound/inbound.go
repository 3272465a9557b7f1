// Package inbound receives WeCom's callbacks: verify, decrypt, store, answer - in this order and nothing between.
//
// An answer means that the event is committed. A delivery whose event is already committed is answered with success and
// changes nothing; that is how WeCom's second and third try are recognised, by the event's full identity. When the event
// cannot be stored the connection is closed without an answer, because only then every official page agrees that WeCom
// tries again. Refused are only wrong signatures, wrong receivers and stale timestamps. Unknown events are stored.
//
// What an event means is not known here: internal/bus hands it to the noun that registered for its kind.
package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom/callback"
)

// Areas are the callback addresses, /callback/wecom/<area>; "" is /callback/wecom itself, for any area.
var areas = []string{"", "app", "contact", "external", "kf", "archive"}

// Config of an Inbound.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	World  clock.World
	Log    *slog.Logger
	CorpID string
	// Crypto answers the keys of an area; an error says which setting is missing.
	Crypto func(area string) (*callback.Crypto, error)
	// Skew is how far a callback's timestamp may be off the corp's clock; 0 = 10 minutes.
	Skew time.Duration
	// Within is how long a callback may take from its arrival to its commit; 0 = 4.5 s, because WeCom cuts at 5 s.
	Within time.Duration
	// Room is how much memory all callbacks under way may take together, in bytes; 0 = 64 MiB. What finds no room in
	// time is closed without an answer.
	Room int64
	// Seen, when set, is told of every callback and of what became of it: for metrics and the doctor.
	Seen func(Seen)
}

// Seen is one callback and what became of it.
type Seen struct {
	Area   string
	Kind   string
	Offset time.Duration // WeCom's timestamp minus the corp's clock
	Took   time.Duration // from arrival to commit
	Err    error         // nil: stored, or stored before
}

// Inbound stores callbacks.
type Inbound struct {
	Config
	room  *semaphore.Weighted
	queue chan *delivery
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

const (
	defaultSkew = 10 * time.Minute
	defaultRoom = 64 << 20
	groupMost   = 500 // events per commit
	storeWithin = 4500 * time.Millisecond
)

// New makes an Inbound; it stores nothing before Start.
func New(c Config) *Inbound {
	if c.Skew == 0 {
		c.Skew = defaultSkew
	}
	if c.Within == 0 {
		c.Within = storeWithin
	}
	if c.Room == 0 {
		c.Room = defaultRoom
	}
	return &Inbound{Config: c, room: semaphore.NewWeighted(c.Room), queue: make(chan *delivery, 4*groupMost)}
}

// Start begins to store.
func (in *Inbound) Start(ctx context.Context) {
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	in.stop = stop
	in.wg.Go(func() { in.write(run) })
}

// Stop ends storing; deliveries that still wait are closed without an answer, and WeCom tries again.
func (in *Inbound) Stop() {
	if in.stop != nil {
		in.stop()
		in.wg.Wait()
	}
}

// Register puts the callback addresses on mux.
func (in *Inbound) Register(mux *http.ServeMux) {
	for _, area := range areas {
		path := strings.TrimSuffix("/callback/wecom/"+area, "/")
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { in.verify(w, r, area) })
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { in.receive(w, r, area) })
	}
}

// verify answers WeCom's check of the address when it is saved.
func (in *Inbound) verify(w http.ResponseWriter, r *http.Request, area string) {
	crypto, err := in.Crypto(area)
	if err != nil {
		in.refuse(w, area, "verify", http.StatusServiceUnavailable, err)
		return
	}
	q := r.URL.Query()
	plain, err := crypto.VerifyURL(q.Get("msg_signature"), q.Get("timestamp"), q.Get("nonce"), q.Get("echostr"))
	if err != nil {
		in.refuse(w, area, "verify", http.StatusForbidden, err)
		return
	}
	in.tell(Seen{Area: area, Kind: "verify"})
	_, _ = io.WriteString(w, plain) // alone and unquoted, as WeCom compares it
}

func (in *Inbound) receive(w http.ResponseWriter, r *http.Request, area string) {
	began := time.Now() //nolint:forbidigo // a duration in wall time, finer than milliseconds
	ctx, cancel := context.WithDeadline(r.Context(), began.Add(in.Within))
	defer cancel()
	_ = http.NewResponseController(w).SetReadDeadline(began.Add(in.Within)) // a sender that dribbles; in a test there may be no connection
	crypto, err := in.Crypto(area)
	if err != nil {
		in.refuse(w, area, "", http.StatusServiceUnavailable, err)
		return
	}
	d, err := in.enter(ctx, r.ContentLength)
	if err != nil {
		in.close(Seen{Area: area, Took: time.Since(began), Err: err}) //nolint:forbidigo // as above
	}
	defer in.leave(d)
	body, err := readBody(w, r)
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			in.refuse(w, area, "", http.StatusRequestEntityTooLarge, fmt.Errorf("body over %d bytes", callback.MaxBody))
			return
		}
		panic(http.ErrAbortHandler) //nolint:forbidigo // the sender went away: net/http closes the connection on it
	}
	q := r.URL.Query()
	plain, err := crypto.Open(q.Get("msg_signature"), q.Get("timestamp"), q.Get("nonce"), body)
	if err != nil {
		in.refuse(w, area, "", http.StatusForbidden, err)
		return
	}
	offset, err := in.fresh(ctx, q.Get("timestamp"))
	if err != nil {
		in.refuse(w, area, "", http.StatusForbidden, err)
		return
	}
	event, err := callback.Parse(plain)
	if err != nil {
		in.refuse(w, area, "", http.StatusBadRequest, err)
		return
	}
	d.item = in.item(event)
	err = in.store(ctx, d)
	seen := Seen{Area: area, Kind: event.Kind(), Offset: offset, Took: time.Since(began), Err: err} //nolint:forbidigo // as above
	if err != nil {
		in.close(seen)
	}
	in.tell(seen)
	_, _ = io.WriteString(w, "success")
}

// readBody reads at most MaxBody bytes, in one piece when the sender says how long it is.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(w, r.Body, callback.MaxBody)
	if r.ContentLength < 0 || r.ContentLength > callback.MaxBody {
		return io.ReadAll(limited)
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(limited, body)
	return body, err
}

// close ends the connection without an answer: WeCom tries again. It does not return.
func (in *Inbound) close(s Seen) {
	in.tell(s)
	in.Log.Error("store a callback: closing without an answer", "kind", s.Kind, "error", s.Err)
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http closes the connection on it, as is wanted
}

// asker is a world that keeps its clock elsewhere and may have jumped since we heard of it last: a sandbox's.
type asker interface {
	Ask(ctx context.Context) error
}

// fresh refuses a timestamp that is too far off the corp's clock: a recorded callback played again.
func (in *Inbound) fresh(ctx context.Context, timestamp string) (time.Duration, error) {
	sec, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return 0, errors.New("timestamp is not a number")
	}
	offset := clock.Unix(sec).Sub(in.World.Now())
	if w, ok := in.World.(asker); ok && offset.Abs() > time.Second {
		if err := w.Ask(ctx); err != nil {
			return offset, fmt.Errorf("timestamp is %s off the clock that was heard of last: %w", offset.Round(time.Second), err)
		}
		offset = clock.Unix(sec).Sub(in.World.Now())
	}
	if offset.Abs() > in.Skew {
		return offset, fmt.Errorf("timestamp is %s off the corp's clock, at most %s is accepted", offset.Round(time.Second), in.Skew)
	}
	return offset, nil
}

func (in *Inbound) refuse(w http.ResponseWriter, area, kind string, status int, err error) {
	in.Log.Warn("refused a callback", "area", area, "error", err)
	in.tell(Seen{Area: area, Kind: kind, Err: err})
	http.Error(w, err.Error(), status)
}

func (in *Inbound) tell(s Seen) {
	if in.Seen != nil {
		in.Seen(s)
	}
}
