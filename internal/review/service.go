package review

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
	"zhiyin.dev/zhiyin/internal/governance/classify"
)

// Room is what a noun does with a decision. A nil function is nothing to do.
type Room struct {
	Reach func(ctx context.Context, id int64) (int, error)                 // how many it would reach now
	Pass  func(ctx context.Context, id int64, by string, expect int) error // starts what waits
	Back  func(ctx context.Context, id int64, by, note string) error       // gives what waits back to its author
	Stop  func(ctx context.Context, id int64, by, note string) error       // withdraws what is in use
}

// Config of a Service.
type Config struct {
	DB       *db.DB
	World    clock.World
	Governor *governance.Governor
	CorpID   string
	Key      []byte          // secret: draws the sample
	Rooms    map[string]Room // by noun; internal/app fills it in
	Live     func(kind, id string)
}

// Service keeps the queue. It is a governance.Reviews.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service {
	if c.Live == nil {
		c.Live = func(string, string) {}
	}
	if c.Rooms == nil {
		c.Rooms = map[string]Room{}
	}
	return &Service{c}
}

// Saw takes a text in when it waits for a person, a rule doubts it, or the sample falls on it.
func (s *Service) Saw(ctx context.Context, tx *db.Tx, t governance.ReviewText) error {
	cause := t.Cause
	if cause == governance.NoCause {
		_, doubtful := t.Check.Doubtful()
		switch {
		case doubtful:
			cause = governance.Flagged
		case sampled(s.Key, t.Noun, textOf(t.Fields)):
			cause = governance.Sampled
		default: // what stood here of an earlier text is over
			return s.Withdrawn(ctx, tx, t.CorpID, t.Noun, t.Ref)
		}
	}
	texts, err := json.Marshal(t.Fields)
	if err != nil {
		return fmt.Errorf("write the texts of a review: %w", err)
	}
	findings, err := json.Marshal(append([]governance.Finding{}, t.Check.Findings...))
	if err != nil {
		return fmt.Errorf("write the findings of a review: %w", err)
	}
	var actions []string
	for _, f := range t.Check.Findings {
		actions = append(actions, string(f.Severity))
	}
	i := &Item{
		CorpID: t.CorpID, ID: tx.NewID(), Noun: t.Noun, Ref: t.Ref, Title: t.Title, Class: t.Class, Channel: t.Channel, Author: t.Author, Texts: string(texts),
		Findings: string(findings), Version: s.Governor.Version(), Cause: cause, Held: t.Cause != governance.NoCause, Harm: harmOf(actions), Audience: t.Audience,
		At: s.World.Now(), State: Open,
	}
	s.announce(tx)
	return put(ctx, tx, i)
}

func textOf(fields []governance.Field) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// Settled is told when a room decided about what waits.
func (s *Service) Settled(ctx context.Context, tx *db.Tx, corpID, noun, ref, by string, passed bool, note string) error {
	state := Returned
	if passed {
		state = Passed
	}
	s.announce(tx)
	return close(ctx, tx, corpID, noun, ref, func(q *bun.UpdateQuery) {
		q.Set("state = ?", state).Set("by_whom = ?", by).Set("note = ?", note).Set("decided_at = ?", s.World.Now())
		if passed { // given back it may be anything
			q.Set("label = CASE WHEN class = ? THEN ? ELSE ? END", governance.Service, "service", "marketing")
		}
	})
}

// Withdrawn is told when there is nothing to decide any more.
func (s *Service) Withdrawn(ctx context.Context, tx *db.Tx, corpID, noun, ref string) error {
	s.announce(tx)
	return close(ctx, tx, corpID, noun, ref, func(q *bun.UpdateQuery) { q.Set("state = ?", Withdrawn) })
}

func (s *Service) announce(tx *db.Tx) { tx.OnCommit(func() { s.Live("review", "") }) }

var (
	errDecided = errs.New(errs.Conflict, "review.decided", errs.T("有人已经决定了。", "Somebody has decided already."))
	errOwn     = errs.New(errs.Forbidden, "review.own", errs.T("自己写的要由另一个人复核（OWN-07）。", "Somebody else has to look at what you wrote (OWN-07)."))
)

// may reads a text that by may decide about.
func (s *Service) may(ctx context.Context, id int64, by string) (*Item, error) {
	i, err := get(ctx, s.DB.Read(), s.CorpID, id)
	switch {
	case err != nil:
		return nil, err
	case i.State != Open:
		return nil, errDecided
	case i.Author == by:
		return nil, errOwn
	}
	return i, nil
}

// Pass says that a text may go out. expect is how many the reviewer saw it would reach; label is what it is, "" = by its class.
func (s *Service) Pass(ctx context.Context, id int64, by, label string, expect int) (*Item, error) {
	i, err := s.may(ctx, id, by)
	if err != nil {
		return nil, err
	}
	if label == "" {
		label = "marketing"
		if !i.Class.Limited() {
			label = "service"
		}
	}
	if !known(label, classify.Lawful()) {
		return nil, errs.Bad("label", "review.label", errs.Tf("放行的文本只能标成 %s。", "What passes is one of %s.", strings.Join(classify.Lawful(), ", ")))
	}
	if i.Held {
		if err := s.Rooms[i.Noun].pass(ctx, i, by, expect); err != nil {
			return nil, err
		}
	}
	return s.decided(ctx, i, func(ctx context.Context, tx *db.Tx, i *Item) error {
		i.State, i.Label = Passed, label
		return nil
	}, by)
}

// fraud is the class of texts that are kept as evidence when a person finds them (LAW-35).
const fraud = "fraud"

// Return gives a text back with the reason. label is the class it is an example of; "" = of none. Grave, another person has to
// agree, and then its author is stopped.
func (s *Service) Return(ctx context.Context, id int64, by, note, label string, grave bool) (*Item, error) {
	note = strings.TrimSpace(note)
	if n := utf8.RuneCountInString(note); n < 2 || n > 200 {
		return nil, errs.Bad("note", "review.note", errs.T("写明为什么退回，2 到 200 个字，作者会看到。", "Say why in 2 to 200 characters; the author reads it."))
	}
	if label != "" && !known(label, classify.Classes()) {
		return nil, errs.Bad("label", "review.label", errs.Tf("退回的文本只能标成 %s，或者不标。", "What is given back is one of %s, or none.", strings.Join(classify.Classes(), ", ")))
	}
	i, err := s.may(ctx, id, by)
	if err != nil {
		return nil, err
	}
	room := s.Rooms[i.Noun]
	if i.Held {
		err = room.back(ctx, i, by, note)
	} else {
		err = room.stop(ctx, i, by, note)
	}
	if err != nil {
		return nil, err
	}
	return s.decided(ctx, i, func(ctx context.Context, tx *db.Tx, i *Item) error {
		i.State, i.Label, i.Note, i.Grave = Returned, label, note, grave
		if grave {
			i.State = Second
		}
		if label != fraud {
			return nil
		}
		c := &governance.FraudCase{CorpID: s.CorpID, Author: i.Author, Source: "review", FoundBy: by}
		if _, ok := s.Rooms[i.Noun]; ok { // one answer in customer service is no campaign
			c.CampaignID = i.Noun + "/" + i.Ref
		}
		return s.Governor.Fraud(ctx, tx, c, governance.Said{Title: i.Title, Fields: i.fields(), Check: governance.Check{Findings: i.findings()}, Freeze: true})
	}, by)
}

// Agree is what another person says to a text that was given back as grave.
func (s *Service) Agree(ctx context.Context, id int64, by string, agree bool) (*Item, error) {
	var i *Item
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if i, err = lock(ctx, tx, s.CorpID, id); err != nil {
			return err
		}
		switch {
		case i.State != Second:
			return errDecided
		case i.Author == by || i.ByWhom == by:
			return errOwn
		}
		i.State, i.Grave, i.SecondBy, i.SecondAt = Returned, agree, by, s.World.Now()
		if err := save(ctx, tx, i); err != nil {
			return err
		}
		s.announce(tx)
		if !agree {
			return nil
		}
		var rules []string
		for _, f := range i.findings() {
			if !slices.Contains(rules, f.RuleID) {
				rules = append(rules, f.RuleID)
			}
		}
		return s.Governor.Grave(ctx, tx, s.CorpID, i.Author, i.ByWhom, by, i.Note, rules)
	})
	return i, err
}

// decided writes a reviewer's decision. A room that decided has closed the text by now, in the name of the same person.
func (s *Service) decided(ctx context.Context, was *Item, set func(ctx context.Context, tx *db.Tx, i *Item) error, by string) (*Item, error) {
	var i *Item
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if i, err = lock(ctx, tx, s.CorpID, was.ID); err != nil {
			return err
		}
		if i.State != Open && (!was.Held || i.ByWhom != by) && i.State != Withdrawn {
			return errDecided
		}
		i.ByWhom, i.DecidedAt = by, s.World.Now()
		if err := set(ctx, tx, i); err != nil {
			return err
		}
		s.announce(tx)
		return save(ctx, tx, i)
	})
	return i, err
}

func (r Room) pass(ctx context.Context, i *Item, by string, expect int) error {
	if r.Pass == nil {
		return nil
	}
	return withID(i, func(id int64) error { return r.Pass(ctx, id, by, expect) })
}

func (r Room) back(ctx context.Context, i *Item, by, note string) error {
	if r.Back == nil {
		return nil
	}
	return withID(i, func(id int64) error { return r.Back(ctx, id, by, note) })
}

func (r Room) stop(ctx context.Context, i *Item, by, note string) error {
	if r.Stop == nil {
		return nil
	}
	return withID(i, func(id int64) error { return r.Stop(ctx, id, by, note) })
}

func withID(i *Item, f func(id int64) error) error {
	id, err := strconv.ParseInt(i.Ref, 10, 64)
	if err != nil { // one message: nothing of it goes on
		return nil //nolint:nilerr // its ref is no id of a thing that could be stopped
	}
	return f(id)
}

// reach is how many a text that waits would reach now.
func (s *Service) reach(ctx context.Context, i *Item) (int, error) {
	room := s.Rooms[i.Noun]
	if !i.Held || i.State != Open || room.Reach == nil {
		return i.Audience, nil
	}
	n := i.Audience
	err := withID(i, func(id int64) (err error) {
		n, err = room.Reach(ctx, id)
		return err
	})
	return n, err
}

// similarLook is how many former decisions are compared.
const similarLook = 500

// Similar are the decisions about the texts most like this one, the most alike first.
func (s *Service) Similar(ctx context.Context, i *Item, most int) ([]Likeness, error) {
	var rows []*Item
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND state IN (?, ?) AND id <> ?", s.CorpID, Passed, Returned, i.ID).
		OrderExpr("decided_at DESC").Limit(similarLook).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read former decisions: %w", err)
	}
	own := bigrams(s.Governor.Plain(i.text()))
	var out []Likeness
	for _, r := range rows {
		if l := likeness(own, bigrams(s.Governor.Plain(r.text()))); l >= 0.2 {
			out = append(out, Likeness{r, l})
		}
	}
	slices.SortStableFunc(out, func(a, b Likeness) int { return int(1000*b.Share) - int(1000*a.Share) })
	return out[:min(most, len(out))], nil
}

// Likeness is a former decision and how much its text is like another.
type Likeness struct {
	*Item
	Share float64
}

// Examples writes what was decided as labelled texts: class, fold, pattern, evasion and text, apart by tabs. Answers in customer
// service are not among them: they may quote what a customer said, and that trains nothing (LAW-33).
func (s *Service) Examples(ctx context.Context) (string, error) {
	var rows []*Item
	err := s.DB.Read().NewSelect().Model(&rows).Where("corp_id = ? AND state IN (?, ?) AND label <> '' AND noun <> 'kf'", s.CorpID, Passed, Returned).OrderExpr("id").Scan(ctx)
	if err != nil {
		return "", fmt.Errorf("read decisions: %w", err)
	}
	var b strings.Builder
	b.WriteString("# Texts that people decided about. zhiyin guard train --extra reads them.\n")
	for _, i := range rows {
		for _, f := range i.fields() {
			text := oneLine(f.Text)
			if f.Name != "text" || text == "" { // what hangs on it is seldom words
				continue
			}
			pattern := "review-" + strconv.FormatInt(i.ID, 36)
			fmt.Fprintf(&b, "%s\t%s\t%s\tnone\t%s\n", i.Label, mark(pattern), pattern, text)
		}
	}
	return b.String(), nil
}

// lately is how far back decisions are counted.
const lately = 30 * 24 * time.Hour

// Sum says how the queue stands and how people and rules agree, over the last 30 days.
type Sum struct {
	Open       int `json:"open"`
	Held       int `json:"held" doc:"of those: something waits for the decision"`
	Second     int `json:"second" doc:"given back as grave: another person has to agree"`
	Decided    int `json:"decided" doc:"in the last 30 days"`
	Overturned int `json:"overturned" doc:"of those: a rule doubted the words, and they passed"`
	Sampled    int `json:"sampled" doc:"of the blind sample, decided in the last 30 days"`
	Missed     int `json:"missed" doc:"of those: given back, so the rules had missed them"`
}

// Sum counts, for the accounts given (nil = all).
func (s *Service) Sum(ctx context.Context, scope []string) (Sum, error) {
	var rows []struct {
		State State
		Cause governance.Cause
		Held  bool
		N     int
	}
	q := s.DB.Read().NewSelect().Model((*Item)(nil)).ColumnExpr("state, cause, held, COUNT(*) AS n").Where("corp_id = ?", s.CorpID).
		Where("(state IN (?, ?) OR decided_at > ?)", Open, Second, s.World.Now().Add(-lately)).GroupExpr("state, cause, held")
	if scope != nil {
		q.Where("author IN (?)", bun.List(db.OrNobody(scope)))
	}
	var out Sum
	if err := q.Scan(ctx, &rows); err != nil {
		return out, fmt.Errorf("count the queue: %w", err)
	}
	for _, r := range rows {
		switch r.State {
		case Open:
			out.Open += r.N
			if r.Held {
				out.Held += r.N
			}
		case Second:
			out.Second += r.N
		case Passed, Returned:
			out.Decided += r.N
			if r.Cause == governance.Sampled {
				out.Sampled += r.N
				if r.State == Returned {
					out.Missed += r.N
				}
			}
			if r.State == Passed && (r.Cause == governance.ByWords || r.Cause == governance.Flagged) {
				out.Overturned += r.N
			}
		case Withdrawn:
		}
	}
	return out, nil
}
