package app

import (
	"context"
	"strconv"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/groupchat"
	"zhiyin.dev/zhiyin/internal/kf"
	"zhiyin.dev/zhiyin/internal/moment"
	"zhiyin.dev/zhiyin/internal/outreach"
)

// noteTouch puts every delivered message on the customer's timeline, with the way to its why page.
func (a *App) noteTouch(ctx context.Context, tx *db.Tx, r outreach.Result) error {
	if !r.Delivered || r.CustomerID == "" {
		return nil
	}
	return customer.Note(ctx, tx, customer.Entry{
		CorpID: r.CorpID, CustomerID: r.CustomerID, At: r.At, Kind: "touch", Actor: r.StaffID, Detail: string(r.Channel),
		Ref: strconv.FormatInt(r.TouchID, 10),
	})
}

// addedStaff, wrote, joined and reacted are what customers do by themselves: it ends their silence.
func (a *App) addedStaff(ctx context.Context, tx *db.Tx, e customer.Added) error {
	if !e.ByCallback || e.Half {
		return nil
	}
	return a.acted(ctx, tx, governance.Added, e.CustomerID, e.At)
}

func (a *App) wrote(ctx context.Context, tx *db.Tx, e kf.Wrote) error {
	return a.acted(ctx, tx, governance.Wrote, e.CustomerID, e.At)
}

func (a *App) joined(ctx context.Context, tx *db.Tx, e groupchat.Joined) error {
	if e.Kind != groupchat.Customer || e.JoinScene == groupchat.SceneInvited { // a member put them in
		return nil
	}
	return a.acted(ctx, tx, governance.Joined, e.MemberID, e.At)
}

func (a *App) reacted(ctx context.Context, tx *db.Tx, e moment.Reacted) error {
	return a.Governor.Acted(ctx, tx, e.CorpID, governance.Reacted, e.Last)
}

func (a *App) acted(ctx context.Context, tx *db.Tx, act governance.Act, customerID string, at clock.Time) error {
	return a.Governor.Acted(ctx, tx, a.CorpID, act, map[string]clock.Time{customerID: at})
}

func (a *App) noteJoined(ctx context.Context, tx *db.Tx, e groupchat.Joined) error {
	if e.Kind != groupchat.Customer {
		return nil
	}
	return customer.Note(ctx, tx, customer.Entry{
		CorpID: e.CorpID, CustomerID: e.MemberID, At: e.At, Kind: "joined_group", Actor: e.InvitorID, Detail: e.ChatName, Ref: e.ChatID,
	})
}

func (a *App) noteLeft(ctx context.Context, tx *db.Tx, e groupchat.Left) error {
	if e.Kind != groupchat.Customer {
		return nil
	}
	return customer.Note(ctx, tx, customer.Entry{
		CorpID: e.CorpID, CustomerID: e.MemberID, At: e.At, Kind: "left_group", Detail: e.ChatName, Ref: e.ChatID,
	})
}

func (a *App) noteOptOut(ctx context.Context, tx *db.Tx, e governance.OptedOut) error {
	actor := e.By
	if actor == "customer" {
		actor = ""
	}
	return customer.Note(ctx, tx, customer.Entry{
		CorpID: e.CorpID, CustomerID: e.CustomerID, At: e.At, Kind: "optout", Actor: actor, Detail: e.Via,
	})
}

func (a *App) noteSession(ctx context.Context, tx *db.Tx, e kf.Opened) error {
	return customer.Note(ctx, tx, customer.Entry{
		CorpID: e.CorpID, CustomerID: e.CustomerID, At: e.At, Kind: "kf_message", Ref: strconv.FormatInt(e.SessionID, 10),
	})
}
