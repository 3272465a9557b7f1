package bus_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/clock/clocktest"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/log"
)

// cluster starts three NATS servers with routes over loopback, in this process.
func cluster(t *testing.T) (servers []*server.Server, urls string) {
	t.Helper()
	const n = 3
	var routes []*url.URL
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
		routes = append(routes, &url.URL{Scheme: "nats", Host: l.Addr().String()})
		_ = l.Close()
	}
	var clients []string
	for i := range n {
		srv, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprint("n", i), Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
			Cluster: server.ClusterOpts{Name: "zhiyin", Host: "127.0.0.1", Port: ports[i]}, Routes: routes,
		})
		if err != nil {
			t.Fatal(err)
		}
		srv.Start()
		t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
		servers = append(servers, srv)
	}
	for _, srv := range servers {
		if !srv.ReadyForConnections(clocktest.Patience) {
			t.Fatal("a NATS server is not ready")
		}
		clients = append(clients, srv.ClientURL())
	}
	limit, tick := time.After(clocktest.Patience), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !servers[0].JetStreamIsCurrent() || !servers[1].JetStreamIsCurrent() || !servers[2].JetStreamIsCurrent() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("the cluster has no leader")
		}
	}
	return servers, strings.Join(clients, ",")
}

// The wake-ups travel over three NATS servers, one of which stops in the middle: all work is done, in order and once.
func TestAClusterLosesNothingWhenOneOfItsServersStops(t *testing.T) {
	t.Parallel()
	d, done := dbtest.SQLite(t), newSeen()
	servers, urls := cluster(t)
	nc, stop, err := bus.Connect(urls, "", "n1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	b, err := bus.New(bus.Config{
		DB: d, World: clock.NewManual(time.Unix(1_800_000_000, 0)), Wall: clock.SystemWall(), Log: log.Discard(), NATS: nc, Node: "n1",
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Handle("tick", func(_ context.Context, tx *db.Tx, w bus.Work) error {
		tx.OnCommit(func() { done.add(w.Key) })
		return nil
	})
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Stop(context.Background()) })
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "ZHIYIN_WORK")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().Config.Replicas; got != 3 {
		t.Fatalf("the stream has %d replicas, want 3", got)
	}

	const keys, rounds = 20, 30
	for r := range rounds {
		if r == rounds/2 { // the server that this node talks with
			for _, srv := range servers {
				if srv.ClientURL() == nc.ConnectedUrl() {
					srv.Shutdown()
				}
			}
		}
		var items []bus.Item
		for k := range keys {
			items = append(items, bus.Item{
				CorpID: "c", Lane: bus.Inbox, Kind: "tick", Key: fmt.Sprintf("%02d/%02d", k, r), OrderKey: fmt.Sprint(k),
			})
		}
		put(t, d, b, items...)
	}
	last := map[string]string{}
	for _, key := range done.wait(t, keys*rounds) {
		order, _, _ := strings.Cut(key, "/")
		if key <= last[order] {
			t.Fatalf("%s was done after %s", key, last[order])
		}
		last[order] = key
	}
	if len(last) != keys {
		t.Fatalf("%d of %d order keys were worked on", len(last), keys)
	}
}
