package governance

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
	"zhiyin.dev/zhiyin/internal/governance/likeness"
)

// Alike says when two messages are too alike for one customer (FTG-14). The policy sets it, nobody else.
type Alike struct {
	Days int // within which the same, or nearly the same, does not come again
	Most int // bits of 64 in which prints of nearly the same messages differ at most
}

func (a Alike) length() time.Duration { return time.Duration(a.Days) * 24 * time.Hour }

// twin is a message like the one that is asked for, which the customer has, or may still get.
type twin struct {
	print    likeness.Print // 0 = there is none
	distance int
	day      clock.Time // on which it came; 0 = it is still open
}

// prints keeps those of the texts of one call: a batch is one message to many.
type prints map[*string]likeness.Print

// of is the print of what a request says; none where the rule does not hold.
func (g *Governor) printOf(known prints, r Request) likeness.Print {
	if len(r.Texts) == 0 || r.toRoom() || !r.Class.Limited() {
		return 0
	}
	p, ok := known[&r.Texts[0]]
	if !ok {
		said := slices.Clone(r.Texts)
		if closing := g.Closing(); closing != "" { // what every message ends with makes none like another
			said = slices.DeleteFunc(said, func(s string) bool { return s == closing })
		}
		p = likeness.Of(g.book.guard.Form(), said)
		known[&r.Texts[0]] = p
	}
	return p
}

// closer takes a message of before in when it is a twin of p at an instant and closer than w, the open ones first, then the latest.
func (w twin) closer(p, of likeness.Print, at, on clock.Time, a Alike, zone *time.Location) twin {
	if p == 0 || of == 0 || at != 0 && at <= on.Add(-a.length()) {
		return w
	}
	d := p.Distance(of)
	if d > a.Most || w.print != 0 && (w.day == 0 || at != 0 && at.Day(zone) < w.day) {
		return w
	}
	n := twin{print: of, distance: d}
	if at != 0 {
		n.day = at.Day(zone)
	}
	if n.day == w.day && w.print != 0 && (d > w.distance || d == w.distance && of >= w.print) { // whatever the order they are read in
		return w
	}
	return n
}

// step is what the rule says about a twin.
func (w twin) step(a Alike, zone *time.Location) Step {
	st := Step{RuleID: ruleAlike, Days: a.Days, Before: w.distance, Cap: a.Most, Since: w.day, Text: strconv.FormatUint(uint64(w.print), 16)}
	if w.day != 0 {
		st.Next = nextDay(w.day, zone).Add(a.length())
	}
	return st
}

func reasonAlike(s Step) errs.Text {
	if s.Since == 0 {
		return errs.T("一样或几乎一样的内容已经在等着发给这位客户。", "The same, or nearly the same, already waits for this customer.")
	}
	return errs.T("这位客户 "+strconv.Itoa(s.Days)+" 天内已经收到过一样或几乎一样的内容。",
		"This customer has had the same, or nearly the same, within "+errs.Count(s.Days, "day", "days")+".")
}

// TwinOf finds the touch that a refusal for likeness is about, by the print that its step names; 0 when it is gone.
func (g *Governor) twinOf(ctx context.Context, q bun.IDB, t *Touch, st Step) (int64, error) {
	p, err := strconv.ParseUint(st.Text, 16, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // a step of another form names none
	}
	var ids []int64
	err = q.NewSelect().Model((*Touch)(nil)).Column("id").Where("corp_id = ? AND customer_id = ? AND print = ? AND id < ?", t.CorpID, t.CustomerID, int64(p), t.ID).
		Where("state <> ?", Held).OrderExpr("id DESC").Limit(1).Scan(ctx, &ids)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return ids[0], nil
}
