// Package blob keeps files by the hash of their content: pictures and films that have to outlive WeCom's three days.
//
// A file lies once in the data directory, however often it is used. With PostgreSQL several nodes may run, each with a
// directory of its own; then the content is in the database too, and a node that lacks a file takes it from there.
//
// Callers: the nouns that show pictures (moment). It does not know what is in a file.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Store keeps files.
type Store struct {
	db    *db.DB
	dir   string
	world clock.World
}

// New makes a store in the data directory; nothing is written before the first Put.
func New(d *db.DB, dataDir string, world clock.World) *Store {
	return &Store{db: d, dir: filepath.Join(dataDir, "blobs"), world: world}
}

// Put keeps content and answers its hash. Content that is there already is left alone.
func (s *Store) Put(ctx context.Context, content []byte) (hash string, err error) {
	sum := sha256.Sum256(content)
	hash = hex.EncodeToString(sum[:])
	if s.db.Engine == db.Postgres {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewRaw("INSERT INTO blob (hash, content, made_at) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING",
				hash, content, s.world.Now()).Exec(ctx)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("keep a file of %d bytes: %w", len(content), err)
		}
	}
	return hash, s.write(hash, content)
}

// Get reads the content of a hash; NotFound when nobody kept it.
func (s *Store) Get(ctx context.Context, hash string) ([]byte, error) {
	if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size { // it becomes part of a path
		return nil, errs.Missing("文件", "file")
	}
	content, err := os.ReadFile(s.path(hash))
	if err == nil {
		return content, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read file %s: %w", hash, err)
	}
	if s.db.Engine != db.Postgres {
		return nil, errs.Missing("文件", "file")
	}
	err = s.db.Read().NewRaw("SELECT content FROM blob WHERE hash = ?", hash).Scan(ctx, &content)
	if db.IsNoRows(err) {
		return nil, errs.Missing("文件", "file")
	}
	if err != nil {
		return nil, fmt.Errorf("read file %s: %w", hash, err)
	}
	return content, s.write(hash, content)
}

func (s *Store) path(hash string) string { return filepath.Join(s.dir, hash[:2], hash) }

// write puts the file in its place in one step: a crash leaves no half of it under its name.
func (s *Store) write(hash string, content []byte) error {
	path := s.path(hash)
	if info, err := os.Stat(path); err == nil && info.Size() == int64(len(content)) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make a directory for files: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return fmt.Errorf("keep file %s: %w", hash, err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("keep file %s: %w", hash, err)
	}
	return nil
}
