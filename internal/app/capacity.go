package app

import (
	"context"
	"fmt"

	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/staff"
	"zhiyin.dev/zhiyin/internal/stats"
)

// roomOf counts the customers of members, and answers how many any of them may have.
func (a *App) roomOf(ctx context.Context, staffIDs []string) (map[string]int, int, error) {
	c, err := a.Staff.Capacity(ctx, a.DB.Read())
	if err != nil {
		return nil, 0, err
	}
	have, err := a.liveRelations(ctx, staffIDs)
	return have, c.Member, err
}

// todoCapacity is members, or the corp, with hardly any room for customers: to ask WeCom for more, or to give codes to others.
func (a *App) todoCapacity(ctx context.Context, scope []string, lang string) ([]stats.Todo, error) {
	if !mayCall(ctx, "contactway.write") {
		return nil, nil
	}
	c, err := a.Staff.Capacity(ctx, a.DB.Read())
	if err != nil {
		return nil, err
	}
	loads, total, err := a.Staff.Loads(ctx, scope)
	if err != nil {
		return nil, err
	}
	var out []stats.Todo
	if scope == nil && staff.Tight(total, c.Corp) {
		out = append(out, stats.Todo{
			Kind: "capacity", Count: total, Link: "/settings/staff", Title: errs.T("企业的客户容量快用完了", "The corp has hardly any room for customers").In(lang),
			Detail: errs.Tf("%d / %d 位，满了谁都加不进来", "%d of %d; once it is full nobody can be added", total, c.Corp).In(lang),
		})
	}
	tight, full := 0, 0
	for _, l := range loads {
		if !staff.Tight(l.Customers, c.Member) {
			break // the fullest come first
		}
		if tight++; l.Customers >= c.Member {
			full++
		}
	}
	if tight > 0 {
		out = append(out, stats.Todo{
			Kind: "capacity", Count: tight, Link: "/settings/staff",
			Title: errs.T(fmt.Sprintf("%d 名成员的客户快满了", tight), errs.Count(tight, "member has", "members have")+" hardly any room for customers").In(lang),
			Detail: errs.T(fmt.Sprintf("每人最多 %d 位，已满 %d 名；渠道活码会跳过已满的成员", c.Member, full),
				fmt.Sprintf("at most %d each, full: %d; channel codes pass over who is full", c.Member, full)).In(lang),
		})
	}
	return out, nil
}
