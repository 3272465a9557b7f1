package sandbox

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// CallFault makes calls whose path matches fail or slow down. Match is a path
// in which * stands for any text, slashes too.
type CallFault struct {
	Match       string  `json:"match"`
	Staff       string  `json:"staff"` // only calls that are about this member; empty = all
	LatencyMS   int     `json:"latency_ms"`
	JitterMS    int     `json:"jitter_ms"`
	ErrCode     int     `json:"errcode"`
	HTTPStatus  int     `json:"http_status"`
	Probability float64 `json:"probability"` // of errcode and http_status; 0 means 1
	InFlightCap int     `json:"in_flight_cap"`
	Times       int     `json:"times"` // calls it hits before it is used up; 0 = no end

	inFlight int
	used     int
}

// CallbackFaults make the road to the platform bad. Probabilities are 0 to 1.
type CallbackFaults struct {
	Drop      float64 `json:"drop"`
	Duplicate float64 `json:"duplicate"`
	Reorder   float64 `json:"reorder"`
	DelayMS   int     `json:"delay_ms"`
}

// Faults is what POST /_sandbox/faults sets.
type Faults struct {
	Calls     []CallFault    `json:"calls"`
	Callbacks CallbackFaults `json:"callbacks"`
}

type faultSet struct {
	calls     []*CallFault
	callbacks CallbackFaults
}

// SetFaults replaces all faults.
func (s *Sandbox) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := faultSet{callbacks: f.Callbacks}
	for _, c := range f.Calls {
		set.calls = append(set.calls, &c)
	}
	s.faults = set
}

// verdict is what the faults do to one call.
type verdict struct {
	latency time.Duration
	errcode int
	status  int
	capped  []*CallFault // faults whose in-flight count holds this call
}

func (v verdict) refused() bool { return v.errcode != 0 || v.status != 0 }

// judge decides about a call and enters it into the in-flight counts of the
// faults that match. Draws come from the seed and the number of the call.
func (f *faultSet) judge(p string, seed, number uint64, about func(staff string) bool) verdict {
	var v verdict
	for i, fault := range f.calls {
		if !glob(fault.Match, p) || fault.Staff != "" && !about(fault.Staff) || (fault.Times > 0 && fault.used >= fault.Times) {
			continue
		}
		draw := hash(seed, number, uint64(i))
		v.latency += time.Duration(fault.LatencyMS) * time.Millisecond
		if fault.JitterMS > 0 {
			v.latency += time.Duration(draw%uint64(fault.JitterMS*1000)) * time.Microsecond
		}
		if fault.InFlightCap > 0 && fault.inFlight >= fault.InFlightCap {
			v.errcode = 45033
			break
		}
		if fault.ErrCode == 0 && fault.HTTPStatus == 0 {
			fault.used++
			continue
		}
		if fault.Probability == 0 || chance(fault.Probability, mix(draw)) {
			fault.used++
			v.errcode, v.status = fault.ErrCode, fault.HTTPStatus
			break
		}
	}
	if v.refused() {
		return v
	}
	for _, fault := range f.calls {
		if fault.InFlightCap > 0 && glob(fault.Match, p) && (fault.Staff == "" || about(fault.Staff)) {
			fault.inFlight++
			v.capped = append(v.capped, fault)
		}
	}
	return v
}

// about says whether a call names a member, as a value of its body or query, or
// answers one of their welcome codes. s.mu is held.
func (s *Sandbox) about(c *call, staff string) bool {
	for _, values := range c.r.URL.Query() {
		if slices.Contains(values, staff) {
			return true
		}
	}
	var body any
	if json.Unmarshal(c.body, &body) != nil {
		return false
	}
	return names(body, func(v string) bool {
		w := s.world.welcomes[v]
		return v == staff || w != nil && s.world.staff[w.staff].id == staff
	})
}

// names says whether a value of a JSON document fits.
func names(v any, fits func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return fits(v)
	case []any:
		return slices.ContainsFunc(v, func(x any) bool { return names(x, fits) })
	case map[string]any:
		for _, x := range v {
			if names(x, fits) {
				return true
			}
		}
	}
	return false
}

// leave takes a call out of the in-flight counts.
func (f *faultSet) leave(v verdict) {
	for _, fault := range v.capped {
		fault.inFlight--
	}
}

// write answers a call that a fault refused.
func (v verdict) write(s *Sandbox, w http.ResponseWriter, c *call) {
	if v.status != 0 {
		w.WriteHeader(v.status)
		return
	}
	s.answer(w, c, nil, refuse(v.errcode, "a fault of the control plane matches %s", c.route.path))
}

// glob matches * against any text.
func glob(pattern, text string) bool {
	if !strings.Contains(pattern, "*") {
		return path.Clean(pattern) == text
	}
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return strings.HasSuffix(text, last)
}

// wait waits d of wall time; false when the caller went away.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
