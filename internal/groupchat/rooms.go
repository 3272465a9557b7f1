package groupchat

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
)

// RoomQuery chooses live groups whose owner is known. Empty lists choose all; Owners nil = of everybody.
type RoomQuery struct {
	Owners  []string
	Chats   []string
	Exclude []string
	Name    string // part of the name
}

// Room is a group that a message could go to, through its owner.
type Room struct {
	ID        string
	OwnerID   string
	Customers int // members who are no staff
}

// Rooms answers the groups of a query, by id.
func Rooms(ctx context.Context, q bun.IDB, corpID string, ask RoomQuery) ([]Room, error) {
	sel := q.NewSelect().Model((*chatRow)(nil)).Column("id", "owner_id", "customers").
		Where("corp_id = ? AND state = ? AND owner_id <> ''", corpID, Live).OrderExpr("id")
	if ask.Owners != nil {
		sel.Where("owner_id IN (?)", bun.List(db.OrNobody(ask.Owners)))
	}
	if len(ask.Chats) > 0 {
		sel.Where("id IN (?)", bun.List(ask.Chats))
	}
	if len(ask.Exclude) > 0 {
		sel.Where("id NOT IN (?)", bun.List(ask.Exclude))
	}
	if ask.Name != "" {
		sel.Where(`name LIKE ? ESCAPE '\'`, "%"+strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(ask.Name)+"%")
	}
	var out []Room
	if err := sel.Scan(ctx, &out); err != nil {
		return nil, fmt.Errorf("choose groups: %w", err)
	}
	return out, nil
}

// PeopleIn counts the customers who are in these groups, each once.
func PeopleIn(ctx context.Context, q bun.IDB, corpID string, chats []string) (int, error) {
	if len(chats) == 0 {
		return 0, nil
	}
	var n int
	err := q.NewSelect().Model((*memberRow)(nil)).ColumnExpr("COUNT(DISTINCT id)").
		Where("corp_id = ? AND kind = ? AND chat_id IN (?)", corpID, Customer, bun.List(chats)).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count the people in %d groups: %w", len(chats), err)
	}
	return n, nil
}
