package governance

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// LimitedCode is a code of WeCom's that means to this corp: the member whom the call was for is limited.
type LimitedCode struct {
	bun.BaseModel `bun:"table:limited_code"`

	CorpID  string `bun:",pk"`
	ID      int64  `bun:",pk"`
	Code    int
	Note    string // where it was seen
	MadeBy  string
	MadeAt  clock.Time
	EndedID int64 // 0 = it holds
	EndedBy string
	EndedAt clock.Time
}

// mostLimitedCodes bounds the codes in force.
const mostLimitedCodes = 20

// SaysLimited tells whether a code of WeCom's means, to this corp, that the member is limited.
func (g *Governor) SaysLimited(ctx context.Context, q bun.IDB, corpID string, code int) (bool, error) {
	if code == 0 {
		return false, nil
	}
	n, err := q.NewSelect().Model((*LimitedCode)(nil)).Where("corp_id = ? AND code = ? AND ended_id = 0", corpID, code).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look whether %d means that a member is limited: %w", code, err)
	}
	return n > 0, nil
}

// LimitedCodes are the codes that the corp noted, those in force first, then the newest.
func (g *Governor) LimitedCodes(ctx context.Context, corpID string) ([]*LimitedCode, error) {
	var rows []*LimitedCode
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ?", corpID).OrderExpr("ended_id = 0 DESC, id DESC").Limit(5 * mostLimitedCodes).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the codes that mean a limited member: %w", err)
	}
	return rows, nil
}

// AddLimitedCode notes a code. One that WeCom's pages explain, and that the platform acts on, means something else.
func (g *Governor) AddLimitedCode(ctx context.Context, c LimitedCode) (*LimitedCode, error) {
	c.Note = strings.TrimSpace(c.Note)
	c.MadeAt, c.EndedID, c.EndedBy, c.EndedAt = g.world.Now(), 0, "", 0
	const least, most = -100_000_000, 100_000_000
	switch n := utf8.RuneCountInString(c.Note); {
	case c.Code == 0 || c.Code < least || c.Code > most:
		return nil, errs.Bad("code", "governance.limited_code", errs.T("填企业微信返回的 errcode，0 表示成功，不能填。", "Give the errcode that WeCom answered; 0 means success."))
	case g.documented != nil && g.documented(c.Code):
		return nil, errs.Bad("code", "governance.limited_documented", errs.T(
			fmt.Sprintf("企业微信文档里 %d 是别的意思，平台已经照那个意思处理；填文档没有解释、只在这位成员身上出现的码。", c.Code),
			fmt.Sprintf("WeCom's pages give %d another meaning and the platform acts on it. Note one that they do not explain, answered for this member alone.", c.Code)))
	case n < 2 || n > 200:
		return nil, errs.Bad("note", "governance.limited_note", errs.T("写明在哪里看到的，2 到 200 个字：哪天、哪次调用、怎么知道是账号受限。",
			"Say in 2 to 200 characters where it was seen: the day, the call, and how you know that the account was limited."))
	}
	err := g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "limited/"+c.CorpID); err != nil {
			return err
		}
		var rows []LimitedCode
		if err := tx.NewSelect().Model(&rows).Where("corp_id = ? AND ended_id = 0", c.CorpID).Scan(ctx); err != nil {
			return fmt.Errorf("read the codes that mean a limited member: %w", err)
		}
		if len(rows) >= mostLimitedCodes {
			return errs.New(errs.Conflict, "governance.limited_most", errs.Tf("最多登记 %d 个码，先去掉不用的。", "At most %d codes can be noted; take some away first.", mostLimitedCodes))
		}
		for _, r := range rows {
			if r.Code == c.Code {
				return errs.Bad("code", "governance.limited_known", errs.T("这个码已经登记过。", "This code is noted already."))
			}
		}
		c.ID = tx.NewID()
		if _, err := tx.NewInsert().Model(&c).Exec(ctx); err != nil {
			return fmt.Errorf("note a code that means a limited member: %w", err)
		}
		return audit.Log(ctx, tx, audit.Entry{
			CorpID: c.CorpID, Act: "limited_code.add", Subject: audit.Of("limited_code", strconv.FormatInt(c.ID, 10)), Who: c.MadeBy, At: c.MadeAt,
			Detail: audit.Detail{"code": c.Code},
		})
	})
	return &c, err
}

// EndLimitedCode takes a code away: from now on it means nothing. It stays on the list, and whom it stopped stays stopped.
func (g *Governor) EndLimitedCode(ctx context.Context, corpID string, id int64, by string) error {
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := max(g.world.Now(), 1)
		n, err := endRow(ctx, tx, (*LimitedCode)(nil), corpID, id, by, now)
		if err != nil || n == 0 {
			return errOr(err, errs.Missing("受限码", "code"))
		}
		return audit.Log(ctx, tx, audit.Entry{CorpID: corpID, Act: "limited_code.end", Subject: audit.Of("limited_code", strconv.FormatInt(id, 10)), Who: by, At: now})
	})
}
