package incident

import (
	"context"
	"slices"
	"strings"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/errs"
)

// Person is somebody whom an incident concerns.
type Person struct {
	CustomerID  string
	Basis       Basis
	First, Last clock.Time // when they were seen or taken out; 0 = not known
}

// List is whom an incident concerns, in order of their ids.
type List struct {
	People     []Person
	Unrecorded bool       // the log cannot tell exactly for the whole time: everybody is on the list
	Recorded   clock.Time // since when the log names whom lists showed; 0 = it never began
}

// Affected computes whom an incident concerns, as far as the records tell it. What they cannot tell counts as everybody.
func (s *Service) Affected(ctx context.Context, i *Incident) (List, error) {
	to := i.Until
	if to == 0 {
		to = s.World.Now() + 1
	}
	l := listing{at: map[string]Person{}}
	var err error
	switch i.Kind {
	case Everything:
		err = s.everybody(ctx, &l, to, All)
	case Export:
		id, ok := s.Around.ExportOf(i.Ref)
		if !ok {
			return List{}, errs.Missing("导出", "export")
		}
		sent, err := s.Around.Sent(ctx, id)
		if err != nil {
			return List{}, err
		}
		l.exported(sent)
	case Token:
		err = s.account(ctx, &l, "token:"+i.Ref, i.Since, to)
	case Account:
		err = s.account(ctx, &l, i.Ref, i.Since, to)
	case Device:
		var theirs []string
		if theirs, err = s.Around.CustomersOf(ctx, i.Ref, i.Since, to); err != nil {
			return List{}, err
		}
		for _, id := range theirs {
			l.add(Person{CustomerID: id, Basis: Held})
		}
		err = s.account(ctx, &l, i.Ref, i.Since, to)
	}
	if err != nil {
		return List{}, err
	}
	out := List{Unrecorded: l.unrecorded, Recorded: l.recorded}
	for _, p := range l.at {
		out.People = append(out.People, p)
	}
	slices.SortFunc(out.People, func(a, b Person) int { return strings.Compare(a.CustomerID, b.CustomerID) })
	return out, nil
}

// account adds whom an account saw, handled or took out in a time. Where the log did not name whom lists showed yet, it adds everybody:
// which part of the corp the account could see then is not on record.
func (s *Service) account(ctx context.Context, l *listing, account string, from, to clock.Time) error {
	sent, err := s.Around.SentBy(ctx, account, from, to)
	if err != nil {
		return err
	}
	looks, unsure, err := s.Audit.Looked(ctx, account, from, to)
	if err != nil {
		return err
	}
	for id, look := range looks {
		l.add(Person{CustomerID: id, Basis: Looked, First: look.First, Last: look.Last})
	}
	l.exported(sent)
	if l.recorded, err = s.Audit.ShownSince(ctx); err != nil {
		return err
	}
	if unsure || l.recorded == 0 || from < l.recorded {
		l.unrecorded = true
		return s.everybody(ctx, l, to, Unrecorded)
	}
	return nil
}

func (s *Service) everybody(ctx context.Context, l *listing, before clock.Time, b Basis) error {
	ids, err := s.Around.Everybody(ctx, before)
	for _, id := range ids {
		l.add(Person{CustomerID: id, Basis: b})
	}
	return err
}

// listing gathers persons, each once: by the most exact basis, with the first and the last time.
type listing struct {
	at         map[string]Person
	unrecorded bool
	recorded   clock.Time
}

var exactness = []Basis{Exported, Looked, Held, All, Unrecorded}

func (l *listing) add(p Person) {
	was, ok := l.at[p.CustomerID]
	if !ok {
		l.at[p.CustomerID] = p
		return
	}
	if slices.Index(exactness, was.Basis) < slices.Index(exactness, p.Basis) {
		p.Basis = was.Basis
	}
	if was.First != 0 && (p.First == 0 || was.First < p.First) {
		p.First = was.First
	}
	p.Last = max(p.Last, was.Last)
	l.at[p.CustomerID] = p
}

func (l *listing) exported(sent map[string]clock.Time) {
	for id, at := range sent {
		l.add(Person{CustomerID: id, Basis: Exported, First: at, Last: at})
	}
}
