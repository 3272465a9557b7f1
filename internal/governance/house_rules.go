package governance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/guard"
	"zhiyin.dev/zhiyin/internal/governance/house"
	"zhiyin.dev/zhiyin/internal/governance/policy"
)

// HouseRule is one version of a rule that the corp wrote for itself. Where it holds, it is one more finding: it can make a decision
// stricter and never milder.
type HouseRule struct {
	bun.BaseModel `bun:"table:house_rule"`

	CorpID     string `bun:",pk"`
	ID         int64  `bun:",pk"`
	Version    int    `bun:",pk"`
	Name       string
	Expression string
	Action     Severity // warn, review or block
	Reason     string
	Enabled    bool
	MadeBy     string
	MadeAt     clock.Time
	Deleted    bool
}

// RuleID is how findings and the ledger name the rule.
func (r *HouseRule) RuleID() string { return houseMark + strconv.FormatInt(r.ID, 10) }

const (
	houseMark     = "HR-"
	mostHouse     = 100 // rules of a corp
	mostHouseName = 40
)

// programs keeps expressions that were read: reading one costs more than asking it.
type programs struct {
	mu    sync.Mutex
	known map[string]*house.Rule
}

func (p *programs) of(source string) (*house.Rule, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.known[source]; r != nil {
		return r, nil
	}
	r, err := house.Compile(source)
	if err != nil {
		return nil, err
	}
	if len(p.known) > 10*mostHouse {
		clear(p.known)
	}
	p.known[source] = r
	return r, nil
}

// HouseRules are the newest versions of the corp's own rules.
func (g *Governor) HouseRules(ctx context.Context, q bun.IDB, corpID string) ([]*HouseRule, error) {
	var rows []*HouseRule
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND NOT deleted", corpID).
		Where("version = (SELECT MAX(v.version) FROM house_rule AS v WHERE v.corp_id = house_rule.corp_id AND v.id = house_rule.id)").OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the corp's own rules: %w", err)
	}
	return rows, nil
}

// HouseVersions are all versions of one rule, the newest first.
func (g *Governor) HouseVersions(ctx context.Context, corpID string, id int64) ([]*HouseRule, error) {
	var rows []*HouseRule
	err := g.db.Read().NewSelect().Model(&rows).Where("corp_id = ? AND id = ?", corpID, id).OrderExpr("version DESC").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the versions of rule %d: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, errs.Missing("自定规则", "rule of your own")
	}
	return rows, nil
}

// SaveHouse makes a rule (ID 0) or its next version.
func (g *Governor) SaveHouse(ctx context.Context, r HouseRule) (*HouseRule, error) {
	r.Name, r.Reason = strings.TrimSpace(r.Name), strings.TrimSpace(r.Reason)
	if n := utf8.RuneCountInString(r.Name); n < 1 || n > mostHouseName {
		return nil, errs.Bad("name", "governance.house_name", errs.Tf("名称需要 1 到 %d 个字。", "The name needs 1 to %d characters.", mostHouseName))
	}
	if n := utf8.RuneCountInString(r.Reason); n < 2 || n > 200 {
		return nil, errs.Bad("reason", "governance.house_reason", errs.T("写明为什么和怎么办，2 到 200 个字，作者会看到。", "Say why, and what to do, in 2 to 200 characters; authors read it."))
	}
	if !slices.Contains([]Severity{Warn, Review, Block}, r.Action) {
		return nil, errs.Bad("action", "governance.house_action", errs.T("自定规则可以提示、复核或拦下。", "A rule of your own can warn, review or block."))
	}
	if _, err := g.houses.of(r.Expression); err != nil {
		return nil, brokenHouse(err)
	}
	r.MadeAt = g.world.Now()
	err := g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "house/"+r.CorpID); err != nil {
			return err
		}
		return g.nextHouse(ctx, tx, &r)
	})
	return &r, err
}

// nextHouse writes the next version of a rule, or its first.
func (g *Governor) nextHouse(ctx context.Context, tx *db.Tx, r *HouseRule) error {
	rows, err := g.HouseRules(ctx, tx, r.CorpID)
	if err != nil {
		return err
	}
	r.Version = 1
	if r.ID == 0 {
		if len(rows) >= mostHouse {
			return errs.New(errs.Conflict, "governance.house_most", errs.Tf("最多 %d 条自定规则，先删掉不用的。", "At most %d rules of your own; delete some first.", mostHouse))
		}
		if err := tx.NewSelect().Model((*HouseRule)(nil)).ColumnExpr("COALESCE(MAX(id), 0) + 1").Where("corp_id = ?", r.CorpID).Scan(ctx, &r.ID); err != nil {
			return fmt.Errorf("number a rule: %w", err)
		}
	} else {
		i := slices.IndexFunc(rows, func(x *HouseRule) bool { return x.ID == r.ID })
		if i < 0 {
			return errs.Missing("自定规则", "rule of your own")
		}
		r.Version = rows[i].Version + 1
	}
	if _, err := tx.NewInsert().Model(r).Exec(ctx); err != nil {
		return fmt.Errorf("write rule %d: %w", r.ID, err)
	}
	return nil
}

// DeleteHouse ends a rule. Its versions stay: decisions name them.
func (g *Governor) DeleteHouse(ctx context.Context, corpID string, id int64, by string) error {
	return g.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, "house/"+corpID); err != nil {
			return err
		}
		rows, err := g.HouseRules(ctx, tx, corpID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(rows, func(x *HouseRule) bool { return x.ID == id })
		if i < 0 {
			return errs.Missing("自定规则", "rule of your own")
		}
		r := *rows[i]
		r.Enabled, r.Deleted, r.MadeBy, r.MadeAt = false, true, by, g.world.Now()
		return g.nextHouse(ctx, tx, &r)
	})
}

// brokenHouse is the refusal of an expression, with its place.
func brokenHouse(err error) error {
	var e *house.Error
	if !errors.As(err, &e) {
		return err
	}
	return errs.Bad("expression", "governance.house_expression", errs.T(
		fmt.Sprintf("第 %d 行第 %d 个字：%s", e.Line, e.Column, e.Message), fmt.Sprintf("Line %d, character %d: %s", e.Line, e.Column, e.Message)))
}

// About is what the corp's own rules see of a message beside its words.
type About struct {
	Class    Class
	Channel  Channel
	Topic    string
	At       clock.Time // when it would go out
	Audience int
	Staff    string
	Tags     []string
}

func (g *Governor) houseFacts(a About, fields []Field) house.Facts {
	at := a.At.In(g.zone)
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = f.Text
	}
	weekday := int(at.Weekday())
	if at.Weekday() == time.Sunday {
		weekday = 7
	}
	return house.Facts{
		Text: strings.Join(words, "\n"), Class: string(a.Class), Channel: string(a.Channel), Topic: a.Topic, Hour: at.Hour(), Weekday: weekday,
		Audience: a.Audience, Staff: a.Staff, Tags: append([]string{}, a.Tags...),
	}
}

// finding is what a rule of the corp's own objects to: the whole message.
func (r *HouseRule) finding() Finding {
	return Finding{RuleID: r.RuleID(), Severity: r.Action, Reason: errs.T(r.Name+"："+r.Reason, r.Name+": "+r.Reason), Layer: guard.ByHouse}
}

// WithHouse adds to a check what the corp's own rules say about the message. A rule that fails on it counts as holding: what
// cannot be judged is not passed.
func (g *Governor) WithHouse(ctx context.Context, corpID string, c Check, a About, fields []Field) (Check, error) {
	return g.withHouse(ctx, g.db.Read(), corpID, c, a, fields)
}

func (g *Governor) withHouse(ctx context.Context, q bun.IDB, corpID string, c Check, a About, fields []Field) (Check, error) {
	rows, err := g.HouseRules(ctx, q, corpID)
	if err != nil || len(rows) == 0 {
		return c, err
	}
	facts := g.houseFacts(a, fields)
	c.Findings = slices.Clone(c.Findings)
	for _, r := range rows {
		if !r.Enabled {
			continue
		}
		holds, err := g.houseHolds(r, facts)
		if err != nil {
			return c, err
		}
		if holds {
			c.Findings = append(c.Findings, r.finding())
			c.Verdict = policy.Stricter(c.Verdict, r.Action)
		}
	}
	return c, nil
}

// Forbids answers what a rule of the corp's own has against words that go to many, asked just before they go: a rule may be newer than
// the approval. nil = nothing. about is called only when there is a rule to ask.
func (g *Governor) Forbids(ctx context.Context, q bun.IDB, corpID string, about func() (About, error), fields []Field) (*Finding, error) {
	rows, err := g.HouseRules(ctx, q, corpID)
	if err != nil || !slices.ContainsFunc(rows, func(r *HouseRule) bool { return r.Enabled && r.Action == Block }) {
		return nil, err
	}
	a, err := about()
	if err != nil {
		return nil, err
	}
	c, err := g.withHouse(ctx, q, corpID, Check{}, a, fields)
	if err != nil {
		return nil, err
	}
	f, blocks := c.Blocking()
	if !blocks {
		return nil, nil //nolint:nilnil // nothing is said against it
	}
	return &f, nil
}

func (g *Governor) houseHolds(r *HouseRule, facts house.Facts) (bool, error) {
	program, err := g.houses.of(r.Expression)
	if err != nil {
		return false, fmt.Errorf("read rule %s, version %d: %w", r.RuleID(), r.Version, err)
	}
	holds, err := program.Holds(facts)
	return holds || err != nil, nil
}

// houseRefusal is what forbids an answer or a welcome by the corp's own rules, with the facts by which it can be decided again.
// What goes to many is asked about as a whole: when it is submitted and approved, and by Forbids before it goes.
func (g *Governor) houseRefusal(ctx context.Context, q bun.IDB, r Request, on clock.Time) (*Finding, error) {
	if r.Class.Limited() || len(r.Texts) == 0 {
		return nil, nil //nolint:nilnil // nothing is said against it
	}
	a := About{Class: r.Class, Channel: r.Channel, Topic: r.Topic, At: on, Audience: 1, Staff: r.StaffID}
	fields := fieldsOf(r.Texts)
	c, err := g.withHouse(ctx, q, r.CorpID, Check{}, a, fields)
	if err != nil {
		return nil, err
	}
	f, blocks := c.Blocking()
	if !blocks {
		return nil, nil //nolint:nilnil // nothing is said against it
	}
	facts := g.houseFacts(a, nil)
	raw, err := json.Marshal(facts)
	if err != nil {
		return nil, fmt.Errorf("write the facts of a rule: %w", err)
	}
	f.Matched = string(raw) // what it saw beside the words, which the ledger keeps anyway
	return &f, nil
}

// houseThen decides a refusal by a rule of the corp's own again, as the rule stood then.
func (g *Governor) houseThen(ctx context.Context, t *Touch, was []Step) (*Finding, error) {
	for _, st := range was {
		number, ok := strings.CutPrefix(st.RuleID, houseMark)
		if !ok {
			continue
		}
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read the rule of touch %d: %w", t.ID, err)
		}
		r := new(HouseRule)
		err = g.db.Read().NewSelect().Model(r).Where("corp_id = ? AND id = ? AND made_at <= ?", t.CorpID, id, t.ReservedAt).OrderExpr("version DESC").Limit(1).Scan(ctx)
		if err != nil {
			return nil, fmt.Errorf("read rule %s of then: %w", st.RuleID, err)
		}
		var facts house.Facts
		if err := json.Unmarshal([]byte(st.Facts), &facts); err != nil {
			return nil, fmt.Errorf("read the facts of touch %d: %w", t.ID, err)
		}
		facts.Text = strings.Join(t.texts(), "\n")
		holds, err := g.houseHolds(r, facts)
		if err != nil || !holds || !r.Enabled || r.Action != Block {
			return nil, err
		}
		f := r.finding()
		f.Matched = st.Facts
		return &f, nil
	}
	return nil, nil //nolint:nilnil // none refused it
}
