package governance

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Consent is a customer's own yes to marketing (LAW-21), or of a minor the guardian's to one purpose (LAW-08). It ends when they say
// stop; the row stays, as evidence of what was read and said.
type Consent struct {
	bun.BaseModel `bun:"table:consent"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CustomerID string
	Purpose    Purpose // marketing; a guardian's also lifecycle and traits
	Own        bool    // false: of a guardian
	Guardian   string  // who that is, and what they are to the child
	GivenAt    clock.Time
	Via        string // page, staff
	ByWhom     string
	Wording    int    // version of the sentence on the page; 0 = as a person wrote it down
	Words      string // the sentence they saw, or where and how they said so
	// Notice is the version that was in force then, 0 = there was none; with its digest, and that of Words.
	Notice       int
	NoticeSHA256 string `bun:"notice_sha256"`
	WordsSHA256  string `bun:"words_sha256"`
	EndedID      int64
	EndedAt      clock.Time
	EndedBy      string
}

// wordings are the sentences to which customers said yes on their page, the oldest first. None is ever changed: another one is added.
func wordings() []errs.Text {
	return []errs.Text{errs.T("我愿意收到这家企业的营销消息（活动、新品、优惠），随时可以在这里停止。",
		"I would like this company's promotional messages (events, new products, offers), and can stop them here at any time.")}
}

// wording is the sentence of today, with its version.
func wording() (version int, sentence errs.Text) {
	all := wordings()
	return len(all), all[len(all)-1]
}

// errOldPage is for a press on a sentence that is none of ours.
var errOldPage = errs.Bad("wording", "consent.wording", errs.T("页面旧了，请重新打开再选。", "The page is out of date: open it again."))

// agree records that a customer said yes to a sentence of their page, and lifts what stood against it: it is their own new consent.
func (g *Governor) agree(ctx context.Context, tx *db.Tx, corpID, customerID string, version int, lang string) error {
	all := wordings()
	if version < 1 || version > len(all) {
		return errOldPage
	}
	if err := g.lift(ctx, tx, corpID, customerID, "preference page", ByCustomer); err != nil {
		return err
	}
	return g.consent(ctx, tx, Consent{CorpID: corpID, CustomerID: customerID, Via: "page", ByWhom: ByCustomer, Wording: version, Words: all[version-1].In(lang)})
}

// consent writes a customer's own consent to marketing in the place of the one in force.
func (g *Governor) consent(ctx context.Context, tx *db.Tx, c Consent) error {
	c.ID, c.Own, c.Purpose = tx.NewID(), true, ForMarketing
	if _, err := g.endConsents(ctx, tx, c.CorpID, c.CustomerID, c.ID, c.ByWhom, "own AND purpose = 'marketing'"); err != nil {
		return err
	}
	if err := g.putConsent(ctx, tx, &c); err != nil {
		return err
	}
	changed(tx, c.CorpID, c.CustomerID)
	return audit.Log(ctx, tx, audit.Entry{
		CorpID: c.CorpID, Act: "consent.give", Subject: audit.Of("customers", c.CustomerID), Who: c.ByWhom, At: c.GivenAt,
		Detail: audit.Detail{"via": c.Via, "wording": c.Wording},
	})
}

// putConsent writes a consent with what was read by whoever gave it.
func (g *Governor) putConsent(ctx context.Context, tx *db.Tx, c *Consent) error {
	told, err := noticeIn(ctx, tx, c.CorpID, newest)
	if err != nil {
		return err
	}
	c.GivenAt, c.Notice, c.NoticeSHA256, c.WordsSHA256 = g.world.Now(), told.version, told.sha, digest(c.Words)
	if _, err := tx.NewInsert().Model(c).Exec(ctx); err != nil {
		return fmt.Errorf("record the consent of %s: %w", c.CustomerID, err)
	}
	return nil
}

// withdrawConsent ends what was consented to, by the customer and by a guardian: who says stop says it to all of it.
func (g *Governor) withdrawConsent(ctx context.Context, tx *db.Tx, corpID, customerID, by string) error {
	n, err := g.endConsents(ctx, tx, corpID, customerID, tx.NewID(), by, "purpose <> ''")
	if err != nil || n == 0 {
		return err
	}
	return audit.Log(ctx, tx, audit.Entry{CorpID: corpID, Act: "consent.end", Subject: audit.Of("customers", customerID), Who: by, At: g.world.Now()})
}

func (g *Governor) endConsents(ctx context.Context, tx *db.Tx, corpID, customerID string, endedID int64, by, which string) (int64, error) {
	res, err := tx.NewUpdate().Model((*Consent)(nil)).Set("ended_id = ?", endedID).Set("ended_at = ?", g.world.Now()).Set("ended_by = ?", by).
		Where("corp_id = ? AND customer_id = ? AND ended_id = 0 AND "+which, corpID, customerID).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("end the consents of %s: %w", customerID, err)
	}
	return res.RowsAffected()
}

// consentsOf answers since when the customers consent to marketing themselves, by a notice that still holds; who does not is left out.
func (g *Governor) consentsOf(ctx context.Context, q bun.IDB, corpID string, customerIDs []string, told notice) (map[string]clock.Time, error) {
	out := map[string]clock.Time{}
	if len(customerIDs) == 0 {
		return out, nil
	}
	var rows []struct {
		CustomerID string
		GivenAt    clock.Time
	}
	err := g.along(ctx, "customer_id", customerIDs, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw("SELECT customer_id, given_at FROM consent WHERE corp_id = ? AND own AND purpose = 'marketing' AND ended_id = 0 AND id > ? AND "+where, append([]any{corpID, told.again}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	wanted := setOf(customerIDs)
	for _, r := range rows {
		if wanted[r.CustomerID] {
			out[r.CustomerID] = r.GivenAt
		}
	}
	return out, nil
}

// footing is what a customer's marketing stands on, beside the relation: whether they came for service only, and their consent.
type footing struct{ narrow, consented bool }

// footings reads what decisions need of it: the consents of everybody where the corp asks for them, else of who came for service only.
// Most corps ask for none and have no such code, and nothing is read.
func (g *Governor) footings(ctx context.Context, q bun.IDB, corpID string, customerIDs []string, caps Caps) (map[string]footing, error) {
	narrow, err := g.narrowOf(ctx, q, corpID, customerIDs, caps)
	if err != nil {
		return nil, err
	}
	out := make(map[string]footing, len(narrow))
	asked := customerIDs
	if !caps.OnlyConsented {
		asked = make([]string, 0, len(narrow))
		for id := range narrow {
			asked = append(asked, id)
		}
	}
	consents, err := g.consentsOf(ctx, q, corpID, asked, caps.Notice)
	if err != nil {
		return nil, err
	}
	for id := range narrow {
		out[id] = footing{narrow: true}
	}
	for id := range consents {
		out[id] = footing{narrow[id], true}
	}
	return out, nil
}

// narrowOf are those of the customers who were told of service only when they came, or of a notice that asks again since (LAW-04).
func (g *Governor) narrowOf(ctx context.Context, q bun.IDB, corpID string, customerIDs []string, caps Caps) (map[string]bool, error) {
	if g.narrow == nil || len(customerIDs) == 0 {
		return nil, nil //nolint:nilnil // nobody is
	}
	out, err := g.narrow(ctx, q, corpID, customerIDs, caps.Notice.since)
	if err != nil {
		return nil, fmt.Errorf("read what %d customers were told: %w", len(customerIDs), err)
	}
	return out, nil
}

// consentedThen says whether a customer consented when a touch was decided, by the notice of then.
func (g *Governor) consentedThen(ctx context.Context, t *Touch, told notice) (bool, error) {
	n, err := g.db.Read().NewSelect().Model((*Consent)(nil)).
		Where("corp_id = ? AND customer_id = ? AND id < ? AND (ended_id = 0 OR ended_id > ?)", t.CorpID, t.CustomerID, t.ID, t.ID).
		Where("own AND purpose = 'marketing' AND id > ?", told.again).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("read the consent of then: %w", err)
	}
	return n > 0, nil
}

// consentStep is what LAW-21 says where the corp sends marketing only to who consented, and LAW-04 to who came for service only: After
// counts consents in force.
func consentStep(rule string, consented bool) Step {
	st := Step{RuleID: rule}
	if consented {
		st.After = 1
	}
	return st
}

// Consents are all consents of a customer, the newest first: the evidence.
func (g *Governor) Consents(ctx context.Context, corpID, customerID string) ([]Consent, error) {
	var rows []Consent
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ?", corpID, customerID).OrderExpr("id DESC").Limit(50).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the consents of %s: %w", customerID, err)
	}
	return rows, nil
}
