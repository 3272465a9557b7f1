package governance

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/governance/guard"
)

// Cause is why a person looks at a text.
type Cause string

// The causes. Those of the first line make it wait; NoCause passes, and is looked at only when a rule doubts it or the sample
// falls on it.
const (
	NoCause  Cause = ""
	BySize   Cause = "size"   // it reaches many (OWN-07)
	ByWords  Cause = "words"  // a content rule doubts it
	ByLadder Cause = "ladder" // its author stands on the third rung
	Flagged  Cause = "flagged"
	Sampled  Cause = "sample"
)

// ReviewText is a text as somebody submitted or saved it.
type ReviewText struct {
	CorpID   string
	Noun     string // broadcast, moment, welcome, autoreply, kf
	Ref      string // its id there
	Title    string
	Class    Class
	Channel  Channel
	Author   string
	Fields   []Field
	Check    Check
	Audience int   // how many it reaches
	Cause    Cause // why it waits
}

// Reviews is the queue of texts that a person looks at; internal/review keeps it. Each is told inside the transaction of the
// change, so that the queue and the thing itself never differ.
type Reviews interface {
	// Saw takes a text in, when it waits, a rule doubts it, or the sample falls on it.
	Saw(ctx context.Context, tx *db.Tx, t ReviewText) error
	// Settled notes that a text which waited was approved, or given back with a note.
	Settled(ctx context.Context, tx *db.Tx, corpID, noun, ref, by string, passed bool, note string) error
	// Withdrawn notes that there is nothing to decide any more.
	Withdrawn(ctx context.Context, tx *db.Tx, corpID, noun, ref string) error
}

// NoReviews keeps no queue.
type NoReviews struct{}

// Saw forgets.
func (NoReviews) Saw(context.Context, *db.Tx, ReviewText) error { return nil }

// Settled forgets.
func (NoReviews) Settled(context.Context, *db.Tx, string, string, string, string, bool, string) error {
	return nil
}

// Withdrawn forgets.
func (NoReviews) Withdrawn(context.Context, *db.Tx, string, string, string) error { return nil }

// CauseOf is why a text has to wait for a second person: words in doubt, an author who is watched, or more receivers than one
// person decides about.
func (g *Governor) CauseOf(ctx context.Context, corpID, author string, check Check, reachable int) (Cause, error) {
	if _, doubtful := check.Doubtful(); doubtful {
		return ByWords, nil
	}
	if reachable > g.book.plans.ReviewAbove {
		return BySize, nil
	}
	watched, err := g.Watched(ctx, corpID, author)
	if err != nil || !watched {
		return NoCause, err
	}
	return ByLadder, nil
}

// Version names the rules and the model by which texts are read now.
func (g *Governor) Version() string { return g.book.Version }

// Plain is a text in the form in which the rules read it.
func (g *Governor) Plain(text string) string { return g.book.guard.Plain(text) }

// Scores is what the classifier makes of a text: the classes that come near to doubt, the highest first.
func (g *Governor) Scores(class Class, channel Channel, text string) []guard.Score {
	var out []guard.Score
	for _, s := range g.book.guard.Try(guard.About{Class: string(class), Channel: string(channel)}, text).Scores {
		if s.Score > s.Band.Review-near {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b guard.Score) int { return cmp.Compare(b.Score-b.Band.Review, a.Score-a.Band.Review) })
	return out
}

// near is how far below doubt a class is still shown, in log odds.
const near = 2

// ReachedBy is how many touches of a campaign arrived in the last 30 days.
func (g *Governor) ReachedBy(ctx context.Context, q bun.IDB, corpID, campaignID string) (int, error) {
	n, err := q.NewSelect().Model((*Touch)(nil)).Where("corp_id = ? AND campaign_id = ? AND state = ? AND delivered_at > ?", corpID, campaignID, Committed, g.world.Now().Add(-hitWindow)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count what %s reached: %w", campaignID, err)
	}
	return int(n), nil
}
