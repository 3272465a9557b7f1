package bus

import (
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Connect joins the cluster at url, or starts the embedded server with its store in dir when url is empty. The
// embedded server opens no port. stop ends what was started.
func Connect(url, dir, node string) (nc *nats.Conn, stop func(), err error) {
	options := []nats.Option{nats.Name("zhiyin " + node), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond), nats.RetryOnFailedConnect(false)}
	if url != "" {
		nc, err := nats.Connect(url, options...)
		if err != nil {
			return nil, nil, fmt.Errorf("join NATS (ZHIYIN_NATS_URL): %w", err)
		}
		return nc, nc.Close, nil
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "zhiyin", DontListen: true, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 256 << 20,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("start the embedded NATS server: %w", err)
	}
	srv.Start()
	if !srv.ReadyForConnections(10 * time.Second) {
		srv.Shutdown()
		return nil, nil, fmt.Errorf("start the embedded NATS server: not ready after 10 s")
	}
	nc, err = nats.Connect("", append(options, nats.InProcessServer(srv))...)
	if err != nil {
		srv.Shutdown()
		return nil, nil, fmt.Errorf("connect to the embedded NATS server: %w", err)
	}
	return nc, func() { nc.Close(); srv.Shutdown(); srv.WaitForShutdown() }, nil
}
