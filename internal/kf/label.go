package kf

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/outreach"
)

// Automatic words say so in the first bubble of each conversation (LAW-32): a customer knows that no person speaks before they
// answer. Nobody can switch it off.

// ruleLabel is that rule.
const ruleLabel = "LAW-32"

var reasonLabel = errs.T("自动回复要带上“自动回复”的标识，加上后超出长度，请缩短文字。", "Automatic words carry a mark that says so, and with it they are too long; shorten them.")

// label puts the mark before the first automatic words of a conversation. A picture, or words that have no room for it, are
// preceded by the mark alone; ok is false where only one message is allowed and it has no room.
func (s *Service) label(ctx context.Context, tx *db.Tx, v *Session, w words) (labelled words, ok bool, err error) {
	if w.from != FromBot || saysAutomatic(w.text) && w.wayID == 0 {
		return w, true, nil
	}
	known, err := s.isLabelled(ctx, tx, v.ID)
	if err != nil || known {
		return w, true, err
	}
	if w.wayID == 0 && len(autoreply.Label)+outreach.Sized(w.text) <= maxText {
		w.text = autoreply.Label + w.text
		return w, true, nil
	}
	if w.code != "" {
		return w, false, nil
	}
	_, err = s.say(ctx, tx, v, words{text: autoreply.Label, from: FromBot, why: "label", rule: w.rule, name: w.name})
	return w, true, err
}

// saysAutomatic says whether words tell by themselves that they are automatic.
func saysAutomatic(text string) bool {
	for _, mark := range []string{"自动回复", "机器人", "智能助手", "智能客服"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// isLabelled says whether automatic words of the conversation went out before, or are about to: the first of them had the mark.
func (s *Service) isLabelled(ctx context.Context, q bun.IDB, sessionID int64) (bool, error) {
	n, err := q.NewSelect().Model((*messageRow)(nil)).
		Where("corp_id = ? AND session_id = ? AND origin = ? AND state NOT IN (?, ?)", s.CorpID, sessionID, FromBot, Held, Failed).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for automatic words: %w", err)
	}
	return n > 0, nil
}
