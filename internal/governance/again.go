package governance

import (
	"cmp"
	"context"
	"slices"

	"github.com/uptrace/bun"

	"zhiyin.dev/zhiyin/internal/clock"
)

// full are the touches for which the caps have no room any more at the moment of their call. They had it when they were reserved, for
// the hours they were meant for; but members send by themselves, and a task may outlast its hours. What is reserved and comes later
// does not count here: it is asked in its turn. So whatever was foreseen, no window ever holds more than its cap (L1).
func (g *Governor) full(ctx context.Context, q bun.IDB, touches map[int64]*Touch, now clock.Time) (map[int64]refusal, error) {
	byCorp := map[string][]*Touch{}
	for _, t := range touches {
		if t.Class.Limited() {
			byCorp[t.CorpID] = append(byCorp[t.CorpID], t)
		}
	}
	out := map[int64]refusal{}
	for corpID, list := range byCorp {
		if err := g.fullIn(ctx, q, corpID, list, now, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (g *Governor) fullIn(ctx context.Context, q bun.IDB, corpID string, touches []*Touch, now clock.Time, into map[int64]refusal) error {
	caps, err := g.capsOf(ctx, q, corpID)
	if err != nil {
		return err
	}
	asked := make(map[int64]bool, len(touches))
	var persons, rooms []string
	for _, t := range touches {
		asked[t.ID] = true
		if t.CustomerID != "" {
			persons = append(persons, t.CustomerID)
		} else {
			rooms = append(rooms, t.ChatID)
		}
	}
	f := g.frameOf(now, now, now, caps)
	f.shares = true
	pasts, err := g.pastOf(ctx, q, corpID, persons, f.floor())
	if err != nil {
		return err
	}
	chats, err := g.roomsWith(ctx, q, corpID, rooms, f, func(t *Touch) bool { return t.State != Reserved && !asked[t.ID] })
	if err != nil {
		return err
	}
	for id, p := range pasts {
		pasts[id] = p.taken(asked)
	}
	slices.SortFunc(touches, func(a, b *Touch) int { return cmp.Compare(a.ID, b.ID) })
	for _, t := range touches {
		var st Step
		if t.CustomerID == "" {
			st = chats[t.subject()].chatOver(caps, now)
		} else {
			st = t.over(pasts[t.CustomerID].standing(f, unanswered{}), caps, now)
		}
		if st.RuleID != "" {
			into[t.ID] = refusal{rule: st.RuleID, reason: st.reason()}
			continue
		}
		if t.CustomerID == "" { // those asked about together count for each other
			s := chats[t.subject()]
			s.countRoom(&Touch{Channel: t.Channel, Class: t.Class}, 0, f)
			chats[t.subject()] = s
		} else {
			pasts[t.CustomerID] = pasts[t.CustomerID].with(countedOf(&Touch{ID: t.ID, Cost: t.Cost, Class: t.Class, Channel: t.Channel, Topic: t.Topic}))
		}
	}
	return nil
}

// taken is what of the past is with members or arrived, without the touches that are asked about.
func (p *past) taken(without map[int64]bool) *past {
	if p == nil {
		return nil
	}
	rest := *p
	rest.touches = nil
	for _, t := range p.touches {
		if !t.reserved && !without[t.id] {
			rest.touches = append(rest.touches, t)
		}
	}
	return &rest
}

// over is the first cap of FTG-01, FTG-02 or the customer's own that a touch would go beyond; a Step without a rule when there is none.
func (t *Touch) over(s standing, c Caps, now clock.Time) Step {
	r := Request{Class: t.Class, Channel: t.Channel, Topic: t.Topic, Open: t.open(), Cost: t.Cost}
	for _, sh := range c.shares(r) {
		if st := sh.step(s.week, r.cost(), now); st.After > st.Cap {
			return st
		}
	}
	own, rule := s.limits(c, t.Class)
	for i, w := range own.Per {
		if r.Open && rule[i] != rulePreference {
			continue
		}
		if st := s.windowStep(i, w, rule[i], r.cost(), now); st.After > st.Cap {
			return st
		}
	}
	return Step{}
}

// chatOver is the first cap of FTG-20 that one more message to a group would go beyond; a Step without a rule when there is none.
func (s standing) chatOver(c Caps, now clock.Time) Step {
	for i, w := range c.Chat {
		if st := s.chatStep(i, w, now); st.After > st.Cap {
			return st
		}
	}
	return Step{}
}
