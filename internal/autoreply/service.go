package autoreply

import (
	"context"
	"strings"
	"sync"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Config of a Service.
type Config struct {
	DB     *db.DB
	World  clock.World
	Zone   *time.Location // the corp's zone: hours are read in it
	CorpID string
	// Check reads the words of an answer when a rule is saved and answers an error for the user when they may not be
	// sent. Governance reads them again at every sending.
	Check func(ctx context.Context, field, text string) error
	// Saw is told of the words of a rule in use, inside the transaction that saves it; of one out of use or deleted it gets none. It
	// may be nil.
	Saw func(ctx context.Context, tx *db.Tx, id int64, name, text string) error
	// HasJoinway says whether a group code exists.
	HasJoinway func(ctx context.Context, id int64) (bool, error)
	// CheckLinks says what is wrong with the marks for links in the text of a field; it may be nil.
	CheckLinks func(ctx context.Context, field, text string, most int) error
}

// Service is the use cases of keyword rules.
type Service struct {
	Config

	mu       sync.Mutex
	compiled *matcher
	rev      int64
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c} }

// List answers all rules, the strongest first.
func (s *Service) List(ctx context.Context) ([]Rule, error) {
	return listRules(ctx, s.DB.Read(), s.CorpID)
}

// Get answers one rule.
func (s *Service) Get(ctx context.Context, id int64) (Rule, error) {
	return getRule(ctx, s.DB.Read(), s.CorpID, id)
}

// Create stores a new rule.
func (s *Service) Create(ctx context.Context, r Rule) (Rule, error) {
	r.ID = s.DB.NewID()
	r.CreatedAt, r.Matched = s.World.Now(), 0
	return r, s.save(ctx, &r)
}

// Update replaces a rule.
func (s *Service) Update(ctx context.Context, r Rule) (Rule, error) {
	former, err := s.Get(ctx, r.ID)
	if err != nil {
		return Rule{}, err
	}
	r.CreatedAt, r.Matched = former.CreatedAt, former.Matched
	return r, s.save(ctx, &r)
}

func (s *Service) save(ctx context.Context, r *Rule) error {
	r.CorpID, r.UpdatedAt = s.CorpID, s.World.Now()
	if err := r.Check(); err != nil {
		return err
	}
	if strings.TrimSpace(r.Answer.Text) != "" && s.Config.Check != nil {
		if err := s.Config.Check(ctx, "answer.text", r.Answer.Text); err != nil {
			return err
		}
	}
	if s.CheckLinks != nil {
		if err := s.CheckLinks(ctx, "answer.text", r.Answer.Text, maxAnswer); err != nil {
			return err
		}
	}
	if r.Answer.Kind == Joinway && s.HasJoinway != nil {
		ok, err := s.HasJoinway(ctx, r.Answer.JoinwayID)
		if err != nil {
			return err
		}
		if !ok {
			return errs.Bad("answer.joinway_id", "autoreply.joinway_gone", errs.T("这个群活码已经不存在。", "This group code does not exist any more."))
		}
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := saveRule(ctx, tx, *r); err != nil {
			return err
		}
		if err := s.saw(ctx, tx, r); err != nil {
			return err
		}
		return changed(ctx, tx, s.CorpID)
	})
}

func (s *Service) saw(ctx context.Context, tx *db.Tx, r *Rule) error {
	if s.Saw == nil {
		return nil
	}
	text := r.Answer.Text
	if !r.Enabled {
		text = ""
	}
	return s.Saw(ctx, tx, r.ID, r.Name, text)
}

// Disable takes a rule out of use: somebody gave its words back.
func (s *Service) Disable(ctx context.Context, id int64) error {
	r, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	r.Enabled, r.UpdatedAt = false, s.World.Now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := saveRule(ctx, tx, r); err != nil {
			return err
		}
		if err := s.saw(ctx, tx, &r); err != nil {
			return err
		}
		return changed(ctx, tx, s.CorpID)
	})
}

// Delete removes a rule.
func (s *Service) Delete(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		ok, err := deleteRule(ctx, tx, s.CorpID, id)
		if err != nil {
			return err
		}
		if !ok {
			return errs.Missing("关键词规则", "keyword rule")
		}
		if err := s.saw(ctx, tx, &Rule{ID: id}); err != nil {
			return err
		}
		return changed(ctx, tx, s.CorpID)
	})
}

// Match finds the rule that answers text in a kf account at an instant, and counts it. The caller asks once per message.
func (s *Service) Match(ctx context.Context, tx *db.Tx, text, account string, at clock.Time) (Match, bool, error) {
	m, err := s.matcher(ctx, tx)
	if err != nil {
		return Match{}, false, err
	}
	found, ok := m.match(text, account, at.In(s.Zone))
	if !ok {
		return Match{}, false, nil
	}
	return found, true, countMatch(ctx, tx, s.CorpID, found.Rule.ID)
}

// matcher answers the compiled rules as the transaction sees them. They are compiled again only when a rule changed, on
// this node or another.
func (s *Service) matcher(ctx context.Context, tx *db.Tx) (*matcher, error) {
	rev, err := revision(ctx, tx, s.CorpID)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.compiled != nil && s.rev == rev {
		return s.compiled, nil
	}
	rules, err := listRules(ctx, tx, s.CorpID)
	if err != nil {
		return nil, err
	}
	live := rules[:0]
	for _, r := range rules {
		if r.Enabled {
			live = append(live, r)
		}
	}
	s.compiled, s.rev = newMatcher(live), rev
	return s.compiled, nil
}

// Try explains what would happen to text in a kf account now. It changes and counts nothing.
func (s *Service) Try(ctx context.Context, text, account string) ([]Why, error) {
	rules, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	return newMatcher(rules).explain(text, account, s.World.Now().In(s.Zone)), nil
}
