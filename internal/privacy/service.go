package privacy

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Sealer opens the texts that rooms keep sealed.
type Sealer interface {
	Open(sealed, place string) (string, error)
}

// Config of a Service.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	World  clock.World
	Zone   *time.Location
	CorpID string
	Key    []byte // salts the hashes of persons who were erased
	Seal   Sealer

	// Stop ends all marketing to a person for good, as an opt-out does: nothing of a person who is erased may wait to be sent.
	Stop func(ctx context.Context, tx *db.Tx, customerID, by string) error
	// Untag takes the corp's tags off a person at WeCom; it is a call.
	Untag func(ctx context.Context, customerID, staffID string, tagIDs []string) (bus.Settle, error)
	// Ledger puts a stub in the place of a person in the ledger, in touches decided before an instant; 0 = in all.
	Ledger func(ctx context.Context, tx *db.Tx, customerID, stub string, before clock.Time) (int, error)
	// OnErased are told of a person who was just erased, inside the transaction: what is in memory of them goes.
	OnErased []func(tx *db.Tx, customerID string)
	Live     func(kind, id string)
}

// Service is the use cases of persons' data.
type Service struct {
	Config
	Data Register
}

// New makes the service.
func New(c Config) (*Service, error) {
	r, err := LoadRegister()
	if err != nil {
		return nil, err
	}
	return &Service{Config: c, Data: r}, nil
}

// hash stands for a person who was erased. Without the key nobody can tell who that was.
func (s *Service) hash(customerID string) string {
	m := hmac.New(sha256.New, s.Key)
	fmt.Fprintf(m, "erased\x00%s\x00%s", s.CorpID, customerID)
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// Forgotten answers which of the persons were erased, with when. What lies before that must not be stored again; what they do of their
// own accord afterwards begins anew.
func (s *Service) Forgotten(ctx context.Context, q bun.IDB, customerIDs ...string) (map[string]clock.Time, error) {
	out := map[string]clock.Time{}
	if len(customerIDs) == 0 {
		return out, nil
	}
	any, err := q.NewSelect().TableExpr("erasure").Where("corp_id = ? AND state = ?", s.CorpID, Done).Exists(ctx)
	if err != nil || !any { // mostly: then nothing has to be hashed
		return out, wrap(err, "look for persons who were erased")
	}
	of := make(map[string]string, len(customerIDs))
	hashes := make([]string, 0, len(customerIDs))
	for _, id := range customerIDs {
		h := s.hash(id)
		of[h] = id
		hashes = append(hashes, h)
	}
	var rows []struct {
		Hash   string
		DoneAt clock.Time
	}
	err = q.NewRaw("SELECT hash, MAX(done_at) AS done_at FROM erasure WHERE corp_id = ? AND state = ? AND hash IN ? GROUP BY hash", s.CorpID, Done, s.DB.OneOf(hashes)).Scan(ctx, &rows)
	if err != nil {
		return nil, wrap(err, "look for persons who were erased")
	}
	for _, r := range rows {
		out[of[r.Hash]] = r.DoneAt
	}
	return out, nil
}

// Gone answers which of the persons were erased and have not come back: nothing about them is stored.
func (s *Service) Gone(ctx context.Context, q bun.IDB, customerIDs ...string) (map[string]bool, error) {
	forgotten, err := s.Forgotten(ctx, q, customerIDs...)
	if err != nil || len(forgotten) == 0 {
		return nil, err
	}
	out := make(map[string]bool, len(forgotten))
	for id := range forgotten {
		var back int
		err := q.NewRaw("SELECT (SELECT COUNT(*) FROM customer WHERE corp_id = ?0 AND id = ?1) + (SELECT COUNT(*) FROM kf_customer WHERE corp_id = ?0 AND id = ?1)", s.CorpID, id).Scan(ctx, &back)
		if err != nil {
			return nil, wrap(err, "look whether a person came back")
		}
		if back == 0 {
			out[id] = true
		}
	}
	return out, nil
}

func wrap(err error, doing string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
