// Package bus moves work: what WeCom told us (inbox), what became due (timer) and what we have to call (intent).
//
// The table work is the truth. A row is written in the transaction of its cause and marked done in the transaction of
// its effects, so both happen once, whatever crashes between. JetStream carries only the wake-up "partition P has work",
// and may lose it: every second each node looks by itself, with one statement for all its partitions.
//
// Order. Work is spread over 16 partitions by (corp, order key). A partition is owned by one node at a time, by a lease
// with a fence that is checked in every transaction. Within a partition rows are read in the order they were put; a row
// that waits for its next try holds back only the rows of its own order key.
//
// Handlers (inbox, timer) do their work inside the transaction that marks it done; up to 200 rows share one commit, and
// when one of them fails, all are done again one by one. A kind of which many come at once registers with HandleMany and
// gets those that follow each other together, to share statements.
//
// Performers (intents) call the outside first and settle in a transaction afterwards; a crash between the two shows as
// Attempts > 0 on the next try, and the performer must then ask the outside what happened before it repeats. An attempt
// keeps the fence it began with, so one that outlived its lease settles nothing, even when the node owns the partition again.
//
// Callers: internal/inbound puts inbox rows, nouns put intents and timers, internal/app registers who does what.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Handler does one piece of inbox or timer work. Its effects and the mark "done" commit together.
type Handler func(ctx context.Context, tx *db.Tx, w Work) error

// ManyHandler does several pieces of inbox or timer work of one kind in one go, with fewer statements than one by one.
// They follow each other, and no two have the same order key. Of an error nothing stays: each is then done alone.
type ManyHandler func(ctx context.Context, tx *db.Tx, ws []Work) error

// Settle writes what became of an intent, in the transaction that marks it done. It may be nil.
type Settle func(ctx context.Context, tx *db.Tx) error

// Performer does one intent: it calls the outside and answers how to settle.
type Performer func(ctx context.Context, w Work) (Settle, error)

// Config of a Bus.
type Config struct {
	DB      *db.DB
	World   clock.World
	Wall    clock.Wall
	Log     *slog.Logger
	NATS    *nats.Conn // an embedded server's or a cluster's connection
	Node    string     // unique name of this process
	Workers int        // intents performed at the same time on this node; 0 = 24
}

// Bus moves work on one node.
type Bus struct {
	db    *db.DB
	world clock.World
	wall  clock.Wall
	log   *slog.Logger
	nc    *nats.Conn
	js    jetstream.JetStream
	node  string

	handlers   map[string]ManyHandler
	performers map[string]Performer
	slots      chan struct{} // intents in flight
	urgent     chan struct{} // extra slots that only urgent intents may take

	parts [Partitions]*partition
	load  load
	news  chan struct{} // told when work was stored or ended
	kept  atomic.Int64  // wall time at which the leases were written last
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

// noPeers is JetStream's code for "no suitable peers for placement".
const noPeers jetstream.ErrorCode = 10005

const (
	streamName   = "ZHIYIN_WORK"
	subject      = "zhiyin.work."
	batch        = 200
	urgentSlots  = 8
	sweepEvery   = time.Second
	defaultSlots = 24
)

// New makes a bus; nothing runs before Start.
func New(c Config) (*Bus, error) {
	js, err := jetstream.New(c.NATS)
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	if c.Workers == 0 {
		c.Workers = defaultSlots
	}
	b := &Bus{
		db: c.DB, world: c.World, wall: c.Wall, log: c.Log, nc: c.NATS, js: js, node: c.Node,
		handlers: map[string]ManyHandler{}, performers: map[string]Performer{},
		slots: make(chan struct{}, c.Workers), urgent: make(chan struct{}, urgentSlots), news: make(chan struct{}, 1),
	}
	for i := range b.parts {
		b.parts[i] = newPartition(b, i)
	}
	return b, nil
}

// Handle registers who does inbox and timer work of a kind. A kind is handled by one function; call before Start.
func (b *Bus) Handle(kind string, h Handler) {
	b.handlers[kind] = func(ctx context.Context, tx *db.Tx, ws []Work) error {
		for _, w := range ws {
			if err := h(ctx, tx, w); err != nil {
				return err
			}
		}
		return nil
	}
}

// HandleMany is Handle for work that is done faster together.
func (b *Bus) HandleMany(kind string, h ManyHandler) { b.handlers[kind] = h }

// Perform registers who does intents of a kind. Call before Start.
func (b *Bus) Perform(kind string, p Performer) { b.performers[kind] = p }

// Start joins the stream, takes a share of the partitions and begins to work.
func (b *Bus) Start(ctx context.Context) error {
	stream, err := b.openStream(ctx)
	if err != nil {
		return err
	}
	if b.db.Engine == db.SQLite { // one process at a time: a lease that is still open is the former process's
		if err := b.freeLeases(ctx); err != nil {
			return err
		}
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverNewPolicy, AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: time.Minute,
	})
	if err != nil {
		stop()
		return fmt.Errorf("subscribe to work: %w", err)
	}
	sub, err := consumer.Consume(func(m jetstream.Msg) {
		if p, err := strconv.Atoi(m.Subject()[len(subject):]); err == nil && p >= 0 && p < Partitions {
			b.parts[p].signal(callFrom(m.Data()))
		}
	})
	if err != nil {
		stop()
		return fmt.Errorf("subscribe to work: %w", err)
	}
	b.wg.Go(func() {
		<-run.Done()
		sub.Stop()
	})
	b.wg.Go(func() { b.keepLeases(run) })
	for _, p := range b.parts {
		b.wg.Go(func() { p.run(run, p.handled, told, p.handle) })
		b.wg.Go(func() { p.run(run, p.intents, asked, p.perform) })
	}
	b.wg.Go(func() { b.sweep(run) })
	b.wg.Go(func() { b.prune(run) })
	return nil
}

func (b *Bus) openStream(ctx context.Context) (jetstream.Stream, error) {
	cfg := jetstream.StreamConfig{
		Name: streamName, Subjects: []string{subject + "*"}, MaxAge: time.Hour, MaxMsgsPerSubject: 1000,
		Storage: jetstream.FileStorage, Replicas: 1,
	}
	if len(b.nc.Servers()) > 1 || len(b.nc.DiscoveredServers()) > 1 {
		cfg.Replicas = 3
	}
	const patience, pause = 30 * time.Second, 250 * time.Millisecond
	for began := b.wall.Now(); ; {
		stream, err := b.js.CreateOrUpdateStream(ctx, cfg)
		var refused *jetstream.APIError
		switch {
		case err == nil:
			return stream, nil
		case !errors.As(err, &refused) || refused.ErrorCode != noPeers || b.wall.Now().Sub(began) > patience:
			return nil, fmt.Errorf("open the work stream: %w", err)
		}
		select { // the servers of a cluster that just started have not all met yet
		case <-time.After(pause): //nolint:forbidigo // the servers meet in wall time
		case <-ctx.Done():
			return nil, fmt.Errorf("open the work stream: %w", ctx.Err())
		}
	}
}

// Stop finishes what is in flight and gives the partitions back. It is safe before Start and twice.
func (b *Bus) Stop(ctx context.Context) error {
	if b.stop == nil {
		return nil
	}
	b.stop()
	done := make(chan struct{})
	go func() { b.wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("stop the bus: %w", ctx.Err())
	}
	return b.giveBack(ctx)
}

// Ready says whether the bus can work: it reaches JetStream, and could write its leases lately, which on a full disk it
// could not.
func (b *Bus) Ready(ctx context.Context) error {
	if since := b.wall.Now().Sub(clock.WallTime(b.kept.Load())); since > leaseFor {
		return errors.New("the leases of the partitions cannot be written: is the disk full, or the database read-only?")
	}
	if _, err := b.js.Stream(ctx, streamName); err != nil {
		return fmt.Errorf("reach JetStream: %w", err)
	}
	return nil
}

// wake tells the owner of a partition, on whatever node, that there is work. Losing it costs a second, never work.
func (b *Bus) wake(p int, c call) {
	b.load.changes.Add(1)
	b.tell()
	if _, err := b.js.PublishAsync(subject+strconv.Itoa(p), []byte{byte(c)}, jetstream.WithStallWait(50*time.Millisecond)); err != nil {
		b.parts[p].signal(c)
	}
}

func (b *Bus) wakeAll() {
	for p := range Partitions {
		b.wake(p, all)
	}
}

// prune removes work that was done three days ago; WeCom repeats nothing that old.
func (b *Bus) prune(ctx context.Context) {
	const keep = 72 * time.Hour
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := b.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := tx.Overwrite(ctx); err != nil { // what was done may name persons
				return err
			}
			_, err := tx.NewRaw("DELETE FROM work WHERE id IN (SELECT id FROM work WHERE state = ? AND done_at < ? LIMIT 5000)",
				Done, b.world.Now().Add(-keep)).Exec(ctx)
			return err
		})
		if err != nil && ctx.Err() == nil {
			b.log.Warn("prune done work", "error", err)
		}
		if err := b.db.ForgetChanges(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("forget old changes", "error", err)
		}
	}
}
