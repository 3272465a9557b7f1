package sandbox

import (
	"math/bits"
	"strconv"
	"sync"
	"time"
)

// stats counts calls by path. Only calls that were let in count as in flight.
type stats struct {
	mu     sync.Mutex
	calls  int
	flying int
	most   int
	paths  map[string]*pathStats
}

type pathStats struct {
	calls, flying, most int
	errcodes            map[int]int
	times               [64 * 4]uint32 // by quarter octave of microseconds
	timed               uint32
}

func newStats() *stats { return &stats{paths: map[string]*pathStats{}} }

func (st *stats) clear() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.calls, st.most = 0, st.flying
	for _, p := range st.paths {
		*p = pathStats{flying: p.flying, most: p.flying, errcodes: map[int]int{}}
	}
}

func (st *stats) path(p string) *pathStats {
	got := st.paths[p]
	if got == nil {
		got = &pathStats{errcodes: map[int]int{}}
		st.paths[p] = got
	}
	return got
}

// refused counts a call that a fault turned away at once.
func (st *stats) refused(path string, code int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.calls++
	p := st.path(path)
	p.calls++
	p.errcodes[code]++
}

// begin counts a call in; the function it returns counts it out.
func (st *stats) begin(path string, start time.Time) func(code int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	p := st.path(path)
	st.calls++
	p.calls++
	st.flying++
	p.flying++
	st.most, p.most = max(st.most, st.flying), max(p.most, p.flying)
	return func(code int) {
		took := time.Since(start)
		st.mu.Lock()
		defer st.mu.Unlock()
		st.flying--
		p.flying--
		p.errcodes[code]++
		p.times[bucket(took)]++
		p.timed++
	}
}

// bucket is the quarter octave of microseconds a duration falls in.
func bucket(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 1))
	octave := bits.Len64(us) - 1
	if octave < 2 {
		return octave * 4
	}
	return octave*4 + int(us>>(octave-2)&3)
}

// quantile is the upper edge of the bucket that holds the share q, in ms.
func (p *pathStats) quantile(q float64) float64 {
	left := int64(q * float64(p.timed))
	for b, n := range p.times {
		left -= int64(n)
		if n > 0 && left <= 0 {
			low := uint64(1) << (b / 4)
			return float64(low+low*uint64(b%4+1)/4) / 1000
		}
	}
	return 0
}

type callStats struct {
	Total     callTotal               `json:"total"`
	Endpoints map[string]endpointStat `json:"endpoints"`
}

type callTotal struct {
	Calls       int `json:"calls"`
	MaxInFlight int `json:"max_in_flight"`
}

type endpointStat struct {
	Calls       int            `json:"calls"`
	MaxInFlight int            `json:"max_in_flight"`
	ErrCodes    map[string]int `json:"errcodes"`
	P50         float64        `json:"p50_ms"`
	P99         float64        `json:"p99_ms"`
}

func (st *stats) view() callStats {
	st.mu.Lock()
	defer st.mu.Unlock()
	v := callStats{Total: callTotal{Calls: st.calls, MaxInFlight: st.most}, Endpoints: map[string]endpointStat{}}
	for path, p := range st.paths {
		if p.calls == 0 {
			continue
		}
		e := endpointStat{
			Calls: p.calls, MaxInFlight: p.most, ErrCodes: map[string]int{},
			P50: p.quantile(0.5), P99: p.quantile(0.99),
		}
		for code, n := range p.errcodes {
			e.ErrCodes[strconv.Itoa(code)] = n
		}
		v.Endpoints[path] = e
	}
	return v
}

// refusalLog keeps the last refusals with their hints.
type refusalLog struct {
	seq  int
	last []refusalEntry
}

type refusalEntry struct {
	Seq     int    `json:"seq"`
	Time    string `json:"time"`
	Path    string `json:"path"`
	ErrCode int    `json:"errcode"`
	Hint    string `json:"hint"`
}

const refusalsKept = 1000

func (l *refusalLog) add(at, path string, r *refusal) {
	l.seq++
	if len(l.last) == refusalsKept {
		copy(l.last, l.last[1:])
		l.last = l.last[:refusalsKept-1]
	}
	l.last = append(l.last, refusalEntry{Seq: l.seq, Time: at, Path: path, ErrCode: r.code, Hint: r.hint})
}
