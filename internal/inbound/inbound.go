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
	queue chan *delivery
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

type delivery struct {
	item bus.Item
	done chan error
}

const (
	defaultSkew = 10 * time.Minute
	groupMost   = 500                     // events per commit
	storeWithin = 4500 * time.Millisecond // WeCom cuts at 5 s: close before it does
)

// New makes an Inbound; it stores nothing before Start.
func New(c Config) *Inbound {
	if c.Skew == 0 {
		c.Skew = defaultSkew
	}
	return &Inbound{Config: c, queue: make(chan *delivery, 4*groupMost)}
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
	crypto, err := in.Crypto(area)
	if err != nil {
		in.refuse(w, area, "", http.StatusServiceUnavailable, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, callback.MaxBody))
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
	offset, err := in.fresh(q.Get("timestamp"))
	if err != nil {
		in.refuse(w, area, "", http.StatusForbidden, err)
		return
	}
	event, err := callback.Parse(plain)
	if err != nil {
		in.refuse(w, area, "", http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeWithin)
	defer cancel()
	err = in.store(ctx, in.item(event))
	in.tell(Seen{Area: area, Kind: event.Kind(), Offset: offset, Took: time.Since(began), Err: err}) //nolint:forbidigo // as above
	if err != nil {
		in.Log.Error("store a callback: closing without an answer", "kind", event.Kind(), "error", err)
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http closes the connection on it, as is wanted
	}
	_, _ = io.WriteString(w, "success")
}

// fresh refuses a timestamp that is too far off the corp's clock: a recorded callback played again.
func (in *Inbound) fresh(timestamp string) (time.Duration, error) {
	sec, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return 0, errors.New("timestamp is not a number")
	}
	offset := clock.Unix(sec).Sub(in.World.Now())
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
func payload(fields []callback.Field) map[string]any {
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
			out[f.Name] = append(former, payload(fields[i+1:end]))
		}
		i = end
	}
	return out
}

// store hands an event to the writer and waits until it is committed.
func (in *Inbound) store(ctx context.Context, item bus.Item) error {
	d := &delivery{item: item, done: make(chan error, 1)}
	select {
	case in.queue <- d:
	case <-ctx.Done():
		return fmt.Errorf("wait for the writer: %w", ctx.Err())
	}
	select {
	case err := <-d.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wait for the commit: %w", ctx.Err())
	}
}

// write is the one writer: whatever waits shares one commit, so that the cost of a sync to disk is shared too.
func (in *Inbound) write(ctx context.Context) {
	for {
		var group []*delivery
		select {
		case d := <-in.queue:
			group = append(group, d)
		case <-ctx.Done():
			return
		}
	fill:
		for len(group) < groupMost {
			select {
			case d := <-in.queue:
				group = append(group, d)
			default:
				break fill
			}
		}
		err := in.commit(ctx, group)
		for _, d := range group {
			d.done <- err
		}
	}
}

func (in *Inbound) commit(ctx context.Context, group []*delivery) error {
	items := make([]bus.Item, 0, len(group))
	once := make(map[string]bool, len(group)) // one statement cannot insert one key twice on every engine
	for _, d := range group {
		if !once[d.item.Key] {
			once[d.item.Key] = true
			items = append(items, d.item)
		}
	}
	ctx, cancel := context.WithTimeout(db.Urgent(ctx), storeWithin)
	defer cancel()
	return in.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := in.Bus.Put(ctx, tx, items...)
		return err
	})
}
