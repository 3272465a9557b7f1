package app

import (
	"context"
	"fmt"
	"slices"

	"zhiyin.dev/zhiyin/internal/auth"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/stats"
)

// todoShared is accounts that were used in two places at the same time, until an owner has looked.
func (a *App) todoShared(ctx context.Context, scope []string, lang string) ([]stats.Todo, error) {
	if scope != nil || !mayCall(ctx, "account.write") {
		return nil, nil
	}
	const most = 50
	rows, err := a.Auth.SharedLogins(ctx, most)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r *auth.Shared) bool { return r.State != auth.SharedOpen })
	if len(rows) == 0 {
		return nil, nil
	}
	return []stats.Todo{{
		Kind: "shared_login", Count: len(rows), Link: "/settings/staff",
		Title:  errs.T(fmt.Sprintf("%d 个账号同时在两处使用", len(rows)), errs.Count(len(rows), "account was", "accounts were")+" used in two places at once").In(lang),
		Detail: errs.T("账号只属于一个人：问清是一个人两台设备，还是两个人共用", "An account belongs to one person: ask whether it is one with two devices, or two persons").In(lang),
	}}, nil
}
