package staff

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
	"zhiyin.dev/zhiyin/wecom"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	World  clock.World
	Zone   *time.Location // whose midnight ends a day
	WeCom  *wecom.Client
	CorpID string
	Bounds Bounds // of customers (WC-10)
	// Customers counts the live relations of members, for the list; nil shows none.
	Customers func(ctx context.Context, staffIDs []string) (map[string]int, error)
}

// Service is the use cases of members and departments.
type Service struct {
	Config

	// Told inside the transaction.
	OnAccess []func(ctx context.Context, tx *db.Tx, e AccessChanged) error
	OnGone   []func(ctx context.Context, tx *db.Tx, e Gone) error
	OnAdding []func(ctx context.Context, tx *db.Tx, e Adding) error
	// OnCapacity is told that other numbers hold.
	OnCapacity []func(ctx context.Context, tx *db.Tx) error
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c} }

// Upsert stores members as WeCom tells them at this moment.
func (s *Service) Upsert(ctx context.Context, members ...Member) error {
	asked := s.World.Now().Add(time.Millisecond) // later than what was recorded in the same millisecond
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.upsert(ctx, tx, members, asked) })
}

// SetDepartments replaces the corp's departments by what WeCom tells.
func (s *Service) SetDepartments(ctx context.Context, list ...Department) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.setDepartments(ctx, tx, list) })
}

// MarkGone records that members left the corp, and tells the subscribers. Those who left before are left alone.
func (s *Service) MarkGone(ctx context.Context, ids ...string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.markGone(ctx, tx, ids) })
}

func (s *Service) markGone(ctx context.Context, tx *db.Tx, ids []string) error {
	now := s.World.Now()
	for _, id := range ids {
		res, err := tx.NewUpdate().Model((*staffRow)(nil)).Set("gone_at = ?", now).Set("active = ?", false).Set("contact = ?", false).
			Where("corp_id = ? AND id = ? AND gone_at = 0", s.CorpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("mark member %s gone: %w", id, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			continue
		}
		if err := s.tellAccess(ctx, tx, id); err != nil {
			return err
		}
		for _, tell := range s.OnGone {
			if err := tell(ctx, tx, Gone{CorpID: s.CorpID, StaffID: id, At: now}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) tellAccess(ctx context.Context, tx *db.Tx, id string) error {
	for _, tell := range s.OnAccess {
		if err := tell(ctx, tx, AccessChanged{CorpID: s.CorpID, StaffID: id}); err != nil {
			return err
		}
	}
	return nil
}

// Get reads one member, also one who left.
func (s *Service) Get(ctx context.Context, id string) (Member, error) {
	return s.getMember(ctx, s.DB.Read(), id)
}

// Names reads the names of members; unknown ones are left out.
func (s *Service) Names(ctx context.Context, ids ...string) (map[string]string, error) {
	found, err := s.members(ctx, s.DB.Read(), ids)
	out := make(map[string]string, len(found))
	for id, m := range found {
		out[id] = m.Name
	}
	return out, err
}

// Left answers the ids of members who left the company.
func (s *Service) Left(ctx context.Context) ([]string, error) {
	return s.ids(ctx, s.DB.Read(), "gone_at > 0")
}

// List reads a page of members by id, as far as the caller may see.
func (s *Service) List(ctx context.Context, f Filter, page web.List) (list []Member, total int, more bool, err error) {
	ids, all, err := web.Caller(ctx).StaffIDs(ctx)
	if err != nil {
		return nil, 0, false, err
	}
	if !all {
		f.IDs = ids
	}
	q, err := s.where(ctx, f)
	if err != nil {
		return nil, 0, false, err
	}
	total, more, err = web.Total(ctx, s.DB.Read(), q, page)
	if err != nil {
		return nil, 0, false, err
	}
	if q, err = s.where(ctx, f); err != nil {
		return nil, 0, false, err
	}
	var rows []staffRow
	if page.After != "" {
		q.Where("id > ?", page.After)
	}
	if err := q.OrderExpr("id").Limit(int64(page.Limit)+1).Scan(ctx, &rows); err != nil {
		return nil, 0, false, fmt.Errorf("list members: %w", err)
	}
	list, err = s.withDepartments(ctx, s.DB.Read(), rows)
	return list, total, more, err
}

// SetAccess gives a member a role and a scope, and ends the member's sessions. Owners are made and unmade by owners only.
func (s *Service) SetAccess(ctx context.Context, id string, role auth.Role, scope web.Scope) (Member, error) {
	if !role.Valid() {
		return Member{}, errs.Bad("role", "staff.role", errs.T("没有这个角色。", "There is no such role."))
	}
	if scope != web.Own && scope != web.Department && scope != web.All {
		return Member{}, errs.Bad("scope", "staff.scope", errs.T("数据范围只能是 own、department、all。", "scope is own, department or all."))
	}
	who := web.Caller(ctx)
	if who.StaffID == id {
		return Member{}, errs.New(errs.Conflict, "staff.self", errs.T("不能改自己的角色，请另一位所有者来改。",
			"You cannot change your own role. Ask another owner."))
	}
	var m Member
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if m, err = s.getMember(ctx, tx, id); err != nil {
			return err
		}
		if (m.Role == string(auth.Owner) || role == auth.Owner) && who.Role != string(auth.Owner) {
			return errs.New(errs.Forbidden, "staff.owner", errs.T("只有所有者可以任免所有者。", "Only an owner can make or unmake an owner."))
		}
		_, err = tx.NewUpdate().Model((*staffRow)(nil)).Set("role = ?", role).Set("scope = ?", scope).
			Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("set the access of %s: %w", id, err)
		}
		m.Role, m.Scope = string(role), string(scope)
		err = audit.Log(ctx, tx, audit.Entry{
			CorpID: s.CorpID, Act: "role.set", Subject: audit.Of("staff", id), At: s.World.Now(), Detail: audit.Detail{"role": role, "scope": scope},
		})
		if err != nil {
			return err
		}
		return s.tellAccess(ctx, tx, id)
	})
	return m, err
}

// Member answers what internal/auth needs to know of somebody who logs in or is logged in.
func (s *Service) Member(ctx context.Context, id string) (auth.Member, error) {
	m, err := s.Get(ctx, id)
	if err != nil {
		return auth.Member{}, err
	}
	return auth.Member{
		ID: m.ID, Name: m.Name, Active: m.Active && m.GoneAt.IsZero(), Role: auth.Role(m.Role), Scope: web.Scope(m.Scope),
	}, nil
}

// Reach lists the departments of a member with all below, and the members of those.
func (s *Service) Reach(ctx context.Context, id string) (departments []int64, colleagues []string, err error) {
	m, err := s.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.departments(ctx)
	if err != nil {
		return nil, nil, err
	}
	departments = below(all, m.Departments)
	if len(departments) == 0 {
		return nil, []string{id}, nil
	}
	err = s.DB.Read().NewSelect().Model((*membershipRow)(nil)).ColumnExpr("DISTINCT staff_id").
		Where("corp_id = ? AND department_id IN (?)", s.CorpID, bun.List(departments)).Scan(ctx, &colleagues)
	if err != nil {
		return nil, nil, fmt.Errorf("list the colleagues of %s: %w", id, err)
	}
	if !slices.Contains(colleagues, id) {
		colleagues = append(colleagues, id)
	}
	return departments, colleagues, nil
}

// In lists the members of departments and of all below them who are in the corp, and which of the departments there are not.
func (s *Service) In(ctx context.Context, departments ...int64) (members []string, unknown []int64, err error) {
	all, err := s.departments(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range departments {
		if !slices.ContainsFunc(all, func(d Department) bool { return d.ID == id }) {
			unknown = append(unknown, id)
		}
	}
	err = s.DB.Read().NewSelect().TableExpr("staff_department AS d").Join("JOIN staff AS s ON s.corp_id = d.corp_id AND s.id = d.staff_id").
		ColumnExpr("DISTINCT s.id").Where("d.corp_id = ? AND s.gone_at = 0 AND d.department_id IN (?)", s.CorpID, bun.List(below(all, departments))).
		OrderExpr("s.id").Scan(ctx, &members)
	if err != nil {
		return nil, nil, fmt.Errorf("list the members of departments: %w", err)
	}
	return members, unknown, nil
}

// ScopeStaffIDs lists the members whose data a caller may see; nil means that no filter applies.
func (s *Service) ScopeStaffIDs(ctx context.Context, who web.Who) ([]string, error) {
	ids, all, err := who.StaffIDs(ctx)
	if all {
		return nil, err
	}
	return ids, err
}

// Count answers how many members there are.
func (s *Service) Count(ctx context.Context) (int, error) {
	n, err := s.DB.Read().NewSelect().Model((*staffRow)(nil)).Where("corp_id = ? AND gone_at = 0", s.CorpID).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count members: %w", err)
	}
	return int(n), nil
}

// Managers answers the members who run the work: owners and managers who see the whole corp.
func (s *Service) Managers(ctx context.Context, q bun.IDB) ([]string, error) {
	var ids []string
	err := q.NewSelect().Model((*staffRow)(nil)).Column("id").
		Where("corp_id = ? AND active AND scope = ? AND role IN (?, ?)", s.CorpID, web.All, string(auth.Owner), string(auth.Manager)).OrderExpr("id").Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("read who runs the work: %w", err)
	}
	return ids, nil
}
