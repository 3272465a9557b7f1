// Package incident keeps leaks of personal data on record (LAW-19): what happened, whose data it was, what was done, and who was told
// when.
//
//	recorded ─▶ remedied, authority told, persons told (or a reason why not) ─▶ complete
//
// Whom it concerns is computed, not written down: from what the account looked at and took out while the hole was open. What the log
// cannot tell exactly counts as everybody: nobody is left out because a record is missing. Texts for the authority and for the persons
// are made from the record, with what the law wants in them.
//
// It tells nobody by itself: members tell their customers, and the authority is told by a person. Callers: internal/app, the command line.
package incident

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Kind is what leaked.
type Kind string

// The kinds.
const (
	Account    Kind = "account"    // somebody else used an account
	Token      Kind = "token"      // somebody else used a token of the API
	Device     Kind = "device"     // a member's phone or computer was lost
	Export     Kind = "export"     // the file of an export got out
	Everything Kind = "everything" // the whole database
)

// Basis is why somebody is on the list.
type Basis string

// The bases, from exact to wide.
const (
	Exported   Basis = "exported"   // in the file of an export
	Looked     Basis = "looked"     // the account saw or handled them
	Held       Basis = "held"       // a customer of the member whose device was lost
	Unrecorded Basis = "unrecorded" // the log cannot tell: everybody counts
	All        Basis = "all"        // the whole database got out
)

// StepKind is what was done.
type StepKind string

// The kinds of steps.
const (
	Remedied  StepKind = "remedied"
	Authority StepKind = "authority" // the authority was told
	Persons   StepKind = "persons"   // those concerned were told
	Untold    StepKind = "untold"    // they are not told, because the remedies keep harm away; the authority may want it all the same
	Note      StepKind = "note"
)

// State says how far it is.
type State string

// The states.
const (
	Open     State = "open"
	Complete State = "complete"
)

// Draft is an incident as somebody records it.
type Draft struct {
	Title     string
	Kind      Kind
	Ref       string
	Since     time.Time
	Until     time.Time // zero = the hole is open
	FoundAt   time.Time
	DataKinds string
	Cause     string
	Harm      string
	Remedies  string
	Advice    string
	Contact   string
}

func (d *Draft) check(now clock.Time) error {
	for _, f := range []struct {
		name        string
		text        *string
		least, most int
		ask         errs.Text
	}{
		{"title", &d.Title, 2, 100, errs.T("写明发生了什么", "Say what happened")},
		{"data_kinds", &d.DataKinds, 2, 500, errs.T("写明涉及哪些种类的信息", "Say what kinds of data it concerns")},
		{"cause", &d.Cause, 4, 1000, errs.T("写明原因", "Say how it came about")},
		{"harm", &d.Harm, 4, 1000, errs.T("写明可能造成的危害", "Say what harm it may do")},
		{"remedies", &d.Remedies, 0, 1000, errs.T("补救措施", "Remedies")},
		{"advice", &d.Advice, 4, 1000, errs.T("写明客户自己可以做什么来减轻危害", "Say what people can do themselves")},
		{"contact", &d.Contact, 4, 300, errs.T("写明客户和主管部门怎样联系你们", "Say how people and the authority reach you")},
	} {
		*f.text = strings.TrimSpace(*f.text)
		if n := utf8.RuneCountInString(*f.text); n < f.least || n > f.most {
			return errs.Bad(f.name, "incident.words", errs.T(fmt.Sprintf("%s，%d 到 %d 个字。", f.ask.ZH, f.least, f.most), fmt.Sprintf("%s, in %d to %d characters.", f.ask.EN, f.least, f.most)))
		}
	}
	d.Ref = strings.TrimSpace(d.Ref)
	asks := map[Kind]errs.Text{
		Account: errs.T("写明哪个账号，例如成员的 userid", "Name the account, such as a member's userid"), Token: errs.T("写明哪个令牌", "Name the token"),
		Device: errs.T("写明是谁的设备：成员的 userid", "Say whose device it is: the member's userid"), Export: errs.T("写明哪次导出：编号，或文件里的 export_id", "Name the export: its id, or the export_id in the file"),
	}
	switch d.Kind {
	case Account, Token, Device, Export:
		if d.Ref == "" || len(d.Ref) > 128 {
			return errs.Bad("ref", "incident.ref", asks[d.Kind])
		}
	case Everything:
		d.Ref = ""
	default:
		return errs.Bad("kind", "incident.kind", errs.T("请选择泄露的途径。", "Choose how it got out."))
	}
	if d.Since.IsZero() || clock.At(d.Since) > now {
		return errs.Bad("since", "incident.since", errs.T("写明从什么时候开始，不晚于现在。不确定就往早写。", "Say since when, not after now. When in doubt, earlier."))
	}
	if !d.Until.IsZero() && !d.Until.After(d.Since) {
		return errs.Bad("until", "incident.until", errs.T("堵上的时间要在开始之后；还没堵上就留空。", "The end comes after the beginning; leave it empty while the hole is open."))
	}
	if d.FoundAt.IsZero() || clock.At(d.FoundAt) > now || d.FoundAt.Before(d.Since) {
		return errs.Bad("found_at", "incident.found", errs.T("写明什么时候发现的：在开始之后，不晚于现在。", "Say when it was found: after it began, not after now."))
	}
	return nil
}

// stateOf says how far an incident is by its steps.
func stateOf(steps []StepKind) State {
	done := map[StepKind]bool{}
	for _, k := range steps {
		done[k] = true
	}
	if done[Remedied] && done[Authority] && (done[Persons] || done[Untold]) {
		return Complete
	}
	return Open
}
