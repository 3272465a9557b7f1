package governance

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/bus"
	"zhiyin.dev/zhiyin/internal/db"
	"zhiyin.dev/zhiyin/internal/errs"
)

// When the WeChat account that a member bound is limited, the member cannot reach customers until a day after it was unblocked (WC-13).
// No page of WeCom names a code that says so. Owners note the codes that WeCom answered them; each of them stops that member, and no
// other. Nothing lets the member go on by itself: while nothing is sent there is no answer that could tell, and to try would be the
// retry that the rule forbids. A person is asked once a day instead, and says so.

// byWeCom stands where a person's name would, when an answer of WeCom's stopped a member.
const byWeCom = "wecom"

// Limit is why a member is taken to be limited.
type Limit struct {
	CorpID  string
	StaffID string
	Code    int    // WeCom's answer; 0 = a person says so
	Op      string // to which call
	By      string // who says so; empty with a Code
	Reason  string
}

// LimitTold is told inside the transaction in which a member is found to be limited, and each day that they still are.
type LimitTold struct {
	Halt
	Asked int // days after which nobody has said yet that the account works; 0 = it is new
}

// LimitMember stops the sending of a member whose account is limited: HaltSending with a reason of its own, and somebody is asked each
// day whether it is over. Who is stopped already stays as they are.
func (g *Governor) LimitMember(ctx context.Context, tx *db.Tx, l Limit) error {
	if l.StaffID == "" {
		return errs.Bad("staff_id", "governance.limited_staff", errs.T("账号受限的是一位成员：选是谁。", "An account that is limited is a member's: choose whose."))
	}
	if l.Code != 0 {
		l.By, l.Reason = byWeCom, fmt.Sprint(l.Op, " → ", l.Code)
	}
	reason, err := haltReason(l.Reason)
	if err != nil {
		return err
	}
	row := &Halt{CorpID: l.CorpID, StaffID: l.StaffID, ByWhom: l.By, Reason: reason, Kind: Limited, Code: l.Code}
	fresh, err := g.haltBy(ctx, tx, row)
	if err != nil || !fresh {
		return err
	}
	return g.tellLimited(ctx, tx, row, 0)
}

// asking is a day after which somebody is asked whether a member is still limited.
type asking struct {
	Halt  int64
	Asked int
}

// tellLimited tells that a member is limited, and puts the next question on the table.
func (g *Governor) tellLimited(ctx context.Context, tx *db.Tx, h *Halt, asked int) error {
	for _, f := range g.OnLimited {
		if err := f(ctx, tx, LimitTold{Halt: *h, Asked: asked}); err != nil {
			return fmt.Errorf("tell that %s is limited: %w", h.StaffID, err)
		}
	}
	next := asking{Halt: h.ID, Asked: asked + 1}
	_, err := g.bus.Put(ctx, tx, bus.Item{
		CorpID: h.CorpID, Lane: bus.Timer, Kind: kindLimited, Key: fmt.Sprint(kindLimited, "/", h.ID, "/", next.Asked), OrderKey: fmt.Sprint(kindLimited, "/", h.ID),
		Payload: next, DueAt: h.Since.Add(time.Duration(next.Asked) * g.book.askLimited),
	})
	return err
}

// stillLimited asks whether a member whom nobody let go on is still limited.
func (g *Governor) stillLimited(ctx context.Context, tx *db.Tx, w bus.Work) error {
	var p asking
	if err := w.Decode(&p); err != nil {
		return err
	}
	h := new(Halt)
	err := tx.NewSelect().Model(h).Where("corp_id = ? AND id = ? AND lifted_at = 0", w.CorpID, p.Halt).Scan(ctx)
	if db.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read whether a member is limited: %w", err)
	}
	return g.tellLimited(ctx, tx, h, p.Asked)
}

// LimitedMembers are the members whose accounts are limited now, in the order in which it was found.
func (g *Governor) LimitedMembers(ctx context.Context, q bun.IDB, corpID string) ([]Halt, error) {
	var rows []Halt
	err := q.NewSelect().Model(&rows).Where("corp_id = ? AND lifted_at = 0 AND kind = ?", corpID, Limited).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read who is limited: %w", err)
	}
	return rows, nil
}

// leftBy counts what of each stop in force did not go out, and a colleague could send: touches that it held back or ended.
func (g *Governor) leftBy(ctx context.Context, corpID string, stops []Halt) (map[int64]int, error) {
	out := map[int64]int{}
	for _, h := range stops {
		if h.Kind != Limited || h.LiftedAt != 0 {
			continue
		}
		n, err := g.db.Read().NewSelect().Model((*Touch)(nil)).Where("corp_id = ? AND staff_id = ? AND rule_id = ? AND state IN (?, ?)", corpID, h.StaffID, ruleLimited, Held, Released).
			Where("(id > ? OR released_at >= ?)", h.ID, h.Since).Count(ctx)
		if err != nil {
			return nil, fmt.Errorf("count what %s left: %w", h.StaffID, err)
		}
		out[h.ID] = int(n)
	}
	return out, nil
}

// haltReason checks why somebody stops sending.
func haltReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 2 || n > 200 {
		return "", errs.Bad("reason", "governance.halt_reason", errs.T("写明为什么停，2 到 200 个字，大家都看得到。", "Say why in 2 to 200 characters; everybody can read it."))
	}
	return reason, nil
}
