package dbtest

import (
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"
)

// Own is a PostgreSQL server that belongs to one test, which may stop it and start it again.
type Own struct {
	t        testing.TB
	bin, dir string
	as       []string // runs a command as an account that PostgreSQL accepts
	port     int
	password string
	runs     bool
}

// OwnPostgres starts an empty server with the programs in the directory ZHIYIN_TEST_POSTGRES, which scripts/with-postgres.sh
// names, and skips without. Unlike the server that tests share, what this one says it has committed outlives its processes.
func OwnPostgres(t testing.TB) *Own {
	t.Helper()
	bin := os.Getenv("ZHIYIN_TEST_POSTGRES")
	if bin == "" {
		t.Skip("ZHIYIN_TEST_POSTGRES does not name the directory of PostgreSQL's programs: make test does")
	}
	dir, err := os.MkdirTemp("", "zhiyin-pg") //nolint:usetesting // the account that PostgreSQL runs as may not enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	s := &Own{t: t, bin: bin, dir: dir, password: rand.Text()}
	t.Cleanup(func() {
		if s.runs {
			s.Stop()
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(s.password), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		account := "postgres"
		if _, err := user.Lookup(account); err != nil {
			account = "nobody"
		}
		if out, err := exec.CommandContext(t.Context(), "chown", account, dir, secret).CombinedOutput(); err != nil {
			t.Fatalf("chown: %v\n%s", err, out)
		}
		s.as = []string{"runuser", "-u", account, "--"}
	}
	if err := s.run("initdb", "-D", s.data(), "-U", "zhiyin", "--pwfile="+secret, "-A", "password", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		t.Fatal(err)
	}
	for range 5 { // another process may have taken the port
		s.port = 20000 + mathrand.IntN(12000)
		if err = s.start(); err == nil {
			return s
		}
	}
	t.Fatal(err)
	return nil
}

// URL names the server's first database.
func (s *Own) URL() string {
	return fmt.Sprintf("postgres://zhiyin:%s@127.0.0.1:%d/postgres?sslmode=disable", s.password, s.port)
}

// Stop ends all of the server's processes without a word.
func (s *Own) Stop() {
	s.t.Helper()
	if err := s.run("pg_ctl", "-D", s.data(), "-m", "immediate", "-w", "-t", "120", "stop"); err != nil {
		s.t.Fatal(err)
	}
	s.runs = false
}

// Start starts the server where it was, and waits until it takes connections.
func (s *Own) Start() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Own) start() error {
	options := fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories='%s' -c fsync=off -c shared_buffers=16MB", s.port, s.dir)
	err := s.run("pg_ctl", "-D", s.data(), "-l", filepath.Join(s.dir, "server.log"), "-w", "-t", "120", "-o", options, "start")
	s.runs = err == nil
	return err
}

func (s *Own) data() string { return filepath.Join(s.dir, "data") }

// run keeps the output in a file: a server that stays behind would hold a pipe open.
func (s *Own) run(program string, args ...string) error {
	out, err := os.Create(filepath.Join(s.dir, "output"))
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	all := append(append([]string{}, s.as...), append([]string{filepath.Join(s.bin, program)}, args...)...)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w\n%s", program, err, said)
	}
	return nil
}
