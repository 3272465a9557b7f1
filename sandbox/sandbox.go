package sandbox

import (
	"crypto/rsa"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Sandbox is one corp in a box: its world, its clock, its server. Create it
// with New, serve Handler, Close it when done. It is safe for concurrent use.
type Sandbox struct {
	opts    Options
	corpID  string
	agentID int
	secrets Secrets

	routes   map[string]*route
	acts     map[string]act
	pages    *http.ServeMux
	control  http.Handler
	builders []func(*Sandbox)

	archiveKeys *archiveKeys

	frontProxy, frontCA string // of the ready line; set before anybody calls
	payCert, payCertKey string // the same: files of the merchant's certificate

	stats     *stats
	callbacks *callbackQueue
	sender    *sender
	fetches   sync.WaitGroup // of uploads by URL

	poked    chan struct{}
	moving   chan struct{}
	closed   chan struct{}
	loopDone chan struct{}
	closing  sync.Once

	recent recent

	mu       sync.Mutex // guards everything below
	clock    worldClock
	world    *world
	tokens   tokenStore
	codes    codeStore
	quota    quotas
	faults   faultSet
	switches map[string]string
	targets  map[Area]callbackTarget
	refusals refusalLog
	calls    uint64 // let in or refused: the draw of call faults
	hints    uint64 // error answers, which carry a request id
	madeCode uint64
	clients  map[string]*clientWindow // by id; of the browser, not of the world
}

// New builds a sandbox: the world as at start, the clock running. It opens no
// port; Handler serves it.
func New(opts Options) (*Sandbox, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	spec, err := loadWorldSpec(opts)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{
		opts:     opts,
		corpID:   "ww" + hex32(opts.Seed, hashString("corp"))[:16],
		agentID:  1000002,
		secrets:  makeSecrets(opts),
		routes:   map[string]*route{},
		acts:     map[string]act{},
		pages:    http.NewServeMux(),
		stats:    newStats(),
		poked:    make(chan struct{}, 1),
		moving:   make(chan struct{}, 1),
		closed:   make(chan struct{}),
		loopDone: make(chan struct{}),
		targets:  map[Area]callbackTarget{},

		archiveKeys: &archiveKeys{seed: opts.Seed, made: map[int]*rsa.PrivateKey{}},
	}
	s.callbacks = newCallbackQueue(s)
	s.sender = newSender(opts.Patience)
	s.clock.followers = map[string]*follower{}
	for _, f := range families() {
		s.register(f)
	}
	s.control = s.controlPlane()
	if s.switches, err = initialSwitches(opts.Switches); err != nil {
		return nil, err
	}
	for _, a := range areas {
		s.targets[a] = callbackTarget{url: opts.Callback, token: s.secrets.CallbackToken, aesKey: s.secrets.CallbackAESKey}
	}
	s.mu.Lock()
	s.rebuild(spec, opts.Seed)
	s.resume()
	s.mu.Unlock()
	go s.run()
	return s, nil
}

// register adds a family's routes, acts and pages to the tables.
func (s *Sandbox) register(f family) {
	for _, r := range f.routes {
		if s.routes[r.path] != nil {
			panic("sandbox: path registered twice: " + r.path)
		}
		s.routes[r.path] = &r
		for _, old := range r.aliases {
			s.routes[old] = &r
		}
	}
	for _, a := range f.acts {
		if _, ok := s.acts[a.name]; ok {
			panic("sandbox: act registered twice: " + a.name)
		}
		s.acts[a.name] = a
	}
	for pattern, page := range f.pages {
		s.pages.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { page(s, w, r) })
	}
	if f.build != nil {
		s.builders = append(s.builders, f.build)
	}
}

// rebuild makes the world of seed as at start, with s.mu held. Followers,
// callback targets and switches stay.
func (s *Sandbox) rebuild(spec WorldSpec, seed uint64) {
	c := &s.clock
	c.base, c.running = s.opts.Start, false
	c.timers, c.seq = nil, 0
	c.speed = s.opts.Speed
	s.calls, s.hints, s.madeCode, s.callbacks.seq = 0, 0, 0, 0
	s.tokens = newTokenStore()
	s.codes = codeStore{}
	s.quota = newQuotas()
	s.faults = faultSet{}
	s.world = newWorld(spec, seed, s.opts.Start)
	for _, build := range s.builders {
		build(s)
	}
	if s.opts.Life {
		s.startLife(s.world.spec.Life)
	}
}

// Reset makes the world as at start again, from seed (0: the seed given to
// New). Callbacks still under way are dropped.
func (s *Sandbox) Reset(seed uint64) error {
	spec, err := loadWorldSpec(s.opts)
	if err != nil {
		return fmt.Errorf("reset the world: %w", err)
	}
	if seed == 0 {
		seed = s.opts.Seed
	}
	s.callbacks.clear()
	s.stats.clear()
	s.recent.clear()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rebuild(spec, seed)
	s.tellAll()
	s.resume()
	s.poke()
	return nil
}

// Handler serves WeCom's paths, the pages and, under /_sandbox/, the control
// plane.
func (s *Sandbox) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if route, ok := s.routes[r.URL.Path]; ok {
			s.serveCall(route, w, r)
			return
		}
		if len(r.URL.Path) >= 10 && r.URL.Path[:10] == "/_sandbox/" {
			s.control.ServeHTTP(w, r)
			return
		}
		if _, pattern := s.pages.Handler(r); pattern != "" {
			s.pages.ServeHTTP(w, r)
			return
		}
		s.unknownPath(w, r)
	})
}

// unknownPath answers where there is nothing. The facts do not say what WeCom
// answers; no served path answers errcode 404.
func (s *Sandbox) unknownPath(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	status := http.StatusNotFound
	if s.switches["path.unknown"] == "200" {
		status = http.StatusOK
	}
	s.mu.Unlock()
	text := "the sandbox has no path " + strconv.Quote(r.URL.Path)
	writeJSON(w, status, map[string]any{"errcode": http.StatusNotFound, "errmsg": text, "error": text})
}

// Close stops the clock and the callbacks. It does not close servers that use
// Handler.
func (s *Sandbox) Close() error {
	s.closing.Do(func() {
		close(s.closed)
		<-s.loopDone
		s.sender.cancel()
		s.fetches.Wait()
		s.callbacks.stop()
	})
	return nil
}

// CorpID is the id of the corp: receiver of all callbacks.
func (s *Sandbox) CorpID() string { return s.corpID }

// today is the day of t in the corp's zone, for limits by day and month.
func today(t time.Time) time.Time {
	y, m, d := t.In(Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, Zone)
}
