package assessment

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	World  clock.World
	Zone   *time.Location
	CorpID string
	// TagNames answers the names of tags that exist, by id.
	TagNames func(ctx context.Context, ids []string) (map[string]string, error)
}

// Service keeps the register.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Add puts an assessment on record; replaces is one that it takes the place of, 0 = none.
func (s *Service) Add(ctx context.Context, by string, d Draft, replaces int64) (*Assessment, error) {
	now := max(s.World.Now(), 1)
	assessed, until, err := d.check(now, s.Zone)
	if err != nil {
		return nil, err
	}
	kinds, err := json.Marshal(d.Kinds)
	if err != nil {
		return nil, fmt.Errorf("write the kinds of an assessment: %w", err)
	}
	a := &Assessment{
		CorpID: s.CorpID, Title: d.Title, Kinds: string(kinds), Aims: d.Aims, Influence: d.Influence, Measures: d.Measures, Assessor: d.Assessor,
		AssessedAt: assessed, ValidUntil: until, MadeBy: by, MadeAt: now,
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "assessment/"+s.CorpID); err != nil {
			return err
		}
		n, err := tx.NewSelect().Model((*Assessment)(nil)).Where("corp_id = ?", s.CorpID).Count(ctx)
		if err != nil {
			return fmt.Errorf("count impact assessments: %w", err)
		}
		a.ID, a.Number = tx.NewID(), fmt.Sprintf("PIA-%d-%03d", now.In(s.Zone).Year(), n+1)
		if _, err := tx.NewInsert().Model(a).Exec(ctx); err != nil {
			return fmt.Errorf("record an impact assessment: %w", err)
		}
		detail := audit.Detail{"number": a.Number, "kinds": d.Kinds, "valid_until": a.ValidUntil}
		if replaces != 0 {
			if err := s.end(ctx, tx, replaces, by, "", a.ID); err != nil {
				return err
			}
			detail["replaces"] = strconv.FormatInt(replaces, 10)
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "assessment.add", Subject: audit.Of("assessment", strconv.FormatInt(a.ID, 10)), Who: by, At: now, Detail: detail})
	})
	return a, err
}

// Withdraw ends an assessment before its day, with the reason. It stays on record.
func (s *Service) Withdraw(ctx context.Context, id int64, by, why string) error {
	why = strings.TrimSpace(why)
	if n := utf8.RuneCountInString(why); n < 2 || n > 300 {
		return errs.Bad("why", "assessment.why", errs.T("写明为什么撤回，2 到 300 个字。", "Say why it is withdrawn, in 2 to 300 characters."))
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.end(ctx, tx, id, by, why, 0); err != nil {
			return err
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "assessment.withdraw", Subject: audit.Of("assessment", strconv.FormatInt(id, 10)), Who: by, At: s.World.Now()})
	})
}

func (s *Service) end(ctx context.Context, tx *db.Tx, id int64, by, why string, replacedBy int64) error {
	res, err := tx.NewUpdate().Model((*Assessment)(nil)).Set("ended_by = ?", by).Set("ended_at = ?", max(s.World.Now(), 1)).Set("ended_why = ?", why).Set("replaced_by = ?", replacedBy).
		Where("corp_id = ? AND id = ? AND ended_at = 0", s.CorpID, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end impact assessment %d: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errs.Missing("影响评估", "impact assessment")
	}
	return nil
}

// Basis answers which assessments in force cover the kinds, and which of the kinds none covers. One of several that cover a kind is
// named: the newest.
func (s *Service) Basis(ctx context.Context, q bun.IDB, kinds ...Kind) (governance.Assessed, error) {
	var out governance.Assessed
	if len(kinds) == 0 {
		return out, nil
	}
	rows, err := s.inForce(ctx, q)
	if err != nil {
		return out, err
	}
	for _, k := range kinds {
		named := governance.AssessedKind{ID: string(k), Name: k.Name()}
		out.Kinds = append(out.Kinds, named)
		i := slices.IndexFunc(rows, func(a *Assessment) bool { return slices.Contains(a.Covers(), k) })
		switch {
		case i < 0:
			out.Missing = append(out.Missing, named)
		case !slices.Contains(out.Numbers, rows[i].Number):
			out.Numbers = append(out.Numbers, rows[i].Number)
		}
	}
	return out, nil
}

// ToReview are the assessments that have to be reviewed within 30 days, or whose day has passed.
func (s *Service) ToReview(ctx context.Context) (int, error) {
	n, err := s.DB.Read().NewSelect().Model((*Assessment)(nil)).Where("corp_id = ? AND ended_at = 0 AND valid_until <= ?", s.CorpID, s.World.Now().Add(dueBefore)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the impact assessments to review: %w", err)
	}
	return int(n), nil
}

// GivenByToken notes that a program gave tags through the API: it chose people by a judgement that nobody here sees.
func (s *Service) GivenByToken(ctx context.Context, by string, tagIDs []string) error {
	if len(tagIDs) == 0 {
		return nil
	}
	known, err := s.known(ctx, s.DB.Read(), tagIDs)
	if err != nil || len(known) == len(tagIDs) {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.put(ctx, tx, by, ByToken, "", tagIDs) })
}

// Declare says that a machine gives a tag; note is which.
func (s *Service) Declare(ctx context.Context, by, tagID, note string) error {
	note = strings.TrimSpace(note)
	if n := utf8.RuneCountInString(note); n < 2 || n > 200 {
		return errs.Bad("note", "assessment.note", errs.T("写明哪个程序、按什么打这个标签，2 到 200 个字。", "Say which program gives it, and by what, in 2 to 200 characters."))
	}
	names, err := s.TagNames(ctx, []string{tagID})
	if err != nil {
		return err
	}
	if names[tagID] == "" {
		return errs.Bad("tag_id", "assessment.tag", errs.T("没有这个标签。", "There is no such tag."))
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.put(ctx, tx, by, Declared, note, []string{tagID}) })
}

func (s *Service) put(ctx context.Context, tx *db.Tx, by string, how How, note string, tagIDs []string) error {
	if err := tx.Lock(ctx, "automatic_tag/"+s.CorpID); err != nil {
		return err
	}
	known, err := s.known(ctx, tx, tagIDs)
	if err != nil {
		return err
	}
	for _, id := range tagIDs {
		if _, found := slices.BinarySearch(known, id); found {
			continue
		}
		known = append(known, id)
		slices.Sort(known)
		t := AutomaticTag{CorpID: s.CorpID, ID: tx.NewID(), TagID: id, How: how, Note: note, MadeBy: by, MadeAt: max(s.World.Now(), 1)}
		if _, err := tx.NewInsert().Model(&t).Exec(ctx); err != nil {
			return fmt.Errorf("note that a machine gives tag %s: %w", id, err)
		}
		err := audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "automatic_tag.note", Subject: audit.Of("tag", id), Who: by, At: t.MadeAt, Detail: audit.Detail{"how": how}})
		if err != nil {
			return err
		}
	}
	return nil
}

// Undeclare takes a tag off the list: people give it now. A program that gives it again puts it back.
func (s *Service) Undeclare(ctx context.Context, by, tagID string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		res, err := tx.NewUpdate().Model((*AutomaticTag)(nil)).Set("ended_by = ?", by).Set("ended_at = ?", max(s.World.Now(), 1)).
			Where("corp_id = ? AND tag_id = ? AND ended_at = 0", s.CorpID, tagID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("take tag %s off the list of automatic ones: %w", tagID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errs.Missing("自动标签", "automatic tag")
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "automatic_tag.end", Subject: audit.Of("tag", tagID), Who: by, At: s.World.Now()})
	})
}
