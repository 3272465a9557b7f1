package governance

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
)

// A message to a million is a million rows of the ledger that say the same, and mostly for the same reasons. Such words stand once
// in touch_words, and the rows name them. The name is made of their hash, so the digest of a row covers them as well.

const (
	wordsMark = "@" // what names words; words themselves are JSON and begin otherwise
	// sharedFrom is how many rows of one writing have to say the same for it to be shared.
	sharedFrom = 4
	// wordsKept bounds what is kept in memory; a message has a handful.
	wordsKept = 1000
)

// words keeps what was read or written lately. What a hash stands for never changes.
type words struct {
	mu    sync.Mutex
	known map[wordsKey]string
}

type wordsKey struct{ corpID, name string }

func (w *words) get(k wordsKey) (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, ok := w.known[k]
	return text, ok
}

func (w *words) keep(found map[wordsKey]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil || len(w.known)+len(found) > wordsKept {
		w.known = make(map[wordsKey]string, len(found))
	}
	maps.Copy(w.known, found)
}

func wordsName(text string) string {
	sum := sha256.Sum256([]byte(text))
	return wordsMark + base64.RawURLEncoding.EncodeToString(sum[:16])
}

// saying are the columns of a row that may be shared.
func (t *Touch) saying() [2]*string { return [2]*string{&t.Texts, &t.Why} }

// shareWords puts names in the place of what many of the rows say alike, and stores what the names stand for.
func (g *Governor) shareWords(ctx context.Context, tx *db.Tx, rows []*Touch) error {
	if len(rows) < sharedFrom {
		return nil
	}
	count := map[wordsKey]int{}
	for _, t := range rows {
		for _, s := range t.saying() {
			count[wordsKey{t.CorpID, *s}]++
		}
	}
	names := map[wordsKey]string{}
	store := map[wordsKey]string{}
	for k, n := range count {
		name := wordsName(k.name)
		if n < sharedFrom || len(k.name) <= len(name) {
			continue
		}
		names[k] = name
		if _, known := g.words.get(wordsKey{k.corpID, name}); !known {
			store[wordsKey{k.corpID, name}] = k.name
		}
	}
	if err := g.storeWords(ctx, tx, store); err != nil {
		return err
	}
	for _, t := range rows {
		for _, s := range t.saying() {
			if name, ok := names[wordsKey{t.CorpID, *s}]; ok {
				*s = name
			}
		}
	}
	return nil
}

// nameOf is what n rows hold that all say text.
func (g *Governor) nameOf(ctx context.Context, tx *db.Tx, corpID, text string, n int) (string, error) {
	k := wordsKey{corpID, wordsName(text)}
	if n < sharedFrom || len(text) <= len(k.name) {
		return text, nil
	}
	return k.name, g.storeWords(ctx, tx, map[wordsKey]string{k: text})
}

type wordsRow struct {
	bun.BaseModel `bun:"table:touch_words"`

	CorpID string `bun:",pk"`
	Hash   string `bun:",pk"`
	Words  string
}

func (g *Governor) storeWords(ctx context.Context, tx *db.Tx, store map[wordsKey]string) error {
	if len(store) == 0 {
		return nil
	}
	rows := make([]wordsRow, 0, len(store))
	for k, text := range store {
		rows = append(rows, wordsRow{CorpID: k.corpID, Hash: strings.TrimPrefix(k.name, wordsMark), Words: text})
	}
	slices.SortFunc(rows, func(a, b wordsRow) int { return strings.Compare(a.CorpID+a.Hash, b.CorpID+b.Hash) }) // two nodes wait for each other in one order
	if _, err := tx.NewInsert().Model(&rows).On("CONFLICT (corp_id, hash) DO NOTHING").Exec(ctx); err != nil {
		return fmt.Errorf("write words that touches share: %w", err)
	}
	tx.OnCommit(func() { g.words.keep(store) })
	return nil
}

// spell puts what names stand for into rows that were read.
func (g *Governor) spell(ctx context.Context, q bun.IDB, rows ...*Touch) error {
	missing := map[wordsKey]bool{}
	found := map[wordsKey]string{}
	for _, k := range namesIn(rows) {
		if text, ok := g.words.get(k); ok {
			found[k] = text
		} else {
			missing[k] = true
		}
	}
	if len(missing) > 0 {
		read, err := readWords(ctx, q, missing)
		if err != nil {
			return err
		}
		g.words.keep(read)
		maps.Copy(found, read)
	}
	for _, t := range rows {
		for _, s := range t.saying() {
			if !strings.HasPrefix(*s, wordsMark) {
				continue
			}
			text, ok := found[wordsKey{t.CorpID, *s}]
			if !ok {
				return fmt.Errorf("touch %d: what it says under %s is not in the database", t.ID, *s)
			}
			*s = text
		}
	}
	return nil
}

func namesIn(rows []*Touch) []wordsKey {
	var out []wordsKey
	seen := map[wordsKey]bool{}
	for _, t := range rows {
		for _, s := range t.saying() {
			if k := (wordsKey{t.CorpID, *s}); strings.HasPrefix(*s, wordsMark) && !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
	}
	return out
}

func readWords(ctx context.Context, q bun.IDB, missing map[wordsKey]bool) (map[wordsKey]string, error) {
	byCorp := map[string][]string{}
	for k := range missing {
		byCorp[k.corpID] = append(byCorp[k.corpID], strings.TrimPrefix(k.name, wordsMark))
	}
	out := make(map[wordsKey]string, len(missing))
	for corpID, hashes := range byCorp {
		for part := range slices.Chunk(hashes, chunk) {
			var rows []wordsRow
			if err := q.NewSelect().Model(&rows).Where("corp_id = ? AND hash IN (?)", corpID, bun.List(part)).Scan(ctx); err != nil {
				return nil, fmt.Errorf("read words that touches share: %w", err)
			}
			for _, r := range rows {
				out[wordsKey{corpID, wordsMark + r.Hash}] = r.Words
			}
		}
	}
	return out, nil
}

// forged are the names in rows whose words are gone, or are not those that the name was made of.
func forged(ctx context.Context, q bun.IDB, rows []*Touch) (map[wordsKey]bool, error) {
	all := map[wordsKey]bool{}
	for _, k := range namesIn(rows) {
		all[k] = true
	}
	found, err := readWords(ctx, q, all)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(all, func(k wordsKey, _ bool) bool {
		text, ok := found[k]
		return ok && wordsName(text) == k.name
	})
	return all, nil
}
