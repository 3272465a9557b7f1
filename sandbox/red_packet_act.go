package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
)

// giveQuery is a red packet of a member for customers. WeCom has no call for
// it: the member sends it in the client.
type giveQuery struct {
	Staff    string `json:"staff"`
	Customer string `json:"customer"`
	Chat     string `json:"chat"`   // a group with customers
	Amount   int    `json:"amount"` // fen, all packets together; default 200
	Count    int    `json:"count"`  // packets of a group; default 1
	Wish     string `json:"wish"`
}

const giftMost = 20_000 // fen of one red packet

// sendRedPacket is a member giving a red packet to a customer, or to a group.
func sendRedPacket(s *Sandbox, q *giveQuery) (any, error) {
	if q.Amount == 0 {
		q.Amount = 200
	}
	if q.Count == 0 {
		q.Count = 1
	}
	switch {
	case q.Count < 1 || q.Amount < q.Count || q.Amount > giftMost*q.Count:
		return nil, fmt.Errorf("%d packets of together %d fen: each holds 1 to %d", q.Count, q.Amount, giftMost)
	case q.Count > 1 && q.Chat == "":
		return nil, errors.New("count is for a group: one customer gets one packet")
	}
	if q.Wish == "" {
		q.Wish = "恭喜发财"
	}
	content, err := json.Marshal(map[string]any{"wish": q.Wish, "totalcnt": q.Count, "totalamount": q.Amount})
	if err != nil {
		return nil, err
	}
	return staffSends(s, &staffSendsQuery{
		Staff: q.Staff, Customer: q.Customer, Chat: q.Chat,
		archiveSend: archiveSend{MsgType: "external_redpacket", Content: content, words: q.Wish},
	})
}
