package broadcast

import (
	"cmp"
	"context"
	"time"

	"zhiyin.dev/zhiyin/internal/clock"
	"zhiyin.dev/zhiyin/internal/customer"
	"zhiyin.dev/zhiyin/internal/governance"
)

// Plan says what a mass message would do now.
type Plan struct {
	governance.Preview
	Kind     Kind
	Matched  int // persons or groups of the audience
	People   int // customers in the groups that it would reach, each once; 0 = not to groups
	Check    governance.Check
	OpensAt  clock.Time // when tasks are made: now, or when sending hours begin
	ClosesAt clock.Time // when what nobody confirmed is taken back
	OptOuts  float64    // expected opt-outs per 1,000 reached, from the last 90 days; below 0 = nothing known
	LastAt   clock.Time // when the last of the receivers get their tasks, as a forecast
	Over     int        // receivers whose turn does not come before it closes (FTG-17)
	Cost     int        // 2 when it goes to nearly all (OWN-12)
	Approval Approval   // why a second person has to look
	Assessed governance.Assessed
	Closing  string // the line that the text ends with; "" = none
}

// Plan decides about everybody as Submit would, and writes nothing. by is who plans, scope their data scope.
func (s *Service) Plan(ctx context.Context, id int64, by string, w Words, scope []string) (*Plan, error) {
	w = s.closed(w)
	if w.Kind == ToGroups { // a group's caps count messages, however many people are in it: none counts double
		members, err := s.groups(ctx, w.Audience, scope)
		if err != nil {
			return nil, err
		}
		return s.plan(ctx, id, by, w, members, 1)
	}
	q, err := s.query(ctx, w.Audience, scope)
	if err != nil {
		return nil, err
	}
	members, all, err := s.Muster(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.plan(ctx, id, by, w, members, s.cost(len(members), all))
}

func (s *Service) plan(ctx context.Context, id int64, by string, w Words, members []customer.Member, cost int) (*Plan, error) {
	p := &Plan{Kind: cmp.Or(w.Kind, ToCustomers), Matched: len(members), Cost: cost, OptOuts: -1, Closing: w.closing}
	err := s.consented(ctx, s.DB.Read(), w.Audience)
	if err != nil {
		return nil, err
	}
	if p.Check, err = s.Governor.CheckFor(ctx, s.CorpID, governance.Marketing, w.channel(), w.fields()...); err != nil {
		return nil, err
	}
	now := s.World.Now()
	if p.OpensAt, p.ClosesAt, err = s.Governor.Window(ctx, s.CorpID, max(now, w.SendAt)); err != nil {
		return nil, err
	}
	req := s.request(id, by, w, cost)
	req.Expires, req.Opens, req.Closes = p.ClosesAt, p.OpensAt, p.ClosesAt
	persons := 0
	if w.Kind == ToGroups {
		if p.Preview, p.People, err = s.planGroups(ctx, req, members); err != nil {
			return nil, err
		}
		persons = p.People
	} else {
		if p.Preview, err = s.Governor.Preview(ctx, req, recipients(members)); err != nil {
			return nil, err
		}
		persons = p.Reachable
		most, err := s.Governor.StaffHour(ctx, s.DB.Read(), s.CorpID)
		if err != nil {
			return nil, err
		}
		p.LastAt, p.Over = lasts(p.PerStaff, most, p.OpensAt, p.ClosesAt)
	}
	about := governance.About{
		Class: governance.Marketing, Channel: w.channel(), Topic: w.Topic, At: max(s.World.Now(), w.SendAt), Audience: persons, Staff: by, Tags: w.Audience.Tags,
	}
	if p.Check, err = s.Governor.WithHouse(ctx, s.CorpID, p.Check, about, w.fields()); err != nil {
		return nil, err
	}
	if p.Approval, err = s.approval(ctx, by, p.Check, persons); err != nil {
		return nil, err
	}
	if p.Assessed, err = s.assessed(ctx, s.DB.Read(), w); err != nil {
		return nil, err
	}
	p.Approval = Approval(p.Assessed.Cause(governance.Cause(p.Approval)))
	if w.Kind == ToGroups { // nobody opts out of a room: they leave it
		return p, nil
	}
	if p.OptOuts, err = s.forecast(ctx, now); err != nil {
		return nil, err
	}
	return p, nil
}

func recipients(members []customer.Member) []governance.Recipient {
	to := make([]governance.Recipient, len(members))
	for i, m := range members {
		to[i] = governance.Recipient{CustomerID: m.CustomerID, StaffID: m.StaffID}
	}
	return to
}

// Warm reads what a plan for everybody would need, so that the first one is as quick as the next.
func (s *Service) Warm(ctx context.Context) error {
	members, _, err := s.Muster(ctx, customer.AudienceQuery{})
	if err != nil {
		return err
	}
	if err := s.Governor.Warm(ctx, s.CorpID, recipients(members)); err != nil {
		return err
	}
	_, err = s.forecast(ctx, s.World.Now())
	return err
}

// harm is what sending cost in the 90 days before an hour.
type harm struct {
	hour    clock.Time
	optOuts float64
}

// slowCount is from when on a forecast is kept for the hour: in a small corp it is counted each time.
const slowCount = 50 * time.Millisecond

// forecast is the expected number of opt-outs per 1,000 reached; below 0 = nothing known.
func (s *Service) forecast(ctx context.Context, now clock.Time) (float64, error) {
	hour := now - now%clock.Time(time.Hour/time.Millisecond)
	if kept := s.harm.Load(); kept != nil && kept.hour == hour {
		return kept.optOuts, nil
	}
	began := clock.SystemWall().Now()
	optOuts, reached, err := s.Governor.Harm(ctx, s.CorpID, now.Add(-90*24*time.Hour))
	if err != nil {
		return 0, err
	}
	rate := -1.0
	if reached > 0 {
		rate = 1000 * float64(optOuts) / float64(reached)
	}
	if clock.SystemWall().Now().Sub(began) > slowCount {
		s.harm.Store(&harm{hour, rate})
	}
	return rate, nil
}
