package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// edge is the right edge of a Merkle tree: the roots of its whole subtrees, from the largest. It is all that is needed to add
// leaves.
type edge struct {
	size  int64
	roots []tlog.Hash
}

// add puts a leaf on and answers the hashes that it makes, which are stored one after the other from StoredHashIndex(0, leaf).
func (e *edge) add(leaf tlog.Hash) []tlog.Hash {
	made := []tlog.Hash{leaf}
	h := leaf
	for n := e.size; n&1 == 1; n >>= 1 {
		h = tlog.NodeHash(e.roots[len(e.roots)-1], h)
		e.roots = e.roots[:len(e.roots)-1]
		made = append(made, h)
	}
	e.roots = append(e.roots, h)
	e.size++
	return made
}

// root is the hash of the whole tree.
func (e *edge) root() tlog.Hash {
	if len(e.roots) == 0 {
		h, _ := tlog.TreeHash(0, nil) // of the empty tree: needs no reader
		return h
	}
	h := e.roots[len(e.roots)-1]
	for _, left := range slices.Backward(e.roots[:len(e.roots)-1]) {
		h = tlog.NodeHash(left, h)
	}
	return h
}

// edgeOf reads the right edge of a stored tree.
func edgeOf(ctx context.Context, q bun.IDB, corpID string, size int64) (*edge, error) {
	var want []int64
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 1 {
			want = append(want, tlog.StoredHashIndex(level, size>>level-1))
		}
	}
	roots, err := reader(ctx, q, corpID).ReadHashes(want)
	if err != nil {
		return nil, err
	}
	return &edge{size: size, roots: roots}, nil
}

// reader reads stored hashes.
func reader(ctx context.Context, q bun.IDB, corpID string) tlog.HashReader {
	return tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(idx))
		if len(idx) == 0 {
			return out, nil
		}
		var rows []hashRow
		if err := q.NewSelect().Model(&rows).Where("corp_id = ? AND idx IN (?)", corpID, bun.List(idx)).Scan(ctx); err != nil {
			return nil, fmt.Errorf("read the hashes of the audit log: %w", err)
		}
		at := map[int64]string{}
		for _, r := range rows {
			at[r.Idx] = r.Hash
		}
		for i, n := range idx {
			h, err := tlog.ParseHash(at[n])
			if err != nil {
				return nil, fmt.Errorf("hash %d of the audit log is missing or damaged: zhiyin audit verify tells more", n)
			}
			out[i] = h
		}
		return out, nil
	})
}

type hashRow struct {
	bun.BaseModel `bun:"table:audit_hash"`

	CorpID string `bun:",pk"`
	Idx    int64  `bun:",pk"`
	Hash   string
}

type headRow struct {
	bun.BaseModel `bun:"table:audit_head"`

	CorpID string `bun:",pk"`
	Hour   int64  `bun:",pk"`
	Size   int64
	Note   string
}

// signing signs tree heads, and knows its own signature.
type signing struct {
	note.Signer
	note.Verifier
	key string // the public half, as zhiyin audit head shows it
}

// newSigning makes the key pair of a corp's log from 32 secret bytes.
func newSigning(corpID string, seed []byte) (*signing, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("audit: the key has %d bytes, want %d", len(seed), ed25519.SeedSize)
	}
	name := "zhiyin-audit/" + strings.Map(func(r rune) rune {
		if r == '+' || r <= ' ' {
			return '_'
		}
		return r
	}, corpID)
	public, ok := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("audit: no public key")
	}
	key, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	const algEd25519 = 1
	id := strings.Split(key, "+")[1]
	secret := "PRIVATE+KEY+" + name + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, seed...))
	s := &signing{key: key}
	if s.Signer, err = note.NewSigner(secret); err != nil {
		return nil, errors.New("audit: the key cannot sign") // its error could hold the key
	}
	if s.Verifier, err = note.NewVerifier(key); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return s, nil
}

// sign writes a tree head as a signed note.
func (s *signing) sign(t tlog.Tree) (string, error) {
	n, err := note.Sign(&note.Note{Text: string(tlog.FormatTree(t))}, s.Signer)
	if err != nil {
		return "", fmt.Errorf("sign the tree head: %w", err)
	}
	return string(n), nil
}

// open reads a signed tree head that this key signed.
func (s *signing) open(text string) (tlog.Tree, error) {
	n, err := note.Open([]byte(text), note.VerifierList(s.Verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the signature of the tree head: %w", err)
	}
	t, err := tlog.ParseTree([]byte(n.Text))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the tree head: %w", err)
	}
	return t, nil
}
