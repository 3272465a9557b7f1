package governance

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/audit"
	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// GrievanceKind is what is wrong between a customer and the corp.
type GrievanceKind string

// The kinds.
const (
	Complaint GrievanceKind = "complaint"
	Refund    GrievanceKind = "refund"
	Upset     GrievanceKind = "upset" // the last conversation went badly
)

// name of the kind, as sentences hold it.
func (k GrievanceKind) name() errs.Text {
	switch k {
	case Complaint:
		return errs.T("投诉", "a complaint")
	case Refund:
		return errs.T("退款", "a refund")
	case Upset:
		return errs.T("不愉快的沟通", "a conversation that went badly")
	}
	return errs.T(string(k), string(k))
}

// Grievance is what stands between a customer and marketing for a while (FTG-15): while it is open, and for a rest after its end,
// nothing of marketing or lifecycle reaches them. A person says so, or the system that knows of refunds; WeCom tells nothing of it.
type Grievance struct {
	bun.BaseModel `bun:"table:grievance"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	CustomerID string
	Kind       GrievanceKind
	Ref        string // its number elsewhere, such as an order; the same one is opened once
	Note       string // what it is about
	Since      clock.Time
	ByWhom     string
	EndedAt    clock.Time // 0 = open
	EndedBy    string
	Outcome    string
}

const (
	maxRef        = 100 // characters
	maxGrievances = 20  // open ones of one customer
)

// sorrow is what of a customer's grievances holds: the one that ends last.
type sorrow struct {
	kind  GrievanceKind
	since clock.Time
	until clock.Time // 0 = it is open
}

// over says whether it does not hold back anything any more at `on`.
func (s sorrow) over(on clock.Time) bool { return s.since == 0 || s.until != 0 && on >= s.until }

// stronger is the one of two that holds longer, of two open ones the older.
func (s sorrow) stronger(o sorrow) sorrow {
	switch {
	case s.since == 0:
		return o
	case o.since == 0:
		return s
	case s.until == 0 && o.until == 0:
		if o.since < s.since {
			return o
		}
		return s
	case s.until == 0 || o.until != 0 && o.until <= s.until:
		return s
	}
	return o
}

func (s sorrow) step() Step {
	return Step{RuleID: ruleGrievance, Since: s.since, Text: string(s.kind), Next: s.until}
}

// reasonGrievance says why a touch is kept back, out of what the ledger holds of it.
func reasonGrievance(s Step) errs.Text {
	what := GrievanceKind(s.Text).name()
	if s.Next != 0 {
		return errs.T("这位客户的"+what.ZH+"刚结束不久，先不打扰。", "For this customer "+what.EN+" ended a short while ago; they are left in peace.")
	}
	return errs.T("这位客户的"+what.ZH+"还没有结束，先把事情办好。", "For this customer "+what.EN+" is still open; that comes first.")
}

// of is what a grievance means to decisions: it holds for a rest beyond its end.
func (g *Governor) sorrowOf(v *Grievance, endedAt clock.Time) sorrow {
	s := sorrow{kind: v.Kind, since: max(v.Since, 1)}
	if endedAt != 0 {
		s.until = endedAt.Add(g.book.grievanceRest)
	}
	return s
}

// OpenGrievance notes that something is wrong between a customer and the corp. Reservations are given back at once, and
// subscribers of OnPreference take back the tasks that WeCom still holds. The same kind and ref is open once: asked again, the
// answer is the one that stands.
func (g *Governor) OpenGrievance(ctx context.Context, tx *db.Tx, v Grievance) (*Grievance, error) {
	var err error
	switch v.Kind {
	case Complaint, Refund, Upset:
	default:
		return nil, errs.Bad("kind", "invalid", errs.T("请选：投诉、退款、沟通不愉快。", "Choose: complaint, refund, a conversation that went badly."))
	}
	if v.Note, err = said("note", v.Note, errs.T("写明是什么事", "Say what it is about")); err != nil {
		return nil, err
	}
	if v.Ref = strings.TrimSpace(v.Ref); utf8.RuneCountInString(v.Ref) > maxRef {
		return nil, errs.Bad("ref", "governance.grievance_ref", errs.Tf("编号最多 %d 个字。", "The number has at most %d characters.", maxRef))
	}
	if err := lockKeys(ctx, tx, []string{customerLock(v.CorpID, v.CustomerID)}); err != nil {
		return nil, err
	}
	open, err := g.grievances(ctx, tx, v.CorpID, v.CustomerID, true)
	if err != nil {
		return nil, err
	}
	for i := range open {
		if open[i].Kind == v.Kind && open[i].Ref == v.Ref {
			return &open[i], nil
		}
	}
	if len(open) >= maxGrievances {
		return nil, errs.New(errs.Conflict, "governance.grievances", errs.Tf("这位客户已有 %d 件没有结束，先办完再登记。", "%d are open for this customer; end some first.", len(open)))
	}
	now := g.world.Now()
	v.ID, v.Since, v.EndedAt, v.EndedBy, v.Outcome = tx.NewID(), max(now, 1), 0, "", ""
	if _, err := tx.NewInsert().Model(&v).Exec(ctx); err != nil {
		return nil, fmt.Errorf("open a grievance of %s: %w", v.CustomerID, err)
	}
	changed(tx, v.CorpID, v.CustomerID)
	if err := logGrievance(ctx, tx, "grievance.open", &v, v.ByWhom, now); err != nil {
		return nil, err
	}
	if err := g.tellChosen(ctx, tx, v.CorpID, v.CustomerID, now); err != nil {
		return nil, err
	}
	return &v, g.tellComplaint(ctx, tx, &v)
}

// tellChosen gives back what a customer may not get any more, and tells the rooms.
func (g *Governor) tellChosen(ctx context.Context, tx *db.Tx, corpID, customerID string, now clock.Time) error {
	if err := g.releaseUnwanted(ctx, tx, corpID, customerID); err != nil {
		return err
	}
	for _, f := range g.OnPreference {
		if err := f(ctx, tx, PreferenceChanged{CorpID: corpID, CustomerID: customerID, At: now}); err != nil {
			return fmt.Errorf("tell what changed for %s: %w", customerID, err)
		}
	}
	return nil
}

// EndGrievance notes how it ended. The customer is left in peace a while longer.
func (g *Governor) EndGrievance(ctx context.Context, tx *db.Tx, corpID string, id int64, by, outcome string) (*Grievance, error) {
	outcome, err := said("outcome", outcome, errs.T("写明怎样结束的", "Say how it ended"))
	if err != nil {
		return nil, err
	}
	v, err := g.Grievance(ctx, tx, corpID, id)
	if err != nil {
		return nil, err
	}
	if err := lockKeys(ctx, tx, []string{customerLock(corpID, v.CustomerID)}); err != nil {
		return nil, err
	}
	if v, err = g.Grievance(ctx, tx, corpID, id); err != nil { // as it is under the lock
		return nil, err
	}
	if v.EndedAt != 0 { // asked twice
		return v, nil
	}
	now := g.world.Now()
	v.EndedAt, v.EndedBy, v.Outcome = max(now, 1), by, outcome
	_, err = tx.NewUpdate().Model(v).Column("ended_at", "ended_by", "outcome").WherePK().Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("end grievance %d: %w", id, err)
	}
	changed(tx, corpID, v.CustomerID)
	return v, logGrievance(ctx, tx, "grievance.end", v, by, now)
}

// logGrievance tells the audit log; what it is about stands in the row.
func logGrievance(ctx context.Context, tx *db.Tx, act string, v *Grievance, by string, now clock.Time) error {
	return audit.Log(ctx, tx, audit.Entry{
		CorpID: v.CorpID, Act: act, Subject: audit.Of("customers", v.CustomerID), Who: by, At: now,
		Detail: audit.Detail{"grievance": fmt.Sprint(v.ID), "kind": v.Kind},
	})
}

// Grievance reads one.
func (g *Governor) Grievance(ctx context.Context, q bun.IDB, corpID string, id int64) (*Grievance, error) {
	v := new(Grievance)
	err := q.NewSelect().Model(v).Where("corp_id = ? AND id = ?", corpID, id).Scan(ctx)
	if db.IsNoRows(err) {
		return nil, errs.Missing("投诉事项", "grievance")
	}
	if err != nil {
		return nil, fmt.Errorf("read grievance %d: %w", id, err)
	}
	return v, nil
}

// Grievances lists those of a customer, the open ones first, then the newest.
func (g *Governor) Grievances(ctx context.Context, corpID, customerID string) ([]Grievance, error) {
	return g.grievances(ctx, g.db.Read(), corpID, customerID, false)
}

func (g *Governor) grievances(ctx context.Context, q bun.IDB, corpID, customerID string, open bool) ([]Grievance, error) {
	var rows []Grievance
	sel := q.NewSelect().Model(&rows).Where("corp_id = ? AND customer_id = ?", corpID, customerID).
		OrderExpr("CASE WHEN ended_at = 0 THEN 0 ELSE 1 END, id DESC").Limit(100)
	if open {
		sel.Where("ended_at = 0")
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the grievances of %s: %w", customerID, err)
	}
	return rows, nil
}

// sorrowsOf reads what holds of the customers, or held until lately.
func (g *Governor) sorrowsOf(ctx context.Context, q bun.IDB, corpID string, customerIDs []string) (map[string]sorrow, error) {
	out := map[string]sorrow{}
	var rows []Grievance
	err := g.along(ctx, "customer_id", customerIDs, func(ctx context.Context, where string, args ...any) (int, error) {
		rows = nil
		err := q.NewRaw("SELECT customer_id, kind, since, ended_at FROM grievance WHERE corp_id = ? AND (ended_at = 0 OR ended_at > ?) AND "+where,
			append([]any{corpID, g.world.Now().Add(-g.book.grievanceRest)}, args...)...).Scan(ctx, &rows)
		return len(rows), err
	})
	if err != nil {
		return nil, fmt.Errorf("read grievances: %w", err)
	}
	for i := range rows {
		id := rows[i].CustomerID
		out[id] = out[id].stronger(g.sorrowOf(&rows[i], rows[i].EndedAt))
	}
	return out, nil
}

// sorrowThen is what held of a customer when a touch was decided.
func (g *Governor) sorrowThen(ctx context.Context, t *Touch) (sorrow, error) {
	var rows []Grievance
	err := g.db.Read().NewSelect().Model(&rows).
		Where("corp_id = ? AND customer_id = ? AND id < ? AND since <= ?", t.CorpID, t.CustomerID, t.ID, t.ReservedAt).
		Where("(ended_at = 0 OR ended_at > ?)", t.ReservedAt.Add(-g.book.grievanceRest)).Scan(ctx)
	if err != nil {
		return sorrow{}, fmt.Errorf("read the grievances of then: %w", err)
	}
	var out sorrow
	for i := range rows {
		ended := rows[i].EndedAt
		if ended > t.ReservedAt { // it was open then
			ended = 0
		}
		out = out.stronger(g.sorrowOf(&rows[i], ended))
	}
	return out, nil
}
