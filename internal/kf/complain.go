package kf

import (
	"context"
	"strings"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Complained is told when a customer says in a conversation that they want to complain.
type Complained struct {
	CorpID     string
	CustomerID string
	SessionID  int64 // where their words are
	At         clock.Time
}

// asksToComplain says whether a message, without signs and spaces, is a complaint or asks how to make one.
func asksToComplain(bare string) bool {
	switch bare {
	case "举报", "complaint", "complain":
		return true
	}
	return strings.HasPrefix(bare, "投诉") || strings.Contains(bare, "要投诉") || strings.Contains(bare, "想投诉")
}

// complained is said back once the complaint is noted: it answers the customer's own act.
const complained = "已收到您的投诉，24 小时内会有人处理。正在为您转接人工客服，请稍等。"

// complain notes the complaint in the transaction of the customer's words, also while a person serves them, and calls a person while
// none does.
func (s *Service) complain(ctx context.Context, tx *db.Tx, acc Account, v *Session, m said, late bool) error {
	for _, tell := range s.OnComplained {
		if err := tell(ctx, tx, Complained{CorpID: s.CorpID, CustomerID: m.CustomerID, SessionID: v.ID, At: m.At}); err != nil {
			return err
		}
	}
	if v.State != Bot {
		return nil
	}
	if late || !v.Window(s.World.Now()).Open {
		return s.move(ctx, tx, v, Waiting, ReasonComplaint, "")
	}
	return s.handOff(ctx, tx, acc, v, ReasonComplaint, words{from: FromBot, text: complained, why: "complaint"})
}
