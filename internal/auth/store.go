package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/web"
)

type accountRow struct {
	bun.BaseModel `bun:"table:account"`

	CorpID    string `bun:",pk"`
	Name      string `bun:",pk"`
	Password  string
	Role      Role
	Scope     web.Scope
	ChangedAt clock.WallTime
}

type sessionRow struct {
	bun.BaseModel `bun:"table:session"`

	CorpID    string `bun:",pk"`
	Hash      string `bun:",pk"`
	Account   string
	StaffID   string
	CreatedAt clock.WallTime
	SeenAt    clock.WallTime
	ExpiresAt clock.WallTime
	Addr      string // where it was used last
	Agent     string // by what
}

type tokenRow struct {
	bun.BaseModel `bun:"table:token"`

	CorpID    string `bun:",pk"`
	ID        int64  `bun:",pk"`
	Hash      string
	Name      string
	Role      Role
	Scope     web.Scope
	StaffID   string
	CreatedBy string
	CreatedAt clock.WallTime
	ExpiresAt clock.WallTime
	UsedAt    clock.WallTime
}

type tryRow struct {
	bun.BaseModel `bun:"table:login_try"`

	ID     int64 `bun:",pk"`
	CorpID string
	Who    string
	At     clock.WallTime
}

// What tokens begin with: they can be told apart, and found by scanners when they leak.
const (
	sessionPrefix = "zys_"
	tokenPrefix   = "zyt_"
)

// newToken makes 256 random bits.
func newToken(prefix string) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// hash is how a token is stored. It needs no salt: the token is random already.
func hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (s *Service) account(ctx context.Context, q bun.IDB, name string) (row accountRow, ok bool, err error) {
	err = q.NewSelect().Model(&row).Where("corp_id = ? AND name = ?", s.CorpID, name).Scan(ctx)
	if db.IsNoRows(err) {
		return row, false, nil
	}
	if err != nil {
		return row, false, fmt.Errorf("read account %s: %w", name, err)
	}
	return row, true, nil
}

// startSession writes a session and clears old ones away.
func (s *Service) startSession(ctx context.Context, tx *db.Tx, account, staffID string) (string, error) {
	now := s.Wall.Now()
	token := newToken(sessionPrefix)
	row := sessionRow{
		CorpID: s.CorpID, Hash: hash(token), Account: account, StaffID: staffID, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(sessionLife),
	}
	if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
		return "", fmt.Errorf("start a session: %w", err)
	}
	who := account
	if who == "" {
		who = staffID
	}
	if err := audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "login", Subject: audit.Of("accounts", who), Who: who}); err != nil {
		return "", err
	}
	_, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("expires_at < ? OR seen_at < ?", now, now.Add(-sessionIdle)).Exec(ctx)
	if err != nil {
		return "", fmt.Errorf("clear old sessions: %w", err)
	}
	return token, nil
}

// attempt counts a try to log in before its password is looked at, so that many at once gain nothing. It answers how
// long to wait when there were too many.
func (s *Service) attempt(ctx context.Context, tx *db.Tx, limits map[string]int) (waitMS int64, err error) {
	now := s.Wall.Now()
	since := now.Add(-tryWindow)
	if err := tx.Lock(ctx, "login/"+s.CorpID); err != nil { // one at a time: the clearing below touches everybody's rows
		return 0, err
	}
	if _, err := tx.NewDelete().Model((*tryRow)(nil)).Where("corp_id = ? AND at <= ?", s.CorpID, since).Exec(ctx); err != nil {
		return 0, fmt.Errorf("clear old logins: %w", err)
	}
	for who, most := range limits {
		var times []clock.WallTime
		err := tx.NewSelect().Model((*tryRow)(nil)).Column("at").Where("corp_id = ? AND who = ?", s.CorpID, who).
			OrderExpr("at").Scan(ctx, &times)
		if err != nil {
			return 0, fmt.Errorf("count logins: %w", err)
		}
		if len(times) >= most {
			waitMS = max(waitMS, times[len(times)-most].Add(tryWindow).Sub(now).Milliseconds(), 1)
		}
	}
	if waitMS > 0 {
		return waitMS, nil
	}
	for who := range limits {
		row := tryRow{ID: tx.NewID(), CorpID: s.CorpID, Who: who, At: now}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return 0, fmt.Errorf("count a login: %w", err)
		}
	}
	return 0, nil
}

// forget removes the tries of somebody who got in.
func (s *Service) forget(ctx context.Context, tx *db.Tx, who string) error {
	_, err := tx.NewDelete().Model((*tryRow)(nil)).Where("corp_id = ? AND who = ?", s.CorpID, who).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget tries to log in: %w", err)
	}
	return nil
}

func isSession(token string) bool { return strings.HasPrefix(token, sessionPrefix) }
