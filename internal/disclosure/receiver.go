package disclosure

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance"
)

// Config of a Service.
type Config struct {
	DB        *db.DB
	World     clock.World
	Zone      *time.Location
	CorpID    string
	Key       []byte             // 32 secret bytes: they seal the marks of exports
	Customers *customer.Exporter // whom a file is about, and its lines
	// Assessed answers which impact assessments a kind of receiver needs and has (LAW-17).
	Assessed func(ctx context.Context, kind Kind, abroad bool) (governance.Assessed, error)
	// Known answers those of ids who are customers within the caller's scope.
	Known func(ctx context.Context, ids []string) ([]string, error)
	Live  func(kind, id string) // tells the consoles that are open; may be nil
}

// Service is the register of receivers, consents to them, and exports.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service {
	if c.Live == nil {
		c.Live = func(string, string) {}
	}
	return &Service{c}
}

// NewReceiver is a receiver as somebody registers it; the day is 2027-12-31.
type NewReceiver struct {
	Name, Contract, ContractUntil string
	Kind                          Kind
	DataKinds, Purpose, Contact   string
	Consent                       string
	Abroad                        bool
	contractEnd                   clock.Time
}

func (n *NewReceiver) check(now clock.Time, zone *time.Location) (err error) {
	if n.Kind != Entrusted && n.Kind != Handler {
		return errs.Bad("kind", "receiver.kind", errs.T("请选择它是受托方，还是别的处理者。", "Say whether it processes for us, or is another handler."))
	}
	for _, f := range []struct {
		field       string
		text        *string
		least, most int
		ask         errs.Text
	}{
		{"name", &n.Name, 2, 100, errs.T("写明接收方的全称", "Give the full name of the receiver")},
		{"contract", &n.Contract, 2, 100, errs.T("写明合同编号：没有合同不能交数据", "Give the number of the contract: without one nothing is handed over")},
		{"data_kinds", &n.DataKinds, 2, 300, errs.T("写明给它哪些信息", "Say what data it gets")},
		{"purpose", &n.Purpose, 4, 300, errs.T("写明它拿去做什么", "Say what it uses the data for")},
		{"contact", &n.Contact, 0, 200, errs.T("联系方式", "Contact")},
	} {
		if *f.text, err = words(f.field, *f.text, f.least, f.most, f.ask); err != nil {
			return err
		}
	}
	least := 0
	if n.Kind == Handler {
		least = 10
	}
	if n.Consent, err = words("consent", n.Consent, least, 500, errs.T(
		"写明客户单独同意时看到的话，里面要有接收方的名称、联系方式、目的、方式和信息种类", "Give the words of the separate consent: they name the receiver, its contact, purpose, manner and kinds of data")); err != nil {
		return err
	}
	var ok bool
	if n.contractEnd, ok = lastDay(n.ContractUntil, zone); !ok {
		return errs.Bad("contract_until", "receiver.day", errs.T("合同到期日写成 2027-12-31 这样。", "Write the last day of the contract like 2027-12-31."))
	}
	if n.contractEnd <= now {
		return errs.Bad("contract_until", "receiver.past", errs.T("这份合同已经到期，先续签。", "This contract has ended; renew it first."))
	}
	return nil
}

// Register puts a receiver on record. It needs an impact assessment in force of its kind.
func (s *Service) Register(ctx context.Context, by string, n NewReceiver) (*Receiver, error) {
	now := max(s.World.Now(), 1)
	if err := n.check(now, s.Zone); err != nil {
		return nil, err
	}
	assessed, err := s.Assessed(ctx, n.Kind, n.Abroad)
	if err != nil {
		return nil, err
	}
	if err := assessed.Refusal("kind"); err != nil {
		return nil, err
	}
	r := &Receiver{
		CorpID: s.CorpID, Name: n.Name, Kind: n.Kind, Contract: n.Contract, ContractUntil: n.contractEnd, DataKinds: n.DataKinds, Purpose: n.Purpose, Contact: n.Contact,
		Consent: n.Consent, Abroad: n.Abroad, Assessments: assessed.Text(), MadeBy: by, MadeAt: now,
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "receiver/"+s.CorpID); err != nil {
			return err
		}
		var standing []Receiver
		if err := tx.NewSelect().Model(&standing).Where("corp_id = ? AND ended_at = 0", s.CorpID).Scan(ctx); err != nil {
			return fmt.Errorf("read the receivers: %w", err)
		}
		if len(standing) >= mostLive {
			return errs.New(errs.Conflict, "receiver.most", errs.Tf("最多登记 %d 个，先结束不用的。", "At most %d can stand; end some first.", mostLive))
		}
		if slices.ContainsFunc(standing, func(x Receiver) bool { return x.Name == n.Name && x.Kind == n.Kind && x.ContractUntil > now }) {
			return errs.Bad("name", "receiver.known", errs.T("这个接收方已经登记过。要改就先结束它，再登记新的。", "This receiver is on record. To change it, end it and register it anew."))
		}
		r.ID = tx.NewID()
		if _, err := tx.NewInsert().Model(r).Exec(ctx); err != nil {
			return fmt.Errorf("register a receiver: %w", err)
		}
		return s.log(ctx, tx, "receiver.add", "receiver", r.ID, by, audit.Detail{"kind": r.Kind, "contract_until": r.ContractUntil, "abroad": r.Abroad, "assessments": r.Assessments})
	})
	return r, err
}

// EndReceiver ends a receiver, with the reason: from now on nothing goes to it. It stays on record.
func (s *Service) EndReceiver(ctx context.Context, id int64, by, why string) error {
	why, err := words("why", why, 2, 300, errs.T("写明为什么结束，数据怎样删除或交还", "Say why it ends, and how the data was deleted or given back"))
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		res, err := tx.NewUpdate().Model((*Receiver)(nil)).Set("ended_by = ?", by).Set("ended_at = ?", max(s.World.Now(), 1)).Set("ended_why = ?", why).
			Where("corp_id = ? AND id = ? AND ended_at = 0", s.CorpID, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end receiver %d: %w", id, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errs.Missing("接收方", "receiver")
		}
		return s.log(ctx, tx, "receiver.end", "receiver", id, by, nil)
	})
}

// may answers a receiver that may get data now; nil for ourselves.
func (s *Service) may(ctx context.Context, id int64) (*Receiver, error) {
	if id == Ourselves {
		return nil, nil //nolint:nilnil // nobody outside
	}
	r, err := s.receiver(ctx, s.DB.Read(), id)
	if errs.KindOf(err) == errs.NotFound {
		return nil, errs.Bad("receiver_id", "export.receiver", errs.T(
			"这个接收方没有登记（LAW-15）。先在「个人信息 › 数据接收方」里登记，或者选「企业内部使用」。",
			"This receiver is not on record (LAW-15). Register it under Governance › Receivers, or choose “used inside the corp”."))
	}
	if err != nil {
		return nil, err
	}
	switch r.State(s.World.Now()) {
	case Ended:
		return nil, errs.Bad("receiver_id", "export.receiver_ended", errs.Tf("「%s」已经结束，不能再给它数据（LAW-15）。换一个接收方，或者重新登记。",
			"“%s” has ended: nothing goes to it any more (LAW-15). Choose another, or register it anew.", r.Name))
	case Past:
		return nil, errs.Bad("receiver_id", "export.contract_ended", errs.Tf("和「%s」的合同已经到期，不能再给它数据（LAW-15）。续签后结束旧的，重新登记。",
			"The contract with “%s” has ended: nothing goes to it any more (LAW-15). Renew it, end this entry and register it anew.", r.Name))
	case Live, Ending:
	}
	assessed, err := s.Assessed(ctx, r.Kind, r.Abroad)
	if err != nil {
		return nil, err
	}
	return r, assessed.Refusal("receiver_id")
}

func (s *Service) log(ctx context.Context, tx *db.Tx, act, kind string, id int64, by string, d audit.Detail) error {
	return audit.Log(ctx, tx, audit.Entry{CorpID: s.CorpID, Act: act, Subject: audit.Of(kind, strconv.FormatInt(id, 10)), Who: by, At: s.World.Now(), Detail: d})
}
