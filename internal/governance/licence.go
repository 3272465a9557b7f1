package governance

import (
	"context"
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
	"zhiyin.dev/zhiyin/internal/governance/guard"
)

// Licence is a paper of the corp: who it is, or what it is licensed to say. It is never changed, only withdrawn.
type Licence struct {
	bun.BaseModel `bun:"table:licence"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	Kind       string // of the policy's licences
	Holder     string
	Names      []string
	Number     string
	Issuer     string
	ValidUntil clock.Time // 0 = without an end
	Note       string
	MadeBy     string
	MadeAt     clock.Time
	EndedID    int64
	EndedBy    string
	EndedAt    clock.Time
}

// LicenceState says whether a paper counts.
type LicenceState string

// The states of a paper.
const (
	LicenceInForce   LicenceState = "in_force"
	LicenceExpiring  LicenceState = "expiring" // it counts, and ends within 30 days
	LicenceExpired   LicenceState = "expired"
	LicenceWithdrawn LicenceState = "withdrawn"
)

const (
	warnBefore    = 30 * 24 * time.Hour
	mostLicences  = 100 // in force, of a corp
	mostNames     = 10
	longestName   = 100
	longestNote   = 300
	ownNameLeast  = 2
	licencesShown = 300
)

// State of the paper at an instant.
func (l *Licence) State(now clock.Time) LicenceState {
	switch {
	case l.EndedID != 0:
		return LicenceWithdrawn
	case l.ValidUntil == 0 || l.ValidUntil > now.Add(warnBefore):
		return LicenceInForce
	case l.ValidUntil > now:
		return LicenceExpiring
	}
	return LicenceExpired
}

// Licences are the papers of a corp, those in force first, then the newest.
func (g *Governor) Licences(ctx context.Context, corpID string) ([]*Licence, error) {
	var rows []*Licence
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ?", corpID).OrderExpr("ended_id = 0 DESC, id DESC").Limit(licencesShown).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list licences: %w", err)
	}
	return rows, nil
}

// AddLicence puts a paper on record. ValidUntil is the last day on which it holds, "" = without an end.
func (g *Governor) AddLicence(ctx context.Context, l Licence, lastDay string) (*Licence, error) {
	l.Holder, l.Number, l.Issuer, l.Note = strings.TrimSpace(l.Holder), strings.TrimSpace(l.Number), strings.TrimSpace(l.Issuer), strings.TrimSpace(l.Note)
	l.MadeAt, l.EndedID, l.EndedBy, l.EndedAt = g.world.Now(), 0, "", 0
	if err := g.checkLicence(&l, lastDay); err != nil {
		return nil, err
	}
	err := g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "licence/"+l.CorpID); err != nil {
			return err
		}
		var rows []Licence
		if err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND ended_id = 0", l.CorpID).Scan(ctx); err != nil {
			return fmt.Errorf("read the licences: %w", err)
		}
		if len(rows) >= mostLicences {
			return errs.New(errs.Conflict, "licence.most", errs.Tf("最多登记 %d 份，先撤回不用的。", "At most %d can be on record; withdraw some first.", mostLicences))
		}
		if slices.ContainsFunc(rows, func(x Licence) bool {
			return x.Kind == l.Kind && x.Number == l.Number && x.State(l.MadeAt) != LicenceExpired
		}) {
			return errs.Bad("number", "licence.known", errs.T("这份证照已经登记过。", "This paper is on record already."))
		}
		l.ID = tx.NewID()
		if _, err := tx.NewInsert().Model(&l).Exec(ctx); err != nil {
			return fmt.Errorf("record a licence: %w", err)
		}
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: l.CorpID, Act: "licence.add", Subject: audit.Of("licence", strconv.FormatInt(l.ID, 10)), Who: l.MadeBy, At: l.MadeAt,
			Detail: audit.Detail{"kind": l.Kind, "number": l.Number, "valid_until": l.ValidUntil},
		})
	})
	return &l, err
}

func (g *Governor) checkLicence(l *Licence, lastDay string) error {
	if g.book.Licence(l.Kind) == nil {
		return errs.Bad("kind", "licence.kind", errs.T("请选择证照种类。", "Choose the kind of paper."))
	}
	for _, f := range []struct {
		name, text string
		ask        errs.Text
	}{
		{"holder", l.Holder, errs.T("填写证照上的名称", "Give the name on the paper")},
		{"number", l.Number, errs.T("填写证照编号", "Give the number of the paper")},
		{"issuer", l.Issuer, errs.T("填写发证机关", "Say who issued it")},
	} {
		if n := utf8.RuneCountInString(f.text); n < ownNameLeast || n > longestName {
			return errs.Bad(f.name, "licence.words", errs.T(
				fmt.Sprintf("%s，%d 到 %d 个字。", f.ask.ZH, ownNameLeast, longestName), fmt.Sprintf("%s, in %d to %d characters.", f.ask.EN, ownNameLeast, longestName)))
		}
	}
	if utf8.RuneCountInString(l.Note) > longestNote {
		return errs.Bad("note", "licence.note", errs.Tf("备注最多 %d 个字。", "A note has at most %d characters.", longestNote))
	}
	if err := l.checkNames(); err != nil {
		return err
	}
	l.ValidUntil = 0
	if lastDay == "" {
		return nil
	}
	day, err := time.ParseInLocation(time.DateOnly, lastDay, g.zone)
	if err != nil {
		return errs.Bad("valid_until", "licence.date", errs.T("有效期写成 2027-12-31 这样。", "Write the last day like 2027-12-31."))
	}
	if l.ValidUntil = clock.At(day.AddDate(0, 0, 1)); l.ValidUntil <= l.MadeAt {
		return errs.Bad("valid_until", "licence.expired", errs.T("这份证照已经过期，登记新的。", "This paper has expired; record the new one."))
	}
	return nil
}

func (l *Licence) checkNames() error {
	names := []string{}
	for _, n := range l.Names {
		if n = strings.TrimSpace(n); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	l.Names = names
	if len(names) > mostNames || slices.ContainsFunc(names, func(n string) bool {
		return utf8.RuneCountInString(n) < ownNameLeast || utf8.RuneCountInString(n) > longestName
	}) {
		return errs.Bad("names", "licence.names", errs.Tf("别的称呼最多 %d 个，每个至少两个字。", "At most %d other names, each of two characters or more.", mostNames))
	}
	return nil
}

// EndLicence withdraws a paper: from now on it counts no more. It stays on the list.
func (g *Governor) EndLicence(ctx context.Context, corpID string, id int64, by string) error {
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := max(g.world.Now(), 1)
		n, err := endRow(ctx, tx, (*Licence)(nil), corpID, id, by, now)
		if err != nil || n == 0 {
			return errOr(err, errs.Missing("证照", "licence"))
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: corpID, Act: "licence.withdraw", Subject: audit.Of("licence", strconv.FormatInt(id, 10)), Who: by, At: now})
	})
}

// LicencesToRenew are the papers that end within 30 days, or ended within the last 30 and were neither withdrawn nor renewed.
func (g *Governor) LicencesToRenew(ctx context.Context, corpID string) ([]*Licence, error) {
	rows, err := g.Licences(ctx, corpID)
	if err != nil {
		return nil, err
	}
	now := g.world.Now()
	var out []*Licence
	for _, l := range rows {
		s := l.State(now)
		renewed := slices.ContainsFunc(rows, func(x *Licence) bool {
			return x.Kind == l.Kind && x.Holder == l.Holder && x.State(now) == LicenceInForce
		})
		if (s == LicenceExpiring || s == LicenceExpired && l.ValidUntil > now.Add(-warnBefore)) && !renewed {
			out = append(out, l)
		}
	}
	return out, nil
}

func (l *Licence) paper() guard.Paper {
	return guard.Paper{Kind: l.Kind, Holder: l.Holder, Names: l.Names, Number: l.Number}
}

// NamesOf are the names under which the corp is on record, in the form in which rules read; those that are spoken come last.
func (g *Governor) NamesOf(ctx context.Context, corpID string) ([]string, error) {
	own, err := g.ownNow(ctx, g.db.Read(), corpID)
	if err != nil {
		return nil, err
	}
	return own.Names(identityPaper), nil
}

// identityPaper is the kind of paper that says who the corp is.
const identityPaper = "identity"

// LicenceName names a kind of paper.
func (g *Governor) LicenceName(kind string) errs.Text {
	if k := g.book.Licence(kind); k != nil {
		return k.Name.Text()
	}
	return errs.T(kind, kind)
}

// endRow ends a row of what is on record; 0 = there is none that holds.
func endRow(ctx context.Context, tx *db.Tx, model any, corpID string, id int64, by string, now clock.Time) (int64, error) {
	res, err := tx.NewUpdate().Model(model).Set("ended_id = ?", tx.NewID()).Set("ended_by = ?", by).Set("ended_at = ?", now).
		Where("corp_id = ? AND id = ? AND ended_id = 0", corpID, id).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("end what is on record: %w", err)
	}
	return res.RowsAffected()
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
