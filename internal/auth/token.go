package auth

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Token is an API token without the token itself.
type Token struct {
	ID        int64
	Name      string
	Role      Role
	Scope     web.Scope
	StaffID   string
	CreatedBy string
	CreatedAt clock.WallTime
	ExpiresAt clock.WallTime // 0 = never
	UsedAt    clock.WallTime
}

// NewToken describes a token to be made.
type NewToken struct {
	Name      string
	Role      Role
	Scope     web.Scope // default all
	StaffID   string    // whose data, for the scopes own and department
	ExpiresAt time.Time // zero = never
	By        string    // who makes it
}

// CreateToken makes a token and answers its text, which can never be read again.
func (s *Service) CreateToken(ctx context.Context, n NewToken) (Token, string, error) {
	n.Name = strings.TrimSpace(n.Name)
	if n.Scope == "" {
		n.Scope = web.All
	}
	switch {
	case n.Name == "" || len(n.Name) > 100:
		return Token{}, "", errs.Bad("name", "token.name", errs.T("令牌要有名字，最多 100 字节。", "A token needs a name of at most 100 bytes."))
	case !n.Role.Valid():
		return Token{}, "", errs.Bad("role", "token.role", errs.T("角色只能是 owner、manager、operator、staff、auditor。",
			"role is owner, manager, operator, staff or auditor."))
	case n.Scope != web.All && n.Scope != web.Department && n.Scope != web.Own:
		return Token{}, "", errs.Bad("scope", "token.scope", errs.T("数据范围只能是 own、department、all。", "scope is own, department or all."))
	case n.Scope != web.All && n.StaffID == "":
		return Token{}, "", errs.Bad("staff_id", "token.staff", errs.T("范围是 own 或 department 的令牌要说明是哪位成员的。",
			"A token of scope own or department must name the member."))
	case !n.ExpiresAt.IsZero() && n.ExpiresAt.UnixMilli() <= int64(s.Wall.Now()):
		return Token{}, "", errs.Bad("expires_at", "token.expired", errs.T("过期时间已经过去了。", "expires_at is in the past."))
	}
	if n.StaffID != "" {
		if _, err := s.Members.Member(ctx, n.StaffID); err != nil {
			return Token{}, "", err
		}
	}
	text := newToken(tokenPrefix)
	row := tokenRow{
		CorpID: s.CorpID, ID: s.DB.NewID(), Hash: hash(text), Name: n.Name, Role: n.Role, Scope: n.Scope, StaffID: n.StaffID,
		CreatedBy: n.By, CreatedAt: s.Wall.Now(),
	}
	if !n.ExpiresAt.IsZero() {
		row.ExpiresAt = clock.WallTime(n.ExpiresAt.UnixMilli())
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		return s.logToken(ctx, tx, "token.create", row.ID, n.By, audit.Detail{"role": n.Role, "scope": n.Scope})
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("make a token: %w", err)
	}
	return row.token(), text, nil
}

// Tokens lists all tokens, newest first.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) {
	var rows []tokenRow
	if err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ?", s.CorpID).OrderExpr("id DESC").Limit(1000).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	out := make([]Token, len(rows))
	for i, r := range rows {
		out[i] = r.token()
	}
	return out, nil
}

// DeleteToken ends a token.
func (s *Service) DeleteToken(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		res, err := tx.NewDelete().Model((*tokenRow)(nil)).Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("delete token %d: %w", id, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errs.Missing("令牌", "token")
		}
		return s.logToken(ctx, tx, "token.delete", id, "", nil)
	})
}

func (s *Service) logToken(ctx context.Context, tx *db.Tx, act string, id int64, by string, d audit.Detail) error {
	return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: act, Subject: audit.Of("tokens", strconv.FormatInt(id, 10)), Who: by, Detail: d})
}

func (r tokenRow) token() Token {
	return Token{
		ID: r.ID, Name: r.Name, Role: r.Role, Scope: r.Scope, StaffID: r.StaffID, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt,
		ExpiresAt: r.ExpiresAt, UsedAt: r.UsedAt,
	}
}
