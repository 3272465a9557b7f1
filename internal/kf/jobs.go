package kf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/calls"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/wecom"
)

const (
	syncKind     = "kf.sync"
	accountsKind = "kf.accounts"
	nameKind     = "kf.name"
	moveKind     = "kf.move"
	stateKind    = "kf.state"
	pictureKind  = "kf.picture"
	idleKind     = "kf.idle"

	pageSize  = 1000             // messages a call: WeCom's limit
	tokenLife = 10 * time.Minute // of the callback's token
)

// Register tells the bus what this room does.
func (s *Service) Register(b *bus.Bus) {
	b.Handle("kf_msg_or_event", s.told)
	b.Handle("kf_account_auth_change", s.accountsChanged)
	b.Handle(idleKind, s.idle)
	b.Perform(syncKind, s.sync)
	b.Perform(accountsKind, s.readAccounts)
	b.Perform(nameKind, s.readName)
	b.Perform(moveKind, s.moveAtWeCom)
	b.Perform(stateKind, s.readState)
	b.Perform(pictureKind, s.uploadPicture)
}

// told notes that an account has news and asks for them to be read. What arrives while a reading waits shares it.
// Official page: https://developer.work.weixin.qq.com/document/path/94670
func (s *Service) told(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var e struct {
		Token    string
		OpenKfID string `json:"OpenKfId"`
	}
	if err := w.Decode(&e); err != nil {
		return err
	}
	if e.OpenKfID == "" {
		return bus.Permanent(errors.New("the event names no kf account"))
	}
	return s.ask(ctx, tx, e.OpenKfID, e.Token)
}

// ask puts the intent to read an account's news.
func (s *Service) ask(ctx context.Context, tx *db.Tx, accountID, token string) error {
	n, err := want(ctx, tx, s.CorpID, accountID, token, s.World.Now())
	if err != nil {
		return err
	}
	return s.putSync(ctx, tx, syncPayload{AccountID: accountID, Want: n})
}

// CatchUp asks for all accounts and for the news of every known one: at the start, and after a time in which callbacks may
// have been lost. No callback tells of the accounts that the corp had before the platform.
func (s *Service) CatchUp(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.askAccounts(ctx, tx, fmt.Sprintf("catch-up/%d", s.World.Now())); err != nil {
			return err
		}
		accounts, err := listAccounts(ctx, tx, s.CorpID)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if !a.Managed {
				continue
			}
			if err := s.ask(ctx, tx, a.ID, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

type syncPayload struct {
	AccountID string
	Want      int64
	Page      int // 0 = the first
}

func (s *Service) putSync(ctx context.Context, tx *db.Tx, p syncPayload) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: syncKind, Key: fmt.Sprintf("kf.sync/%s/%d/%d", p.AccountID, p.Want, p.Page),
		OrderKey: "kf.sync/" + p.AccountID, Urgent: true, Payload: p,
	})
	return err
}

// sync reads one page of an account and stores it together with the new cursor. A page that was read and not stored,
// because the process died, is read again; its messages are known by their msgid.
func (s *Service) sync(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p syncPayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	at, err := getCursor(ctx, s.DB.Read(), s.CorpID, p.AccountID)
	if err != nil || at.Done >= p.Want {
		return nil, err // an earlier reading covered this want
	}
	now := s.World.Now()
	in := wecom.SyncKfRequest{Kf: p.AccountID, Cursor: at.Cursor, Limit: pageSize}
	if now < at.TokenAt.Add(tokenLife) {
		in.Token = at.Token
	}
	page, err := s.WeCom.SyncKfMessages(ctx, in)
	if errors.Is(err, wecom.ErrKfToken) && in.Token != "" {
		in.Token = ""
		page, err = s.WeCom.SyncKfMessages(ctx, in)
	}
	if in.Cursor != "" && wecom.ClassOf(err) == wecom.ClassBadRequest {
		in.Cursor = "" // a cursor WeCom knows no more: from the oldest of 3 days on, what is stored is known by its msgid
		page, err = s.WeCom.SyncKfMessages(ctx, in)
	}
	if err != nil {
		return nil, calls.Failed(err, "read the messages of kf account "+p.AccountID)
	}
	if bool(page.More) && len(page.Messages) == 0 && page.Next == at.Cursor {
		return nil, bus.Later(now.Add(time.Second), errors.New("WeCom says there is more and shows nothing"))
	}
	return func(ctx context.Context, tx *db.Tx) error {
		done := at.Wanted // everything that was wanted before the call
		if page.More {
			done = 0
		}
		to := page.Next
		if to == "" {
			to = at.Cursor
		}
		if err := moveCursor(ctx, tx, s.CorpID, p.AccountID, at.Cursor, to, done); err != nil {
			return err
		}
		how := arrival{late: answerWithin}
		if at.Done == 0 {
			how = arrival{late: firstWithin, first: true}
		}
		if err := s.receive(ctx, tx, p.AccountID, fromWeCom(page.Messages), how); err != nil {
			return err
		}
		if page.More {
			return s.putSync(ctx, tx, syncPayload{AccountID: p.AccountID, Want: p.Want, Page: p.Page + 1})
		}
		return nil
	}, nil
}

func (s *Service) accountsChanged(ctx context.Context, tx *db.Tx, w bus.Work) error {
	return s.askAccounts(ctx, tx, w.Key)
}

// askAccounts puts the intent to read all accounts; one cause puts one.
func (s *Service) askAccounts(ctx context.Context, tx *db.Tx, cause string) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Intent, Kind: accountsKind, Key: "kf.accounts/" + cause, OrderKey: "kf.accounts",
	})
	return err
}

func (s *Service) readAccounts(ctx context.Context, _ bus.Work) (bus.Settle, error) {
	return nil, s.SyncAccounts(ctx)
}

// SyncAccounts reads all accounts and who serves them. An account that WeCom names no more is kept, not shown.
func (s *Service) SyncAccounts(ctx context.Context) error {
	const most = 100 // accounts a page: WeCom's limit
	var accounts []wecom.KfAccount
	for {
		page, err := s.WeCom.KfAccounts(ctx, len(accounts), most)
		if err != nil {
			return calls.Failed(err, "list kf accounts")
		}
		accounts = append(accounts, page...)
		if len(page) < most {
			break
		}
	}
	servicers := make([][]Servicer, len(accounts))
	for i, a := range accounts {
		list, err := s.WeCom.KfServicers(ctx, a.ID)
		if err != nil {
			return calls.Failed(err, "list who serves kf account "+a.ID)
		}
		for _, v := range list {
			servicers[i] = append(servicers[i], Servicer{
				StaffID: string(v.Staff), DepartmentID: int64(v.Department), Receiving: v.Status == wecom.ServicerReceiving,
			})
		}
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.NewUpdate().Model((*accountRow)(nil)).Set("live = FALSE").Where("corp_id = ?", s.CorpID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("replace kf accounts: %w", err)
		}
		for i, a := range accounts {
			row := newAccount(s.CorpID, a.ID)
			row.Name, row.Avatar, row.Managed = a.Name, a.Avatar, a.Manage
			if err := putAccount(ctx, tx, row); err != nil {
				return err
			}
			if err := putServicers(ctx, tx, s.CorpID, a.ID, servicers[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

type idlePayload struct{ SessionID int64 }

// watch puts the timer that ends a conversation nobody goes on with. One timer runs per conversation; when it rings too
// early it is put again.
func (s *Service) watch(ctx context.Context, tx *db.Tx, id int64, due clock.Time) error {
	_, err := s.Bus.Put(ctx, tx, bus.Item{
		CorpID: s.CorpID, Lane: bus.Timer, Kind: idleKind, Key: fmt.Sprintf("kf.idle/%d/%d", id, due), OrderKey: fmt.Sprint("kf.idle/", id),
		DueAt: due, Payload: idlePayload{id},
	})
	return err
}

func (s *Service) idle(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p idlePayload
	if err := w.Decode(&p); err != nil {
		return err
	}
	v, err := s.getSession(ctx, tx, p.SessionID)
	if err != nil {
		return err
	}
	if err := s.lock(ctx, tx, [2]string{v.AccountID, v.CustomerID}); err != nil {
		return err
	}
	if v, err = s.getSession(ctx, tx, p.SessionID); err != nil || v.State == Ended {
		return err
	}
	if due := v.idleAt(); s.World.Now() < due {
		return s.watch(ctx, tx, v.ID, due)
	}
	reason := ReasonWindow
	if v.State == Bot {
		reason = ReasonIdle
	}
	return s.move(ctx, tx, &v, Ended, reason, "")
}

type namePayload struct{ CustomerID string }

// readName reads how a person calls themself who wrote and is nobody's customer.
func (s *Service) readName(ctx context.Context, w bus.Work) (bus.Settle, error) {
	var p namePayload
	if err := w.Decode(&p); err != nil {
		return nil, err
	}
	list, _, err := s.WeCom.KfCustomers(ctx, []wecom.ExternalUserID{wecom.ExternalUserID(p.CustomerID)})
	if err != nil {
		return nil, calls.Failed(err, "read the name of "+p.CustomerID)
	}
	if len(list) == 0 {
		return nil, nil // neither entered nor wrote within 48 hours
	}
	return func(ctx context.Context, tx *db.Tx) error {
		row := customerRow{CorpID: s.CorpID, ID: p.CustomerID, Name: list[0].Nickname, Avatar: list[0].Avatar}
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (corp_id, id) DO UPDATE").Set("name = EXCLUDED.name").Set("avatar = EXCLUDED.avatar").Exec(ctx)
		if err != nil {
			return fmt.Errorf("store the name of %s: %w", p.CustomerID, err)
		}
		return nil
	}, nil
}
