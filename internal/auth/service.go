package auth

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/wecom"
)

// AdminUser is the first user's name.
const AdminUser = "admin"

// Wall times of logins.
const (
	sessionLife = 14 * 24 * time.Hour // at most
	sessionIdle = 24 * time.Hour      // without a request
	seenEvery   = 5 * time.Minute     // how exactly the last request is remembered
	tryWindow   = time.Minute
	triesUser   = 5  // failures a minute for one user from one address
	triesAddr   = 30 // and for one address, whatever the user
)

// Member is a member of the corp as far as logging in goes.
type Member struct {
	ID     string
	Name   string
	Active bool
	Role   Role
	Scope  web.Scope
}

// Members knows the corp's members; internal/staff is it.
type Members interface {
	// Member answers errs.NotFound for an unknown id.
	Member(ctx context.Context, id string) (Member, error)
	// Reach lists the departments of a member with all below, and the members of those.
	Reach(ctx context.Context, id string) (departments []int64, colleagues []string, err error)
}

// Corp is what a caller is told about the corp.
type Corp struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Sandbox bool   `json:"sandbox" doc:"Not the official WeCom"`
	Zone    string `json:"zone"`
}

// Window is when marketing may be sent.
type Window struct {
	Open     bool       `json:"open"`
	Now      time.Time  `json:"now" doc:"the corp's clock, which a sandbox may have elsewhere than the browser's"`
	OpensAt  *time.Time `json:"opens_at,omitempty"`
	ClosesAt *time.Time `json:"closes_at,omitempty"`
}

// Login is what members' login through WeCom needs.
type Login struct {
	AgentID  int    // 0 = not configured
	OpenURL  string // host of the page inside WeCom, ZHIYIN_WECOM_OPEN_URL
	LoginURL string // host of the page with the QR code, ZHIYIN_WECOM_LOGIN_URL
	Code     func(ctx context.Context, code string) (wecom.Visitor, error)
}

// Config of a Service.
type Config struct {
	DB      *db.DB
	Wall    clock.Wall
	Log     *slog.Logger
	CorpID  string
	Members Members
	// AdminPassword is the environment's; when set it is the password of admin, whatever was set before.
	AdminPassword string
	Login         func() Login // asked at each login: the console may change it
	Corp          func(ctx context.Context) Corp
	Window        func(ctx context.Context) Window // nil: not shown
	Version       string
}

// Service is the use cases of logging in.
type Service struct {
	Config
	hashing hashing
	decoy   string // hash that a password for nobody is compared with
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c, hashing: newHashing()} }

// EnsureAdmin makes the first user when there is none. It answers the password it made up, to be shown once; "" when
// there is nothing to show.
func (s *Service) EnsureAdmin(ctx context.Context) (made string, err error) {
	if s.decoy, err = s.hashing.make(ctx, newToken("")); err != nil {
		return "", err
	}
	row, ok, err := s.account(ctx, s.DB.Read(), AdminUser)
	if err != nil {
		return "", err
	}
	password := s.AdminPassword
	switch {
	case ok && password == "":
		return "", nil
	case ok:
		same, err := s.hashing.check(ctx, row.Password, password)
		if err != nil || same {
			return "", err
		}
	case password == "":
		password = newPassword()
		made = password
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.setPassword(ctx, tx, AdminUser, password) })
	if err != nil {
		return "", fmt.Errorf("make the first user: %w", err)
	}
	return made, nil
}

// setPassword writes an owner account's password and ends its sessions.
func (s *Service) setPassword(ctx context.Context, tx *db.Tx, name, password string) error {
	hashed, err := s.hashing.make(ctx, password)
	if err != nil {
		return err
	}
	row := accountRow{CorpID: s.CorpID, Name: name, Password: hashed, Role: Owner, Scope: web.All, ChangedAt: s.Wall.Now()}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (corp_id, name) DO UPDATE").
		Set("password = EXCLUDED.password").Set("changed_at = EXCLUDED.changed_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("store the password of %s: %w", name, err)
	}
	_, err = tx.NewDelete().Model((*sessionRow)(nil)).Where("corp_id = ? AND account = ?", s.CorpID, name).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end the sessions of %s: %w", name, err)
	}
	return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: "password.set", Subject: audit.Of("accounts", name)})
}

// Password logs in with user and password and answers the session's token.
func (s *Service) Password(ctx context.Context, user, password string, addr netip.Addr) (string, error) {
	who := hash("user\x00" + user + "\x00" + addr.String())
	if err := s.countTry(ctx, map[string]int{who: triesUser, hash("addr\x00" + addr.String()): triesAddr}); err != nil {
		return "", err
	}
	row, ok, err := s.account(ctx, s.DB.Read(), user)
	if err != nil {
		return "", err
	}
	stored := s.decoy // somebody who does not exist takes as long as somebody who does
	if ok {
		stored = row.Password
	}
	same, err := s.hashing.check(ctx, stored, password)
	if err != nil {
		return "", err
	}
	if !same || !ok {
		s.Log.Warn("login refused", "addr", addr.String())
		if err := s.logRefused(ctx, user, ok); err != nil {
			return "", err
		}
		return "", errs.New(errs.Unauthed, "bad_credentials", errs.T("用户名或密码不对。", "User or password is wrong."))
	}
	var token string
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if err := s.forget(ctx, tx, who); err != nil {
			return err
		}
		token, err = s.startSession(ctx, tx, user, "")
		return err
	})
	return token, err
}

// logRefused tells the audit log of a wrong password. What somebody typed as a name that nobody has may be their password.
func (s *Service) logRefused(ctx context.Context, user string, known bool) error {
	e := audit.Entry{CorpID: s.CorpID, Act: "login.refused", Subject: audit.Of("accounts", ""), Who: "unknown"}
	if known {
		e.Subject.ID = user
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return audit.Log(ctx, tx, e) })
}

func (s *Service) countTry(ctx context.Context, limits map[string]int) error {
	var wait int64
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		wait, err = s.attempt(ctx, tx, limits)
		return err
	})
	if err != nil {
		return err
	}
	if wait > 0 {
		sec := (wait + 999) / 1000
		return errs.New(errs.Limited, "too_many_logins", errs.T(fmt.Sprintf("尝试次数太多，请 %d 秒后再试。", sec), "Too many tries. Try again in "+errs.Count(int(sec), "second", "seconds")+"."))
	}
	return nil
}

// ByStaff starts a session of a member whom WeCom vouched for.
func (s *Service) ByStaff(ctx context.Context, staffID string) (string, error) {
	m, err := s.Members.Member(ctx, staffID)
	if errs.KindOf(err) == errs.NotFound || err == nil && !m.Active {
		return "", errs.New(errs.Forbidden, "login.not_member", errs.T("你不是这家企业在用的成员，或同步还没有读到你。请联系管理员。",
			"You are not an active member of this corp, or the sync has not read you yet. Ask an administrator."))
	}
	if err != nil {
		return "", err
	}
	var token string
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		token, err = s.startSession(ctx, tx, "", staffID)
		return err
	})
	return token, err
}

// Logout ends a session.
func (s *Service) Logout(ctx context.Context, session string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("corp_id = ? AND hash = ?", s.CorpID, session).Exec(ctx)
		return err
	})
}

// EndSessions ends all sessions of a member: the role, the scope, the departments or the membership changed.
func (s *Service) EndSessions(ctx context.Context, tx *db.Tx, staffID string) error {
	_, err := tx.NewDelete().Model((*sessionRow)(nil)).Where("corp_id = ? AND staff_id = ?", s.CorpID, staffID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end the sessions of %s: %w", staffID, err)
	}
	return nil
}

// ChangePassword changes the caller's password and ends the caller's other sessions; the answer is a new session's token.
func (s *Service) ChangePassword(ctx context.Context, former, next string, addr netip.Addr) (string, error) {
	who := web.Caller(ctx)
	row, ok, err := s.account(ctx, s.DB.Read(), who.User)
	switch {
	case err != nil:
		return "", err
	case !ok || who.StaffID != "" || who.Session == "":
		return "", errs.New(errs.Conflict, "password.none", errs.T("这个账号没有密码。", "This account has no password."))
	case s.AdminPassword != "":
		return "", errs.New(errs.Conflict, "password.environment", errs.T("密码由 ZHIYIN_ADMIN_PASSWORD 设定，请在那里修改后重启。",
			"The password is set by ZHIYIN_ADMIN_PASSWORD. Change it there and restart."))
	}
	if err := s.countTry(ctx, map[string]int{hash("change\x00" + who.User + "\x00" + addr.String()): triesUser}); err != nil {
		return "", err
	}
	same, err := s.hashing.check(ctx, row.Password, former)
	if err != nil {
		return "", err
	}
	if !same {
		return "", errs.Bad("old", "password.wrong", errs.T("原密码不对。", "The old password is wrong."))
	}
	if err := CheckPassword(next); err != nil {
		return "", err
	}
	var token string
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if err := s.setPassword(ctx, tx, who.User, next); err != nil {
			return err
		}
		token, err = s.startSession(ctx, tx, who.User, "")
		return err
	})
	return token, err
}
