package privacy

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// ErasedHashes are the keyed hashes of all who were erased, in order. They are kept beside backups: an older backup still holds these
// persons, and does not know that they were erased.
func (s *Service) ErasedHashes(ctx context.Context) ([]string, error) {
	var out []string
	err := s.DB.Read().NewRaw("SELECT DISTINCT hash FROM erasure WHERE corp_id = ? AND state = ? AND hash <> '' ORDER BY hash", s.CorpID, Done).Scan(ctx, &out)
	return out, wrap(err, "list who was erased")
}

// EraseAgain has everybody erased whom a restored backup brought back: those with one of the hashes. It answers how many they are.
func (s *Service) EraseAgain(ctx context.Context, hashes []string, by string) (int, error) {
	wanted := map[string]bool{}
	for _, h := range hashes {
		if len(h) != 32 {
			return 0, errs.Bad("hash", "privacy.hash", errs.Tf("%q 不是 zhiyin erasures list 印出的一行。", "%q is no line that zhiyin erasures list printed.", h))
		}
		wanted[h] = true
	}
	people := map[string]bool{}
	for _, t := range s.Data.Tables {
		if t.Column == "" || t.Erase == Nothing {
			continue
		}
		var ids []string
		q := s.DB.Read().NewSelect().TableExpr(t.Table).ColumnExpr("DISTINCT ?", bun.Ident(t.Column)).Where("corp_id = ?", s.CorpID)
		if t.Only != "" {
			q.Where(t.Only)
		}
		if err := q.Scan(ctx, &ids); err != nil {
			return 0, fmt.Errorf("look for persons in %s: %w", t.Table, err)
		}
		for _, id := range ids {
			if id != "" && wanted[s.hash(id)] {
				people[id] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(people)) {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return s.ask(ctx, tx, id, Asked, "restored from a backup", by)
		})
		if err != nil {
			return 0, err
		}
	}
	return len(people), nil
}
