package sandbox

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// callbackTarget is where the callbacks of an area go.
type callbackTarget struct {
	url, token, aesKey string
}

// SetCallback says where the callbacks of area go; an empty area means all.
// Token and key fall back to the pair of the ready line. Nothing is verified.
func (s *Sandbox) SetCallback(area Area, target, token, aesKey string) error {
	if target != "" {
		if err := s.opts.checkCallback(target); err != nil {
			return err
		}
	}
	if token == "" {
		token = s.secrets.CallbackToken
	}
	if aesKey == "" {
		aesKey = s.secrets.CallbackAESKey
	}
	if _, err := newSealer(token, aesKey, s.corpID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := false
	for _, a := range areas {
		if area == "" || a == area {
			s.targets[a] = callbackTarget{url: target, token: token, aesKey: aesKey}
			known = true
		}
	}
	if !known {
		return fmt.Errorf("no area %q; there are app, contact, external, kf, archive", area)
	}
	return nil
}

// send queues an event for its area's target, with s.mu held. The world stands
// still until it is answered or given up.
func (s *Sandbox) send(e *event) { s.sendTo(e, s.targets[e.area]) }

// sendTo is send to a target that a call named.
func (s *Sandbox) sendTo(e *event, t callbackTarget) {
	s.journal(entry{Kind: "callback", ID: e.kind})
	if t.url == "" {
		return
	}
	k, err := newSealer(t.token, t.aesKey, s.corpID)
	if err != nil {
		return // SetCallback has checked the pair
	}
	s.callbacks.seq++
	n := s.callbacks.seq
	f := s.faults.callbacks
	if f.Drop > 0 && chance(f.Drop, hash(s.world.seed, n, 1)) {
		s.callbacks.dropped++
		return
	}
	d := &delivery{
		key: e.key, url: t.url, sealer: k, plain: e.String(), at: s.now(),
		number: n, agent: s.agentFor(e.area), tries: maxTries,
		delay: time.Duration(f.DelayMS) * time.Millisecond,
	}
	if f.Reorder > 0 && chance(f.Reorder, hash(s.world.seed, n, 2)) {
		d.key = fmt.Sprintf("%s/%d", e.key, n)
		d.delay += 20*time.Millisecond + time.Duration(hash(s.world.seed, n, 4)%180)*time.Millisecond
	}
	twin := *d // copied first: once d is in the queue, it is a sender's
	s.hold()
	s.callbacks.add(d)
	if f.Duplicate > 0 && chance(f.Duplicate, hash(s.world.seed, n, 3)) {
		s.hold()
		s.callbacks.add(&twin)
	}
}

// agentFor is the AgentID of the envelope: only callbacks of an app carry one.
func (s *Sandbox) agentFor(a Area) int {
	if a == AreaApp {
		return s.agentID
	}
	return 0
}

// delivery is one callback on its way.
type delivery struct {
	key    string
	url    string
	sealer *sealer
	plain  string
	at     time.Time // world time of the event
	number uint64
	agent  int
	tries  int // left
	delay  time.Duration
	badSig bool
}

// request is the sealed form: the URL with its signature, and the body.
func (d *delivery) request() (target string, body []byte) {
	var random [16]byte
	binary.LittleEndian.PutUint64(random[:], hash(d.number, 11))
	binary.LittleEndian.PutUint64(random[8:], hash(d.number, 12))
	sealed := d.sealer.seal(random, []byte(d.plain))
	agent := ""
	if d.agent != 0 {
		agent = strconv.Itoa(d.agent)
	}
	body = []byte("<xml><ToUserName><![CDATA[" + d.sealer.receiver + "]]></ToUserName><AgentID><![CDATA[" + agent +
		"]]></AgentID><Encrypt><![CDATA[" + sealed + "]]></Encrypt></xml>")
	return d.signed(sealed, nil), body
}

// signed is the target with the signature over sealed in its query.
func (d *delivery) signed(sealed string, more url.Values) string {
	timestamp := strconv.FormatInt(d.at.Unix(), 10)
	nonce := strconv.FormatUint(hash(d.number, 13)%1e10, 10)
	signature := d.sealer.sign(timestamp, nonce, sealed)
	if d.badSig {
		signature = d.sealer.sign(timestamp, nonce+"0", sealed)
	}
	u, err := url.Parse(d.url)
	if err != nil {
		return d.url // was parsed when it was set
	}
	q := u.Query()
	maps.Copy(q, more)
	q.Set("msg_signature", signature)
	q.Set("timestamp", timestamp)
	q.Set("nonce", nonce)
	u.RawQuery = q.Encode()
	return u.String()
}

// callbackQueue sends callbacks: in order within a key, at most senders at once
// over all keys. A callback that waits for its next try holds no sender.
type callbackQueue struct {
	s       *Sandbox
	seq     uint64 // guarded by Sandbox.mu
	dropped int    // guarded by Sandbox.mu

	mu      sync.Mutex
	wake    *sync.Cond
	keys    map[string]*chain
	ready   []*chain
	pending int
	sent    int
	failed  int
	gen     int // grows with clear; deliveries of an older generation are forgotten
	workers int
	idle    int
	stopped bool
	done    sync.WaitGroup
}

// chain is the callbacks of one key, in order.
type chain struct {
	key   string
	queue []*delivery
}

const (
	senders  = 64
	maxTries = 3
	retryGap = time.Second
)

func newCallbackQueue(s *Sandbox) *callbackQueue {
	q := &callbackQueue{s: s, keys: map[string]*chain{}}
	q.wake = sync.NewCond(&q.mu)
	return q
}

func (q *callbackQueue) add(d *delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending++
	if d.delay > 0 {
		gen := q.gen
		time.AfterFunc(d.delay, func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			if gen == q.gen {
				q.enqueue(d)
			}
		})
		return
	}
	q.enqueue(d)
}

func (q *callbackQueue) enqueue(d *delivery) {
	c := q.keys[d.key]
	if c == nil {
		c = &chain{key: d.key}
		q.keys[d.key] = c
		q.ready = append(q.ready, c)
		if q.idle < len(q.ready) && q.workers < senders && !q.stopped {
			q.workers++
			q.done.Add(1)
			go q.work()
		}
		q.wake.Signal()
	}
	c.queue = append(c.queue, d)
}

func (q *callbackQueue) counts() (pending, sent, failed int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pending, q.sent, q.failed
}

// work sends the heads of ready chains until the queue stops.
func (q *callbackQueue) work() {
	defer q.done.Done()
	for {
		q.mu.Lock()
		for len(q.ready) == 0 && !q.stopped {
			q.idle++
			q.wake.Wait()
			q.idle--
		}
		if q.stopped {
			q.mu.Unlock()
			return
		}
		c := q.ready[0]
		q.ready = q.ready[1:]
		d, gen := c.queue[0], q.gen
		q.mu.Unlock()

		d.tries--
		ok := q.s.deliver(d)

		q.mu.Lock()
		if gen != q.gen {
			q.mu.Unlock()
			continue
		}
		if !ok && d.tries > 0 {
			time.AfterFunc(retryGap, func() { q.again(c, gen) })
			q.mu.Unlock()
			continue
		}
		if ok {
			q.sent++
		} else {
			q.failed++
		}
		q.pending--
		q.advance(c)
		q.mu.Unlock()
		q.s.answered()
	}
}

// again makes a chain ready for the next try of its head.
func (q *callbackQueue) again(c *chain, gen int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if gen == q.gen {
		q.ready = append(q.ready, c)
		q.wake.Signal()
	}
}

// advance drops the head of a chain and makes the chain ready or forgets it.
func (q *callbackQueue) advance(c *chain) {
	c.queue = c.queue[1:]
	if len(c.queue) == 0 {
		delete(q.keys, c.key)
		return
	}
	q.ready = append(q.ready, c)
	q.wake.Signal()
}

// answered lets the world go on after a callback: followers must look first.
func (s *Sandbox) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tellAll()
	s.release()
}

// clear forgets all callbacks under way.
func (q *callbackQueue) clear() {
	q.mu.Lock()
	n := q.pending
	q.gen++
	q.keys, q.ready, q.pending = map[string]*chain{}, nil, 0
	q.sent, q.failed = 0, 0
	q.mu.Unlock()
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	for range n {
		q.s.release()
	}
}

func (q *callbackQueue) stop() {
	q.mu.Lock()
	q.stopped = true
	q.gen++
	q.wake.Broadcast()
	q.mu.Unlock()
	q.s.sender.cancel()
	q.done.Wait()
	q.s.sender.client.CloseIdleConnections()
}
