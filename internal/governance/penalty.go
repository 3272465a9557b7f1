package governance

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/guard"
)

// SitePenalty is a measure of WeChat against links to a site, as a person noted it. The first one of a site ends when the site is
// repaired and restored, later ones with their time: 12 hours, a day, a week. One for evasion holds for good (LNK-25).
type SitePenalty struct {
	bun.BaseModel `bun:"table:site_penalty"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	Host       string
	At         clock.Time // when WeChat acted
	Evidence   string
	Evasion    bool
	Rung       int        // which one of the site it is, from 1
	Until      clock.Time // 0 = for good; of the first one the same as At: it waits for the repair
	MadeBy     string
	MadeAt     clock.Time
	RepairedID int64
	RepairedBy string
	RepairedAt clock.Time
	Repair     string
	EndedID    int64
	EndedBy    string
	EndedAt    clock.Time
}

// PenaltyState says whether a penalty holds.
type PenaltyState string

// The states of a penalty.
const (
	PenaltyRepair    PenaltyState = "repair"  // links rest until the site is repaired
	PenaltyRuns      PenaltyState = "runs"    // links rest until its time
	PenaltyForGood   PenaltyState = "forever" // links rest for good
	PenaltyOver      PenaltyState = "over"
	PenaltyWithdrawn PenaltyState = "withdrawn" // it was noted by mistake
)

const penaltiesShown = 300

// State of the penalty at an instant.
func (p *SitePenalty) State(now clock.Time) PenaltyState {
	switch {
	case p.EndedID != 0:
		return PenaltyWithdrawn
	case p.Evasion:
		return PenaltyForGood
	case p.Rung == 1 && p.RepairedID == 0:
		return PenaltyRepair
	case now < p.Until:
		return PenaltyRuns
	}
	return PenaltyOver
}

// holds says whether links rest at an instant.
func (p *SitePenalty) holds(now clock.Time) bool {
	s := p.State(now)
	return s == PenaltyRepair || s == PenaltyRuns || s == PenaltyForGood
}

// readPenalties reads the numbers of LNK-25: how long the nth penalty of a site lasts; the last counts for all later ones.
func (r *rulebook) readPenalties() error {
	var p struct {
		Hours []int `json:"hours"`
	}
	if err := r.Params(rulePenalty, &p); err != nil {
		return err
	}
	if len(p.Hours) == 0 {
		return fmt.Errorf("read the ladder of %s: it is empty", rulePenalty)
	}
	for _, h := range p.Hours {
		r.penalties = append(r.penalties, time.Duration(h)*time.Hour)
	}
	return nil
}

// Penalties are those of a corp's sites, the newest first.
func (g *Governor) Penalties(ctx context.Context, corpID string) ([]*SitePenalty, error) {
	var rows []*SitePenalty
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ?", corpID).OrderExpr("id DESC").Limit(penaltiesShown).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list penalties of sites: %w", err)
	}
	return rows, nil
}

// NotePenalty notes that WeChat acted against links to a site. It takes the next rung of that site.
func (g *Governor) NotePenalty(ctx context.Context, p SitePenalty) (*SitePenalty, error) {
	p.MadeAt = g.world.Now()
	host, err := g.readHost(p.Host)
	if err != nil {
		return nil, err
	}
	p.Host = host
	if p.Evidence, err = said("evidence", p.Evidence, errs.T("写明在哪里看到、微信怎么说", "Say where it was seen and what WeChat said")); err != nil {
		return nil, err
	}
	if p.At <= 0 || p.At > p.MadeAt {
		return nil, errs.Bad("at", "site.penalty_at", errs.T("时间不能晚于现在。", "The time cannot be later than now."))
	}
	err = g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "site_penalty/"+p.CorpID+"/"+host); err != nil {
			return err
		}
		n, err := tx.NewSelect().Model((*SitePenalty)(nil)).Where("corp_id = ? AND host = ? AND ended_id = 0", p.CorpID, host).Count(ctx)
		if err != nil {
			return fmt.Errorf("count penalties of %s: %w", host, err)
		}
		p.ID, p.Rung, p.Until = tx.NewID(), int(n)+1, 0
		if !p.Evasion {
			p.Until = p.At.Add(g.book.penalties[min(p.Rung, len(g.book.penalties))-1])
		}
		if _, err := tx.NewInsert().Model(&p).Exec(ctx); err != nil {
			return fmt.Errorf("note a penalty of %s: %w", host, err)
		}
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: p.CorpID, Act: "site_penalty.note", Subject: audit.Of("site_penalty", strconv.FormatInt(p.ID, 10)), Who: p.MadeBy, At: p.MadeAt,
			Detail: audit.Detail{"host": p.Host, "rung": p.Rung, "evasion": p.Evasion, "until": p.Until},
		})
	})
	return &p, err
}

// RepairSite notes that a site was repaired and WeChat restored it: the first penalty ends by that.
func (g *Governor) RepairSite(ctx context.Context, corpID string, id int64, by, repair string) error {
	repair, err := said("repair", repair, errs.T("写明改了什么、微信何时恢复", "Say what was changed and when WeChat restored it"))
	if err != nil {
		return err
	}
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := max(g.world.Now(), 1)
		res, err := tx.NewUpdate().Model((*SitePenalty)(nil)).
			Set("repaired_id = ?", tx.NewID()).Set("repaired_by = ?", by).Set("repaired_at = ?", now).Set("repair = ?", repair).
			Where("corp_id = ? AND id = ? AND ended_id = 0 AND repaired_id = 0 AND rung = 1 AND NOT evasion", corpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("note a repair: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errOr(err, errs.Missing("等整改的处罚", "penalty that waits for a repair"))
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: corpID, Act: "site_penalty.repair", Subject: audit.Of("site_penalty", strconv.FormatInt(id, 10)), Who: by, At: now})
	})
}

// EndPenalty takes back a penalty that was noted by mistake. It counts no more.
func (g *Governor) EndPenalty(ctx context.Context, corpID string, id int64, by string) error {
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := max(g.world.Now(), 1)
		n, err := endRow(ctx, tx, (*SitePenalty)(nil), corpID, id, by, now)
		if err != nil || n == 0 {
			return errOr(err, errs.Missing("处罚记录", "penalty"))
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: corpID, Act: "site_penalty.withdraw", Subject: audit.Of("site_penalty", strconv.FormatInt(id, 10)), Who: by, At: now})
	})
}

// penaltiesAt are those that hold at an instant, as a decision with an id sees them; of each site the longest.
func (g *Governor) penaltiesAt(ctx context.Context, q bun.IDB, corpID string, at clock.Time, id int64) ([]guard.Penalty, error) {
	var rows []SitePenalty
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND id < ? AND (ended_id = 0 OR ended_id > ?)", corpID, id, id).
		Where("(evasion OR until > ? OR rung = 1 AND (repaired_id = 0 OR repaired_id > ?))", at, id).
		OrderExpr("host, evasion DESC, until DESC, id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the penalties of sites: %w", err)
	}
	var out []guard.Penalty
	for i := range rows {
		p := &rows[i]
		p.EndedID = 0
		if p.RepairedID > id {
			p.RepairedID = 0
		}
		if !p.holds(at) || slices.ContainsFunc(out, func(x guard.Penalty) bool { return x.Host == p.Host }) {
			continue
		}
		x := guard.Penalty{Host: p.Host}
		switch p.State(at) {
		case PenaltyRepair:
			x.Repair = true
		case PenaltyRuns:
			x.Until = p.Until.In(g.zone)
		case PenaltyForGood, PenaltyOver, PenaltyWithdrawn:
		}
		out = append(out, x)
	}
	return out, nil
}
