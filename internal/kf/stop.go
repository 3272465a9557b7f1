package kf

import (
	"context"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
)

// Stopped is told when a customer asks in a conversation to get no more marketing.
type Stopped struct {
	CorpID     string
	CustomerID string
	At         clock.Time
}

// asksToStop says whether a whole message, without signs and spaces, is one of the words that end marketing.
func asksToStop(bare string) bool {
	switch bare {
	case "t", "td", "退订", "退出订阅", "取消订阅", "不再接收", "不要再发了", "别再发了", "unsubscribe", "stop":
		return true
	}
	return false
}

// stopped is said back once the choice is booked: it answers the customer's own act.
const stopped = "好的，今后不再给您发活动消息。您随时可以在这里找我们。"

// stop books the customer's choice in the transaction of their words, also while a person serves them, and confirms it
// while no person does.
func (s *Service) stop(ctx context.Context, tx *db.Tx, v *Session, m said, late bool) error {
	for _, tell := range s.OnStopped {
		if err := tell(ctx, tx, Stopped{CorpID: s.CorpID, CustomerID: m.CustomerID, At: m.At}); err != nil {
			return err
		}
	}
	if late || v.State != Bot || !v.Window(s.World.Now()).Open {
		return nil
	}
	v.Misses = 0
	return s.reply(ctx, tx, v, words{from: FromBot, text: stopped, why: "opt-out"})
}
