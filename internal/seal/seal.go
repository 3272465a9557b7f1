// Package seal encrypts what must not be readable in the database or in a backup of it: secrets of settings, and texts that
// rooms keep sealed.
//
// The keys are a tink keyset that lives in the database, itself encrypted with the master key of ZHIYIN_MASTER_KEY_FILE. All nodes
// of one database need the same master key. Losing the file loses what was sealed and nothing else: secrets are typed in again.
package seal

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
)

const (
	masterSize = 32 // bytes
	version    = "zs1:"
	keysetName = "seal.keyset"
)

// ErrMasterKey says that the master key is not the one the database was sealed with.
var ErrMasterKey = errors.New("ZHIYIN_MASTER_KEY_FILE is not the key this database was sealed with; put the former file back")

// Sealer seals and opens texts. It is safe for concurrent use.
type Sealer struct {
	keys   tink.AEAD
	master []byte
}

type row struct {
	bun.BaseModel `bun:"table:setting"`

	CorpID string `bun:",pk"`
	Name   string `bun:",pk"`
	Value  string
	Sealed bool
}

// Open reads the master key from file and with it the keyset of the database. Both are made when neither is there.
func Open(ctx context.Context, d *db.DB, file string) (*Sealer, error) {
	stored, there, err := read(ctx, d.Read())
	if err != nil {
		return nil, err
	}
	master, err := readMaster(file)
	if errors.Is(err, fs.ErrNotExist) {
		if there {
			return nil, fmt.Errorf("ZHIYIN_MASTER_KEY_FILE: %s is not there, but the database holds sealed secrets: put the file back", file)
		}
		master, err = makeMaster(file)
	}
	if err != nil {
		return nil, fmt.Errorf("ZHIYIN_MASTER_KEY_FILE: %w", err)
	}
	kek, err := subtle.NewXChaCha20Poly1305(master)
	if err != nil {
		return nil, fmt.Errorf("use the master key: %w", err)
	}
	if !there {
		if stored, err = makeKeyset(ctx, d, kek); err != nil {
			return nil, err
		}
	}
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(stored)), kek, []byte(keysetName))
	if err != nil {
		return nil, ErrMasterKey
	}
	keys, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use the keyset: %w", err)
	}
	return &Sealer{keys: keys, master: master}, nil
}

// Seal encrypts a text for one place, for example "setting/ZHIYIN_WECOM_APP_SECRET": it opens only there.
func (s *Sealer) Seal(plain, place string) (string, error) {
	sealed, err := s.keys.Encrypt([]byte(plain), []byte(place))
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", place, err)
	}
	return version + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal made for the same place. Its errors hold no part of either text.
func (s *Sealer) Open(sealed, place string) (string, error) {
	body, ok := strings.CutPrefix(sealed, version)
	if !ok {
		return "", fmt.Errorf("open %s: not a sealed text", place)
	}
	raw, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil {
		return "", fmt.Errorf("open %s: damaged", place)
	}
	plain, err := s.keys.Decrypt(raw, []byte(place))
	if err != nil {
		return "", fmt.Errorf("open %s: sealed with another key, for another place, or damaged", place)
	}
	return string(plain), nil
}

// Derive makes a 32-byte key for a purpose, the same on every node and at every start: for signing links and keyed hashes.
func (s *Sealer) Derive(purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, s.master, nil, "zhiyin/"+purpose, masterSize)
	if err != nil {
		return nil, fmt.Errorf("derive a key for %s: %w", purpose, err)
	}
	return key, nil
}

func readMaster(file string) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) != masterSize {
		return nil, fmt.Errorf("%s does not hold %d bytes in base64: make one with `openssl rand -base64 32`", file, masterSize)
	}
	return key, nil
}

// makeMaster writes a new key that only the owner of the process can read. An existing file is never touched.
func makeMaster(file string) ([]byte, error) {
	key := make([]byte, masterSize)
	_, _ = rand.Read(key) // never fails
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	return key, nil
}

func read(ctx context.Context, q bun.IDB) (stored []byte, there bool, err error) {
	var r row
	err = q.NewSelect().Model(&r).Where("corp_id = '' AND name = ?", keysetName).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the keyset: %w", err)
	}
	if stored, err = base64.StdEncoding.DecodeString(r.Value); err != nil {
		return nil, false, fmt.Errorf("read the keyset: %w", err)
	}
	return stored, true, nil
}

// makeKeyset writes a new keyset, or answers the one that another node wrote meanwhile.
func makeKeyset(ctx context.Context, d *db.DB, kek tink.AEAD) ([]byte, error) {
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a keyset: %w", err)
	}
	var buf bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&buf), kek, []byte(keysetName)); err != nil {
		return nil, fmt.Errorf("seal the keyset: %w", err)
	}
	var stored []byte
	err = d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		r := row{Name: keysetName, Value: base64.StdEncoding.EncodeToString(buf.Bytes()), Sealed: true}
		if _, err := tx.NewInsert().Model(&r).On("CONFLICT (corp_id, name) DO NOTHING").Exec(ctx); err != nil {
			return fmt.Errorf("store the keyset: %w", err)
		}
		var err error
		stored, _, err = read(ctx, tx)
		return err
	})
	return stored, err
}
