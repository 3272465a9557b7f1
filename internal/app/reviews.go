package app

import (
	"context"
	"strconv"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/review"
	"zhiyin.dev/zhiyin/internal/web"
)

// newReviews makes the queue of texts. What a room does with a decision is asked only when one is made: the rooms are made after
// it, because each tells it what it saw.
func (a *App) newReviews() (*review.Service, error) {
	key, err := a.Sealer.Derive("review")
	if err != nil {
		return nil, err
	}
	return review.New(review.Config{
		DB: a.DB, World: a.World, Governor: a.Governor, CorpID: a.CorpID, Key: key, Live: a.Live.Publish,
		Rooms: map[string]review.Room{
			"broadcast": {
				Reach: func(ctx context.Context, id int64) (int, error) { return a.Broadcasts.Reach(ctx, id) },
				Pass: func(ctx context.Context, id int64, by string, expect int) error {
					_, err := a.Broadcasts.Approve(ctx, id, by, expect)
					return err
				},
				Back: func(ctx context.Context, id int64, by, note string) error {
					_, err := a.Broadcasts.Return(ctx, id, by, note)
					return err
				},
				Stop: func(ctx context.Context, id int64, _, _ string) error { return over(a.Broadcasts.Cancel(ctx, id)) },
			},
			"moment": {
				Reach: func(ctx context.Context, id int64) (int, error) { return a.Moments.Reach(ctx, id) },
				Pass: func(ctx context.Context, id int64, by string, expect int) error {
					_, err := a.Moments.Approve(ctx, id, by, expect)
					return err
				},
				Back: func(ctx context.Context, id int64, by, note string) error {
					_, err := a.Moments.Return(ctx, id, by, note)
					return err
				},
				Stop: func(ctx context.Context, id int64, _, _ string) error { return over(a.Moments.Cancel(ctx, id)) },
			},
			"welcome":   {Stop: func(ctx context.Context, id int64, _, _ string) error { return a.Welcomes.Disable(ctx, id) }},
			"autoreply": {Stop: func(ctx context.Context, id int64, _, _ string) error { return a.Autoreply.Disable(ctx, id) }},
		},
	}), nil
}

// over takes it as done that something to be stopped is over already.
func over(_ any, err error) error {
	if errs.KindOf(err) == errs.Conflict {
		return nil
	}
	return err
}

// sawRule takes the words of a keyword rule to the queue, when a rule doubts them or the sample falls on them.
func (a *App) sawRule(ctx context.Context, tx *db.Tx, id int64, name, text string) error {
	ref := strconv.FormatInt(id, 10)
	if text == "" {
		return a.Reviews.Withdrawn(ctx, tx, a.CorpID, "autoreply", ref)
	}
	reached, err := a.Governor.ReachedBy(ctx, tx, a.CorpID, "autoreply/"+ref)
	if err != nil {
		return err
	}
	return a.sawService(ctx, tx, governance.ReviewText{Noun: "autoreply", Ref: ref, Title: name, Author: web.Caller(ctx).User, Audience: reached}, text)
}

// sawAnswer takes what a person answers a customer to the queue, as sawRule does.
func (a *App) sawAnswer(ctx context.Context, tx *db.Tx, msgid, text, author string) error {
	return a.sawService(ctx, tx, governance.ReviewText{Noun: "kf", Ref: msgid, Author: author, Audience: 1}, text)
}

func (a *App) sawService(ctx context.Context, tx *db.Tx, t governance.ReviewText, text string) error {
	t.CorpID, t.Class, t.Channel, t.Fields = a.CorpID, governance.Service, governance.KF, []governance.Field{{Name: "text", Text: text}}
	var err error
	if t.Check, err = a.Governor.CheckIn(ctx, tx, a.CorpID, t.Class, t.Channel, t.Fields...); err != nil {
		return err
	}
	return a.Reviews.Saw(ctx, tx, t)
}
