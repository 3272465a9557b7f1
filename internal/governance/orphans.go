package governance

import (
	"context"
	"fmt"
	"slices"

	"zhiyin.dev/zhiyin/internal/clock"
)

// Arrival is something that reached a customer or a group, as the outside recorded it.
type Arrival struct {
	Channel    Channel
	CustomerID string
	ChatID     string
	StaffID    string
	At         clock.Time
}

func (a Arrival) key() string { return string(a.Channel) + "\x00" + a.CustomerID + "\x00" + a.ChatID }

// Orphans compares the outside's record with the ledger, one to one (L11): what reached somebody without an entry, and
// entries that are booked as delivered without having reached anybody. Both are empty when there is no side door.
// The arrivals have to be all of the corp, of the ledger's channels.
func (g *Governor) Orphans(ctx context.Context, corpID string, arrivals []Arrival) (unbooked []Arrival, unsent []Touch, err error) {
	var rows []Touch
	err = g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND state IN (?, ?)", corpID, Delivered, Committed).
		OrderExpr("delivered_at, id").Scan(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read delivered touches: %w", err)
	}
	booked := map[string][]Touch{}
	for _, t := range rows {
		k := Arrival{Channel: t.Channel, CustomerID: t.CustomerID, ChatID: t.ChatID}.key()
		booked[k] = append(booked[k], t)
	}
	arrivals = slices.Clone(arrivals)
	slices.SortStableFunc(arrivals, func(a, b Arrival) int { return int(min(1, max(-1, a.At-b.At))) })
	for _, a := range arrivals {
		k := a.key()
		if len(booked[k]) == 0 {
			unbooked = append(unbooked, a)
			continue
		}
		booked[k] = booked[k][1:]
	}
	for _, left := range booked {
		unsent = append(unsent, left...)
	}
	slices.SortFunc(unsent, func(a, b Touch) int { return int(min(1, max(-1, a.ID-b.ID))) })
	return unbooked, unsent, nil
}
