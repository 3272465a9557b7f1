package app

import (
	"context"
	"strconv"

	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
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
