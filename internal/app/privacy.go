package app

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/privacy"
	"zhiyin.dev/zhiyin/internal/stats"
	"zhiyin.dev/zhiyin/internal/web"
)

// newPrivacy makes the room of persons' data.
func (a *App) newPrivacy() (*privacy.Service, error) {
	key, err := a.Sealer.Derive("erased")
	if err != nil {
		return nil, err
	}
	return privacy.New(privacy.Config{
		DB: a.DB, Bus: a.Bus, World: a.World, Zone: a.Zone, CorpID: a.CorpID, Key: key, Seal: a.Sealer, Live: a.Live.Publish,
		Stop: func(ctx context.Context, tx *db.Tx, customerID, by string) error {
			return a.Governor.OptOut(ctx, tx, a.CorpID, customerID, "erasure", by)
		},
		Untag: func(ctx context.Context, customerID, staffID string, tagIDs []string) (bus.Settle, error) {
			return a.Tags.Mark(ctx, customerID, staffID, nil, tagIDs)
		},
		Ledger: func(ctx context.Context, tx *db.Tx, customerID, stub string, before clock.Time) (int, error) {
			return a.Governor.Forget(ctx, tx, a.CorpID, customerID, stub, before)
		},
		OnErased: []func(*db.Tx, string){a.Customers.Gone},
	})
}

// forgotten answers which persons were erased, with when.
func (a *App) forgotten(ctx context.Context, q bun.IDB, ids ...string) (map[string]clock.Time, error) {
	return a.Privacy.Forgotten(ctx, q, ids...)
}

// erased answers which persons were erased and have not come back.
func (a *App) erased(ctx context.Context, q bun.IDB, ids ...string) (map[string]bool, error) {
	return a.Privacy.Gone(ctx, q, ids...)
}

// todoPeriods tells owners in the first week that data will end by age.
func (a *App) todoPeriods(ctx context.Context, scope []string, lang string) ([]stats.Todo, error) {
	if scope != nil || !mayCall(ctx, "retention.write") {
		return nil, nil
	}
	from, err := a.Privacy.EndsFrom(ctx)
	if err != nil || from == 0 || a.World.Now() >= from {
		return nil, err
	}
	day := from.In(a.Zone).Format("2006-01-02")
	return []stats.Todo{{
		Kind: "data_periods", Count: 1, Link: "/privacy",
		Title:  errs.T(day+" 起，过了期限的个人信息会在夜里清除", "From "+day+" on, personal data beyond its time goes at night").In(lang),
		Detail: errs.T("看一眼期限，需要就改", "Look at the periods and change them if you need to").In(lang),
	}}, nil
}

// wishes is what a customer wants about their own data, for their page.
func (a *App) wishes(ctx context.Context, id string) (customer.Wishes, error) {
	out := customer.Wishes{Requests: []customer.Wish{}}
	open, erasing, err := a.Privacy.Pending(ctx, id)
	if err != nil {
		return out, err
	}
	if erasing != nil {
		out.Erasing = &customer.Erasing{Since: erasing.AskedAt.In(a.Zone), WaitsFor: erasing.WaitsFor}
	}
	for _, r := range open {
		out.Requests = append(out.Requests, customer.Wish{
			ID: web.IDOf(r.ID), Kind: string(r.Kind), Words: r.Words, At: r.AskedAt.In(a.Zone), DueAt: r.DueAt.In(a.Zone), Late: r.DueAt < a.World.Now(),
		})
	}
	return out, nil
}

// todoRequests is what customers want about their own data and wait for.
func (a *App) todoRequests(ctx context.Context, scope []string, lang string) ([]stats.Todo, error) {
	if scope != nil || !mayCall(ctx, "privacy.erase") {
		return nil, nil
	}
	open, late, oldest, err := a.Privacy.OpenRequests(ctx)
	if err != nil || open == 0 {
		return nil, err
	}
	day := oldest.In(a.Zone).Format("2006-01-02")
	detail := errs.T("最早的一个要在 "+day+" 以前答复", "The first one has to be answered by "+day)
	if late > 0 {
		detail = errs.T(fmt.Sprintf("%d 个已经超过答复期限", late), errs.Count(late, "is", "are")+" beyond the time for an answer")
	}
	return []stats.Todo{{
		Kind: "data_request", Count: open, Link: "/privacy/requests", Detail: detail.In(lang),
		Title: errs.T(fmt.Sprintf("%d 位客户对自己的资料有要求", open), errs.Count(open, "customer wants", "customers want")+" something about their own data").In(lang),
	}}, nil
}
