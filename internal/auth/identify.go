package auth

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

var errNotLoggedIn = errs.New(errs.Unauthed, "login_required", errs.T("登录已失效，请重新登录。", "The login has ended. Log in again."))

// Identify tells who shows a session's or an API token: web.Config.Identify.
func (s *Service) Identify(ctx context.Context, c web.Credentials) (web.Who, error) {
	if isSession(c.Token) {
		return s.bySession(ctx, c)
	}
	if c.Bearer {
		return s.byToken(ctx, c.Token)
	}
	return web.Who{}, errNotLoggedIn
}

func (s *Service) bySession(ctx context.Context, c web.Credentials) (web.Who, error) {
	now := s.Wall.Now()
	var row sessionRow
	err := s.DB.Read().NewSelect().Model(&row).
		Where("corp_id = ? AND hash = ? AND expires_at > ? AND seen_at > ?", s.CorpID, hash(c.Token), now, now.Add(-sessionIdle)).Scan(ctx)
	if db.IsNoRows(err) {
		return web.Who{}, errNotLoggedIn
	}
	if err != nil {
		return web.Who{}, fmt.Errorf("look for a session: %w", err)
	}
	idle := now.Sub(row.SeenAt)
	if idle > seenEvery || row.elsewhere(c) && (row.Addr == "" || idle > movedEvery) {
		if err := s.used(ctx, row, c, now); err != nil {
			return web.Who{}, err
		}
	}
	if row.StaffID != "" {
		who, err := s.member(ctx, row.StaffID)
		who.Session = row.Hash
		return who, err
	}
	account, ok, err := s.account(ctx, s.DB.Read(), row.Account)
	if err != nil {
		return web.Who{}, err
	}
	if !ok {
		return web.Who{}, errNotLoggedIn
	}
	return web.Who{
		CorpID: s.CorpID, User: account.Name, Name: account.Name, Role: string(account.Role), Scope: account.Scope, Session: row.Hash,
		May: account.Role.May,
	}, nil
}

// member is the caller behind a member's session, with role and scope as they are now.
func (s *Service) member(ctx context.Context, id string) (web.Who, error) {
	m, err := s.Members.Member(ctx, id)
	if errs.KindOf(err) == errs.NotFound || err == nil && !m.Active {
		return web.Who{}, errNotLoggedIn
	}
	if err != nil {
		return web.Who{}, err
	}
	who := web.Who{CorpID: s.CorpID, User: m.ID, Name: m.Name, StaffID: m.ID, Role: string(m.Role), Scope: m.Scope, May: m.Role.May}
	return who, s.reach(ctx, &who)
}

// reach fills in what the scope department means for a member.
func (s *Service) reach(ctx context.Context, who *web.Who) error {
	if who.Scope != web.Department || who.StaffID == "" {
		return nil
	}
	departments, colleagues, err := s.Members.Reach(ctx, who.StaffID)
	if err != nil {
		return err
	}
	who.Departments = departments
	who.Colleagues = func(context.Context) ([]string, error) { return colleagues, nil }
	return nil
}

func (s *Service) byToken(ctx context.Context, token string) (web.Who, error) {
	now := s.Wall.Now()
	var row tokenRow
	err := s.DB.Read().NewSelect().Model(&row).
		Where("corp_id = ? AND hash = ? AND (expires_at = 0 OR expires_at > ?)", s.CorpID, hash(token), now).Scan(ctx)
	if db.IsNoRows(err) {
		return web.Who{}, errs.New(errs.Unauthed, "bad_token", errs.T("令牌无效、已删除或已过期。", "The token is wrong, deleted or expired."))
	}
	if err != nil {
		return web.Who{}, fmt.Errorf("look for a token: %w", err)
	}
	if now.Sub(row.UsedAt) > seenEvery {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.NewUpdate().Model((*tokenRow)(nil)).Set("used_at = ?", now).Where("corp_id = ? AND id = ?", s.CorpID, row.ID).Exec(ctx)
			return err
		})
		if err != nil {
			return web.Who{}, fmt.Errorf("note that a token is used: %w", err)
		}
	}
	who := web.Who{
		CorpID: s.CorpID, User: "token:" + row.Name, Name: row.Name, StaffID: row.StaffID, Role: string(row.Role), Scope: row.Scope, May: row.Role.May,
	}
	if row.StaffID != "" { // whoever left the corp leaves no token behind
		if m, err := s.Members.Member(ctx, row.StaffID); err != nil || !m.Active {
			return web.Who{}, errNotLoggedIn
		}
	}
	return who, s.reach(ctx, &who)
}
