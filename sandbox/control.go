package sandbox

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// controlPlane serves /_sandbox/: JSON in and out, whatever the Content-Type
// says. Everything wrong with a request is status 400 and {"error"}.
func (s *Sandbox) controlPlane() http.Handler {
	mux := http.NewServeMux()
	route := func(pattern string, do func(r *http.Request, body []byte) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
			if err != nil {
				writeJSON(w, http.StatusBadRequest, map[string]string{"error": "read request: " + err.Error()})
				return
			}
			answer, err := do(r, body)
			if err != nil {
				writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
				return
			}
			writeJSON(w, http.StatusOK, answer)
		})
	}
	route("GET /_sandbox/state", func(r *http.Request, _ []byte) (any, error) {
		st := s.State()
		if r.URL.Query().Get("hash") == "1" {
			st.Hash = s.Hash()
		}
		return st, nil
	})
	route("GET /_sandbox/ready", func(r *http.Request, _ []byte) (any, error) { return s.Ready(requestBase(r)), nil })
	route("GET /_sandbox/calls", func(*http.Request, []byte) (any, error) { return s.stats.view(), nil })
	route("DELETE /_sandbox/calls", func(*http.Request, []byte) (any, error) { s.stats.clear(); return okay, nil })
	route("GET /_sandbox/refusals", s.controlRefusals)
	route("GET /_sandbox/recent", func(*http.Request, []byte) (any, error) { return s.recent.view(), nil })
	route("GET /_sandbox/world", s.controlWorld)
	route("GET /_sandbox/deliveries", s.controlDeliveries)
	mux.HandleFunc("GET /_sandbox/journal", s.controlJournal)
	route("POST /_sandbox/reset", s.controlReset)
	route("POST /_sandbox/faults", s.controlFaults)
	route("GET /_sandbox/clock", s.controlClock)
	route("POST /_sandbox/clock", s.controlClock)
	route("POST /_sandbox/clock/follow", s.controlFollow)
	route("POST /_sandbox/tokens/expire", s.controlExpire)
	route("POST /_sandbox/oauth/code", s.controlCode)
	route("POST /_sandbox/callbacks", s.controlCallbacks)
	route("POST /_sandbox/emit", s.controlEmit)
	route("POST /_sandbox/act", func(_ *http.Request, body []byte) (any, error) { return s.Act(body) })
	route("POST /_sandbox/life", s.controlLife)
	route("GET /_sandbox/switches", func(*http.Request, []byte) (any, error) { return s.viewSwitches(), nil })
	route("POST /_sandbox/switches", s.controlSwitches)
	mux.HandleFunc("/_sandbox/", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": fmt.Sprintf("the control plane has no %s %s", r.Method, r.URL.Path)})
	})
	return s.guard(mux)
}

var okay = map[string]bool{"ok": true}

// guard lets in loopback callers and those with the control token, and refuses
// what a web page could send.
func (s *Sandbox) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.mayControl(r); err != nil {
			writeJSON(w, http.StatusForbidden, map[string]string{"error": err.Error()})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Sandbox) mayControl(r *http.Request) error {
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host != r.Host {
			return errors.New("foreign Origin: the control plane is not for web pages")
		}
	}
	if s.opts.ControlToken != "" {
		given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(given), []byte(s.opts.ControlToken)) != 1 {
			return errors.New("the control token is missing or wrong: send Authorization: Bearer TOKEN")
		}
		return nil
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if !isLoopbackHost(strings.Trim(host, "[]")) {
		return errors.New("foreign Host: the control plane answers under loopback names only")
	}
	if !isLoopbackHost(callerIP(r)) {
		return errors.New("the control plane is for loopback callers only")
	}
	return nil
}

// readControl decodes a body strictly; an empty body is an empty object.
func readControl(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	return nil
}

func afterParam(r *http.Request) (int, error) {
	text := r.URL.Query().Get("after")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("after=%q: must be a number", text)
	}
	return n, nil
}

func (s *Sandbox) controlDeliveries(r *http.Request, _ []byte) (any, error) {
	after, err := afterParam(r)
	if err != nil {
		return nil, err
	}
	items := s.Deliveries(after)
	next := after
	if len(items) > 0 {
		next = items[len(items)-1].Seq
	} else {
		items = []Delivery{}
	}
	return map[string]any{"items": items, "next": next}, nil
}

func (s *Sandbox) controlJournal(w http.ResponseWriter, r *http.Request) {
	after, err := afterParam(r)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson; charset=UTF-8")
	enc := json.NewEncoder(w)
	for _, e := range s.journalAfter(after) {
		if enc.Encode(e) != nil {
			return // the reader went away
		}
	}
}

func (s *Sandbox) controlRefusals(*http.Request, []byte) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"items": append([]refusalEntry{}, s.refusals.last...)}, nil
}

func (s *Sandbox) controlReset(_ *http.Request, body []byte) (any, error) {
	var q struct {
		Seed uint64 `json:"seed"`
	}
	if err := readControl(body, &q); err != nil {
		return nil, err
	}
	if err := s.Reset(q.Seed); err != nil {
		return nil, err
	}
	return s.State(), nil
}

func (s *Sandbox) controlFaults(_ *http.Request, body []byte) (any, error) {
	var f Faults
	var err error
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '[' {
		err = readControl(trimmed, &f.Calls)
	} else {
		err = readControl(trimmed, &f)
	}
	if err != nil {
		return nil, err
	}
	s.SetFaults(f)
	return okay, nil
}

func (s *Sandbox) controlClock(r *http.Request, body []byte) (any, error) {
	var q struct {
		Advance string   `json:"advance"`
		Set     string   `json:"set"`
		Speed   *float64 `json:"speed"`
	}
	if err := readControl(body, &q); err != nil {
		return nil, err
	}
	if q.Speed != nil {
		if err := s.SetSpeed(*q.Speed); err != nil {
			return nil, err
		}
	}
	if q.Set != "" {
		t, err := time.Parse(time.RFC3339, q.Set)
		if err != nil {
			return nil, fmt.Errorf("set: %w", err)
		}
		if err := s.SetTime(r.Context(), t); err != nil {
			return nil, err
		}
	}
	if q.Advance != "" {
		d, err := time.ParseDuration(q.Advance)
		if err != nil {
			return nil, fmt.Errorf("advance: %w", err)
		}
		if err := s.Advance(r.Context(), d); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.viewClock(), nil
}

func (s *Sandbox) controlFollow(r *http.Request, body []byte) (any, error) {
	var q report
	if err := readControl(body, &q); err != nil {
		return nil, err
	}
	if q.ID == "" {
		return nil, errors.New(`field "id" is missing`)
	}
	next, err := optionalTime("next", q.Next)
	if err != nil {
		return nil, err
	}
	seen, err := optionalTime("seen", q.Seen)
	if err != nil {
		return nil, err
	}
	return s.follow(r.Context(), q, next, seen), nil
}

func optionalTime(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", name, err)
	}
	return t.In(Zone), nil
}

func (s *Sandbox) controlExpire(*http.Request, []byte) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]int{"expired": s.tokens.expireAll(s.now())}, nil
}

func (s *Sandbox) controlCallbacks(_ *http.Request, body []byte) (any, error) {
	var q struct {
		URL    string `json:"url"`
		Token  string `json:"token"`
		AESKey string `json:"aes_key"`
		Area   Area   `json:"area"`
	}
	if err := readControl(body, &q); err != nil {
		return nil, err
	}
	if err := s.SetCallback(q.Area, q.URL, q.Token, q.AESKey); err != nil {
		return nil, err
	}
	return okay, nil
}

func (s *Sandbox) controlEmit(_ *http.Request, body []byte) (any, error) {
	var q emitRequest
	if err := readControl(body, &q); err != nil {
		return nil, err
	}
	return s.emit(q)
}

func (s *Sandbox) controlSwitches(_ *http.Request, body []byte) (any, error) {
	given := map[string]string{}
	if err := readControl(body, &given); err != nil {
		return nil, err
	}
	for name, value := range given {
		if err := checkSwitch(name, value); err != nil {
			return nil, err
		}
	}
	for name, value := range given {
		if err := s.SetSwitch(name, value); err != nil {
			return nil, err
		}
	}
	return s.viewSwitches(), nil
}

func (s *Sandbox) viewSwitches() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches // replaced, never changed
}
