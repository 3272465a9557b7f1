package inbound_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/db/dbtest"
	"zhiyin.dev/zhiyin/internal/inbound"
)

// hold keeps everybody from writing to the inbox until the answered function is called.
func hold(t *testing.T, d *db.DB) (release func()) {
	t.Helper()
	held, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- d.Tx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if d.Engine == db.Postgres { // on SQLite there is one writer anyway
				if _, err := tx.NewRaw("LOCK TABLE work IN EXCLUSIVE MODE").Exec(ctx); err != nil {
					return err
				}
			}
			close(held)
			<-end
			return nil
		})
	}()
	<-held
	return sync.OnceFunc(func() {
		close(end)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// While nothing can be written, callbacks of any size and number take bounded memory, and each is closed in time and
// without an answer; afterwards there is room again.
func TestWhatFindsNoRoomInTimeIsClosedWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, database *db.DB) {
		const within = 300 * time.Millisecond
		d := open(t, database, secret, aesKey, corp, func(c *inbound.Config) { c.Within, c.Room = within, 64<<10 })
		release := hold(t, database)
		defer release()
		long := strings.Repeat("x", 4<<10) // two of these fill the room
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				plain := strings.Replace(added(fmt.Sprint("wm", i)), "</xml>", "<Remark>"+long+"</Remark></xml>", 1)
				if status, answer := d.send(plain); status != 0 {
					t.Errorf("answered %d %q while nothing could be written", status, answer)
				}
			})
		}
		wg.Wait()
		release()
		for limit := time.Now().Add(30 * time.Second); ; { // the writer may still be busy with what it could not write
			if status, answer := d.send(added("wm100")); status == 200 && answer == "success" {
				break
			}
			if time.Now().After(limit) {
				t.Fatal("no callback is taken after the overload")
			}
		}
	})
}

func TestASenderThatDribblesIsClosedInTime(t *testing.T) {
	t.Parallel()
	d := open(t, dbtest.SQLite(t), secret, aesKey, corp, func(c *inbound.Config) { c.Within = 200 * time.Millisecond })
	u, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\n<xml>", u.Path, u.Host); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); len(got) != 0 || isTimeout(err) {
		t.Fatalf("answered %q, %v: want the connection closed without an answer", got, err)
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error) //nolint:errorlint // as net returns it
	return ok && ne.Timeout()
}
