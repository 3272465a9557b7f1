package kf

import (
	"context"
	"fmt"
	"strings"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// answer lets the rules answer one customer message: once, and only within the window.
func (s *Service) answer(ctx context.Context, tx *db.Tx, acc Account, v *Session, m said) error {
	if !v.Window(s.World.Now()).Open {
		return nil // read too late to answer; it waits in the list as it is
	}
	n, err := s.automaticSince(ctx, tx, v.ID, s.World.Now().Add(-loopWithin))
	if err != nil {
		return err
	}
	if n >= loopMost {
		return s.handOff(ctx, tx, acc, v, ReasonLoop, words{})
	}
	var found autoreply.Match
	matched := false
	if m.Words {
		if found, matched, err = s.Rules.Match(ctx, tx, m.Text, acc.ID, s.World.Now()); err != nil {
			return err
		}
	}
	by := words{from: FromBot, why: "keyword"}
	if matched {
		v.Misses = 0
		by.rule, by.name = found.Rule.ID, found.Rule.Name
		by.why = "keyword: " + found.Pattern.Value
	}
	switch {
	case matched && found.Rule.Answer.Kind == autoreply.Handoff:
		by.text = found.Rule.Answer.Text
		return s.handOff(ctx, tx, acc, v, ReasonRule, by)
	case m.Words && asksForPerson(autoreply.Bare(m.Text)):
		return s.handOff(ctx, tx, acc, v, ReasonAsked, words{})
	case matched && found.Rule.Answer.Kind == autoreply.Joinway:
		return s.invite(ctx, tx, acc, v, found, by)
	case matched:
		by.text = found.Rule.Answer.Text
		return s.reply(ctx, tx, v, by)
	}
	v.Misses++
	if v.Misses >= missesMost {
		return s.handOff(ctx, tx, acc, v, ReasonNoMatch, words{})
	}
	if acc.Unmatched == "" {
		return nil
	}
	return s.reply(ctx, tx, v, words{from: FromBot, text: acc.Unmatched, why: "no keyword"})
}

// reply says something automatic; the customer has been answered.
func (s *Service) reply(ctx context.Context, tx *db.Tx, v *Session, w words) error {
	m, err := s.say(ctx, tx, v, w)
	if err == nil && m.State == Sending {
		v.Unread = 0
	}
	return err
}

// invite answers with the way into a group. A code that has ended cannot answer: a person takes over.
func (s *Service) invite(ctx context.Context, tx *db.Tx, acc Account, v *Session, found autoreply.Match, by words) error {
	a := found.Rule.Answer
	in, err := s.Ways.Invite(ctx, tx, a.JoinwayID, v.CustomerID, "kf")
	if errs.KindOf(err) == errs.NotFound {
		return s.handOff(ctx, tx, acc, v, ReasonRuleBroken, words{})
	}
	if err != nil {
		return err
	}
	by.why += " -> " + in.Name
	linked := strings.HasPrefix(in.URL, "http") // without a public URL a link would lead nowhere: the picture does
	if a.As == autoreply.AsImage && in.Open || !linked {
		if a.Text != "" {
			first := by
			first.text = a.Text
			if err := s.reply(ctx, tx, v, first); err != nil {
				return err
			}
		}
		by.wayID = a.JoinwayID
		return s.reply(ctx, tx, v, by)
	}
	by.text = in.URL
	if a.Text != "" {
		by.text = a.Text + "\n" + in.URL
	}
	return s.reply(ctx, tx, v, by)
}

// handOff gives a conversation to people. At the console desk it joins the queue; at the WeCom desk it is moved to
// WeCom's pool, and the words go out with the code that the move gives.
func (s *Service) handOff(ctx context.Context, tx *db.Tx, acc Account, v *Session, why Reason, w words) error {
	if w.from == "" {
		w = words{from: FromBot, why: "handoff: " + string(why)}
	}
	if w.text == "" {
		w.text = acc.Handoff
	}
	v.Misses = 0
	if err := s.move(ctx, tx, v, Waiting, why, ""); err != nil {
		return err
	}
	if acc.Desk == WeComApp {
		return s.askMove(ctx, tx, v, weComPool, "", w)
	}
	if w.text == "" {
		return nil
	}
	_, err := s.say(ctx, tx, v, w) // not reply: the customer still waits for an answer
	return err
}

// greetLife is how long the code of an entry lives. Official page: https://developer.work.weixin.qq.com/document/path/95122
const greetLife = 20_000 // milliseconds

// entered greets a customer who opened the chat by a link, when WeCom gives a code for it.
func (s *Service) entered(ctx context.Context, tx *db.Tx, acc Account, m said) error {
	v, err := s.current(ctx, tx, acc, m.CustomerID, m.At, ReasonEntered)
	if err != nil {
		return err
	}
	if err := s.keep(ctx, tx, &v, m, Received); err != nil {
		return err
	}
	until := m.At + clock.Time(greetLife)
	if m.Event.WelcomeCode != "" && acc.Greeting != "" && s.World.Now() < until {
		_, err := s.say(ctx, tx, &v, words{
			text: acc.Greeting, from: FromBot, why: "greeting", name: "greeting", code: m.Event.WelcomeCode, until: until,
		})
		if err != nil {
			return err
		}
	}
	return s.done(ctx, tx, &v)
}

// note writes a line for colleagues into a conversation; it is never sent.
func (s *Service) note(ctx context.Context, tx *db.Tx, v *Session, actor, text string) error {
	m := Message{
		ID: tx.NewID(), SessionID: v.ID, AccountID: v.AccountID, CustomerID: v.CustomerID, At: s.World.Now(), Origin: FromSystem,
		AgentID: actor, Type: "note", Text: text, State: Received,
	}
	m.MsgID = fmt.Sprint("note/", m.ID)
	_, err := s.putMessage(ctx, tx, &m)
	return err
}
