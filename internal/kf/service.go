package kf

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zhiyin.dev/zhiyin/internal/autoreply"
	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/joinway"
	"zhiyin.dev/zhiyin/internal/outreach"
	"zhiyin.dev/zhiyin/wecom"
)

// Sealer encrypts customers' words at rest, each for its place: internal/seal's.
type Sealer interface {
	Seal(plain, place string) (string, error)
	Open(sealed, place string) (string, error)
}

// Config of a Service.
type Config struct {
	DB     *db.DB
	Bus    *bus.Bus
	World  clock.World
	Zone   *time.Location // the corp's zone
	WeCom  *wecom.Client
	CorpID string
	Seal   Sealer
	Out    *outreach.Service
	Rules  *autoreply.Service
	Ways   *joinway.Service
	// Check reads words before they are saved or sent by a person, and answers an error for the user when they may not
	// be. Governance reads them again before the call. It may be nil.
	Check func(ctx context.Context, text string) error
	// CheckLinks says what is wrong with the marks for links in the text of a field; it may be nil.
	CheckLinks func(ctx context.Context, field, text string, most int) error
	// CheckAutomatic does so for words that are said automatically; field names them.
	CheckAutomatic func(ctx context.Context, field, text string) error
	// Saw is told of the words that a person sends, inside the transaction that sends them. It may be nil.
	Saw  func(ctx context.Context, tx *db.Tx, msgid, text, author string) error
	Live func(kind, id string) // tells the consoles that are open; may be nil
}

// Opened is told when a conversation begins.
type Opened struct {
	CorpID     string
	SessionID  int64
	AccountID  string
	CustomerID string
	At         clock.Time
}

// Wrote is told when a customer writes.
type Wrote struct {
	CorpID     string
	CustomerID string
	At         clock.Time
}

// Service is the use cases of customer service.
type Service struct {
	Config

	// OnOpened is told inside the transaction in which a conversation begins.
	OnOpened []func(ctx context.Context, tx *db.Tx, e Opened) error
	// OnWrote is told inside the transaction that stores a customer's message.
	OnWrote []func(ctx context.Context, tx *db.Tx, e Wrote) error
	// OnStopped is told inside the transaction in which a customer's words say "no more marketing".
	OnStopped []func(ctx context.Context, tx *db.Tx, e Stopped) error
	// OnComplained is told inside the transaction in which a customer says that they complain.
	OnComplained []func(ctx context.Context, tx *db.Tx, e Complained) error
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c} }

// Accounts answers all accounts with who serves them.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) {
	return listAccounts(ctx, s.DB.Read(), s.CorpID)
}

// Account answers one account.
func (s *Service) Account(ctx context.Context, id string) (Account, error) {
	all, err := s.Accounts(ctx)
	if err != nil {
		return Account{}, err
	}
	for _, a := range all {
		if a.ID == id {
			return a, nil
		}
	}
	return Account{}, errs.Missing("客服账号", "kf account")
}

// Setting is what may be changed of an account here; nil leaves a field as it is.
type Setting struct {
	Desk                                  *Desk
	Greeting, Unmatched, Handoff, Parting *string
}

const (
	maxText      = 2048                           // bytes of text.content
	maxAutomatic = maxText - len(autoreply.Label) // of words that a mark may have to precede
)

// Configure changes an account's desk and texts. Conversations under way keep where they are.
func (s *Service) Configure(ctx context.Context, id string, set Setting) (Account, error) {
	if set.Desk != nil && *set.Desk != Console && *set.Desk != WeComApp {
		return Account{}, errs.Bad("desk", "kf.desk", errs.T("接待台只能是控制台或企业微信。", "The desk is either console or wecom."))
	}
	fields := []struct {
		name string
		text *string
	}{{"greeting", set.Greeting}, {"unmatched", set.Unmatched}, {"handoff", set.Handoff}, {"parting", set.Parting}}
	for _, f := range fields {
		if f.text == nil {
			continue
		}
		*f.text = strings.TrimSpace(*f.text)
		if len(*f.text) > maxAutomatic {
			return Account{}, errs.Bad(f.name, "kf.text_long", errs.Tf("最多 %d 字节，现在 %d 字节。", "At most %d bytes, this has %d.", maxAutomatic, len(*f.text)))
		}
		if s.CheckLinks != nil {
			if err := s.CheckLinks(ctx, f.name, *f.text, maxAutomatic); err != nil {
				return Account{}, err
			}
		}
		if *f.text != "" && s.CheckAutomatic != nil {
			if err := s.CheckAutomatic(ctx, f.name, *f.text); err != nil {
				return Account{}, err
			}
		}
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, ok, err := getAccount(ctx, tx, s.CorpID, id); err != nil || !ok {
			if err == nil {
				err = errs.Missing("客服账号", "kf account")
			}
			return err
		}
		q := tx.NewUpdate().Model((*accountRow)(nil)).Set("id = id").Where("corp_id = ? AND id = ?", s.CorpID, id)
		if set.Desk != nil {
			q.Set("desk = ?", *set.Desk)
		}
		if set.Greeting != nil {
			q.Set("greeting = ?", *set.Greeting)
		}
		if set.Unmatched != nil {
			q.Set("unmatched = ?", *set.Unmatched)
		}
		if set.Handoff != nil {
			q.Set("handoff = ?", *set.Handoff)
		}
		if set.Parting != nil {
			q.Set("parting = ?", *set.Parting)
		}
		if _, err := q.Exec(ctx); err != nil {
			return fmt.Errorf("change kf account %s: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return Account{}, err
	}
	return s.Account(ctx, id)
}

// linkScene marks links made here, so that an entry by one can be told from others.
const linkScene = "zhiyin"

// Link answers the address under which customers reach an account; it is asked for once.
func (s *Service) Link(ctx context.Context, id string) (string, error) {
	a, err := s.Account(ctx, id)
	if err != nil || a.Link != "" {
		return a.Link, err
	}
	url, err := s.WeCom.KfLink(ctx, id, linkScene)
	if err != nil {
		return "", calls.Refused(err, "make a kf link")
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*accountRow)(nil)).Set("link = ?", url).Where("corp_id = ? AND id = ?", s.CorpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("store the link of kf account %s: %w", id, err)
		}
		return nil
	})
	return url, err
}

func (s *Service) announce(tx *db.Tx, sessionID int64) {
	if s.Live != nil {
		tx.OnCommit(func() { s.Live("session", strconv.FormatInt(sessionID, 10)) })
	}
}

// lock serialises everything about one customer in one account.
func (s *Service) lock(ctx context.Context, tx *db.Tx, pairs ...[2]string) error {
	keys := make([]string, len(pairs))
	for i, p := range pairs {
		keys[i] = "kf/" + s.CorpID + "/" + p[0] + "/" + p[1]
	}
	return tx.Lock(ctx, keys...)
}
