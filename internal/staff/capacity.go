package staff

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/web"
)

// Capacity is how many customers there may be (WC-10): live relations of the corp, and of any one member. WeCom raises both on
// request and tells neither by any interface, so an owner says what was granted.
type Capacity struct {
	bun.BaseModel `bun:"table:staff_capacity"`

	CorpID string `bun:",pk"`
	Corp   int
	Member int
	SetBy  string     // "" = the rule's own numbers
	SetAt  clock.Time // never = the rule's own
}

// Bounds are the rule's numbers: what a corp begins with, and the most that any member is granted.
type Bounds struct {
	Corp       int `json:"corp"`
	Unverified int `json:"unverified"`
	Member     int `json:"member"`
	MemberMax  int `json:"member_max"`
}

// maxCorp bounds the corp's capacity, so that a slip of the finger is seen.
const maxCorp = 100_000_000

// Load is a member with as many customers as they have.
type Load struct {
	StaffID   string
	Customers int
}

// Tight says whether n customers are nine tenths of a capacity, or more.
func Tight(n, capacity int) bool { return n*10 >= capacity*9 }

// Capacity answers the numbers in force.
func (s *Service) Capacity(ctx context.Context, q bun.IDB) (Capacity, error) {
	var c Capacity
	err := q.NewSelect().Model(&c).Where("corp_id = ?", s.CorpID).Scan(ctx)
	if db.IsNoRows(err) {
		return Capacity{CorpID: s.CorpID, Corp: s.Bounds.Corp, Member: s.Bounds.Member}, nil
	}
	if err != nil {
		return c, fmt.Errorf("read the capacity for customers: %w", err)
	}
	return c, nil
}

// SetCapacity notes what WeCom granted, and tells the subscribers.
func (s *Service) SetCapacity(ctx context.Context, c Capacity) error {
	if c.Corp < 1 || c.Corp > maxCorp {
		return errs.Bad("corp", "staff.capacity", errs.Tf("企业的客户容量要在 1 到 %d 之间，按企业微信后台显示的填（WC-10）。",
			"The corp's capacity is 1 to %d. Enter what WeCom's own console shows (WC-10).", maxCorp))
	}
	if c.Member < 1 || c.Member > s.Bounds.MemberMax {
		return errs.Bad("member", "staff.capacity", errs.Tf("一位成员的客户容量要在 1 到 %d 之间，企业微信最多批到这个数（WC-10）。",
			"A member's capacity is 1 to %d, the most that WeCom grants (WC-10).", s.Bounds.MemberMax))
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c.CorpID, c.SetBy, c.SetAt = s.CorpID, web.Caller(ctx).User, s.World.Now()
		_, err := tx.NewInsert().Model(&c).On("CONFLICT (corp_id) DO UPDATE").
			Set("corp = EXCLUDED.corp").Set("member = EXCLUDED.member").Set("set_by = EXCLUDED.set_by").Set("set_at = EXCLUDED.set_at").Exec(ctx)
		if err != nil {
			return fmt.Errorf("set the capacity for customers: %w", err)
		}
		err = audit.Log(ctx, tx, audit.Entry{
			CorpID: s.CorpID, Act: "capacity.set", Subject: audit.Of("capacity", ""), At: c.SetAt, Detail: audit.Detail{"corp": c.Corp, "member": c.Member},
		})
		if err != nil {
			return err
		}
		for _, tell := range s.OnCapacity {
			if err := tell(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// Loads counts the customers of the members of scope (nil = of all), the fullest first; total counts those of members who left, too.
func (s *Service) Loads(ctx context.Context, scope []string) (list []Load, total int, err error) {
	if s.Customers == nil {
		return nil, 0, nil
	}
	ids, err := s.ids(ctx, s.DB.Read(), "gone_at = 0")
	if err != nil {
		return nil, 0, err
	}
	left, err := s.Left(ctx) // whose customers count until they are handed over
	if err != nil {
		return nil, 0, err
	}
	in := func(id string) bool { return scope == nil || slices.Contains(scope, id) }
	all := slices.DeleteFunc(slices.Concat(ids, left), func(id string) bool { return !in(id) })
	counts, err := s.Customers(ctx, all)
	if err != nil {
		return nil, 0, err
	}
	for id, n := range counts {
		if total += n; !slices.Contains(left, id) {
			list = append(list, Load{id, n})
		}
	}
	slices.SortFunc(list, func(a, b Load) int { return cmp.Or(b.Customers-a.Customers, cmp.Compare(a.StaffID, b.StaffID)) })
	return list, total, nil
}
